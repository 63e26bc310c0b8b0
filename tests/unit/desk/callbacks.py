"""Callbacks as the desk meets them, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from hub.domain.callback import Callback, CallbackState
from hub.domain.phone import parse_number
from hub.domain.ports import CallbackRefusedError, StoreError


class MemoryCallbacks:
    """`kept` has all of them by id; with a `problem` nothing can be stored. `on_changed` hears of each as it stands."""

    def __init__(self) -> None:
        self.kept: dict[str, Callback] = {}
        self.problem: StoreError | None = None
        self.on_changed: Callable[[Callback], None] = lambda _callback: None

    async def request(self, callback: Callback) -> Callback:
        if self.problem is not None:
            raise self.problem
        number = parse_number(callback.phone, "DE").e164
        if number is None:
            raise CallbackRefusedError("not_a_number", "This is no telephone number.")
        same = next((one for one in self.waiting() if one.phone == number), None)
        if same is None:
            same = self.keep(msgspec.structs.replace(callback, phone=number, queue="support"))
        return same

    async def callback(self, callback_id: str) -> Callback | None:
        return self.kept.get(callback_id)

    async def cancel(self, callback_id: str, *, reason: str) -> Callback | None:
        kept = self.kept.get(callback_id)
        if kept is not None and not kept.state.is_over:
            kept = self.keep(msgspec.structs.replace(kept, state=CallbackState.CANCELLED, reason=reason))
        return kept

    def keep(self, callback: Callback) -> Callback:
        """Let a callback stand like this from now on."""
        self.kept[callback.id] = callback
        self.on_changed(callback)
        return callback

    def waiting(self) -> Sequence[Callback]:
        return [one for one in self.kept.values() if not one.state.is_over]
