"""Recorded calls whose truth is written out and not told yet. The tracker's debts: to be empty, and then to go."""

NOT_YET: frozenset[str] = frozenset(
    {
        "conference-agent-leaves",
        "conference-by-code",
        "conference-dialled-in",
        "conference-four",
        "conference-muted",
        "conference-sent-into-room",
        "conference-three",
        "park-after-asking",
        "park-by-code",
        "park-fetched",
        "park-given-up",
        "pickup-directed",
        "pickup-from-queue",
        "pickup-from-ringall",
        "pickup-group",
        "pickup-internal",
        "pickup-through-local",
        "transfer-and-back",
        "transfer-attended-by-callee",
        "transfer-attended-by-caller",
        "transfer-attended-in-queue-call",
        "transfer-attended-through-local",
        "transfer-attended-to-outside",
        "transfer-blind-by-code",
        "transfer-blonde",
        "transfer-blonde-given-up",
        "transfer-blonde-not-answered",
    }
)
