"""Quality rules: predicates that return a Column, rule sets, and the split of rows into good and quarantined."""
