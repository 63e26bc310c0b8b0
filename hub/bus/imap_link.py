"""A connection to an IMAP server that can be cut from another thread, and gives no more than was asked for.

IMAPClient (BSD) speaks the protocol, on the standard library's imaplib. Both wait for as long as the server likes and
hold in memory whatever it sends: here each command has a bound in bytes, and whoever waits cuts the connection.
"""

from __future__ import annotations

import imaplib
import logging
import select
import socket
import ssl
from typing import Final

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from hub.bus.imap_errors import MailboxError
from hub.config.mailbox import ImapMailbox

# Both tell each line that is sent and received; the hub says what goes wrong, once.
logging.getLogger("imapclient").disabled = True
logging.getLogger("imapclient.imaplib").disabled = True

ROOM: Final = 4 * 1024 * 1024
"""Bytes that the answer to a command may have where nothing large is asked for."""
_NEWS: Final = frozenset({"EXISTS", "RECENT"})


class Line:
    """Holds the socket of a connection, from its first moment on, for whoever wants to cut it."""

    def __init__(self, section: ImapMailbox, token: str = "") -> None:
        """`token` is what signs in where the section has no password."""
        self.section = section
        self.token = token
        self.room = ROOM
        self._socket: socket.socket | None = None
        self._is_cut = False

    def connect(self, context: ssl.SSLContext | None) -> socket.socket:
        """Connect, with TLS where there is a context. Raises OSError."""
        plain = self._plain()
        if context is None:
            return plain
        try:
            wrapped = context.wrap_socket(plain, server_hostname=self.section.host, do_handshake_on_connect=False)
            self.use(wrapped)
            wrapped.do_handshake()
        except BaseException:
            plain.close()
            raise
        return wrapped

    def _plain(self) -> socket.socket:
        """Try the host's addresses one after the other; unlike the standard library's way this can be cut."""
        host, port = self.section.host.strip("[]"), self.section.port_used
        problem: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if self._is_cut:
                break
            plain = socket.socket(family, kind, protocol)
            plain.settimeout(self.section.timeout_s)
            self.use(plain)
            try:
                plain.connect(address)
            except OSError as error:
                problem = error
                plain.close()
            else:
                return plain
        raise problem or OSError("it is not to be connected any more")

    def use(self, connected: socket.socket) -> None:
        """Know this as the connection's socket from now on."""
        self._socket = connected
        if self._is_cut:
            self.cut()

    def cut(self) -> None:
        """End it at once: what waits for the server in a thread fails."""
        self._is_cut = True
        if self._socket is not None:
            try:
                # The plain one's: that of TLS changes what the other thread is just using.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                return  # it has ended already

    def spend(self, size: int) -> None:
        """Take bytes off what the answer may have. Raises imaplib's abort."""
        self.room -= size
        if self.room < 0:
            raise imaplib.IMAP4.abort("it sends more than it was asked for")


class _Bounded(imaplib.IMAP4):
    def __init__(self, line: Line, context: ssl.SSLContext | None) -> None:
        self._line = line
        self._context = context
        super().__init__(line.section.host, line.section.port_used)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:  # noqa: ARG002 - imaplib's signature
        return self._line.connect(self._context)

    def read(self, size: int) -> bytes:
        self._line.spend(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._line.spend(len(line))
        return line


class Link(IMAPClient):  # type: ignore[misc]  # the library is typed in part
    """The client of one connection; all methods block. `line` may be used from another thread."""

    def __init__(self, line: Line) -> None:
        """Connect and sign in. Raises OSError, imaplib's errors, MailboxError."""
        section = line.section
        self._line = line
        self._context = None if section.tls == "none" else _context(section)
        timeout = SocketTimeout(section.timeout_s, section.timeout_s)
        super().__init__(section.host, section.port_used, ssl=section.tls == "implicit", timeout=timeout)
        self.normalise_times = False
        self._imap.debug = 0
        try:
            if section.tls == "starttls":
                self.starttls(self._context)
                line.use(self._imap.sock)
            self._sign_in(section)
        except BaseException:
            line.cut()
            raise

    def room(self, size: int) -> None:
        """Let the answer to the next command have so many bytes, and what goes with any."""
        self._line.room = size + ROOM
        # What was told between commands, as of mails that others have read: the library keeps it for ever.
        self._imap.untagged_responses.clear()

    def idle(self) -> bool:
        """Begin to idle; return whether there is something new already, told before the server's consent."""
        self._idle_tag = self._imap._command("IDLE")  # noqa: SLF001 - as the library itself does
        while self._imap._get_response() is not None:  # noqa: SLF001
            if self._imap.tagged_commands.get(self._idle_tag):
                raise IMAPClientError("it offers IDLE, and refuses it")
        return not _NEWS.isdisjoint(self._imap.untagged_responses)

    def news(self, seconds: float) -> bool:
        """Wait for a line while idling, at most so long; return whether it tells of new mail.

        The library's own takes the end of the connection for silence, and does not see what has come already.
        """
        poller = select.poll()
        poller.register(self._imap.sock, select.POLLIN)
        if not self._has_come() and not poller.poll(seconds * 1_000):
            return False
        words = self._imap._get_line().decode("ascii", "replace").upper().split(maxsplit=3)  # noqa: SLF001
        if words[1:2] == ["BYE"]:
            raise imaplib.IMAP4.abort("the server says goodbye")
        return words[2:3] != [] and words[2] in _NEWS

    def _create_IMAP4(self) -> _Bounded:  # noqa: N802 - the library's name
        return _Bounded(self._line, self._context if self._line.section.tls == "implicit" else None)

    def _sign_in(self, section: ImapMailbox) -> None:
        if section.password is None:
            self._sign_in_by_token(section.username)
            return
        password = section.password.get_secret_value()
        # LOGIN is for ASCII; PLAIN (RFC 4616) takes any password.
        if self.has_capability("AUTH=PLAIN"):
            self.plain_login(section.username, password)
        elif section.username.isascii() and password.isascii():
            self.login(section.username, password)
        else:
            raise MailboxError("it takes user names and passwords in plain ASCII alone (it has no AUTH=PLAIN)")

    def _sign_in_by_token(self, username: str) -> None:
        if self.has_capability("AUTH=OAUTHBEARER"):
            self.oauthbearer_login(username, self._line.token)  # RFC 7628
        elif self.has_capability("AUTH=XOAUTH2"):
            self.oauth2_login(username, self._line.token)
        else:
            raise MailboxError("it takes no tokens (neither AUTH=OAUTHBEARER nor AUTH=XOAUTH2): give it a `password`")

    def _has_come(self) -> bool:
        """Whether something was read together with the answer before, and lies in memory."""
        connected = self._imap.sock
        connected.setblocking(False)
        try:
            return bool(self._imap.file.peek(1))
        except OSError:  # TLS has nothing yet
            return False
        finally:
            connected.settimeout(self._line.section.timeout_s)


def _context(section: ImapMailbox) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=section.ca_file)
    except (OSError, ssl.SSLError):
        raise MailboxError(f"ca_file {section.ca_file} holds no certificates that can be read (PEM)") from None
