"""The desk: item definitions, the local runtime, checks and simulators."""
