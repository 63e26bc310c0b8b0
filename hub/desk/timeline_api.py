"""`/api/v1/calls/{id}/timeline`, `/api/v1/customers/{system}/{id}/timeline`: a customer's contacts on all channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.paging import Limit
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.sight import Sight
from hub.domain.call import Call, Role
from hub.domain.customer import CustomerContext
from hub.domain.customer_keys import keys_of_context, records_of
from hub.domain.identity import RecordRef
from hub.domain.interaction import Channel, CustomerRef, TimelinePage
from hub.domain.ports import AccessAction, CallArchive, ContextProvider, LiveCalls, Timeline

_LIMIT: Final = Limit(usual=50, most=200)
_MAX_ID_LENGTH = 500
_MAX_SYSTEM_LENGTH = 64
_MAX_CURSOR_LENGTH = 100

_PARAMETERS = (
    Parameter(
        name="channel",
        description="Only these channels: once for each, or several with commas between them.",
        schema={"type": "array", "items": {"type": "string", "enum": [str(channel) for channel in Channel]}},
    ),
    Parameter(
        name="before",
        description="What the page before said as `next`. New contacts meanwhile move nothing.",
        schema={"type": "string", "maxLength": _MAX_CURSOR_LENGTH},
    ),
    _LIMIT.parameter("How many contacts at most."),
)


class CustomerKeys(Protocol):
    """Says by which keys all that belongs to a record's customer is found."""

    async def keys_of(self, record: RecordRef) -> tuple[str, ...]: ...


class TimelineApi:
    def __init__(
        self,
        *,
        timeline: Timeline,
        customers: CustomerKeys,
        contexts: ContextProvider,
        live: LiveCalls,
        archive: CallArchive,
        sight: Sight,
    ) -> None:
        self._timeline = timeline
        self._customers = customers
        self._contexts = contexts
        self._live = live
        self._archive = archive
        self._sight = sight

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/v1/calls/{id}/timeline",
                access=Access.AGENT_OR_MACHINE,
                handler=self._of_call,
                summary=(
                    "The contacts of a call's other party on all channels, the newest first: calls with what was said"
                    " of them, messages, visits, orders and cases with how they came to their state; `repeats` are the"
                    " matters that come up again and again. For agents with a part in the call, and supervisors."
                ),
                reply=TimelinePage,
                parameters=(
                    Parameter(
                        name="id",
                        description="The call's id; it may be over.",
                        schema={"type": "string", "maxLength": _MAX_ID_LENGTH},
                        place="path",
                    ),
                    *_PARAMETERS,
                ),
                errors=(400, 403, 404, 503),
            ),
            Route(
                method="GET",
                path="/api/v1/customers/{system}/{id}/timeline",
                access=Access.AGENT_OR_MACHINE,
                handler=self._of_customer,
                summary=(
                    "The same of the customer whom a system has under an id, in all systems; of one whom nobody knows"
                    " it is empty."
                ),
                reply=TimelinePage,
                parameters=(
                    Parameter(
                        name="system",
                        description="The system: a connector's or feed's name.",
                        schema={"type": "string", "maxLength": _MAX_SYSTEM_LENGTH},
                        place="path",
                    ),
                    Parameter(
                        name="id",
                        description="The customer's id there, percent-encoded.",
                        schema={"type": "string", "maxLength": _MAX_ID_LENGTH},
                        place="path",
                    ),
                    *_PARAMETERS,
                ),
                errors=(400, 403, 404, 503),
            ),
        )

    async def _of_call(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        call_id = request.match_info["id"]
        call, agents = await self._call(call_id)
        self._see_that_it_is_theirs(caller, agents)
        context = self._contexts.current(call_id) or await self._archive.context_of(call_id)
        keys = await self._keys_of_context(context) if context is not None else _number_of(call)
        return await self._page(request, caller, keys, call_id=call_id)

    async def _of_customer(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        system, identity = request.match_info["system"], request.match_info["id"]
        if len(system) > _MAX_SYSTEM_LENGTH or len(identity) > _MAX_ID_LENGTH:
            raise ApiError(404, "no_such_customer", "There is no such customer.")
        keys = await self._customers.keys_of(RecordRef(system=system, id=identity))
        return await self._page(request, caller, keys)

    async def _call(self, call_id: str) -> tuple[Call, frozenset[str]]:
        """Return a call, live or over, with the agents who have or had a part in it. Raises ApiError 404."""
        call = next((call for call in self._live.live_calls() if call.id == call_id), None)
        if call is not None:
            parts = (part for part in call.connections if part.role is not Role.OBSERVER)
            return call, frozenset(part.agent for part in parts if part.agent)
        entry = await self._archive.finished_call(call_id) if len(call_id) <= _MAX_ID_LENGTH else None
        if entry is None:
            raise ApiError(404, "no_such_call", "There is no such call.")
        return entry.call, frozenset((*entry.agents, *entry.answered_by))

    def _see_that_it_is_theirs(self, caller: Caller, agents: frozenset[str]) -> None:
        if caller.session is None or caller.session.agent in agents or self._sight.role(caller) == "supervisor":
            return
        raise ApiError(403, "not_yours", "Only who has a part in a call, and supervisors, see whom it is with.")

    async def _keys_of_context(self, context: CustomerContext) -> Sequence[str]:
        customer = context.customer
        known = await self._customers.keys_of(records_of(customer)[0]) if customer and customer.ids else ()
        return tuple(dict.fromkeys((*keys_of_context(context), *known)))

    async def _page(
        self, request: web.Request, caller: Caller, keys: Sequence[str], *, call_id: str = ""
    ) -> web.StreamResponse:
        try:
            page = await self._timeline.timeline(
                keys,
                channels=_channels(request.query.getall("channel", [])),
                before=request.query.get("before", "")[: _MAX_CURSOR_LENGTH + 1],
                limit=_LIMIT.asked(request),
            )
        except ValueError as error:
            raise ApiError(400, "bad_request", f"before: {error}.") from None
        self._sight.saw(caller, AccessAction.TIMELINE, keys, call_id=call_id)
        role = self._sight.role(caller)
        shown = tuple(self._sight.visibility.interaction_for(one, role) for one in page.interactions)
        return json_reply(msgspec.structs.replace(page, interactions=shown))


def _number_of(call: Call) -> Sequence[str]:
    number = call.customer_number.e164
    return CustomerRef(phones=(number,)).keys() if number else ()


def _channels(asked: Sequence[str]) -> tuple[Channel, ...]:
    names = [name.strip() for one in asked for name in one.split(",") if name.strip()]
    known = {str(channel) for channel in Channel}
    if not known.issuperset(names):
        raise ApiError(400, "bad_request", f"channel: must be of {', '.join(Channel)}.")
    return tuple(Channel(name) for name in dict.fromkeys(names))
