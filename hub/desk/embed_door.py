"""Which pages and visitors of web sites are let in, and that the site's page may read what it is answered.

A page is let in by its origin, which has to be one of the site's; a visitor by what the site's server has signed
(`hub/desk/visitors.py`). There are no cookies.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from aiohttp import hdrs, web

from hub.config.inbound import InboundFeed
from hub.config.web_feed import WebFeed
from hub.desk.access import Caller, Gate
from hub.desk.application import MAX_BODY_BYTES
from hub.desk.replies import ApiError, error_reply
from hub.desk.route import Handler
from hub.desk.throttle import Throttle
from hub.desk.visitors import Visitor, VisitorTokens
from hub.domain.ports import StoreError
from hub.domain.rate import RateLimit

log = structlog.get_logger(__name__)

_PREFLIGHT_S: Final = "7200"

Answer = Callable[[web.Request, WebFeed, Visitor], Awaitable[web.StreamResponse]]
"""Answers a visitor who was let in. Raises ApiError, StoreError."""


class EmbedDoor:
    """`feeds` that have a web site are let in."""

    def __init__(
        self, feeds: Mapping[str, InboundFeed], *, region: str, gate: Gate, clock: Callable[[], float]
    ) -> None:
        self._sites = {name: feed.web for name, feed in feeds.items() if feed.web is not None}
        self._tokens = VisitorTokens(feeds, region=region)
        self._gate = gate
        self._requests = {
            name: RateLimit(per_second=most / 60, burst=most, clock=clock)
            for name, most in ((name, site.limits.requests_per_minute) for name, site in self._sites.items())
        }
        self._wrong_tokens = Throttle(free=50, first_wait_s=1, longest_wait_s=60, memory_s=300, clock=clock)

    async def preflight(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        """Tell a browser whether this page may send what it is about to."""
        try:
            headers = self._admitted(request, *self._site(request))
        except ApiError as error:
            return _refused(error)
        headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "GET, POST, DELETE"
        headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = "authorization, content-type"
        headers[hdrs.ACCESS_CONTROL_MAX_AGE] = _PREFLIGHT_S
        return web.Response(status=204, headers=headers)

    def answering(self, answer: Answer) -> Handler:
        """Return a handler that lets in whom it may, and whose every answer the site's page may read."""

        async def handle(request: web.Request, _caller: Caller) -> web.StreamResponse:
            headers: dict[str, str] = {}
            try:
                site, section = self._site(request)
                headers = self._admitted(request, site, section)
                reply = await answer(request, section, self._visitor(request, site))
            except ApiError as error:
                reply = _refused(error)
            except web.HTTPRequestEntityTooLarge:
                reply = _refused(ApiError(413, "too_large", f"Too much at once: at most {MAX_BODY_BYTES} bytes."))
            except StoreError as error:
                log.error("embed_not_taken", reason=str(error))  # noqa: TRY400 - the reason says it all
                words = "Nothing can be stored now. Try again soon."
                reply = _refused(ApiError(503, "store_unavailable", words, {hdrs.RETRY_AFTER: "5"}))
            reply.headers.update(headers)
            return reply

        return handle

    def _site(self, request: web.Request) -> tuple[str, WebFeed]:
        site = request.query.get("feed", "")
        section = self._sites.get(site)
        if section is None:
            raise ApiError(404, "unknown_feed", "There is no such site: ?feed= names the feed of the hub.")
        return site, section

    def _admitted(self, request: web.Request, site: str, section: WebFeed) -> dict[str, str]:
        """Return the headers by which a page of the site may read the answer. Raises ApiError 403 or 429.

        A page that is served by the site's own address, with the hub behind it, sends no origin when it only reads.
        """
        origins = request.headers.getall(hdrs.ORIGIN, [])
        reads = request.method == hdrs.METH_GET and not origins
        if not reads and (len(origins) != 1 or origins[0] not in section.origins):
            message = "This page is not one of the site's: see `origins` of the feed in the hub's configuration."
            raise ApiError(403, "wrong_origin", message)
        wait = self._requests[site].take(self._gate.address(request))
        if wait > 0:
            raise too_many(wait)
        exposed: dict[str, str] = {hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: hdrs.RETRY_AFTER, hdrs.VARY: hdrs.ORIGIN}
        return exposed if reads else {hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origins[0], **exposed}

    def _visitor(self, request: web.Request, site: str) -> Visitor:
        address = self._gate.address(request)
        wait = self._wrong_tokens.wait(address)
        if wait > 0:
            raise too_many(wait)
        try:
            return self._tokens.visitor(site, request.headers.get(hdrs.AUTHORIZATION, ""))
        except ApiError as error:
            if error.code == "wrong_token":
                self._wrong_tokens.failed(address)
                log.warning("visitor_refused", site=site, address=address, reason=error.message)
            raise


def _refused(error: ApiError) -> web.Response:
    reply = error_reply(error)
    reply.headers[hdrs.VARY] = hdrs.ORIGIN
    return reply


def too_many(wait: float) -> ApiError:
    seconds = math.ceil(wait)
    return ApiError(429, "too_many", f"Too much at once. Try again in {seconds} s.", {hdrs.RETRY_AFTER: str(seconds)})
