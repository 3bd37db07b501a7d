"""The plant day: land data, run the shipped pipelines, compare with what is known, show the result."""
