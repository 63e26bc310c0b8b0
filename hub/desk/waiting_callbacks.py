"""Customers who wait to be called back, as each page has them: told when it opens, and then what changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from hub.desk.floor_views import callback_queues
from hub.desk.frames import AgentProfile, CallbacksFrame
from hub.desk.sight import Sight
from hub.desk.sockets import DeskSocket
from hub.domain.callback import Callback
from hub.domain.ports import AgentDirectory


class WaitingCallbacks:
    """Follows them for all pages. All methods run in the event loop and return at once.

    `waiting` returns those that are not over, the oldest first.
    """

    def __init__(
        self,
        *,
        profiles: Mapping[str, AgentProfile],
        directory: AgentDirectory,
        sight: Sight,
        waiting: Callable[[], Sequence[Callback]],
    ) -> None:
        self._profiles = profiles
        self._directory = directory
        self._sight = sight
        self._waiting = waiting
        self._told: dict[DeskSocket, dict[str, Callback]] = {}
        self._encoder = msgspec.json.Encoder()

    def join(self, page: DeskSocket) -> tuple[Callback, ...]:
        """Return what a page has to know at first; it is told what changes from now on."""
        self._told[page] = {}
        changed, _ = self._compare(page, self._waiting())
        return changed

    def leave(self, page: DeskSocket) -> None:
        self._told.pop(page, None)

    def changed(self, callback: Callback) -> None:
        """Tell the pages that have it, or may see it, how a callback stands."""
        for page in tuple(self._told):
            self._tell(page, *self._compare(page, (callback,)))

    def agent_changed(self, agent: str) -> None:
        """Take it that an agent may be in other queues: their pages see the callbacks of these."""
        for page in [page for page in self._told if page.agent == agent]:
            self._tell(page, *self._compare(page, self._waiting()))

    def _compare(self, page: DeskSocket, callbacks: Iterable[Callback]) -> tuple[tuple[Callback, ...], tuple[str, ...]]:
        """Return what is news for a page of these callbacks: what it is to show, and what no more; it knows then."""
        told, role = self._told[page], self._sight.role_of(page.agent)
        queues = callback_queues(self._profiles[page.agent], self._directory.agent(page.agent))
        changed, gone = [], []
        for callback in callbacks:
            if _is_seen(callback, queues):
                shown = self._sight.visibility.callback_for(callback, role)
                if told.get(callback.id) != shown:
                    changed.append(shown)
                if callback.id not in told:
                    self._sight.listed(page.agent, callback.keys())
                told[callback.id] = shown
            elif told.pop(callback.id, None) is not None:
                gone.append(callback.id)
        return tuple(changed), tuple(gone)

    def _tell(self, page: DeskSocket, changed: tuple[Callback, ...], gone: tuple[str, ...]) -> None:
        if changed or gone:
            page.send(self._encoder.encode(CallbacksFrame(changed=changed, gone=gone)))


def _is_seen(callback: Callback, queues: Collection[str] | None) -> bool:
    return not callback.state.is_over and (queues is None or callback.queue in queues)
