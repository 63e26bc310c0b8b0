"""Messages that were sent and not confirmed yet: bounded, and the place up to which all are confirmed."""

from __future__ import annotations

import asyncio
from typing import Final

MAX_BYTES: Final = 8 * 1024 * 1024


class ConfirmWindow:
    """Keeps the unconfirmed messages of one channel in the order they were sent.

    `cursor` is the journal position up to which, without exception, everything is confirmed.
    """

    def __init__(self, cursor: int, *, max_messages: int, max_bytes: int = MAX_BYTES) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._unconfirmed: dict[int, tuple[int, int]] = {}
        self._bytes = 0
        self._tag = 0
        self._sent_up_to = cursor
        self._changed = asyncio.Event()

    @property
    def cursor(self) -> int:
        if not self._unconfirmed:
            return self._sent_up_to
        first_unconfirmed, _ = next(iter(self._unconfirmed.values()))
        return first_unconfirmed - 1

    @property
    def full(self) -> bool:
        return len(self._unconfirmed) >= self._max_messages or self._bytes >= self._max_bytes

    def sent(self, position: int, size: int) -> None:
        """Note the next message; the broker counts them from 1 just as this does."""
        self._tag += 1
        self._unconfirmed[self._tag] = (position, size)
        self._bytes += size
        self._sent_up_to = position

    def passed_over(self, position: int) -> None:
        """Note that what is at `position` is not sent at all."""
        self._sent_up_to = position

    def confirmed(self, tag: int, *, multiple: bool) -> int:
        """Take note of a confirm for `tag`, or for all up to it; return how many messages that were."""
        tags = [tag]
        if multiple:
            tags = []
            for sent in self._unconfirmed:
                if sent > tag:
                    break
                tags.append(sent)
        found = [self._unconfirmed.pop(one) for one in tags if one in self._unconfirmed]
        self._bytes -= sum(size for _, size in found)
        self._changed.set()
        return len(found)

    async def room(self) -> None:
        """Wait until another message may be sent."""
        while self.full:
            await self._change()

    async def drained(self) -> None:
        """Wait until everything sent is confirmed."""
        while self._unconfirmed:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
