"""Waits for tasks that belong together: the first that fails ends the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any


async def finished(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Return when all are done; raise what the first one failed with, after the others are cancelled and at their end.

    As a TaskGroup does, whose failure in Python 3.11 leaves a request for cancellation behind in the task that waits:
    a timeout around it then lets CancelledError out in place of TimeoutError.
    """
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        under_way = [task for task in tasks if not task.done()]
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
    errors = [task.exception() for task in tasks if not task.cancelled()]
    for error in errors:
        if error is not None:
            raise error
