"""The session that the requests of this context belong to, so that they bear its headers and see its end."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from contextvars import ContextVar

from connectors.base import ConnectorError
from hub.config.reply_signs import ReplySign
from hub.domain.customer import Problem


@dataclasses.dataclass(frozen=True, slots=True)
class SessionUse:
    """`over` are the signs that the session has ended, `secrets` what no message may show."""

    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    over: tuple[ReplySign, ...] = ()
    secrets: tuple[str, ...] = dataclasses.field(default=(), repr=False)


_RIGHT_AFTER = (
    "the backend says that the session is over, right after the login: see that the session's "
    "`headers`, or the steps, send it as the backend wants it, and that `expired` fits no other reply"
)
NO_SESSION = SessionUse()
_LOGGING_IN: ContextVar[bool] = ContextVar("logging_in", default=False)
_USE: ContextVar[SessionUse] = ContextVar("session", default=NO_SESSION)


class SessionOverError(ConnectorError):
    """A reply says that the session has ended: after a new login the request may be made again."""

    def __init__(self) -> None:
        super().__init__(Problem.REFUSED, _RIGHT_AFTER)


@contextlib.contextmanager
def in_session(use: SessionUse) -> Iterator[None]:
    """Make the requests that follow in a session."""
    token = _USE.set(use)
    try:
        yield
    finally:
        _USE.reset(token)


@contextlib.contextmanager
def logging_in() -> Iterator[None]:
    """Make the requests that follow belong to a login, which no session is there for yet."""
    token = _LOGGING_IN.set(True)
    try:
        yield
    finally:
        _LOGGING_IN.reset(token)


def is_logging_in() -> bool:
    return _LOGGING_IN.get()


def current_session() -> SessionUse:
    return _USE.get()
