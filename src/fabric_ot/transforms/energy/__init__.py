"""Energy: intervals, demand, tariffs, baselines."""
