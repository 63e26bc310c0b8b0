"""From a message to its reply: who asks, what is asked, until when, and what becomes of it, whatever it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

import structlog

from hub.bus.rpc_message import Request, Unfit, batch_reply, read_message, reply
from hub.bus.rpc_methods import Methods
from hub.domain.ports import StoreError
from hub.domain.rpc import Code, RawResult, RpcCaller, RpcError

log = structlog.get_logger(__name__)

OK: Final = "ok"
NO_METHOD: Final = "none"
"""The method, for the figures, of what names none that there is."""


class RpcObserver(Protocol):
    def __call__(self, method: str, outcome: str, seconds: float) -> None:
        """Hear of each request: its method, `ok` or the error's name, and what it took."""


class _Asked(NamedTuple):
    """A message as it came; `arrived` is a time of the dispatcher's clock."""

    caller: RpcCaller
    arrived: float
    waited_s: float
    lasts_s: float | None
    may_be_second: bool


class Dispatcher:
    """The `RequestReply` of hub/domain/rpc.py. Requests of a batch are carried out side by side."""

    def __init__(
        self,
        methods: Methods,
        *,
        on_request: RpcObserver | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._methods = methods
        self._on_request = on_request
        self._clock = clock

    async def answer(
        self,
        message: bytes,
        caller: RpcCaller,
        *,
        waited_s: float = 0.0,
        lasts_s: float | None = None,
        may_be_second: bool = False,
    ) -> bytes | None:
        """Return the reply to a request or a batch, None if there is none to be sent. Raises nothing."""
        asked = _Asked(caller, self._clock(), waited_s, lasts_s, may_be_second)
        read = read_message(message)
        results = await asyncio.gather(*(self._result(one, asked) for one in read.requests))
        replies = [
            (one.id, reply(one.id, result))
            for one, result in zip(read.requests, results, strict=True)
            if one.id is not None
        ]
        if not replies:
            return None
        return batch_reply(replies) if read.is_batch else replies[0][1]

    async def _result(self, one: Request | Unfit, asked: _Asked) -> RawResult:
        """Return the result, or the error in its place."""
        result: RawResult
        try:
            result = await self._carried_out(one, asked)
            outcome = OK
        except RpcError as error:
            result, outcome = error, error.code.name.lower()
        except StoreError as error:
            result, outcome = RpcError(Code.UNAVAILABLE, str(error)), "unavailable"
        except Exception:
            log.exception("rpc_failed", method=one.method or NO_METHOD)
            result = RpcError(Code.INTERNAL_ERROR, "The hub made a mistake. It is in the hub's log.")
            outcome = "internal_error"
        if self._on_request is not None:
            method = NO_METHOD if isinstance(one, Unfit) and one.error.code is Code.METHOD_NOT_FOUND else one.method
            self._on_request(method or NO_METHOD, outcome, self._clock() - asked.arrived)
        return result

    async def _carried_out(self, one: Request | Unfit, asked: _Asked) -> RawResult:
        """Run it until its deadline; what has begun by then, a call above all, goes on to its end. Raises RpcError."""
        caller = asked.caller
        if caller.why_not:
            raise RpcError(Code.NOT_SIGNED_IN, caller.why_not)
        if isinstance(one, Unfit):
            raise one.error
        lasts_s = one.params.deadline_ms / 1_000
        if asked.lasts_s is not None:
            lasts_s = min(lasts_s, asked.lasts_s)
        left_s = lasts_s - asked.waited_s - (self._clock() - asked.arrived)
        if left_s <= 0:
            reason = f"Its deadline, {lasts_s:g} s after it was sent, had passed before it was begun: nothing was done."
            raise RpcError(Code.DEADLINE_EXCEEDED, reason)
        deadline = asyncio.timeout(left_s)
        try:
            async with deadline:
                return await self._methods.run(
                    one.method, one.params, caller, within_s=left_s, may_be_second=asked.may_be_second
                )
        except TimeoutError:
            if not deadline.expired():
                raise
        reason = f"No result within {lasts_s:g} s."
        if one.method == "dial":
            reason += " It goes on: ask with the same id for what became of it."
        raise RpcError(Code.DEADLINE_EXCEEDED, reason)
