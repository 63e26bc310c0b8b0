"""HTTP to one backend: one session, bounded replies, errors in plain words."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import email.utils
import os
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NoReturn

import aiohttp
from yarl import URL

from connectors.base import ConnectorError
from connectors.tracing import Exchange, current_step, current_trace
from hub.config.connector_base import ConnectorBase
from hub.config.http_access import ApiKeyAuth, BasicAuth, BearerAuth, HttpAuth, Trust
from hub.domain.customer import Problem

MAX_REDIRECTS = 3
MAX_ADDRESS = 16_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({502, 503, 504})
_CHUNK = 64 * 1024
MAX_RETRY_AFTER_S = 86_400.0


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `media_type` in lower case without parameters, `charset` if the backend named one."""

    status: int
    body: bytes
    media_type: str
    charset: str | None
    headers: Mapping[str, str]


class HttpClient:
    """Made once for a connector, used by many calls at the same time; `start` before the first, `close` at the end."""

    def __init__(self, config: ConnectorBase, auth: HttpAuth | None) -> None:
        self._trust = config.tls
        self._headers = {
            "Accept-Encoding": "gzip, deflate",
            **{name: secret.get_secret_value() for name, secret in config.headers.items()},
            **authorization(auth),
        }
        self._limit = config.max_reply_bytes
        self._slots = asyncio.Semaphore(config.max_concurrent)
        self._connections = config.max_concurrent
        self._connect_s = config.timeout_s
        self._session: aiohttp.ClientSession | None = None
        self._is_started = False

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

    async def close(self) -> None:
        self._is_started = False
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(
        self, method: str, url: URL, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """Send one request and read its reply, following redirects within the same host only.

        Raises ConnectorError for what no caller can use: unreachable, refused, throttled, too large, elsewhere.
        """
        if len(str(url)) > MAX_ADDRESS:
            raise ConnectorError(
                Problem.INTERNAL, f"the request's address is too long: at most {MAX_ADDRESS} characters"
            )
        all_headers = {**self._headers, **(headers or {})}
        async with self._slots:
            for _ in range(MAX_REDIRECTS + 1):
                reply, target = await self._exchange(method, url, all_headers, body)
                if target is None:
                    return reply
                if method != "GET":
                    raise ConnectorError(
                        Problem.REFUSED, f"the backend redirects to {target.path}: correct the url in the configuration"
                    )
                url = target
        raise ConnectorError(Problem.REFUSED, f"the backend redirects more than {MAX_REDIRECTS} times: check the url")

    async def _exchange(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Reply, URL | None]:
        trace = current_trace()
        if trace is None:
            return await self._exchanged(method, url, headers, body)
        shown = {name: value for name, value in headers.items() if name not in self._headers}
        exchange = Exchange(current_step(), method, str(url), shown, body or b"")
        trace.happened.append(exchange)
        began = time.perf_counter()
        try:
            reply, target = await self._exchanged(method, url, headers, body)
        except ConnectorError as error:
            exchange.error, exchange.status = error.message, error.status
            raise
        finally:
            exchange.took_ms = (time.perf_counter() - began) * 1000
        exchange.status, exchange.reply_headers, exchange.reply_body = reply.status, dict(reply.headers), reply.body
        return reply, target

    async def _exchanged(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Reply, URL | None]:
        session = await self._opened()
        try:
            async with session.request(method, url, headers=headers, data=body, allow_redirects=False) as response:
                if response.status in _REDIRECTS:
                    return Reply(response.status, b"", "", None, response.headers), _redirect(url, response)
                _check_status(response)
                content = await self._read(response)
                return (
                    Reply(response.status, content, response.content_type.lower(), response.charset, response.headers),
                    None,
                )
        except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as error:
            _explain(error, url)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """Read the body; more than the limit closes the connection without reading the rest."""
        declared = response.content_length
        if declared is not None and declared > self._limit:
            response.close()
            self._too_large(f"{declared} bytes are announced")
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(_CHUNK):
            size += len(part)
            if size > self._limit:
                response.close()
                self._too_large("there is more than that")
            parts.append(part)
        return b"".join(parts)

    def _too_large(self, found: str) -> NoReturn:
        raise ConnectorError(
            Problem.TOO_LARGE,
            f"the reply is too large: at most {self._limit} bytes (max_reply_bytes), {found}",
        )


def authorization(auth: HttpAuth | None) -> dict[str, str]:
    """Return the headers that sign in."""
    match auth:
        case BasicAuth():
            pair = f"{auth.username}:{auth.password.get_secret_value()}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        case BearerAuth():
            return {"Authorization": f"Bearer {auth.token.get_secret_value()}"}
        case ApiKeyAuth():
            return {auth.header: auth.key.get_secret_value()}
        case None:
            return {}


@lru_cache(maxsize=64)
def tls_context(trust: Trust) -> ssl.SSLContext:
    """Return what decides whose certificate is trusted. Raises ConnectorError if `ca_file` can't be read."""
    try:
        context = ssl.create_default_context(cafile=trust.ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = (
            "it holds no certificate" if isinstance(error, ssl.SSLError) else (error.strerror or "it can't be read")
        )
        raise ConnectorError(Problem.INTERNAL, f"tls.ca_file {trust.ca_file}: {reason}") from None
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _redirect(url: URL, response: aiohttp.ClientResponse) -> URL:
    try:
        target = url.join(URL(response.headers.get("Location", ""), encoded=True))
    except ValueError:
        target = URL()
    if not target.absolute or target.origin() != url.origin():
        where = f"to {target.host}" if target.host else "to nowhere"
        raise ConnectorError(
            Problem.REFUSED,
            f"the backend redirects {where} (HTTP {response.status}): that is refused; check the url, or "
            "a sign-in page stands before the service",
        )
    return target


def _check_status(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status in {401, 407}:
        raise ConnectorError(
            Problem.REFUSED, f"the backend refuses to sign in (HTTP {status}): check `auth`", status=status
        )
    if status == 403:  # noqa: PLR2004 - Forbidden
        raise ConnectorError(
            Problem.REFUSED,
            "the backend's user may not read this (HTTP 403): ask for the permission",
            status=status,
        )
    wait = _retry_after(response.headers.get("Retry-After"))
    if status == 429 or (status == 503 and wait is not None):  # noqa: PLR2004 - Too Many Requests, Unavailable
        hint = f": try again in {wait:.0f} s" if wait is not None else ""
        raise ConnectorError(
            Problem.THROTTLED,
            f"the backend has had too many requests (HTTP {status}){hint}",
            retry_after_s=wait,
            status=status,
        )
    if status in _GONE:
        raise ConnectorError(
            Problem.UNREACHABLE, f"the backend is not there (HTTP {status} from a proxy or load balancer before it)"
        )


def _retry_after(text: str | None) -> float | None:
    """Read the header's seconds or date (RFC 9110, 10.2.3)."""
    if text is None:
        return None
    if text.strip().isdigit():
        return min(float(text.strip()), MAX_RETRY_AFTER_S)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _distrust(error: Exception) -> str:
    """Say what is wrong with a certificate and what to do, by OpenSSL's X509_V_ERR number."""
    reason = getattr(error, "verify_message", "") or "it is not trusted"
    match getattr(error, "verify_code", 0):
        case 9 | 10:  # not yet valid, expired
            return f"{reason}; have the backend's administrator renew it, or set this machine's clock"
        case 62 | 64:  # host name or IP address mismatch
            return f"{reason}; write the name that it was made for in the url"
        case _:
            return f"{reason}; give its authority in tls.ca_file"


def _explain(error: Exception, url: URL) -> NoReturn:
    """Say in plain words why there is no reply."""
    place = f"{url.host}:{url.port}"
    match error:
        case aiohttp.ClientConnectorCertificateError():
            message = f"the certificate of {place} is not accepted: {_distrust(error.certificate_error)}"
        case aiohttp.ClientConnectorDNSError():
            message = f"the host name {url.host} is not known"
        case aiohttp.ClientSSLError():
            message = f"{place} does not answer in TLS: check http or https, and the port"
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            message = f"no connection to {place}: {os.strerror(number).lower() if number else 'refused'}"
        case aiohttp.ServerTimeoutError():
            message = f"no connection to {place} in time"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
            hint = "; if it always does, it may want https" if url.scheme == "http" else ""
            message = f"{place} closed the connection in the middle{hint}"
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
            raise ConnectorError(Problem.MALFORMED, f"what {place} sends is no proper HTTP reply") from None
        case aiohttp.InvalidURL() | ValueError():
            raise ConnectorError(Problem.INTERNAL, "the request can't be put into an address") from None
        case _:
            message = f"no connection to {place}"
    raise ConnectorError(Problem.UNREACHABLE, message) from None
