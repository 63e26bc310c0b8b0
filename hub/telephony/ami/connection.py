"""One TCP or TLS connection to a PBX, as asyncio sees it."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from typing import TYPE_CHECKING

import aiohappyeyeballs
import structlog

from hub.telephony.ami.errors import AmiConnectionLost, AmiError, AmiProtocolError, AmiTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.telephony.ami.event import AmiEvent, AmiReply
    from hub.telephony.ami.settings import AmiSettings
    from hub.telephony.ami.wire import AmiParser

# One read's worth of events is handled in one go: large enough to be cheap for each event, small enough for
# a flood not to keep the loop from everything else for more than a few milliseconds.
_READ_BYTES = 64 * 1024

# What the system may hold of what the PBX sent and nobody has read yet. Left to itself it grows to many megabytes
# in a burst, and a phone that rings then stands behind them all; a PBX that has to wait keeps the rest itself.
_UNREAD_BYTES = 128 * 1024

# As on Ethernet. The sender's system makes room for a number of segments, and on one machine, where a segment has
# 64 KB, that is 4 MB: a quarter of a second of a burst.
_SEGMENT_BYTES = 1448

log = structlog.get_logger(__name__)


class AmiConnection(asyncio.BufferedProtocol):
    """Reads into the parser and hands on what it completes, at once and in order.

    Everything is handled inside the read, so what has been read never piles up: a peer that sends faster
    than events are handled fills the socket's buffers and has to wait.
    """

    def __init__(
        self,
        settings: AmiSettings,
        parser: AmiParser,
        *,
        on_events: Callable[[list[AmiEvent]], None],
        on_replies: Callable[[list[AmiReply]], None],
        on_ended: Callable[[AmiError], None],
    ) -> None:
        self.heard = False
        self._settings = settings
        self._parser = parser
        self._on_events = on_events
        self._on_replies = on_replies
        self._on_ended = on_ended
        self._buffer = bytearray(_READ_BYTES)
        self._view = memoryview(self._buffer)
        self._transport: asyncio.Transport | None = None
        self._ended = False
        self._greeted = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    @classmethod
    async def open(
        cls,
        settings: AmiSettings,
        parser: AmiParser,
        *,
        on_events: Callable[[list[AmiEvent]], None],
        on_replies: Callable[[list[AmiReply]], None],
        on_ended: Callable[[AmiError], None],
    ) -> AmiConnection:
        """Connect and wait for the greeting, all within the login time-out.

        Raises :class:`AmiConnectionLost`, :class:`AmiTimeout` or :class:`AmiProtocolError`.
        """
        failure: list[AmiError] = []

        def ended(reason: AmiError) -> None:
            failure.append(reason)
            connection._greeted.set()
            on_ended(reason)

        connection = cls(settings, parser, on_events=on_events, on_replies=on_replies, on_ended=ended)
        try:
            async with asyncio.timeout(settings.login_timeout_s):
                # Reading the system's certificates takes 70 ms, in which no other PBX's call may wait.
                context = await asyncio.to_thread(_ssl_context, settings) if settings.tls else None
                loop = asyncio.get_running_loop()
                addresses = await loop.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
                link = await aiohappyeyeballs.start_connection(addresses, socket_factory=_socket)
                await loop.create_connection(
                    lambda: connection, sock=link, ssl=context, server_hostname=settings.host if settings.tls else None
                )
                await connection._greeted.wait()
        except TimeoutError:
            connection.abort()
            raise AmiTimeout(
                f"{settings.where} did not greet within {settings.login_timeout_s:g} s:"
                f" check that this is the {'TLS' if settings.tls else 'plain'} AMI port and that it can be reached"
            ) from None
        except ssl.SSLError as error:
            raise AmiConnectionLost(
                f"{settings.where}: no TLS connection: {_tls_reason(error)}. Check the port, and name the"
                " authority that signed the PBX's certificate as ca_file"
            ) from error
        except UnicodeError as error:
            raise AmiConnectionLost(f"{settings.where}: {settings.host!r} is no host name: {error}") from error
        except OSError as error:
            raise AmiConnectionLost(
                f"{settings.where} can't be reached: {_network_reason(error)}. Check host and port, and that"
                " manager.conf has enabled = yes and a bindaddr"
            ) from error
        except asyncio.CancelledError:
            connection.abort()
            raise
        if failure:
            raise failure[0]
        return connection

    async def write(self, data: bytes) -> None:
        """Send, after what was sent before has gone out far enough."""
        # Asked again after waiting: of all who waited, the first may have filled the buffer anew.
        while not self._writable.is_set():
            await self._writable.wait()
        if self._transport is None or self._ended:
            raise AmiConnectionLost(f"{self._settings.where} is not connected")
        self._transport.write(data)

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (called by asyncio)."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"a stream transport is needed, not {transport!r}")
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the next read goes (called by asyncio)."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Parse what was read and hand it on (called by asyncio)."""
        self.heard = True
        if self._ended:
            return
        torn = self._parser.torn
        try:
            events, replies = self._parser.feed(bytes(self._view[:nbytes]))
        except AmiProtocolError as error:
            self._end(AmiProtocolError(f"{self._settings.where}: {error}; the connection was dropped"))
            self.abort()
            return
        if self._parser.greeting:
            self._greeted.set()
        if torn != self._parser.torn:
            log.warning("ami_value_with_line_breaks", pbx=self._settings.name, total=self._parser.torn)
        if replies:
            self._on_replies(replies)
        if events:
            try:
                self._on_events(events)
            except Exception:
                # The reader's mistake over one event must not cost the connection and all other calls.
                log.exception("ami_event_handler_failed", pbx=self._settings.name, events=len(events))

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that and why there is no connection any more (called by asyncio)."""
        if exc is not None:
            why = f"the connection broke: {exc}"
        elif not self._parser.greeting:
            why = "it closed the connection before greeting: see permit, deny and acl in manager.conf"
        else:
            why = "it closed the connection"
        self._end(AmiConnectionLost(f"{self._settings.where}: {why}"))

    def pause_writing(self) -> None:
        """Hold back further actions: the peer doesn't read (called by asyncio)."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let actions out again (called by asyncio)."""
        self._writable.set()

    def _end(self, reason: AmiError) -> None:
        if not self._ended:
            self._ended = True
            self._writable.set()
            self._on_ended(reason)


def _socket(address: aiohappyeyeballs.AddrInfoType) -> socket.socket:
    """Make the socket for one address of the PBX, with little room for what nobody has read yet."""
    family, kind, protocol, _, _ = address
    link = socket.socket(family, kind, protocol)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UNREAD_BYTES)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT_BYTES)
    return link


def _ssl_context(settings: AmiSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise AmiConnectionLost(f"{settings.where}: can't read ca_file {settings.ca_file!r}: {error}") from error
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        log.warning("ami_tls_not_verified", pbx=settings.name, advice="set ca_file and verify: true")
    return context


def _network_reason(error: OSError) -> str:
    """Return the system's words: asyncio puts its own, with the address, into `strerror`."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


def _tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return "it does not speak TLS" if error.reason == "WRONG_VERSION_NUMBER" else error.reason or str(error)
