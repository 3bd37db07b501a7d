"""Seeded plants with known ground truth."""
