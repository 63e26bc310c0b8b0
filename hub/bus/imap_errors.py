"""What goes wrong with a mailbox, in words for the person who runs it."""

from __future__ import annotations

import imaplib
import socket
import ssl
from typing import Final

from imapclient.exceptions import CapabilityError, LoginError

from hub.config.mailbox import ImapMailbox
from hub.domain.phone import clean_text

MAX_SAID: Final = 200


class MailboxError(Exception):
    """The mailbox can't be used as it is; the message says why and what to do, never with a password."""


def explain(error: BaseException, section: ImapMailbox) -> str:
    """Say in one sentence what `error` means."""
    server = f"IMAP server {section.host}:{section.port_used}"
    if isinstance(error, MailboxError):
        return f"{server}: {error}"
    return f"{server}: {_reason(error, section)}"


def said(error: BaseException) -> str:
    """Return what a server says, in one line of bounded length."""
    return clean_text(" ".join(str(error).split()), MAX_SAID)


def _proof(section: ImapMailbox) -> str:
    return "password" if section.password is not None else "`auth`, and what its client may do on this server"


def _reason(error: BaseException, section: ImapMailbox) -> str:  # noqa: PLR0911 - one for each kind
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message}): name its authority in ca_file"
        case ssl.SSLError():
            return f"it speaks no TLS there, or another (tls: {section.tls}): 993 is for implicit, 143 for starttls"
        case socket.gaierror():
            return "the host name is unknown"
        case ConnectionRefusedError():
            return "nobody listens there: is it running?"
        case TimeoutError():
            return f"no answer within {section.timeout_s:g} s"
        case LoginError():
            proof = _proof(section)
            return f"it does not let {section.username} in: look at username and {proof} (it says: {said(error)})"
        case CapabilityError():
            return f"it can't do what is needed (it says: {said(error)}): does it offer STARTTLS on this port?"
        case imaplib.IMAP4.abort() | ConnectionError():
            return f"the connection was lost ({said(error) or type(error).__name__})"
        case imaplib.IMAP4.error():
            return f"it refused a command (it says: {said(error)})"
        case _:
            return f"{type(error).__name__}: {said(error)}"
