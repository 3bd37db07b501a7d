"""Signals: measured values over time."""
