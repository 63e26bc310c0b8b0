"""Dead letters in memory, and a hub that replays them as the test says."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.domain.inbound import DeadLetter, DeadLetterState
from hub.domain.ports import StoreError

OPEN = (DeadLetterState.WAITING, DeadLetterState.REPLAYING)


class Letters:
    """The port `DeadLetters`. What is to be replayed fails again for `fails_for`, or is replayed if that is empty."""

    def __init__(self) -> None:
        self.kept: dict[str, DeadLetter] = {}
        self.fails_for = ""
        self.replays = 0
        self.problem: StoreError | None = None

    def replay_asked(self) -> None:
        self.replays += 1
        for letter in list(self.kept.values()):
            if letter.state is DeadLetterState.REPLAYING:
                state = DeadLetterState.WAITING if self.fails_for else DeadLetterState.REPLAYED
                self.kept[letter.id] = msgspec.structs.replace(
                    letter, state=state, reason=self.fails_for or letter.reason
                )

    async def keep_dead(self, letters: Sequence[DeadLetter]) -> None:
        self.kept |= {letter.id: letter for letter in letters}

    async def dead_letters(
        self,
        *,
        origin: str | None = None,
        states: Sequence[DeadLetterState] = (),
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[DeadLetter]:
        if self.problem is not None:
            raise self.problem
        newest = list(reversed(self.kept.values()))
        ids = [letter.id for letter in newest]
        newest = newest[ids.index(before) + 1 :] if before else newest
        return [
            msgspec.structs.replace(letter, body=b"")
            for letter in newest
            if origin in (None, letter.origin) and letter.state in (states or tuple(DeadLetterState))
        ][:limit]

    async def dead_letter(self, letter_id: str) -> DeadLetter | None:
        return self.kept.get(letter_id)

    async def count_dead(self, *, origin: str | None = None, states: Sequence[DeadLetterState] = ()) -> int:
        return len(await self.dead_letters(origin=origin, states=states, limit=len(self.kept)))

    async def settle_dead(self, letter_ids: Sequence[str], state: DeadLetterState, *, reason: str = "") -> int:
        found = [self.kept[one] for one in letter_ids if one in self.kept and self.kept[one].state in OPEN]
        for letter in found:
            self.kept[letter.id] = msgspec.structs.replace(letter, state=state, reason=reason or letter.reason)
        return len(found)
