"""The product: pure functions, DataFrame in, DataFrame out."""
