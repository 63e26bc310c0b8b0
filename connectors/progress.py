"""What a connector is in the middle of, so that whoever interrupts it can say where it was."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextvars import ContextVar


class Progress:
    """`interrupted` is where the work was when it was cancelled or broke, the outermost first."""

    def __init__(self) -> None:
        self.interrupted: list[str] = []

    @property
    def where(self) -> str:
        """Return the way there in words; empty if the connector doesn't tell."""
        return ": ".join(dict.fromkeys(self.interrupted))


_PROGRESS: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextlib.contextmanager
def watched() -> Iterator[Progress]:
    """Watch what is done in this context, and in the tasks that begin in it."""
    progress = Progress()
    token = _PROGRESS.set(progress)
    try:
        yield progress
    finally:
        _PROGRESS.reset(token)


@contextlib.contextmanager
def doing(what: str) -> Iterator[None]:
    """Say what is being done, in a few words ("step orders")."""
    try:
        yield
    except (asyncio.CancelledError, Exception):
        progress = _PROGRESS.get()
        if progress is not None:
            progress.interrupted.insert(0, what)
        raise
