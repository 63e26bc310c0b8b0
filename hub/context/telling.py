"""Who hears of a call's context: as it changes, and once every backend has answered."""

from __future__ import annotations

from collections.abc import Callable

from hub.context.live_lookups import LiveLookups
from hub.domain.customer import CustomerContext
from hub.domain.ports import ContextListener


class Telling:
    """`on_complete(context, pbx)` hears of a context that every backend has answered for."""

    def __init__(self, on_complete: Callable[[CustomerContext, str], None] | None) -> None:
        self._on_complete = on_complete
        self._listeners: list[ContextListener] = []

    def subscribe(self, listener: ContextListener) -> None:
        self._listeners.append(listener)

    def changed(self, live: LiveLookups) -> None:
        for listener in self._listeners if live.is_told else ():
            listener(live.assembly.context)

    def completed(self, live: LiveLookups) -> None:
        if self._on_complete is not None and live.is_told:
            self._on_complete(live.assembly.context, live.pbx)

    def completed_again(self, live: LiveLookups) -> None:
        if live.assembly.context.complete:
            self.completed(live)
