"""Recorded calls whose truth is written out and not told yet. The tracker's debts: to be empty, and then to go."""

NOT_YET: frozenset[str] = frozenset(
    {
        "click-busy",
        "click-not-answered",
        "click-through-local",
        "dial-early-media-failed",
        "forward-by-phone",
        "forward-by-phone-outside",
        "mobile-does-not-accept",
    }
)
