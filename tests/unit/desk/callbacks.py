"""Callbacks as the desk meets them, in memory."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.domain.callback import Callback, CallbackState
from hub.domain.phone import parse_number
from hub.domain.ports import CallbackRefusedError, StoreError


class MemoryCallbacks:
    """`kept` has all of them by id; with a `problem` nothing can be stored."""

    def __init__(self) -> None:
        self.kept: dict[str, Callback] = {}
        self.problem: StoreError | None = None

    async def request(self, callback: Callback) -> Callback:
        if self.problem is not None:
            raise self.problem
        number = parse_number(callback.phone, "DE").e164
        if number is None:
            raise CallbackRefusedError("not_a_number", "This is no telephone number.")
        same = next((one for one in self.waiting() if one.phone == number), None)
        if same is None:
            same = self.kept[callback.id] = msgspec.structs.replace(callback, phone=number, queue="support")
        return same

    async def callback(self, callback_id: str) -> Callback | None:
        return self.kept.get(callback_id)

    async def cancel(self, callback_id: str, *, reason: str) -> Callback | None:
        kept = self.kept.get(callback_id)
        if kept is not None and not kept.state.is_over:
            kept = self.kept[callback_id] = msgspec.structs.replace(kept, state=CallbackState.CANCELLED, reason=reason)
        return kept

    def waiting(self) -> Sequence[Callback]:
        return [one for one in self.kept.values() if not one.state.is_over]
