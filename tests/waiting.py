"""Waiting for something to become true, with a deadline and a name for what was awaited."""

import asyncio
import time
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.005


class NotInTimeError(AssertionError):
    """What was awaited did not happen before its deadline."""


async def eventually(condition: Callable[[], object], what: str = "", within: float = 10.0) -> None:
    """Return as soon as `condition()` is true; raise NotInTimeError after `within` seconds.

    `what` names what was awaited where the traceback does not.
    """
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise NotInTimeError(f"not within {within:g} s: {what or 'see the condition in the traceback'}")
        await asyncio.sleep(POLL_SECONDS)


async def eventually_asked(condition: Callable[[], Awaitable[object]], what: str, within: float = 10.0) -> None:
    """Do the same where the condition has to be asked for."""
    deadline = time.monotonic() + within
    while not await condition():
        if time.monotonic() > deadline:
            raise NotInTimeError(f"not within {within:g} s: {what}")
        await asyncio.sleep(POLL_SECONDS)


def eventually_blocking(condition: Callable[[], object], what: str, within: float = 10.0) -> None:
    """Do the same outside an event loop."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise NotInTimeError(f"not within {within:g} s: {what}")
        time.sleep(POLL_SECONDS)
