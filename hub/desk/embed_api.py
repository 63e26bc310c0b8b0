"""`/embed/...`: what the snippet on a web site's pages sends, and the snippet itself.

Everything here comes from other people's browsers: `hub/desk/embed_door.py` says whose is let in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from aiohttp import hdrs, web

from hub.config.inbound import InboundFeed
from hub.config.web_feed import WebFeed
from hub.desk.access import Access, Caller, Gate
from hub.desk.body import json_body
from hub.desk.embed_door import EmbedDoor, too_many
from hub.desk.pages import CROSS_ORIGIN_RESOURCE
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.visitors import Visitor
from hub.desk.visits import Address, Title, VisitReport, Visits, page_address
from hub.domain.callback import Callback, CallbackReason, CallbackState
from hub.domain.event import Event, feed_event, new_id
from hub.domain.phone import clean_text, mask_number
from hub.domain.ports import CallbackRefusedError, Callbacks, EventJournal
from hub.domain.rate import RateLimit

log = structlog.get_logger(__name__)

SCRIPT = "embed/visit.js"
_VISITS, _CALLBACKS, _CALLBACK = "/embed/visits", "/embed/callbacks", "/embed/callbacks/{id}"
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


class _Limits:
    """How much of one visitor of a site is taken."""

    def __init__(self, section: WebFeed, clock: Callable[[], float]) -> None:
        limits = section.limits
        self.visits = RateLimit(per_second=limits.visits_per_minute / 60, burst=limits.visits_per_minute, clock=clock)
        self.callbacks = RateLimit(
            per_second=limits.callbacks_per_hour / 3600, burst=limits.callbacks_per_hour, clock=clock
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
        self._door = EmbedDoor(feeds, region=region, gate=gate, clock=clock)
        self._journal = journal
        self._callbacks = callbacks
        self._on_event = on_event
        self._script = static_dir / SCRIPT
        self._limits = {name: _Limits(web, clock) for name, web in self._sites.items()}
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
                    handler=self._door.preflight,
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
                handler=self._door.answering(self._report),
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
                handler=self._door.answering(self._ask),
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
                handler=self._door.answering(self._show),
                summary="How a visitor's own callback stands.",
                reply=VisitorsCallback,
                parameters=(_ID, _FEED),
                errors=_ERRORS,
            ),
            Route(
                method="DELETE",
                path=_CALLBACK,
                access=Access.VISITOR,
                handler=self._door.answering(self._cancel),
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

    async def _report(self, request: web.Request, section: WebFeed, visitor: Visitor) -> web.StreamResponse:
        if not section.visits:
            raise ApiError(403, "visits_off", "What visitors look at is not taken here.")
        report = await json_body(request, _reports, "report of visits", 'as in {"visit": "...", "pages": [...]}')
        wait = self._limits[visitor.site].visits.take(visitor.id, len(report.pages))
        if wait > 0:
            raise too_many(wait)
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
            raise too_many(wait)
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
