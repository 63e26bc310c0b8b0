"""Signing in and out: passwords to sessions, tokens to agents."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from hub.desk.passwords import decoy_hash, hash_password, needs_rehash, verify_password
from hub.desk.throttle import Throttle
from hub.desk.user_store import Session, UserStore

log = structlog.get_logger(__name__)

T = TypeVar("T")

_MAX_WAITING = 512
"""Sign-ins that may wait for a password check at once: a whole site in the morning."""

_LONGEST_TOKEN = 128


class SignInRefusedError(Exception):
    """Wrong password or no such user; the two are not told apart."""


class SignInDelayedError(Exception):
    """Too many attempts; `retry_after` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Too many attempts. Try again in {retry_after:.0f} s.")
        self.retry_after = retry_after


class SignIn:
    """Opens, finds and closes sessions. Only agents of the configuration who are in the user store may sign in."""

    def __init__(
        self,
        *,
        users: UserStore,
        agents: Container[str],
        session_s: float,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._users = users
        self._agents = agents
        self._session_s = session_s
        self._wall_clock = wall_clock
        self._by_user = Throttle(free=5, first_wait_s=1, longest_wait_s=60, memory_s=900, clock=clock)
        self._by_address = Throttle(free=50, first_wait_s=1, longest_wait_s=60, memory_s=300, clock=clock)
        # Two threads, so that password checks (25 ms each) never stand before a session's look-up.
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="password")
        self._storing = ThreadPoolExecutor(1, thread_name_prefix="sessions")
        self._waiting = 0
        self._decoy = decoy_hash()

    def close(self) -> None:
        self._hashing.shutdown(cancel_futures=True)
        self._storing.shutdown(cancel_futures=True)

    async def sign_in(self, agent: str, password: str, address: str) -> tuple[str, Session]:
        """Return the browser's new token and its session.

        Raises `SignInRefusedError`, or `SignInDelayedError` when this user or address failed too often.
        """
        delay = max(self._by_user.wait(agent), self._by_address.wait(address))
        if delay > 0:
            log.warning("sign_in_delayed", address=address, seconds=round(delay, 1))
            raise SignInDelayedError(delay)
        if self._waiting >= _MAX_WAITING:
            log.warning("sign_in_crowded", waiting=self._waiting)
            raise SignInDelayedError(2.0)
        # Counted before it is checked: attempts made at the same time do not all pass as the first.
        self._by_user.failed(agent)
        self._waiting += 1
        try:
            verified = await self._check(agent, password)
        finally:
            self._waiting -= 1
        token = secrets.token_urlsafe(32)
        now = self._wall_clock()
        session = Session(id=_session_id(token), agent=agent, expires_at=now + self._session_s)
        if verified is None or not await self._store(
            lambda: self._users.open_session(session, now=now, verified_hash=verified)
        ):
            self._by_address.failed(address)
            log.warning("sign_in_refused", address=address)
            raise SignInRefusedError
        self._by_user.succeeded(agent)
        log.info("signed_in", agent=agent, address=address)
        return token, session

    async def session(self, token: str) -> Session | None:
        """Return the session of a browser's token while it lasts."""
        if not token or len(token) > _LONGEST_TOKEN:
            return None
        session_id, now = _session_id(token), self._wall_clock()
        session = await self._store(lambda: self._users.session(session_id, now=now))
        return session if session is not None and session.agent in self._agents else None

    async def sign_out(self, session: Session) -> None:
        await self._store(lambda: self._users.close_session(session.id))
        log.info("signed_out", agent=session.agent)

    async def over(self, sessions: frozenset[str]) -> frozenset[str]:
        """Return those of `sessions` (ids) that have expired or were taken away."""
        now = self._wall_clock()
        return await self._store(lambda: self._users.over(sessions, now=now))

    async def _check(self, agent: str, password: str) -> str | None:
        """Return the hash that the password fits, by now in today's strength; None when it fits none."""
        stored = await self._store(lambda: self._users.password_hash(agent))
        known = stored is not None and agent in self._agents
        fits = await self._hash(lambda: verify_password(stored if known and stored else self._decoy, password))
        if not fits or not known or stored is None:
            return None
        if not needs_rehash(stored):
            return stored
        fresh = await self._hash(lambda: hash_password(password))
        await self._store(lambda: self._users.replace_hash(agent, stored, fresh))
        return fresh

    async def _hash(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hashing, work)

    async def _store(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._storing, work)


def _session_id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
