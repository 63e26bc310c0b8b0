"""What goes wrong between the hub and a backend over HTTP, told in plain words."""

from __future__ import annotations

import email.utils
import os
import ssl
from datetime import UTC, datetime
from typing import NoReturn

import aiohttp
from yarl import URL

from connectors.base import ConnectorError
from connectors.reasons import reason_of
from connectors.reply import Reply
from connectors.session_use import is_logging_in
from connectors.tls import distrust, unwelcome
from connectors.wording import backend_words
from hub.domain.customer import Problem

MAX_RETRY_AFTER_S = 86_400.0
_GONE = frozenset({502, 503, 504})
_NO_REASON = backend_words(None)


def refuse_status(reply: Reply, hint: str = "") -> None:
    """Raise ConnectorError for a status that no caller can use: not signed in, not allowed, too often, not there.

    `hint` is appended where signing in has failed.
    """
    status = reply.status
    if status in {401, 407}:
        where = "check `credentials`" if is_logging_in() else "check `auth`"
        message = f"the backend refuses to sign in (HTTP {status}{_words(reply)}): {where}{hint}"
        raise ConnectorError(Problem.REFUSED, message, status=status)
    if status == 403:  # noqa: PLR2004 - Forbidden
        message = f"the backend's user may not read this (HTTP 403{_words(reply)}): ask for the permission{hint}"
        raise ConnectorError(Problem.REFUSED, message, status=status)
    names_time = retry_after(reply.headers.get("Retry-After")) is not None
    if status == 429 or (status == 503 and names_time):  # noqa: PLR2004 - Too Many Requests, Unavailable
        raise too_many_requests(reply)
    if status in _GONE:
        message = f"the backend is not there (HTTP {status} from a proxy or load balancer before it)"
        raise ConnectorError(Problem.UNREACHABLE, message, status=status)


def too_many_requests(reply: Reply) -> ConnectorError:
    """Return the error of a backend that wants to be left alone, for as long as it says."""
    wait = retry_after(reply.headers.get("Retry-After"))
    again = f": try again in {wait:.0f} s" if wait is not None else ""
    message = f"the backend has had too many requests (HTTP {reply.status}){again}"
    return ConnectorError(Problem.THROTTLED, message, retry_after_s=wait, status=reply.status)


def _words(reply: Reply) -> str:
    reason = reason_of(reply)
    return "" if reason == _NO_REASON else f": {reason}"


def retry_after(text: str | None) -> float | None:
    """Read the header's seconds or date (RFC 9110, 10.2.3)."""
    if text is None:
        return None
    if text.strip().isdecimal() and text.isascii():
        return min(float(text.strip()), MAX_RETRY_AFTER_S)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def explain(error: Exception, url: URL, shows_certificate: bool) -> NoReturn:
    """Say in plain words why there is no reply. Raises ConnectorError."""
    place = f"{url.host}:{url.port}"
    if over_certificate := unwelcome(error, shows_certificate):
        raise ConnectorError(Problem.REFUSED, f"{place}: {over_certificate}") from None
    match error:
        case aiohttp.ClientConnectorCertificateError():
            message = f"the certificate of {place} is not accepted: {distrust(error.certificate_error)}"
        case aiohttp.ClientConnectorDNSError():
            message = f"the host name {url.host} is not known"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            message = f"{place} does not answer in TLS: check http or https, and the port"
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            message = f"no connection to {place}: {os.strerror(number).lower() if number else 'refused'}"
        case aiohttp.ServerTimeoutError():
            message = f"no connection to {place} in time"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
            wanted = "https" if url.scheme == "http" else "a client certificate (tls.cert_file)"
            hint = f"; if it always does, it may want {wanted}" if url.scheme == "http" or not shows_certificate else ""
            message = f"{place} closed the connection in the middle{hint}"
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
            raise ConnectorError(Problem.MALFORMED, f"what {place} sends is no proper HTTP reply") from None
        case aiohttp.InvalidURL() | ValueError():
            raise ConnectorError(Problem.INTERNAL, "the request can't be put into an address") from None
        case _:
            message = f"no connection to {place}"
    raise ConnectorError(Problem.UNREACHABLE, message) from None
