"""Recorded calls whose truth is written out and not told yet. The tracker's debts: to be empty, and then to go."""

NOT_YET: frozenset[str] = frozenset()
