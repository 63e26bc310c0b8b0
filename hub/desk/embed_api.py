"""`/embed/...`: what the snippet on a web site's pages sends, and the snippet itself.

Everything here comes from other people's browsers. A page is let in by its origin, which has to be one of the site's;
a visitor by what the site's server has signed (`hub/desk/visitors.py`). There are no cookies.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from aiohttp import hdrs, web

from hub.config.inbound import InboundFeed
from hub.config.web_feed import WebFeed
from hub.desk.access import Access, Caller, Gate
from hub.desk.application import MAX_BODY_BYTES
from hub.desk.body import json_body
from hub.desk.pages import CROSS_ORIGIN_RESOURCE
from hub.desk.replies import ApiError, error_reply, json_reply
from hub.desk.route import Handler, Parameter, Route
from hub.desk.throttle import Throttle
from hub.desk.visitors import Visitor, VisitorTokens
from hub.desk.visits import Address, Title, VisitReport, Visits, page_address
from hub.domain.callback import Callback, CallbackReason, CallbackState
from hub.domain.event import Event, feed_event, new_id
from hub.domain.phone import clean_text, mask_number
from hub.domain.ports import CallbackRefusedError, Callbacks, EventJournal, StoreError
from hub.domain.rate import RateLimit

log = structlog.get_logger(__name__)

SCRIPT = "embed/visit.js"
_VISITS, _CALLBACKS, _CALLBACK = "/embed/visits", "/embed/callbacks", "/embed/callbacks/{id}"
_PREFLIGHT_S = "7200"
_SCRIPT_S = 3_600
_MAX_ID = 64
_FEED = Parameter(name="feed", description="The site's feed under `inbound`.", schema={"type": "string"})
_ID = Parameter(name="id", place="path", description="The callback's id.", schema={"type": "string"})
_ERRORS = (400, 403, 404, 408, 413, 415, 422, 429, 503)

_reports: msgspec.json.Decoder[VisitReport] = msgspec.json.Decoder(VisitReport)


class CallbackOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a visitor asks for; without `phone` at the number that the site knows. `at` is when at the earliest."""

    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    topic: Annotated[str, msgspec.Meta(max_length=200)] = ""
    url: Address = ""
    title: Title = ""
    language: Annotated[str, msgspec.Meta(max_length=35, pattern="^[A-Za-z0-9-]*$")] = ""
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class VisitorsCallback(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A callback as its visitor may see it: not who calls; of the number the beginning and the end."""

    id: str
    state: CallbackState
    requested_at: datetime
    phone: str
    topic: str = ""
    not_before: datetime | None = None
    attempts: int = 0
    reason: str = ""


_orders: msgspec.json.Decoder[CallbackOrder] = msgspec.json.Decoder(CallbackOrder)

_Answer = Callable[[web.Request, WebFeed, Visitor], Awaitable[web.StreamResponse]]


class _Limits:
    """How much of one site's is taken."""

    def __init__(self, section: WebFeed, clock: Callable[[], float]) -> None:
        limits = section.limits
        self.visits = RateLimit(per_second=limits.visits_per_minute / 60, burst=limits.visits_per_minute, clock=clock)
        self.callbacks = RateLimit(
            per_second=limits.callbacks_per_hour / 3600, burst=limits.callbacks_per_hour, clock=clock
        )
        self.requests = RateLimit(
            per_second=limits.requests_per_minute / 60, burst=limits.requests_per_minute, clock=clock
        )


class EmbedApi:
    """Takes visits and callbacks. `on_event` hears of each visit once it is durable."""

    def __init__(
        self,
        *,
        feeds: Mapping[str, InboundFeed],
        region: str,
        gate: Gate,
        journal: EventJournal,
        callbacks: Callbacks,
        on_event: Callable[[Event], None],
        static_dir: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sites = {name: feed.web for name, feed in feeds.items() if feed.web is not None}
        self._tokens = VisitorTokens(feeds, region=region)
        self._gate = gate
        self._journal = journal
        self._callbacks = callbacks
        self._on_event = on_event
        self._script = static_dir / SCRIPT
        self._limits = {name: _Limits(web, clock) for name, web in self._sites.items()}
        self._wrong_tokens = Throttle(free=50, first_wait_s=1, longest_wait_s=60, memory_s=300, clock=clock)
        self._visits = Visits()

    def forget(self, keys: Collection[str]) -> None:
        """Let go of what visitors looked at whom these index keys name: they are being erased."""
        self._visits.forget(keys)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path=f"/{SCRIPT}",
                access=Access.PUBLIC,
                handler=self._send_script,
                summary="The snippet for the pages of web sites: hub/callbacks/README.md says how it is used.",
                media="text/javascript",
                reply=str,
                errors=(404, 503),
            ),
            *(
                Route(
                    method="OPTIONS",
                    path=path,
                    access=Access.VISITOR,
                    handler=self._preflight,
                    summary="What a browser asks before it sends: whether this page's site may (CORS).",
                    status=204,
                    parameters=(_FEED, *((_ID,) if path == _CALLBACK else ())),
                    errors=(403, 404),
                )
                for path in (_VISITS, _CALLBACKS, _CALLBACK)
            ),
            Route(
                method="POST",
                path=_VISITS,
                access=Access.VISITOR,
                handler=self._answering(self._report),
                summary="Report pages that a visitor who agreed to it looked at: one contact for each visit.",
                status=204,
                body=VisitReport,
                parameters=(_FEED,),
                errors=_ERRORS,
            ),
            Route(
                method="POST",
                path=_CALLBACKS,
                access=Access.VISITOR,
                handler=self._answering(self._ask),
                summary="Ask to be called back; one that waits already for this visitor is the answer, too.",
                status=201,
                body=CallbackOrder,
                reply=VisitorsCallback,
                parameters=(_FEED,),
                errors=(*_ERRORS, 409),
            ),
            Route(
                method="GET",
                path=_CALLBACK,
                access=Access.VISITOR,
                handler=self._answering(self._show),
                summary="How a visitor's own callback stands.",
                reply=VisitorsCallback,
                parameters=(_ID, _FEED),
                errors=_ERRORS,
            ),
            Route(
                method="DELETE",
                path=_CALLBACK,
                access=Access.VISITOR,
                handler=self._answering(self._cancel),
                summary="Cancel a visitor's own callback; a phone that rings for it is hung up.",
                reply=VisitorsCallback,
                parameters=(_ID, _FEED),
                errors=_ERRORS,
            ),
        )

    async def _send_script(self, _request: web.Request, _caller: Caller) -> web.StreamResponse:
        if not self._sites:
            raise ApiError(404, "not_found", "There is nothing at this address.")
        if not self._script.is_file():
            raise ApiError(503, "not_built", "The snippet is not built yet: run `make setup`.")
        headers = {
            hdrs.CONTENT_TYPE: "text/javascript; charset=utf-8",
            hdrs.CACHE_CONTROL: f"public, max-age={_SCRIPT_S}",
            CROSS_ORIGIN_RESOURCE: "cross-origin",
            hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",  # so that a page can name the hash that it expects (integrity)
        }
        return web.FileResponse(self._script, headers=headers)

    async def _preflight(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        try:
            headers = self._admitted(request, *self._site(request))
        except ApiError as error:
            return _refused(error)
        headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "GET, POST, DELETE"
        headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = "authorization, content-type"
        headers[hdrs.ACCESS_CONTROL_MAX_AGE] = _PREFLIGHT_S
        return web.Response(status=204, headers=headers)

    def _answering(self, answer: _Answer) -> Handler:
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
        wait = self._limits[site].requests.take(self._gate.address(request))
        if wait > 0:
            raise _too_many(wait)
        exposed: dict[str, str] = {hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: hdrs.RETRY_AFTER, hdrs.VARY: hdrs.ORIGIN}
        return exposed if reads else {hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origins[0], **exposed}

    def _visitor(self, request: web.Request, site: str) -> Visitor:
        address = self._gate.address(request)
        wait = self._wrong_tokens.wait(address)
        if wait > 0:
            raise _too_many(wait)
        try:
            return self._tokens.visitor(site, request.headers.get(hdrs.AUTHORIZATION, ""))
        except ApiError as error:
            if error.code == "wrong_token":
                self._wrong_tokens.failed(address)
                log.warning("visitor_refused", site=site, address=address, reason=error.message)
            raise

    async def _report(self, request: web.Request, section: WebFeed, visitor: Visitor) -> web.StreamResponse:
        if not section.visits:
            raise ApiError(403, "visits_off", "What visitors look at is not taken here.")
        report = await json_body(request, _reports, "report of visits", 'as in {"visit": "...", "pages": [...]}')
        wait = self._limits[visitor.site].visits.take(visitor.id, len(report.pages))
        if wait > 0:
            raise _too_many(wait)
        pages = [
            msgspec.structs.replace(page, url=page_address(page.url, origins=section.origins, parameters=section.query))
            for page in report.pages
        ]
        now = datetime.now(UTC)
        visit = self._visits.add(visitor, report, pages, now)
        event = feed_event(visit, feed=visitor.site, event_id=new_id(), at=now)
        await self._journal.append(event)
        self._on_event(event)
        return web.Response(status=204)

    async def _ask(self, request: web.Request, section: WebFeed, visitor: Visitor) -> web.StreamResponse:
        if section.callback is None:
            raise ApiError(404, "not_offered", "Callbacks are not offered here.")
        order = await json_body(request, _orders, "callback", 'as in {"phone": "0351 5550123", "topic": "..."}')
        if not (order.phone or visitor.phone):
            raise ApiError(422, "no_number", "phone: say where to call.")
        taken = self._limits[visitor.site].callbacks
        wait = taken.take(visitor.id)
        if wait > 0:
            raise _too_many(wait)
        url = page_address(order.url, origins=section.origins, parameters=section.query) if order.url else ""
        now = datetime.now(UTC)
        asked = Callback(
            id=new_id(),
            site=visitor.site,
            phone=order.phone or visitor.phone,
            customer=visitor.ref(),
            requested_at=now,
            at=now,
            topic=clean_text(order.topic, 200),
            url=url,
            page=clean_text(order.title, 300),
            language=order.language,
            not_before=order.at,
        )
        try:
            waiting = await self._callbacks.request(asked)
        except CallbackRefusedError as error:
            taken.give_back(visitor.id)  # a mistyped number is put right a moment later
            raise ApiError(422, error.code, str(error)) from None
        if not _is_of(waiting, visitor):
            raise ApiError(409, "already_waiting", "This number is going to be called already.")
        return json_reply(_shown(waiting), status=201)

    async def _show(self, request: web.Request, _section: WebFeed, visitor: Visitor) -> web.StreamResponse:
        return json_reply(_shown(await self._own(request, visitor)))

    async def _cancel(self, request: web.Request, _section: WebFeed, visitor: Visitor) -> web.StreamResponse:
        own = await self._own(request, visitor)
        cancelled = await self._callbacks.cancel(own.id, reason=CallbackReason.BY_CUSTOMER)
        return json_reply(_shown(cancelled or own))

    async def _own(self, request: web.Request, visitor: Visitor) -> Callback:
        """Return the callback that is asked for, if it is this visitor's. Raises ApiError 404, also for another's."""
        callback = await self._callbacks.callback(request.match_info["id"][:_MAX_ID])
        if callback is None or not _is_of(callback, visitor):
            raise ApiError(404, "no_callback", "There is no such callback of yours.")
        return callback


def _is_of(callback: Callback, visitor: Visitor) -> bool:
    is_same = callback.customer.ids.get(visitor.system) == visitor.id
    return callback.site == visitor.site and is_same and not callback.asked_by


def _shown(callback: Callback) -> VisitorsCallback:
    return VisitorsCallback(
        id=callback.id,
        state=callback.state,
        requested_at=callback.requested_at,
        phone=mask_number(callback.phone),
        topic=callback.topic,
        not_before=callback.not_before,
        attempts=callback.attempts,
        reason=callback.reason if callback.state.is_over else "",
    )


def _refused(error: ApiError) -> web.Response:
    reply = error_reply(error)
    reply.headers[hdrs.VARY] = hdrs.ORIGIN
    return reply


def _too_many(wait: float) -> ApiError:
    seconds = math.ceil(wait)
    return ApiError(429, "too_many", f"Too much at once. Try again in {seconds} s.", {hdrs.RETRY_AFTER: str(seconds)})
