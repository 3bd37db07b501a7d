"""Shifts in wall time, and wall time in UTC."""
