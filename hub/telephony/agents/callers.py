"""Which call a caller in a queue belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.domain.call import Call

_Key = tuple[str, str]


class QueueCallers:
    """The live calls that are or were in a queue, by PBX and id of their connections: a connection's is its channel's.

    A call may be of several PBXs; it is kept under that of the call itself.
    """

    def __init__(self) -> None:
        self._calls: dict[_Key, Call] = {}
        self._channels: dict[_Key, list[_Key]] = {}
        self._by_channel: dict[_Key, _Key] = {}

    def take(self, call: Call, *, is_over: bool) -> None:
        """Take a call as it is now."""
        if call.queue is None:
            return
        key = call.pbx, call.id
        channels = [] if is_over else _channels(call)
        if channels != self._channels.get(key, []):
            self._forget(key)
            self._by_channel.update(dict.fromkeys(channels, key))
        if not is_over:
            self._calls[key], self._channels[key] = call, channels

    def keep_only(self, pbx: str, live: Iterable[Call]) -> None:
        """Forget the calls that a PBX does not have."""
        alive = {(call.pbx, call.id) for call in live}
        for key in [key for key in self._calls if key[0] == pbx and key not in alive]:
            self._forget(key)

    def find(self, pbx: str, uid: str) -> Call | None:
        """Return the call with that channel."""
        key = self._by_channel.get((pbx, uid))
        return None if key is None else self._calls.get(key)

    def _forget(self, key: _Key) -> None:
        self._calls.pop(key, None)
        for channel in self._channels.pop(key, ()):
            if self._by_channel.get(channel) == key:
                del self._by_channel[channel]


def _channels(call: Call) -> list[_Key]:
    return [(connection.pbx or call.pbx, connection.id) for connection in call.connections]
