"""Production: counts, additive facts, KPIs and losses."""
