"""What the activities of a pipeline do on this machine, one module per kind of item they touch."""
