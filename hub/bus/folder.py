"""A watched folder: each file of a legacy system is taken once, from beginning to end, and moved when it is through."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import structlog

from hub.bus.folder_look import CompleteFiles
from hub.bus.folder_moves import Claim, FolderError, FolderMoves
from hub.bus.looking import LookingFeed
from hub.bus.own_threads import OwnThread
from hub.config.inbound import FolderWatch, InboundFeed
from hub.domain.backoff import wait_after
from hub.domain.inbound import InboundMessage, Receipt, Transport
from hub.domain.ports import StoreError

log = structlog.get_logger(__name__)

MAX_IN_ONE_GO: Final = 500
"""Files that are taken before the folder is looked at again."""

HASHED_IN_ONE_GO: Final = 1024 * 1024
STORE_AWAY_MAX_S: Final = 30.0


class FileReception(Protocol):
    """Where files go; see `hub/bus/reception.py`."""

    async def take_file(self, feed: str, path: Path, message: InboundMessage, *, kept_at: str = "") -> Receipt: ...

    async def refuse(self, feed: str, message: InboundMessage, reason: str, *, kept_at: str) -> Receipt: ...


class _Content(NamedTuple):
    """What a file had in it when its hash was made; the rest tells whether it was still being written."""

    sha256: str
    size: int
    changed_ns: int


class FolderFeed(LookingFeed):
    """One feed's folder, its files one after the other, so that what stands in an older file is told first.

    A file is the same as one before if its name and its content are: handed in twice it gives its events once. One
    that is not through when the hub is killed is begun again, `attempts` times in all.
    """

    def __init__(self, name: str, feed: InboundFeed, watch: FolderWatch, reception: FileReception) -> None:
        super().__init__("folder", name, watch.path, problem="not looked at yet")
        self._watch = watch
        self._attempts = feed.attempts
        self._max_bytes = feed.max_file_bytes
        self._reception = reception
        self._files = CompleteFiles(watch)
        self._moves = FolderMoves(watch, name)
        self._thread = OwnThread(f"folder-{name}")
        self._store_failures = 0

    async def _run(self) -> None:
        while True:
            wait_s = self._watch.every_s
            try:
                if await self._round() == MAX_IN_ONE_GO:
                    wait_s = 0.0
            except (FolderError, OSError) as error:
                self._say(str(error))
            except StoreError as error:
                self._say(str(error))
                longest = max(wait_s, STORE_AWAY_MAX_S)
                wait_s = wait_after(self._store_failures, shortest_s=wait_s, longest_s=longest)
                self._store_failures += 1
            except Exception as error:
                # A defect of the hub: told with its traceback, and the folder is looked at again.
                log.exception("folder_failed", feed=self._name)
                self._say(f"the hub failed on it ({type(error).__name__}): see the hub's log")
            else:
                self._say(None)
                self._store_failures = 0
            await asyncio.sleep(wait_s)

    async def _round(self) -> int:
        """Take what is left over and what is complete; return how many new files that were."""
        await self._thread.run(self._moves.prepare)
        for claim in await self._thread.run(self._moves.left_over):
            await self._take(claim)
        names = await self._thread.run(self._files.look, MAX_IN_ONE_GO)
        self._say(None)
        for name in names:
            claimed = await self._thread.run(self._moves.claim, name)
            if claimed is not None:
                await self._take(claimed)
        return len(names)

    async def _take(self, claim: Claim) -> None:
        """Bring one file through. Raises StoreError and FolderError; whatever else goes wrong costs it an attempt."""
        if claim.attempt >= self._attempts:
            reason = (
                f"the hub ended or failed {claim.attempt} times while it read this file, and does not begin it again: "
                "see the hub's log, and hand the file in once more when that is repaired"
            )
            await self._refuse(claim, self._message(claim), reason)
            return
        begun = await self._thread.run(self._moves.begin, claim)
        try:
            await self._read(begun)
        except (StoreError, FolderError, asyncio.CancelledError):
            # Not the file's doing. Without a thread, so that it is done before the hub ends.
            with suppress(FolderError):  # it was just moved, or the folder is gone
                self._moves.not_begun(begun)
            raise
        except OSError as error:
            reason = error.strerror or type(error).__name__
            log.warning(
                "folder_file_unreadable", feed=self._name, file=begun.name, attempt=begun.attempt, reason=reason
            )
        except Exception:
            log.exception("folder_file_failed", feed=self._name, file=begun.name, attempt=begun.attempt)

    async def _read(self, claim: Claim) -> None:
        size = (await self._thread.run(claim.path.lstat)).st_size
        if not 0 < size <= self._max_bytes:
            reason = (
                f"the file has {size} bytes, more than max_file_bytes of feed {self._name}, {self._max_bytes}: "
                "it was not read; hand it in in parts, or raise the limit"
                if size
                else "the file is empty: was it taken before its sender had written? Raise settle_s, or use a marker"
            )
            await self._refuse(claim, self._message(claim), reason)
            return
        content = await self._content(claim.path)
        message = self._message(claim, content.sha256)
        file = await self._place(claim, self._watch.failed)
        receipt = await self._reception.take_file(self._name, claim.path, message, kept_at=str(file))
        now = await self._thread.run(claim.path.lstat)
        if (now.st_size, now.st_mtime_ns) != (content.size, content.changed_ns):
            reason = (
                f"the file was still being written when it was taken: it had {content.size} bytes and has "
                f"{now.st_size}; raise settle_s, let its sender use a marker, or write under another name and rename"
            )
            await self._refuse(claim, message, reason)
        elif _is_understood(receipt):
            await self._settle(claim, self._watch.done, receipt, await self._place(claim, self._watch.done))
        else:
            await self._settle(claim, self._watch.failed, receipt, file)

    async def _content(self, path: Path) -> _Content:
        """Hash the file in a thread that ends soon when this is cancelled."""
        stopped = threading.Event()
        try:
            return await self._thread.run(_hashed, path, stopped)
        finally:
            stopped.set()

    def _message(self, claim: Claim, content: str = "") -> InboundMessage:
        """Return the message that the file is; without the hash of its content it is like no other file."""
        return InboundMessage(
            body=b"",
            transport=Transport.FOLDER,
            id=f"{claim.name}:{content or claim.id}",
            headers={"file-name": claim.name},
            attempts=max(0, claim.attempt - 1),
        )

    async def _refuse(self, claim: Claim, message: InboundMessage, reason: str) -> None:
        file = await self._place(claim, self._watch.failed)
        receipt = await self._reception.refuse(self._name, message, reason, kept_at=str(file))
        await self._settle(claim, self._watch.failed, receipt, file)

    async def _place(self, claim: Claim, target: str) -> Path:
        return await self._thread.run(self._moves.free_place, claim, target)

    async def _settle(self, claim: Claim, target: str, receipt: Receipt, place: Path) -> None:
        await self._thread.run(self._moves.settle, claim, target, place)
        told: dict[str, Any] = {"recorded": receipt.recorded, "duplicates": receipt.duplicates, "dead": receipt.dead}
        # Nothing at all in it: an empty list, or not one record that `only` fits, as with a wrong encoding.
        say = log.info if target == self._watch.done and any(told.values()) else log.warning
        say("folder_file_through", feed=self._name, file=claim.name, moved_to=str(place), **told)


def _is_understood(receipt: Receipt) -> bool:
    """Whether the file could be read to its end and something in it meant something; an empty list is understood."""
    taken = receipt.recorded + receipt.duplicates
    is_broken = any(not refused.part for refused in receipt.refused)
    return not is_broken and (taken > 0 or receipt.dead == 0)


def _hashed(path: Path, stopped: threading.Event) -> _Content:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        status = path.stat()
        while not stopped.is_set() and (part := file.read(HASHED_IN_ONE_GO)):
            digest.update(part)
    return _Content(digest.hexdigest(), status.st_size, status.st_mtime_ns)
