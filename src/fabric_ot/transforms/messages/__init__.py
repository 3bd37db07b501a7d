"""Transported messages, and what each speech says in them: samples, refusals, accounts."""
