"""`/api/v1/customers`: looking for customers, and one customer as a whole."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.paging import Limit
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.sight import Sight
from hub.domain.identity import RecordRef
from hub.domain.ports import AccessAction
from hub.domain.rate import RateLimit
from hub.domain.search import MAX_HITS, MAX_TEXT, CustomerSearch, CustomerView, KnownCustomers
from hub.domain.search_shown import keys_seen, search_for, view_for

_LIMIT: Final = Limit(usual=20, most=MAX_HITS)
SEARCHES_PER_S: Final = 20
"""Of one agent or machine: one for each key that a fast typist presses."""

ASKED_PER_S: Final = 5
"""Of one agent or machine, where all backends are to be asked."""

_MAX_SYSTEM: Final = 64
_MAX_ID: Final = 500
_YES = {"1": True, "true": True, "0": False, "false": False}

_BACKENDS = Parameter(
    name="backends",
    description="With 1 the backends are asked, too, within the budget of a lookup; `answers` says who failed.",
    schema={"type": "string", "enum": list(_YES), "default": "0"},
)


class CustomersApi:
    def __init__(self, *, customers: KnownCustomers, sight: Sight) -> None:
        self._customers = customers
        self._sight = sight
        self._searches = RateLimit(per_second=SEARCHES_PER_S)
        self._asked = RateLimit(per_second=ASKED_PER_S)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/v1/customers",
                access=Access.AGENT_OR_MACHINE,
                handler=self._search,
                summary=(
                    "Customers by any number (its last digits, too), name (pinyin and its initials, too), e-mail,"
                    " order, case, invoice, serial or contract number, or record id: what the hub knows, the best"
                    " first, each with why."
                ),
                reply=CustomerSearch,
                parameters=(
                    Parameter(
                        name="q",
                        description="What is looked for.",
                        schema={"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
                    ),
                    _LIMIT.parameter("How many customers at most; `has_more` says that there are others."),
                    _BACKENDS,
                ),
                errors=(400, 429, 503),
            ),
            Route(
                method="GET",
                path="/api/v1/customers/{system}/{id}",
                access=Access.AGENT_OR_MACHINE,
                handler=self._customer,
                summary="The customer whose record this is: the records of all systems put together, with sources.",
                reply=CustomerView,
                parameters=(
                    Parameter(
                        name="system",
                        description="The system that has the record: a connector's name, or a feed's system.",
                        schema={"type": "string", "maxLength": _MAX_SYSTEM},
                        place="path",
                    ),
                    Parameter(
                        name="id",
                        description="The record's id there.",
                        schema={"type": "string", "maxLength": _MAX_ID},
                        place="path",
                    ),
                    _BACKENDS,
                ),
                errors=(400, 404, 429, 503),
            ),
        )

    async def _search(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        text = request.query.get("q", "").strip()
        if not text or len(text) > MAX_TEXT:
            raise ApiError(400, "bad_request", f"q: say what to look for, in 1 to {MAX_TEXT} characters.")
        ask_backends = self._is_to_ask(request, caller)
        found = await self._customers.search(text, limit=_LIMIT.asked(request), ask_backends=ask_backends)
        shown = search_for(found, self._sight.visibility, self._sight.role(caller))
        self._sight.saw(caller, AccessAction.SEARCH, keys_seen(shown))
        return json_reply(shown)

    async def _customer(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        record = RecordRef(system=request.match_info["system"], id=request.match_info["id"])
        if len(record.system) > _MAX_SYSTEM or len(record.id) > _MAX_ID:
            raise ApiError(404, "unknown_customer", "There is no customer with such a long id.")
        ask_backends = self._is_to_ask(request, caller)
        view = await self._customers.customer(record, ask_backends=ask_backends)
        if view is None:
            hint = "" if ask_backends else " Ask the backends, too (backends=1)."
            raise ApiError(404, "unknown_customer", f"Nobody is known by this id in this system.{hint}")
        keys = dict.fromkeys(RecordRef(system=one.system, id=one.id).key for one in view.records)
        self._sight.saw(caller, AccessAction.VIEW, tuple(keys))
        return json_reply(view_for(view, self._sight.visibility, self._sight.role(caller)))

    def _is_to_ask(self, request: web.Request, caller: Caller) -> bool:
        who = caller.session.agent if caller.session is not None else f"token:{caller.token}"
        if self._searches.take(who) > 0:
            raise ApiError(429, "too_many_searches", f"At most {SEARCHES_PER_S} a second.", {"Retry-After": "1"})
        asked = _YES.get(request.query.get("backends", "0"))
        if asked is None:
            raise ApiError(400, "bad_request", "backends: must be 0 or 1.")
        if asked and self._asked.take(who) > 0:
            reason = f"At most {ASKED_PER_S} a second with backends."
            raise ApiError(429, "too_many_searches", reason, {"Retry-After": "1"})
        return asked
