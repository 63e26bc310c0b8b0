"""Waits for what a running hub makes of the dead letters that it was asked to replay."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from hub.cli.dlq_words import safe
from hub.cli.outcome import FINE, FOUND_WRONG
from hub.domain.inbound import REPLAY_BEGUN, DeadLetterState
from hub.journal.dead_letters_beside import DeadLettersBeside

NOBODY_BEGAN_S: Final = 5.0
"""A hub looks every second for what is to be replayed."""
NO_PROGRESS_S: Final = 60.0
LOOK_EVERY_S: Final = 0.1


def wait_for(
    store: DeadLettersBeside,
    ids: Sequence[str],
    *,
    nobody_began_s: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Print what became of each; return the exit status: 1 when one of them has failed again."""
    open_ids = list(ids)
    status = FINE
    replayed = 0
    patience_s = NOBODY_BEGAN_S if nobody_began_s is None else nobody_began_s
    until = clock() + patience_s
    while open_ids:
        left: list[str] = []
        has_moved = False
        for letter_id in open_ids:
            letter = store.dead_letter(letter_id)
            is_begun = letter is not None and letter.reason.startswith(REPLAY_BEGUN)
            if letter is not None and (letter.state is DeadLetterState.REPLAYING or is_begun):
                left.append(letter_id)
                has_moved = has_moved or is_begun
                continue
            has_moved = True
            if letter is not None and letter.state is DeadLetterState.WAITING:
                print(f"{letter.id} failed again: {safe(letter.reason)}")
                status = FOUND_WRONG
            elif letter is not None and letter.state is DeadLetterState.REPLAYED:
                print(f"{letter.id} replayed")
                replayed += 1
        open_ids = left
        if has_moved:
            patience_s = NO_PROGRESS_S
            until = clock() + patience_s
        if open_ids and clock() > until:
            print(f"{len(open_ids)} are still to be replayed: that is done as soon as a hub runs on this store")
            break
        if open_ids:
            time.sleep(LOOK_EVERY_S)
    print(f"{replayed} of {len(ids)} replayed")
    return status
