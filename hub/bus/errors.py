"""What goes wrong with the broker, in words for the person who runs it."""

from __future__ import annotations

import re
import socket
import ssl
from typing import Any, Final

import pika.exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorStackTimeout


class BrokerError(Exception):
    """The broker can't be used as it is; the message says why and what to do, never with a password."""


_ADVICE: Final = {
    320: "the broker closed the connection (it shuts down, or someone closed it)",
    403: "the broker's user lacks a permission for this: grant configure, write and read",
    404: "what the hub uses has been deleted; it is declared again with the next connection",
    405: "another connection has the queue for itself alone",
    406: "it exists with other properties than the hub needs; the hub leaves it as it is: rename one of the two",
    530: "the broker does not let this user into the virtual host of bus.url, or there is none of that name",
}

_TOO_LARGE: Final = re.compile(r"message size \d+ is larger than (?:configured )?max size (\d+)")

_WORDS: Final[tuple[tuple[tuple[type[BaseException], ...], str], ...]] = (
    (
        (pika.exceptions.ProbableAuthenticationError, pika.exceptions.AuthenticationError),
        "the login was refused: look at user and password in bus.url",
    ),
    ((pika.exceptions.ProbableAccessDeniedError,), _ADVICE[530]),
    (
        (pika.exceptions.IncompatibleProtocolError, pika.exceptions.ProtocolSyntaxError, ssl.SSLError),
        "no AMQP 0-9-1 there: look at host and port in bus.url (amqps:// for a TLS port, and only for one)",
    ),
    ((pika.exceptions.AMQPHeartbeatTimeout,), "sent nothing for too long; the connection is given up"),
    ((pika.exceptions.ConnectionBlockedTimeout,), "takes no messages for minutes: it lacks memory or disk space"),
    ((socket.gaierror,), "the host name is unknown"),
    ((ConnectionRefusedError,), "nobody listens there: is it running?"),
    ((TimeoutError, AMQPConnectorStackTimeout, pika.exceptions.ConnectionOpenAborted), "no answer in time"),
    (
        (
            pika.exceptions.StreamLostError,
            pika.exceptions.ConnectionWrongStateError,
            pika.exceptions.ChannelWrongStateError,
            ConnectionError,
        ),
        "the connection was lost",
    ),
)


def explain(error: BaseException, broker: str) -> str:
    """Say in one sentence what `error` means; `broker` is host and port."""
    if isinstance(error, BrokerError):
        return str(error)
    return f"broker {broker}: {_reason(_root(error))}"


def _reason(error: BaseException) -> str:
    if isinstance(error, (pika.exceptions.ConnectionClosedByBroker, pika.exceptions.ChannelClosedByBroker)):
        return _closed_by_broker(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}): name its authority in bus.ca_file"
    for kinds, words in _WORDS:
        if isinstance(error, kinds):
            return words
    return f"{type(error).__name__}: {error}"


def _closed_by_broker(error: Any) -> str:
    """Put advice before the broker's own words, which name the exchange or queue."""
    if largest_message(error) is not None:
        return f"it takes no message as large as one of the events, which is passed over (it says {error.reply_text})"
    advice = _ADVICE.get(error.reply_code, "the broker closed the connection")
    return f"{advice} (it says {error.reply_code}: {error.reply_text})"


def largest_message(error: BaseException) -> int | None:
    """Return how many bytes the broker takes in a message, where `error` says that one was larger; else None."""
    if not isinstance(error, pika.exceptions.ChannelClosedByBroker):
        return None
    found = _TOO_LARGE.search(error.reply_text)
    return int(found[1]) if found else None


def _root(error: BaseException) -> BaseException:
    """Unwrap what pika wraps around the socket's own error."""
    seen = 0
    while seen < 8:  # noqa: PLR2004 - pika nests three deep
        inner = _inner(error)
        if inner is None:
            return error
        error = inner
        seen += 1
    return error


def _inner(error: BaseException) -> BaseException | None:
    attempts = getattr(error, "exceptions", None)
    if attempts:
        last = attempts[-1]
        return last if isinstance(last, BaseException) else None
    wrapped = getattr(error, "exception", None)
    return wrapped if isinstance(wrapped, BaseException) else None
