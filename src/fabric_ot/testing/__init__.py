"""Frame builders and assertions for users' own tests."""
