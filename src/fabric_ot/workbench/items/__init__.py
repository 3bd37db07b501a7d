"""Fabric item definitions as typed objects: folder in, objects out."""
