"""One function per notebook: read, transform, check, write, report."""
