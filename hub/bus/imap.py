"""A mailbox's folder as a feed: each new mail taken once, with IDLE or by looking, for as long as the hub runs."""

from __future__ import annotations

import asyncio
import imaplib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog
from imapclient.exceptions import LoginError

from hub.bus.formats.email_message import DIRECTION, RECEIVED, SIZE
from hub.bus.imap_errors import MailboxError, explain
from hub.bus.imap_link import Line
from hub.bus.imap_mailbox import Mail, Mailbox
from hub.bus.imap_place import Cursors, Place
from hub.bus.looking import LookingFeed
from hub.bus.own_threads import OwnThread
from hub.config.inbound import InboundFeed
from hub.config.mailbox import ImapMailbox
from hub.domain.backoff import wait_after
from hub.domain.inbound import InboundMessage, Receipt, Transport
from hub.domain.ports import StoreError

log = structlog.get_logger(__name__)

T = TypeVar("T")

LONGEST_IDLE_S: Final = 25 * 60.0
"""Servers end a connection that idles for half an hour (RFC 2177)."""
GOOD_AFTER_S: Final = 30.0
"""A connection that lasted so long was a good one: after it the next is tried soon."""
SLOW_FACTOR: Final = 4.0
"""A command may take so many times as long as the server may be silent: large mails come in many pieces."""
CUT_WAIT_S: Final = 5.0


class MailReception(Protocol):
    """Where mails go; see `hub/bus/reception.py`."""

    async def take_all(self, feed: str, messages: Sequence[InboundMessage]) -> list[Receipt]: ...

    async def refuse(self, feed: str, message: InboundMessage, reason: str, *, kept_at: str = "") -> Receipt: ...


class MailToken(Protocol):
    """What signs in to a mailbox that takes no password; see `hub/mail_token.py`."""

    async def get(self) -> str:
        """Return one that counts at the moment. Raises MailboxError."""

    async def refused(self) -> None:
        """Have another one fetched next time."""


class ImapFeed(LookingFeed):
    """One folder, over a connection of its own: the protocol lets one folder be open in each.

    What is not through when the hub ends comes again with the next start; mails are known by their Message-ID, so that
    nothing is told twice.
    """

    def __init__(
        self,
        name: str,
        feed: InboundFeed,
        section: ImapMailbox,
        folder: str,
        *,
        reception: MailReception,
        cursors: Cursors,
        token: MailToken | None = None,
        retry_min_s: float = 1.0,
        retry_max_s: float = 60.0,
    ) -> None:
        super().__init__("mailbox", name, folder, problem="not connected yet")
        self._section = section
        self._folder = folder
        self._max_bytes = feed.max_bytes
        self._direction = "outbound" if folder in section.sent_folders else "inbound"
        self._reception = reception
        self._cursors = cursors
        self._token = token
        self._retry_min_s = retry_min_s
        self._retry_max_s = retry_max_s
        self._thread = OwnThread(f"imap-{name}")
        self._line = Line(section)
        self._connected_at = 0.0

    async def _run(self) -> None:
        failures = 0
        while True:
            self._connected_at = 0.0
            try:
                await self._session()
            except StoreError as error:
                self._say(str(error))
            except (MailboxError, imaplib.IMAP4.error, OSError) as error:
                self._say(explain(error, self._section))
            except Exception as error:
                # A defect of the hub or of the library: told with its traceback, and the next attempt is made.
                log.exception("mailbox_failed", feed=self._name, folder=self._folder)
                self._say(explain(error, self._section))
            if self._connected_at and time.monotonic() - self._connected_at >= GOOD_AFTER_S:
                failures = 0
            await asyncio.sleep(wait_after(failures, shortest_s=self._retry_min_s, longest_s=self._retry_max_s))
            failures += 1

    async def _session(self) -> None:
        """Look for mail until the connection is lost. Raises what ended it."""
        mailbox = await self._connected()
        try:
            await self._asked(partial(mailbox.open, self._folder))
            place = Place(self._name, self._section, self._folder, self._cursors)
            await place.load(mailbox.uid_validity, mailbox.uid_next)
            idles = self._section.idle and await self._asked(mailbox.can_idle)
            while True:
                await self._look(mailbox, place)
                self._say(None)
                if idles:
                    wait_s = min(self._section.poll_s, LONGEST_IDLE_S)
                    await self._asked(partial(mailbox.wait, wait_s), within_s=wait_s + self._limit_s)
                else:
                    await asyncio.sleep(self._section.poll_s)
        finally:
            self._line.cut()

    async def _connected(self) -> Mailbox:
        self._line = Line(self._section, "" if self._token is None else await self._token.get())
        try:
            return await self._asked(partial(Mailbox, self._line))
        except LoginError:
            if self._token is not None:
                await self._token.refused()
            raise

    async def _look(self, mailbox: Mailbox, place: Place) -> None:
        """Take what is new. Raises StoreError if that can't be stored: then it is still new."""
        for uids, up_to in await self._listed(mailbox.new(place.first, place.since)):
            batches = mailbox.mails(uids, self._max_bytes)
            while (mails := await self._asked(partial(next, batches, None))) is not None:
                if mails:
                    await self._take(mails, mailbox.uid_validity)
                    await place.through(mails[-1].uid + 1)
            await place.through(up_to + 1)
        await place.looked()

    async def _listed(self, windows: Iterator[tuple[list[int], int]]) -> list[tuple[list[int], int]]:
        found = []
        while (window := await self._asked(partial(next, windows, None))) is not None:
            found.append(window)
        return found

    async def _take(self, mails: Sequence[Mail], uid_validity: int) -> None:
        given = [mail for mail in mails if not mail.problem]
        receipts = await self._reception.take_all(self._name, [self._message(mail) for mail in given])
        for mail, receipt in zip(given, receipts, strict=True):
            if receipt.dead:
                log.warning("mail_not_understood", feed=self._name, folder=self._folder, uid=mail.uid)
        for mail in mails:
            if mail.problem:
                reason = (
                    f"the server does not give the mail with UID {mail.uid} in folder {self._folder} "
                    f"(it says: {mail.problem}); look at it with a mail program"
                )
                known_by = f"imap:{self._folder}:{uid_validity}:{mail.uid}"
                await self._reception.refuse(self._name, self._message(mail, known_by), reason)

    def _message(self, mail: Mail, known_by: str = "") -> InboundMessage:
        headers = {DIRECTION: self._direction, SIZE: str(mail.size), "mail-folder": self._folder}
        if mail.received is not None:
            headers[RECEIVED] = mail.received.isoformat()
        return InboundMessage(
            body=mail.body, transport=Transport.IMAP, id=known_by, content_type="message/rfc822", headers=headers
        )

    @property
    def _limit_s(self) -> float:
        return self._section.timeout_s * SLOW_FACTOR

    async def _asked(self, ask: Callable[[], T], *, within_s: float | None = None) -> T:
        """Return what a call of the blocking client gives; when it is not awaited any more its connection is cut."""
        asking = asyncio.ensure_future(self._thread.run(ask))
        try:
            async with asyncio.timeout(within_s or self._limit_s):
                return await asyncio.shield(asking)
        except BaseException:
            self._line.cut()
            if not asking.done():
                # The thread comes back at once, and only then is it free for the next connection.
                await asyncio.wait({asking}, timeout=CUT_WAIT_S)
            if asking.done() and not asking.cancelled():
                asking.exception()  # what the cut itself caused tells nobody anything
            raise

    def _say(self, problem: str | None) -> None:
        if problem is None and not self.connected:
            self._connected_at = time.monotonic()
        super()._say(problem)
