"""What the ways have in common by which the hub itself looks for messages, again and again: folders and mailboxes."""

from __future__ import annotations

import abc
import asyncio

import structlog

log = structlog.get_logger(__name__)


class LookingFeed(abc.ABC):
    """`start`, then `stop`. `kind` and `where` are what is looked at, as the log calls it; `problem` is until it is."""

    def __init__(self, kind: str, name: str, where: str, *, problem: str) -> None:
        self._kind = kind
        self._unavailable, self._watched = f"{kind}_unavailable", f"{kind}_watched"
        self._name = name
        self._where = where
        self._problem: str | None = problem
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def connected(self) -> bool:
        """Whether what is new is seen."""
        return self._problem is None

    def problem(self) -> str | None:
        """Why nothing is taken, in plain words; None when it is."""
        return self._problem

    def start(self) -> None:
        """Begin to look; returns at once whether or not anything is there."""
        self._task = asyncio.create_task(self._run(), name=f"{self._kind} {self._name} {self._where}")

    async def stop(self) -> None:
        """Take no more; what is not through comes again with the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    @abc.abstractmethod
    async def _run(self) -> None:
        """Look until cancelled, and `_say` each time how it went."""

    def _say(self, problem: str | None) -> None:
        """Take it that something keeps it from looking, None: that it looks; logged where that is news."""
        if problem is not None and problem != self._problem:
            log.warning(self._unavailable, feed=self._name, folder=self._where, reason=problem)
        elif problem is None and self._problem is not None:
            log.info(self._watched, feed=self._name, folder=self._where)
        self._problem = problem
