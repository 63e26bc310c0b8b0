"""Which call a caller in a queue belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.domain.call import Call


class QueueCallers:
    """The live calls that are or were in a queue, by their connections' ids: those are the channels' of the PBX."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], Call] = {}
        self._by_channel: dict[tuple[str, str], str] = {}

    def take(self, call: Call, *, is_over: bool) -> None:
        """Take a call as it is now."""
        if call.queue is None:
            return
        self._forget((call.pbx, call.id))
        if not is_over:
            self._calls[call.pbx, call.id] = call
            for connection in call.connections:
                self._by_channel[call.pbx, connection.id] = call.id

    def keep_only(self, pbx: str, live: Iterable[Call]) -> None:
        """Forget the calls that a PBX does not have."""
        alive = {(call.pbx, call.id) for call in live}
        for key in [key for key in self._calls if key[0] == pbx and key not in alive]:
            self._forget(key)

    def find(self, pbx: str, uid: str) -> Call | None:
        """Return the call with that channel."""
        call_id = self._by_channel.get((pbx, uid))
        return None if call_id is None else self._calls.get((pbx, call_id))

    def _forget(self, key: tuple[str, str]) -> None:
        call = self._calls.pop(key, None)
        for connection in call.connections if call else ():
            if self._by_channel.get((key[0], connection.id)) == key[1]:
                del self._by_channel[key[0], connection.id]
