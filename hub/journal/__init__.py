"""The one append-only journal of events, and what is derived from it."""
