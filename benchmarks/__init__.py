"""Timings of the shipped pipelines and transforms: run them as modules, from the root of the repository."""
