"""Units of measure and conversion between them."""
