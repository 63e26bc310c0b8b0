"""Dead letters that are to be tried once more: those somebody asked for, and those that the hub itself failed on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

import msgspec
import structlog

from hub.bus.dead_letters import tell_of
from hub.domain.backoff import wait_after
from hub.domain.inbound import REPLAY_BEGUN, DeadLetter, DeadLetterState
from hub.domain.ports import DeadLetters, StoreError

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 1.0
RETRY_MIN_S: Final = 1.0
RETRY_MAX_S: Final = 60.0
PAGE: Final = 200

Replay = Callable[[DeadLetter], Awaitable[str]]
"""Tries a letter again; returns why it failed again, or ""."""


class WorthAnotherError(Exception):
    """The hub failed on the letter again by a defect of its own; the message says how."""


class Replayer:
    """Looks for letters whose replay is asked for, whoever asked: the API, or `ctihub dlq` in the store.

    Each begins with a note in the store that it was begun: one that ends the hub is not begun again by itself. What
    the hub fails on, through a defect of its own, is tried `attempts` times in all, each time after a longer wait.
    """

    def __init__(
        self,
        letters: DeadLetters,
        *,
        attempts: Callable[[str], int],
        on_dead: Callable[[Sequence[DeadLetter]], None] = lambda _: None,
        look_every_s: float = LOOK_EVERY_S,
        retry_min_s: float = RETRY_MIN_S,
    ) -> None:
        self._letters = letters
        self._attempts = attempts
        self._on_dead = on_dead
        self._look_every_s = look_every_s
        self._retry_min_s = retry_min_s
        self._ways: dict[str, Replay] = {}
        self._due: dict[str, float] = {}
        self._working: dict[str, asyncio.Task[None]] = {}
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._problem: str | None = None

    def on_replay(self, origin: str, replay: Replay) -> None:
        """Have the letters whose origin begins with `origin` (`/feed/`, `/connector/`) tried by `replay`."""
        self._ways[origin] = replay

    def later(self, letters: Sequence[DeadLetter]) -> None:
        """Have these, which the hub failed on just now, wait before they are tried again."""
        for letter in letters:
            self._wait(letter.id, letter.attempts)

    def asked(self) -> None:
        """Look now: a replay was asked for."""
        self._asked.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="replay of dead letters")

    async def stop(self) -> None:
        if self._task is not None:
            tasks = {self._task, *self._working.values()}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self._begin()
            except StoreError as error:
                self._failed(str(error))
            except Exception:
                # A defect of the hub: told with its traceback, and looked at again.
                log.exception("replay_failed")
            else:
                self._problem = None
            try:
                async with asyncio.timeout(self._look_every_s):
                    await self._asked.wait()
            except TimeoutError:
                continue
            self._asked.clear()

    async def look(self) -> None:
        """Try all that are to be tried now. Raises StoreError."""
        await asyncio.gather(*await self._begin())

    async def _begin(self) -> Sequence[asyncio.Task[None]]:
        """Begin to try those of each origin that none is tried of now, the oldest first. Raises StoreError.

        A backend that does not answer, or a file of gigabytes, holds up the letters of its own origin alone.
        """
        wanted: list[DeadLetter] = []
        before: str | None = None
        while page := await self._letters.dead_letters(states=(DeadLetterState.REPLAYING,), before=before, limit=PAGE):
            wanted += page
            before = page[-1].id
        still = {letter.id for letter in wanted}
        now = time.monotonic()
        # One whose wait has just been noted may not be among them yet.
        self._due = {letter_id: due for letter_id, due in self._due.items() if due > now or letter_id in still}
        by_origin: dict[str, list[str]] = {}
        for letter in reversed(wanted):
            by_origin.setdefault(letter.origin, []).append(letter.id)
        begun = []
        for origin, letter_ids in by_origin.items():
            if origin not in self._working:
                task = asyncio.create_task(self._replay_all(letter_ids), name=f"replay of {origin}")
                task.add_done_callback(partial(self._worked, origin))
                self._working[origin] = task
                begun.append(task)
        return begun

    def _worked(self, origin: str, task: asyncio.Task[None]) -> None:
        del self._working[origin]
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, StoreError):
            self._failed(str(error))
        elif error is not None:
            # A defect of the hub: told with its traceback; what is still to be tried is looked for again.
            log.error("replay_failed", origin=origin, exc_info=error)

    async def _replay_all(self, letter_ids: Sequence[str]) -> None:
        for letter_id in letter_ids:
            if self._due.get(letter_id, 0.0) <= time.monotonic():
                await self._replay(letter_id)

    async def _replay(self, letter_id: str) -> None:
        letter = await self._letters.dead_letter(letter_id)
        if letter is None or letter.state is not DeadLetterState.REPLAYING:
            return
        self._due.pop(letter_id, None)
        way = next((way for origin, way in self._ways.items() if letter.origin.startswith(origin)), None)
        if way is None:
            await self._failed_again(letter, f"nothing here can replay what comes from {letter.origin}")
            return
        await self._settle(letter, DeadLetterState.WAITING, f"{REPLAY_BEGUN}{letter.reason}")
        try:
            reason = await way(letter)
        except WorthAnotherError as error:
            await self._perhaps_another(letter, str(error))
        except StoreError as error:
            # Not the letter's doing; where even this can't be stored the note that it was begun stands.
            self._failed(str(error))
            await self._settle(letter, DeadLetterState.REPLAYING, letter.reason)
            self._wait(letter.id, 1)
        except Exception as error:
            log.exception("dead_letter_replay_failed", dead_letter=letter.id, origin=letter.origin)
            await self._perhaps_another(letter, f"the hub failed on it ({type(error).__name__}): see the hub's log")
        else:
            if reason:
                await self._failed_again(letter, reason)
            else:
                await self._settle(letter, DeadLetterState.REPLAYED, letter.reason)
                log.info("dead_letter_replayed", dead_letter=letter.id, origin=letter.origin)

    async def _failed_again(self, letter: DeadLetter, reason: str) -> None:
        await self._settle(letter, DeadLetterState.WAITING, reason)
        log.warning("dead_letter_replay_refused", dead_letter=letter.id, origin=letter.origin, reason=reason)

    async def _perhaps_another(self, letter: DeadLetter, reason: str) -> None:
        """Count the attempt; have it tried later, or leave it to a person if those were enough."""
        attempts = letter.attempts + 1
        is_over = attempts >= self._attempts(letter.origin)
        told = reason if is_over else f"{REPLAY_BEGUN}{reason}"
        tried = msgspec.structs.replace(letter, at=datetime.now(UTC), reason=told, attempts=1)
        await self._letters.keep_dead([tried])
        if not is_over:
            self._wait(letter.id, attempts)
            await self._settle(letter, DeadLetterState.REPLAYING, reason)
            return
        tell_of(tried)
        self._on_dead([tried])

    async def _settle(self, letter: DeadLetter, state: DeadLetterState, reason: str) -> None:
        await self._letters.settle_dead([letter.id], state, reason=reason)

    def _wait(self, letter_id: str, attempts: int) -> None:
        wait_s = wait_after(attempts, shortest_s=self._retry_min_s, longest_s=RETRY_MAX_S)
        self._due[letter_id] = time.monotonic() + wait_s

    def _failed(self, problem: str) -> None:
        if problem != self._problem:
            log.warning("replay_waits_for_the_store", reason=problem)
        self._problem = problem
