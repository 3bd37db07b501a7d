"""Fabric on one machine."""
