"""HTTP to one backend: one session, signed in, bounded replies, errors in plain words."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
import time
from collections.abc import Container, Mapping
from typing import NoReturn
from urllib.parse import urlencode

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from connectors.auth.sign_in import sign_in
from connectors.auth.signing import Outgoing, Signed
from connectors.base import ConnectorError
from connectors.clock import clock_words
from connectors.http_failures import explain, refuse_status, too_many_requests
from connectors.quoting import linked_address
from connectors.reply import Reply
from connectors.reply_signs import has_sign
from connectors.secrecy import keep_secret
from connectors.session_use import SessionOverError, current_session
from connectors.tls import tls_context
from connectors.tracing import Exchange, current_step, current_trace
from hub.config.connector_base import ConnectorBase
from hub.config.http_access import HttpAuth
from hub.config.reply_signs import ReplySigns
from hub.config.secrets import secrets_of
from hub.domain.customer import Problem

MAX_REDIRECTS = 3
MAX_ADDRESS = 16_000
MAX_ERROR_BYTES = 64 * 1024
"""Of a reply that is an error no more is read."""
MAX_TOKEN_BYTES = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FIRST_ERROR = 400
_CHUNK = 64 * 1024
_FORM = "application/x-www-form-urlencoded"


@dataclasses.dataclass(frozen=True, slots=True)
class _Request:
    """A request as it goes out. `shown` are the headers that a trace may show; a `private` one shows no body."""

    method: str
    url: URL
    shown: Mapping[str, str]
    hidden: Mapping[str, str]
    body: bytes | None
    limit: int
    private: bool = False
    answers: Container[int] = ()


class HttpClient:
    """Made once for a connector, used by many calls at the same time; `start` before the first, `close` at the end."""

    def __init__(self, config: ConnectorBase, auth: HttpAuth | None) -> None:
        self._trust = config.tls
        self._headers = {
            "Accept-Encoding": "gzip, deflate",
            **{name: secret.get_secret_value() for name, secret in config.headers.items()},
        }
        # Somewhat less than the lookup's own time, so that the error can name who kept it waiting.
        self._signing = sign_in(auth, getattr(config, "url", None), self._post_form, config.timeout_s * 0.9)
        self._secrets = secrets_of(config)
        self._limit = config.max_reply_bytes
        self._throttled: ReplySigns = getattr(config, "throttled", ())
        self._slots = asyncio.Semaphore(config.max_concurrent)
        self._connections = config.max_concurrent
        self._connect_s = config.timeout_s
        self._session: aiohttp.ClientSession | None = None
        self._is_started = False
        self._last: tuple[URL, Mapping[str, str]] | None = None

    def start(self) -> None:
        self._is_started = True

    async def _opened(self) -> aiohttp.ClientSession:
        """Return the session. Raises ConnectorError if the certificates to trust can't be read."""
        if self._session is not None:
            return self._session
        # Reading the system's certificates takes 70 ms, in which no call may wait.
        context = await asyncio.to_thread(tls_context, self._trust)
        if not self._is_started:
            raise ConnectorError(Problem.INTERNAL, "the connector is not started")
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, ssl=context, ttl_dns_cache=60)
            self._session = aiohttp.ClientSession(
                connector=connector,
                # A backend's cookies would tie the lookups of all callers to one session of it.
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_s),
                trust_env=False,
                headers={"User-Agent": "ctihub"},
            )
        return self._session

    async def signed(self, url: URL) -> Signed:
        """Return what signs a request to this address in, for who sends it another way. Raises ConnectorError."""
        return await self._signing.sign(Outgoing("GET", url))

    async def close(self) -> None:
        self._is_started = False
        await self._signing.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def clock_note(self) -> str:
        """Say that this machine's clock and the backend's differ, as of the last reply; nothing if they agree."""
        if self._last is None:
            return ""
        url, headers = self._last
        return clock_words(headers, str(url.host))

    async def send(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str] | None = None,
        hidden: Mapping[str, str] | None = None,
        body: bytes | None = None,
        answers: Container[int] = (),
    ) -> Reply:
        """Send one request, signed in, and read its reply, following redirects within the same host only.

        `hidden` are headers that no trace may show, `answers` are statuses that the caller reads itself. Raises
        ConnectorError for what no caller can use: unreachable, refused, throttled, too large, elsewhere; and
        SessionOverError inside a session (connectors/session_use.py).
        """
        if len(str(url)) > MAX_ADDRESS:
            message = f"the request's address is too long: at most {MAX_ADDRESS} characters"
            raise ConnectorError(Problem.INTERNAL, message)
        session = current_session()
        request = _Request(
            method,
            url,
            headers or {},
            {**self._headers, **session.headers, **(hidden or {})},
            body,
            self._limit,
            answers=answers,
        )
        async with self._slots:
            for _ in range(MAX_REDIRECTS + 1):
                reply, target = await self._signed(request)
                if target is None:
                    return reply
                if method != "GET":
                    raise ConnectorError(
                        Problem.REFUSED, f"the backend redirects to {target.path}: correct the url in the configuration"
                    )
                request = dataclasses.replace(request, url=target)
        raise ConnectorError(Problem.REFUSED, f"the backend redirects more than {MAX_REDIRECTS} times: check the url")

    async def _signed(self, request: _Request) -> tuple[Reply, URL | None]:
        """Exchange one request; where what signs it in has run out, once more with what is new."""
        content_type = next((value for name, value in request.shown.items() if name.lower() == "content-type"), "")
        outgoing = Outgoing(request.method, request.url, request.body, content_type)
        signed = await self._signing.sign(outgoing)
        reply, target = await self._exchange(_with(request, signed))
        if self._signing.is_over(signed, reply):
            signed = await self._signing.sign(outgoing)
            reply, target = await self._exchange(_with(request, signed))
        session = current_session()
        keep_secret((*self._secrets, *signed.secrets, *session.secrets))
        if (trace := current_trace()) is not None:
            trace.secrets.update(signed.secrets)
        if has_sign(reply, session.over):
            raise SessionOverError
        if has_sign(reply, self._throttled):
            raise too_many_requests(reply)
        if reply.status in request.answers:
            return reply, target
        hint = clock_words(reply.headers, str(signed.url.host)) if self._signing.minds_clock else ""
        try:
            refuse_status(reply, hint)
        except ConnectorError as error:
            raise error.hiding((*signed.secrets, *session.secrets)) from None
        return reply, target

    async def _post_form(self, url: URL, fields: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """Post fields to a token server: its redirects are not followed, a trace shows only that it was."""
        request = _Request(
            "POST",
            url,
            {"Accept": "application/json", "Content-Type": _FORM},
            {"Accept-Encoding": "gzip, deflate", **headers},
            urlencode(fields).encode(),
            MAX_TOKEN_BYTES,
            private=True,
        )
        reply, target = await self._exchange(request)
        if target is not None:
            raise ConnectorError(Problem.REFUSED, "it redirects: correct `token_url`", status=reply.status)
        # 401 and 403 are told by who asked for the token.
        if reply.status not in {401, 403}:
            refuse_status(reply)
        return reply

    async def _exchange(self, request: _Request) -> tuple[Reply, URL | None]:
        trace = current_trace()
        if trace is None:
            return await self._exchanged(request)
        body = b"" if request.private else request.body or b""
        exchange = Exchange(current_step(), request.method, str(request.url), dict(request.shown), body)
        trace.happened.append(exchange)
        began = time.perf_counter()
        try:
            reply, target = await self._exchanged(request)
        except ConnectorError as error:
            exchange.error, exchange.status = error.message, error.status
            raise
        finally:
            exchange.took_ms = (time.perf_counter() - began) * 1000
        exchange.status, exchange.reply_headers = reply.status, dict(reply.headers)
        exchange.reply_body = b"" if request.private else reply.body
        return reply, target

    async def _exchanged(self, request: _Request) -> tuple[Reply, URL | None]:
        session = await self._opened()
        url, headers = request.url, CIMultiDict(request.hidden)
        headers.update(request.shown)
        try:
            async with session.request(
                request.method, url, headers=headers, data=request.body, allow_redirects=False
            ) as response:
                self._last = (url, response.headers)
                if response.status in _REDIRECTS:
                    return Reply(response.status, b"", "", None, response.headers), _redirect(url, response)
                content = await self._read(response, request.limit)
                media_type = response.content_type.lower()
                return Reply(response.status, content, media_type, response.charset, response.headers, url), None
        except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as error:
            explain(error, url, self._trust.cert_file is not None)

    async def _read(self, response: aiohttp.ClientResponse, limit: int) -> bytes:
        """Read the body; more than the limit closes the connection without reading the rest."""
        is_error = response.status >= _FIRST_ERROR
        declared = response.content_length
        if declared is not None and declared > limit and not is_error:
            response.close()
            _too_large(response.status, limit, f"{declared} bytes are announced")
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(_CHUNK):
            size += len(part)
            if is_error and size > MAX_ERROR_BYTES:
                response.close()
                break
            if size > limit:
                response.close()
                _too_large(response.status, limit, "there is more than that")
            parts.append(part)
        return b"".join(parts)


def _too_large(status: int, limit: int, found: str) -> NoReturn:
    message = f"the reply is too large: at most {limit} bytes (max_reply_bytes), {found}"
    raise ConnectorError(Problem.TOO_LARGE, message, status=status)


def _with(request: _Request, signed: Signed) -> _Request:
    return dataclasses.replace(request, url=signed.url, hidden={**request.hidden, **signed.headers})


def _redirect(url: URL, response: aiohttp.ClientResponse) -> URL:
    try:
        target = url.join(linked_address(response.headers.get("Location", "")))
    except ValueError:
        target = URL()
    if not target.absolute or target.origin() != url.origin():
        where = f"to {target.host}" if target.host else "to nowhere"
        raise ConnectorError(
            Problem.REFUSED,
            f"the backend redirects {where} (HTTP {response.status}): that is refused; check the url, or "
            "a sign-in page stands before the service",
            status=response.status,
        )
    return target
