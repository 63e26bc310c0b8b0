"""Which files of a watched folder are complete, the oldest first. Blocking: for a thread."""

from __future__ import annotations

import heapq
import os
import stat
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from hub.config.inbound import FolderWatch

MAX_SEEN: Final = 5_000
"""Files that are kept in mind between two looks; more than that have to wait until the oldest are through."""

UNFINISHED: Final = (".tmp", ".part", ".filepart")
"""How names end under which programs write what they will rename when it is complete."""


class _Seen(NamedTuple):
    inode: int
    size: int
    changed_ns: int
    since: float


class _Found(NamedTuple):
    changed_ns: int
    name: str
    inode: int
    size: int


class CompleteFiles:
    """Looks into the folder again and again, and remembers what has not grown since when."""

    def __init__(self, watch: FolderWatch, clock: Callable[[], float] = time.monotonic) -> None:
        self._watch = watch
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def look(self, limit: int) -> list[str]:
        """Return the names of at most `limit` complete files, by modification time, then name. Raises OSError."""
        oldest = heapq.nsmallest(MAX_SEEN, self._candidates())
        now = self._clock()
        seen: dict[str, _Seen] = {}
        complete: list[str] = []
        for found in oldest:
            before = self._seen.get(found.name)
            as_found = (found.inode, found.size, found.changed_ns)
            since = before.since if before is not None and before[:3] == as_found else now
            seen[found.name] = _Seen(*as_found, since)
            if len(complete) < limit and (self._watch.marker or now - since >= self._watch.settle_s):
                complete.append(found.name)
        self._seen = seen
        return complete

    def _candidates(self) -> Iterator[_Found]:
        marked = self._marked() if self._watch.marker else None
        with os.scandir(self._watch.path) as entries:
            for entry in entries:
                if (marked is None or entry.name in marked) and self._is_meant(entry.name):
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # gone since
                    if stat.S_ISREG(status.st_mode):
                        yield _Found(status.st_mtime_ns, entry.name, status.st_ino, status.st_size)

    def _is_meant(self, name: str) -> bool:
        if name.startswith(".") or name.lower().endswith(UNFINISHED):
            return False
        if self._watch.marker and name.endswith(self._watch.marker):
            return False
        return fnmatchcase(name, self._watch.pattern)

    def _marked(self) -> set[str]:
        """Return the names beside which the marker lies."""
        marker = self._watch.marker
        with os.scandir(self._watch.path) as entries:
            return {
                entry.name.removesuffix(marker)
                for entry in entries
                if entry.name.endswith(marker) and entry.is_file(follow_symlinks=False)
            }
