"""The token that SAP wants with every change, against requests forged by a browser's page (SAP note 3339155).

`x-csrf-token: Fetch` on a GET brings it, together with cookies: both go with the change, and with nothing else.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from yarl import URL

from connectors.base import ConnectorError
from connectors.http import HttpClient
from connectors.reply import Reply
from hub.domain.customer import Problem

HEADER = "x-csrf-token"
FORBIDDEN = 403
MAX_TOKEN = 1_000
MAX_COOKIES = 8_000
"""Characters of all cookies together."""

_NO_MORE_THAN_ONCE = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Permit:
    """What lets a change through. A service that gives no token wants none."""

    headers: Mapping[str, str]

    @property
    def has_token(self) -> bool:
        return HEADER in self.headers


class CsrfTokens:
    """One token for each service, kept until the service wants another; `eager`: fetched before the first change."""

    def __init__(self, http: HttpClient, *, eager: bool) -> None:
        self._http = http
        self._eager = eager
        self._permits: dict[URL, Permit] = {}
        self._locks: dict[URL, asyncio.Lock] = {}

    async def change(
        self, service: URL, method: str, url: URL, *, headers: Mapping[str, str], body: bytes, accept: Mapping[str, str]
    ) -> Reply:
        """Send a change with the service's token, once more if it wants a new one. Raises ConnectorError.

        A change that is answered so was not made. The reply may be a 403 that has nothing to do with tokens.
        """
        permit = self._permits.get(service)
        if permit is None and self._eager:
            permit = await self._renewed(service, None, accept)
        for _ in range(_NO_MORE_THAN_ONCE):
            reply = await self._http.send(
                method, url, headers=headers, hidden=permit.headers if permit else {}, body=body, answers={FORBIDDEN}
            )
            if not _wants_token(reply):
                return reply
            permit = await self._renewed(service, permit, accept)
            if not permit.has_token:
                raise ConnectorError(
                    Problem.REFUSED, "the service wants a CSRF token, and gives none", status=FORBIDDEN
                )
        raise ConnectorError(
            Problem.REFUSED,
            "the service wants a CSRF token, and does not accept the one that it has just given: something on the way "
            "may take its cookies away",
            status=FORBIDDEN,
        )

    async def _renewed(self, service: URL, old: Permit | None, accept: Mapping[str, str]) -> Permit:
        """Fetch a token, once for all who want it at the same time."""
        async with self._locks.setdefault(service, asyncio.Lock()):
            permit = self._permits.get(service)
            if permit is None or permit is old:
                reply = await self._http.send("GET", service, headers={**accept, HEADER: "Fetch"})
                permit = self._permits[service] = Permit(_headers(reply.headers))
            return permit


def _wants_token(reply: Reply) -> bool:
    return reply.status == FORBIDDEN and reply.headers.get(HEADER, "").strip().lower() == "required"


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    token = given.get(HEADER, "").strip()
    if not 0 < len(token) <= MAX_TOKEN or not token.isprintable() or token.lower() in {"fetch", "required"}:
        return {}
    cookies = _cookies(given)
    return {HEADER: token, "Cookie": cookies} if cookies else {HEADER: token}


def _cookies(given: Any) -> str:
    """Return all cookies of a reply as one `Cookie` header (RFC 6265, 4.2.1), the last of each name."""
    pairs: dict[str, str] = {}
    for line in given.getall("Set-Cookie", ()) if hasattr(given, "getall") else ():
        try:
            read = SimpleCookie(line)
        except CookieError:
            continue
        # A value goes back exactly as it came, quotes and all.
        pairs.update({name: morsel.coded_value for name, morsel in read.items()})
    header = "; ".join(f"{name}={value}" for name, value in pairs.items())
    if len(header) > MAX_COOKIES:
        raise ConnectorError(Problem.TOO_LARGE, f"the service's cookies are too long: at most {MAX_COOKIES} characters")
    return header
