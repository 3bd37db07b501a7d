"""Lots: what came out of what, and how much of it."""
