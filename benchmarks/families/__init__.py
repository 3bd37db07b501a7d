"""The transforms, family by family, against the naive way to write the same thing: `make bench-families`."""
