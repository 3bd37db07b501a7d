"""Statistical process control: points of control charts, frozen limits, rules, capability."""
