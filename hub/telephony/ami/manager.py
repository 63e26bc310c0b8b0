"""pyst2's ``Manager`` on a transport of our own.

pyst2 names the actions and knows their headers; each of its methods ends in ``return self.send_action(...)``.
Here ``send_action`` is a coroutine function, so ``await manager.hangup(channel)`` and all the others work.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import socket
from typing import TYPE_CHECKING

import asterisk.manager
import structlog

from hub.telephony.ami.connection import AmiConnection
from hub.telephony.ami.errors import (
    AmiActionFailed,
    AmiConnectionLost,
    AmiError,
    AmiLoginRefused,
    AmiTimeout,
)
from hub.telephony.ami.outgoing import ActionHeaders, encode_action
from hub.telephony.ami.wire import AmiParser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hub.telephony.ami.event import AmiEvent, AmiReply
    from hub.telephony.ami.settings import AmiSettings

_LOGOFF_PATIENCE_S = 1.0

log = structlog.get_logger(__name__)


class AsyncManager(asterisk.manager.Manager):  # type: ignore[misc]  # pyst2 has no types
    """One connection to one PBX, from ``connect`` and ``login`` to its end; it is not used twice.

    ``wanted`` are the names of the events to report, ``None`` for all. ``on_events`` gets all of one read
    in one call, in order, from within the read. Events that belong to an action list go into the reply of
    the action instead.

    Every action returns its :class:`AmiReply` or raises :class:`AmiActionFailed` (the PBX says Error),
    :class:`AmiTimeout`, :class:`AmiConnectionLost`, or ``ValueError`` for a header that must not be sent.
    An ``Originate`` that isn't asynchronous keeps Asterisk from answering anything else meanwhile, Pings
    too: give ``run_async=True``.
    """

    def __init__(
        self,
        settings: AmiSettings,
        *,
        on_events: Callable[[list[AmiEvent]], None],
        wanted: Iterable[str] | None = None,
        variables: Iterable[str] | None = None,
    ) -> None:
        # pyst2's own __init__ makes the threads that this class exists to do without.
        self.hostname = socket.gethostname()
        self._settings = settings
        self._on_events = on_events
        self._parser = AmiParser(
            wanted,
            variables=variables,
            max_message_bytes=settings.max_message_bytes,
            max_list_events=settings.max_list_events,
        )
        self._connection: AmiConnection | None = None
        self._pending: dict[str, asyncio.Future[AmiReply | AmiError]] = {}
        self._action_prefix = secrets.token_hex(4)
        self._sequence = 0
        self._keepalive: asyncio.Task[None] | None = None
        self._ended: AmiError | None = None
        self._ended_signal = asyncio.Event()

    def __del__(self) -> None:
        """Keep pyst2's from calling ``close``, which is a coroutine function here."""

    @property
    def title(self) -> str:
        """What greeted, ``Asterisk Call Manager``; empty before."""
        return self._parser.greeting.partition("/")[0]

    @property
    def version(self) -> str:
        """The version of AMI that greeted, ``11.0.0``; empty before."""
        return self._parser.greeting.partition("/")[2]

    @property
    def messages_received(self) -> int:
        """How many messages have come in on this connection, wanted or not."""
        return self._parser.messages

    def connected(self) -> bool:
        """Say whether actions can be sent."""
        return self._connection is not None and self._ended is None

    def next_seq(self) -> int:
        """Next number for an ``ActionID``."""
        self._sequence += 1
        return self._sequence

    def register_event(self, event: str, function: object) -> None:
        """Refuse pyst2's callbacks: there is one way for events, ``on_events``."""
        raise AmiError(f"{function!r} can't be registered for {event!r}: take events with on_events and wanted")

    def unregister_event(self, event: str, function: object) -> None:
        """Refuse as ``register_event`` does."""
        raise AmiError(f"{function!r} is not registered for {event!r}: events go to on_events")

    async def connect(self) -> None:
        """Connect and wait for the greeting."""
        if self._connection is not None or self._ended is not None:
            raise AmiError(f"{self._settings.where}: a manager connects once; make a new one")
        self._connection = await AmiConnection.open(
            self._settings,
            self._parser,
            on_events=self._on_events,
            on_replies=self._answer,
            on_ended=self._end,
        )

    async def login(self, *, events: bool = True) -> None:
        """Log in within the login time-out and begin to watch that the PBX stays alive.

        With ``events=False`` none come until an action ``Events`` with ``EventMask: on``.
        """
        try:
            async with asyncio.timeout(self._settings.login_timeout_s):
                await self._log_in("on" if events else "off")
        except TimeoutError:
            raise AmiTimeout(
                f"{self._settings.where} did not answer the login within {self._settings.login_timeout_s:g} s"
            ) from None
        self._keepalive = asyncio.create_task(self._watch(), name=f"ami-keepalive-{self._settings.name}")

    async def send_action(self, cdict: ActionHeaders | None = None, **kwargs: str) -> AmiReply:
        """Send one action and wait for its reply, for the action time-out at most."""
        return await self.request({**(cdict or {}), **kwargs}, timeout_s=self._settings.action_timeout_s)

    async def request(self, headers: ActionHeaders, *, timeout_s: float) -> AmiReply:
        """Send one action and wait ``timeout_s`` for its reply, and for the end of the list where one follows."""
        action = str(headers.get("Action", ""))
        action_id = str(headers.get("ActionID") or f"{self._action_prefix}-{self.next_seq()}")
        if action_id in self._pending:
            raise ValueError(f"ActionID {action_id!r} is in use by an action that is still to be answered")
        data = encode_action({**headers, "ActionID": action_id})
        connection = self._connection
        if connection is None or self._ended is not None:
            raise AmiConnectionLost(f"{self._settings.where} is not connected, so {action} was not sent")
        answer: asyncio.Future[AmiReply | AmiError] = asyncio.get_running_loop().create_future()
        self._pending[action_id] = answer
        self._parser.expect(action_id)
        try:
            async with asyncio.timeout(timeout_s):
                await connection.write(data)
                reply = await answer
        except TimeoutError:
            raise AmiTimeout(f"{self._settings.where} did not answer {action} within {timeout_s:g} s") from None
        finally:
            self._pending.pop(action_id, None)
            self._parser.forget(action_id)
        if isinstance(reply, AmiError):
            raise reply
        self._check(action, reply)
        return reply

    async def wait_ended(self) -> AmiError:
        """Wait until the connection is gone; return why."""
        await self._ended_signal.wait()
        return self._ended or AmiConnectionLost(f"{self._settings.where}: the connection ended")

    async def close(self) -> None:
        """Log off, as long as the PBX answers promptly, and close the connection."""
        if self._connection is None:
            return
        is_logged_in = self._keepalive is not None
        if is_logged_in and self._ended is None:
            try:
                await self.request({"Action": "Logoff"}, timeout_s=_LOGOFF_PATIENCE_S)
            except AmiError as error:
                log.debug("ami_logoff_failed", pbx=self._settings.name, reason=str(error))
        self._end(AmiConnectionLost(f"{self._settings.where}: the hub closed the connection"))

    async def _log_in(self, event_mask: str) -> None:
        settings = self._settings
        login = {"Action": "Login", "Username": settings.username, "Events": event_mask}
        try:
            if settings.login == "md5":
                reply = await self.send_action({"Action": "Challenge", "AuthType": "MD5"})
                # AMI's challenge login is MD5 by definition (Asterisk, action Login, AuthType MD5).
                answer = (reply.get("Challenge") + settings.secret).encode(errors="surrogatepass")
                proof = hashlib.md5(answer, usedforsecurity=False)
                await self.send_action({**login, "AuthType": "MD5", "Key": proof.hexdigest()})
            else:
                await self.send_action({**login, "Secret": settings.secret})
        except AmiActionFailed as error:
            raise AmiLoginRefused(
                f"{settings.where} refused the login of {settings.username!r}"
                f" ({error.reply.message or 'no reason given'}): check username and secret against"
                " manager.conf on the PBX, and that its permit and deny let this address in"
            ) from None
        except ValueError as error:
            raise AmiLoginRefused(f"{settings.where}: this login can't be sent: {error}") from None

    def _check(self, action: str, reply: AmiReply) -> None:
        if reply.response == "Error":
            why = reply.message or "no reason given"
        elif reply.list_cancelled:
            why = "the list was cancelled"
        else:
            return
        raise AmiActionFailed(f"{self._settings.where} refused {action}: {why}", action=action, reply=reply)

    def _answer(self, replies: Sequence[AmiReply]) -> None:
        for reply in replies:
            waiting = self._pending.get(reply.action_id)
            if waiting is None:
                log.warning("ami_reply_unexpected", pbx=self._settings.name, response=reply.response)
            elif not waiting.done():
                waiting.set_result(reply)

    def _end(self, reason: AmiError) -> None:
        """Fail everything that waits; only the first reason counts."""
        if self._ended is not None:
            return
        self._ended = reason
        if self._keepalive is not None and self._keepalive is not asyncio.current_task():
            self._keepalive.cancel()
        for waiting in self._pending.values():
            if not waiting.done():
                # A result, not an exception: nobody may be left to retrieve it.
                waiting.set_result(AmiConnectionLost(f"{reason}; an action was left without an answer"))
        if self._connection is not None:
            self._connection.abort()
        self._ended_signal.set()

    async def _watch(self) -> None:
        """Declare the connection lost when the PBX is silent and then silent to a Ping too."""
        connection, patience = self._connection, self._settings.keepalive_s
        while connection is not None and self._ended is None:
            connection.heard = False
            await asyncio.sleep(patience)
            if connection.heard:
                continue
            try:
                await self.request({"Action": "Ping"}, timeout_s=patience)
            except AmiError as error:
                if not connection.heard:
                    self._end(
                        AmiConnectionLost(
                            f"{self._settings.where} has been silent for {2 * patience:g} s and did not answer a"
                            " Ping: it is taken for dead"
                        )
                    )
                else:
                    log.debug("ami_ping_unanswered", pbx=self._settings.name, reason=str(error))
