"""Maintenance: failures, orders, reliability."""
