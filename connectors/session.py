"""Logs in before the first request, for all at once, and again when the session has ended."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import structlog

from connectors.base import ConnectorError
from connectors.headers import header_values
from connectors.reasons import words_of
from connectors.resolve import NothingToAskError, Scope
from connectors.rows import Row
from connectors.secrecy import MIN_SECRET
from connectors.session_use import SessionOverError, SessionUse, in_session
from connectors.shared_value import SharedValue
from connectors.tracing import current_trace
from hub.config.session import SessionBase
from hub.domain.customer import Problem

LOGOUT_S = 2.0
MAX_NAMES = 20

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class LoggedIn:
    row: Row = dataclasses.field(repr=False)
    use: SessionUse


class Sessions:
    """`log_in` runs the login's steps and returns the last one's rows; `fields` are what steps read of the first.

    Headers may read what is `given`, too. `wait_s` is how long one caller waits for the login.
    """

    def __init__(
        self,
        config: SessionBase,
        log_in: Callable[[], Awaitable[Sequence[Row]]],
        *,
        fields: Iterable[str],
        given: Scope,
        credentials: Iterable[str],
        wait_s: float,
    ) -> None:
        self._config = config
        self._log_in = log_in
        self._fields = sorted(fields)
        self._credentials = tuple(secret for secret in credentials if len(secret) >= MIN_SECRET)
        self._given = given
        self._session = SharedValue("login", self._fetch, wait_s)

    async def run(self, work: Callable[[Row], Awaitable[Answer]]) -> Answer:
        """Do `work` with the session's row; once more in a new session if the first has ended meanwhile."""
        session = await self._session.get()
        try:
            return await _inside(session, work)
        except SessionOverError:
            self._session.drop(session)
        return await _inside(await self._session.get(), work)

    async def close(self, log_out: Callable[[Row], Awaitable[object]] | None) -> None:
        """Forget the session; tell the backend, if it wants to be told and answers soon."""
        session = self._session.kept
        await self._session.close()
        if session is None or log_out is None:
            return
        try:
            async with asyncio.timeout(LOGOUT_S):
                await _inside(session, log_out)
        except (ConnectorError, NothingToAskError, TimeoutError) as error:
            # The session ends by itself some time, and who closes has no use for the reason.
            log.info("not logged out", reason=str(error) or "no answer")

    async def _fetch(self) -> tuple[LoggedIn, float]:
        try:
            rows = await self._log_in()
            session = self._logged_in(rows)
        except ConnectorError as error:
            told = error.hiding(self._credentials).within("login")
            if told.problem is Problem.FAULT:
                # However the backend says it: who can't log in is refused.
                told = ConnectorError(Problem.REFUSED, told.message, status=told.status)
            raise told from None
        return session, float(self._config.lasts_s)

    def _logged_in(self, rows: Sequence[Row]) -> LoggedIn:
        if not rows:
            raise ConnectorError(
                Problem.REFUSED, "it gives no session: check `credentials`, and `rows` of its last step"
            )
        row = rows[0]
        for field in self._fields:
            if row.get(field) in (None, ""):
                names = ", ".join(sorted(map(str, row))[:MAX_NAMES])
                words = f" and says: {words_of(row)}" if words_of(row) else ""
                message = (
                    f"its answer holds no {field!r}, which later steps read; it has {names}{words}. Check "
                    "`credentials`, and `rows` of its last step"
                )
                raise ConnectorError(Problem.REFUSED, message)
        secrets = {text for field in self._fields for text in _texts(row[field]) if len(text) >= MIN_SECRET}
        if trace := current_trace():
            trace.secrets |= secrets
        headers = header_values(self._config.headers, {**self._given, "session": row})
        use = SessionUse(headers, self._config.expired, tuple(secrets))
        return LoggedIn(row, use)


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in what may be a list or an object: a session id can stand at any depth."""
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)


async def _inside(session: LoggedIn, work: Callable[[Row], Awaitable[Answer]]) -> Answer:
    if trace := current_trace():
        trace.secrets |= set(session.use.secrets)
    with in_session(session.use):
        try:
            return await work(session.row)
        except SessionOverError:
            raise
        except ConnectorError as error:
            raise error.hiding(session.use.secrets) from None
