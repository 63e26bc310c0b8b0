"""Sessions of Siebel's web services: the password once, then the token that each reply renews.

After "Session Management SOAP Headers" in Siebel's book Integration Platform Technologies: headers in the namespace
http://siebel.com/webservices; a request bears the token of the reply before it; a session is one task of the object
manager, which does one thing at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any
from xml.sax.saxutils import unescape

from connectors.base import ConnectorError
from connectors.reply import Reply
from connectors.soap.faults import FaultError
from connectors.soap.signing import Read, Send
from connectors.soap.writing import escaped
from connectors.tracing import current_trace
from hub.config.soap_auth import SiebelAuth

NAMESPACE = "http://siebel.com/webservices"
PATIENCE_S = 0.25
"""Who waits longer than this for a session opens a further one."""
MAX_TOKEN = 8_192
_TOKEN = re.compile(rb"<(?:[\w.-]+:)?SessionToken(?:\s[^<>]*)?>([^<>]{1,%d})</" % MAX_TOKEN)
_UNAUTHORIZED = 401
# "Session Token is missing or invalid or has expired" (10944642), "Token might have been expired or logged out by the
# user" (SBL-UIF-00880).
OVER = ("10944642", "SBL-UIF-00880", "Session Token", "session token", "Token might have been expired")


class SiebelSignIn:
    """Keeps sessions: each carries one call at a time, so that its tokens stay in order."""

    def __init__(self, auth: SiebelAuth, max_sessions: int) -> None:
        self._auth = auth
        self._max = max_sessions
        self._open = 0
        self._waiting = 0
        # An empty token is the place of a session that is over: who takes it signs in.
        self._idle: asyncio.LifoQueue[str] = asyncio.LifoQueue()

    def signed(self, envelope: bytes) -> bytes:
        return envelope

    async def call(self, send: Send, read: Read) -> Any:
        """Make one call in a session; once more with the password if that session is over."""
        token = await self._take()
        renewed = ""
        try:
            try:
                reply = await send(self._header(token))
                renewed = _renewed(reply)
                return await read(reply)
            except ConnectorError as error:
                if not token or not _is_over(error):
                    raise
            # What was refused is the token: the call itself was not made.
            renewed = ""
            reply = await send(self._header(""))
            renewed = _renewed(reply)
            return await read(reply)
        finally:
            # Without a new token nobody knows where the session stands: a cut connection, a cancelled call.
            self._give_back(renewed)

    async def _take(self) -> str:
        """Return a session's token, empty for one that is to be opened."""
        if not self._waiting and not self._idle.empty():
            return self._idle.get_nowait()
        if self._open == 0:
            self._open = 1
            return ""
        self._waiting += 1
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE_S):
                        return await self._idle.get()
                if self._open < self._max:
                    self._open += 1
                    return ""
        finally:
            self._waiting -= 1

    def _give_back(self, token: str) -> None:
        if token or self._waiting:
            self._idle.put_nowait(token)
        else:
            self._open -= 1

    def _header(self, token: str) -> str:
        if token:
            return _block("SessionType", "Stateless") + _block("SessionToken", _noted(token))
        password = self._auth.password.get_secret_value()
        return (
            _block("UsernameToken", self._auth.username)
            + _block("PasswordText", password)
            + _block("SessionType", "Stateless")
        )


def _block(name: str, text: str) -> str:
    return f'<s:{name} xmlns:s="{NAMESPACE}">{escaped(text)}</s:{name}>'


def session_token(reply: Reply) -> str:
    """Return the token in a reply's header, empty if there is none."""
    head, _, _ = reply.body.partition(b"Body")
    found = _TOKEN.search(head)
    return unescape(found[1].decode("utf-8", "replace").strip()) if found else ""


def _renewed(reply: Reply) -> str:
    return _noted(session_token(reply))


def _noted(token: str) -> str:
    if token and (trace := current_trace()):
        trace.secrets.add(token)
    return token


def _is_over(error: ConnectorError) -> bool:
    return error.status == _UNAUTHORIZED or (isinstance(error, FaultError) and error.holds(OVER))
