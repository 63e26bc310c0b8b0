"""One folder of a mailbox as it is looked at: which mails are new, and their bytes. Nothing in it is changed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from hub.bus.imap_errors import MailboxError, said
from hub.bus.imap_link import Line, Link
from hub.config.wording import nearest

WINDOW: Final = 50_000
"""UIDs that are searched in one go: an answer with all of them is shorter than the library takes."""
MAX_BATCH: Final = 20
MAX_BATCH_BYTES: Final = 2 * 1024 * 1024
MAX_ROOM: Final = 32 * 1024 * 1024
MAX_FOLDERS: Final = 10_000
_SIZE: Final = b"RFC822.SIZE"
_BODY: Final = b"BODY[]<0>"
_RECEIVED: Final = b"INTERNALDATE"


class Mail(NamedTuple):
    """A mail's first bytes, its whole size and when it came; `problem` is why the server does not give it."""

    uid: int
    body: bytes
    size: int
    received: datetime | None
    problem: str = ""


class Mailbox:
    """A connection with one folder opened read-only (EXAMINE). All methods block, and raise what `Link` does."""

    def __init__(self, line: Line) -> None:
        self._link = Link(line)
        self.uid_validity = 0
        self.uid_next = 0

    def open(self, folder: str) -> int:
        """Open the folder; return how many mails are in it. Raises MailboxError if there is none of that name."""
        link = self._link
        link.room(0)
        try:
            status = link.select_folder(folder, readonly=True)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            near = nearest(folder, self.folders())
            raise MailboxError(f"folder {folder!r} can't be opened{near} (it says: {said(error)})") from error
        self.uid_validity = int(status.get(b"UIDVALIDITY") or 0)
        if not self.uid_validity:
            raise MailboxError(f"folder {folder!r} has no UIDVALIDITY: its mails can't be told apart over time")
        self.uid_next = int(status.get(b"UIDNEXT") or 0) or max(self.search(1), default=0) + 1
        return int(status.get(b"EXISTS") or 0)

    def folders(self) -> list[str]:
        """Return the names of the folders that there are."""
        self._link.room(0)
        return [str(name) for _, _, name in self._link.list_folders()[:MAX_FOLDERS]]

    def new(self, first: int, since: date | None) -> Iterator[tuple[list[int], int]]:
        """Yield the UIDs from `first` on, sorted, each time with the UID up to which all have been told."""
        while first + WINDOW < self.uid_next:
            yield self.search(first, first + WINDOW - 1, since), first + WINDOW - 1
            first += WINDOW
        found = self.search(first, None, since)
        yield found, max([*found, self.uid_next - 1])

    def search(self, first: int, last: int | None = None, since: date | None = None) -> list[int]:
        """Return the UIDs between these, of mails that came on that day or later."""
        self._link.room(0)
        criteria: list[Any] = ["UID", f"{first}:{last or '*'}"]
        if since is not None:
            criteria += ["SINCE", since]
        # In first:* is the last mail of all, even if it comes before the first.
        return sorted(uid for uid in self._link.search(criteria) if first <= uid <= (last or uid))

    def mails(self, uids: Sequence[int], max_bytes: int) -> Iterator[list[Mail]]:
        """Yield mails, each cut off after `max_bytes`, some at a time; those that are gone by now are left out."""
        for start in range(0, len(uids), MAX_BATCH):
            chunk = uids[start : start + MAX_BATCH]
            self._link.room(0)
            sizes = {uid: int(told.get(_SIZE) or 0) for uid, told in self._link.fetch(chunk, [_SIZE]).items()}
            for batch in _batches([uid for uid in chunk if uid in sizes], sizes, max_bytes):
                yield self._fetched(batch, sizes, max_bytes)

    def wait(self, seconds: float) -> None:
        """Wait until the server tells of a new mail (IDLE), at most so long."""
        link = self._link
        link.room(0)
        until = time.monotonic() + seconds
        is_news = link.idle()
        while not is_news and (left := until - time.monotonic()) > 0:
            is_news = link.news(left)
        link.room(0)
        link.idle_done()

    def can_idle(self) -> bool:
        """Whether the server tells of new mail by itself."""
        return bool(self._link.has_capability("IDLE"))

    def close(self) -> None:
        """Take leave. Raises OSError or imaplib's errors if the server is not there any more."""
        self._link.room(0)
        self._link.logout()

    def _fetched(self, uids: Sequence[int], sizes: dict[int, int], max_bytes: int) -> list[Mail]:
        try:
            return self._fetch(uids, sizes, max_bytes)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            if len(uids) == 1:
                return [Mail(uids[0], b"", sizes[uids[0]], None, said(error))]
        # One that the server can't give must not keep the others back.
        return [mail for uid in uids for mail in self._fetched([uid], sizes, max_bytes)]

    def _fetch(self, uids: Sequence[int], sizes: dict[int, int], max_bytes: int) -> list[Mail]:
        self._link.room(len(uids) * max_bytes)
        told = self._link.fetch(uids, [f"BODY.PEEK[]<0.{max_bytes}>", _RECEIVED])
        mails = []
        for uid in uids:
            body = told.get(uid, {}).get(_BODY)
            if body is not None:
                size = max(len(body), sizes[uid]) if len(body) >= max_bytes else len(body)
                mails.append(Mail(uid, bytes(body), size, _moment(told[uid].get(_RECEIVED))))
        return mails


def _batches(uids: Sequence[int], sizes: dict[int, int], max_bytes: int) -> Iterator[list[int]]:
    """Yield neighbours that are small together; no more than fit in memory if the server is wrong about them."""
    most = max(1, min(MAX_BATCH, MAX_ROOM // max_bytes))
    batch: list[int] = []
    room = MAX_BATCH_BYTES
    for uid in uids:
        size = min(sizes[uid], max_bytes)
        if batch and (len(batch) >= most or size > room):
            yield batch
            batch, room = [], MAX_BATCH_BYTES
        batch.append(uid)
        room -= size
    if batch:
        yield batch


def _moment(told: Any) -> datetime | None:
    if not isinstance(told, datetime):
        return None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
