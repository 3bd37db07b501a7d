"""States of machines: runs, cuts by shift and product, cleaning and re-coding."""
