"""The callbacks that are not over, the calls that are made for them, and each step written down before it is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from hub.callbacks import steps
from hub.domain.callback import Callback, CallbackState
from hub.domain.control import Actor, Dial
from hub.domain.event import Event, callback_event, dialled_channel, feed_event, new_id
from hub.domain.ports import EventJournal, EventRefusedError, LiveCalls

log = structlog.get_logger(__name__)

ACTOR: Final = Actor(rule="callback")
"""In whose name the hub dials for a callback."""

_HAS_A_CALL: Final = frozenset({CallbackState.CALLING, CallbackState.DONE})
_CHANNEL_LENGTH: Final = len(dialled_channel(Dial(id="any", to="1"), ACTOR))


def dial_of(callback: Callback) -> Dial:
    """Return the callback's last dial: its id follows from what is written down, so that it is never given twice."""
    return Dial(id=f"callback:{callback.id}:{callback.dials}", agent=callback.agent, to=callback.phone)


def channel_of(callback: Callback) -> str:
    """Return the unique id of the channel that the callback's last dial made: its call's id ends with it."""
    return dialled_channel(dial_of(callback), ACTOR)


class CallbackBook:
    """`on_recorded` hears of each step as a contact of the customer, `on_changed` of each callback as it stands."""

    def __init__(
        self,
        journal: EventJournal,
        live: LiveCalls,
        *,
        on_recorded: Callable[[Event], None],
        on_changed: Callable[[Callback], None],
    ) -> None:
        self._journal = journal
        self._live = live
        self._on_recorded = on_recorded
        self._on_changed = on_changed
        self._open: dict[str, Callback] = {}
        self._by_channel: dict[str, Callback] = {}
        self.counts: Counter[str] = Counter()
        """How many were requested, and how many ended in each way, since the hub was started."""

    def __bool__(self) -> bool:
        """Whether there is any that is not over."""
        return bool(self._open)

    def all(self) -> Sequence[Callback]:
        """Return those that are not over, the oldest first."""
        return sorted(self._open.values(), key=lambda callback: (callback.requested_at, callback.id))

    def get(self, callback_id: str) -> Callback | None:
        return self._open.get(callback_id)

    def of_number(self, phone: str | None) -> Callback | None:
        return next((one for one in self._open.values() if one.phone == phone), None)

    def count_of(self, site: str) -> int:
        return sum(one.site == site for one in self._open.values())

    def calling_agents(self) -> set[str]:
        return {one.agent for one in self._open.values() if one.state is CallbackState.CALLING}

    def of_call(self, call_id: str) -> Callback | None:
        """Return the callback that a call was made for, as it was when its dial began."""
        return self._by_channel.get(call_id[-_CHANNEL_LENGTH:]) if self._by_channel else None

    def call_is_over(self, call_id: str) -> None:
        self._by_channel.pop(call_id[-_CHANNEL_LENGTH:], None)

    async def change(self, callback: Callback) -> None:
        """Make a step durable, then take it. Raises StoreError."""
        line = feed_event(steps.as_interaction(callback), feed=callback.site, event_id=new_id(), at=callback.at)
        for outcome in await self._journal.append_all((callback_event(callback), line)):
            if isinstance(outcome, EventRefusedError):
                raise outcome
        if callback.state.is_over:
            self.counts[callback.state.value] += 1
        self.keep(callback)
        log.info("callback", callback=callback.id, site=callback.site, state=callback.state, reason=callback.reason)
        self._on_recorded(line)

    def keep(self, callback: Callback) -> None:
        """Know a callback as it stands in the journal."""
        channel = channel_of(callback)
        if callback.state is CallbackState.CALLING:
            self._by_channel.setdefault(channel, callback)
        elif callback.state not in _HAS_A_CALL:
            self._by_channel.pop(channel, None)
        if callback.state.is_over:
            self._open.pop(callback.id, None)
            self._let_channels_go()
        else:
            self._open[callback.id] = callback
        self._on_changed(callback)

    def _let_channels_go(self) -> None:
        # Of a call whose PBX was away the end may not have been told.
        live = {call.id[-_CHANNEL_LENGTH:] for call in self._live.live_calls()}
        self._by_channel = {
            channel: one for channel, one in self._by_channel.items() if channel in live or one.id in self._open
        }
