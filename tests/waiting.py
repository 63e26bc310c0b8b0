"""Waiting for something to become true, in place of sleeping for a guess."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], *, within_s: float = 5.0, what: str = "") -> None:
    """Return as soon as `condition` holds; fail the test when it does not within `within_s` seconds."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"did not come true within {within_s:g} s: {what or condition}")
        await asyncio.sleep(0.002)
