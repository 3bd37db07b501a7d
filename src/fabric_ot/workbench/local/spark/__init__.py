"""Spark and Delta as a Fabric runtime pairs them, on one machine."""
