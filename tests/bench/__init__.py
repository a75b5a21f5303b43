"""The load bench. scripts/bench runs it."""
