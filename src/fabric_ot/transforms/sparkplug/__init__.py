"""Sparkplug B: topics, payloads, sessions (births, sequence, deaths) and samples."""
