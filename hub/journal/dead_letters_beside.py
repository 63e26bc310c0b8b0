"""The dead letters for another process than the hub, which may run meanwhile or not: `ctihub dlq`."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from hub.domain.inbound import DeadLetter, DeadLetterState
from hub.domain.store_place import StorePlace
from hub.journal import dead_letters, statements
from hub.journal.store import store_at


class DeadLettersBeside:
    """Lists, shows, drops and asks for the replay of dead letters. Blocking; every method raises StoreError.

    A running hub replays within a second or two what `replay` asked for, otherwise the next one that starts.
    """

    def __init__(self, place: StorePlace) -> None:
        self._connection = store_at(place).open_beside()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def dead_letters(
        self,
        *,
        origin: str | None = None,
        states: Sequence[DeadLetterState] = (),
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[DeadLetter]:
        """Return the newest first, without their bodies; `before` is the id after which the next page begins."""
        return dead_letters.dead_letters(self._connection, origin=origin, states=states, before=before, limit=limit)

    def dead_letter(self, letter_id: str) -> DeadLetter | None:
        return dead_letters.dead_letter(self._connection, letter_id)

    def count_dead(self, *, origin: str | None = None, states: Sequence[DeadLetterState] = ()) -> int:
        return dead_letters.count_dead(self._connection, origin=origin, states=states)

    def drop(self, letter_ids: Sequence[str]) -> int:
        """Settle those that are waiting or replaying; return how many were."""
        return self._settle(letter_ids, DeadLetterState.DROPPED)

    def replay(self, letter_ids: Sequence[str]) -> int:
        """Ask the hub to replay those that are waiting; return how many are, or were already to be replayed."""
        return self._settle(letter_ids, DeadLetterState.REPLAYING)

    def _settle(self, letter_ids: Sequence[str], state: DeadLetterState) -> int:
        return self._connection.execute(
            statements.SETTLE_DEAD, dead_letters.settle_values(letter_ids, state, reason="")
        )
