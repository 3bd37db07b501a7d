"""Pre-deployment lint: one rule, one function, all problems at once."""
