"""Reference data: rows as they were declared, checked against each other, with their versions."""
