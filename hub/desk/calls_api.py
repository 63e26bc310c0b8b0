"""`/api/v1/calls`: the calls that are live, and those that were."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.desk import Desk
from hub.desk.paging import BEFORE, Limit, before
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.sight import Sight, keys_of_calls
from hub.domain.call import Call
from hub.domain.ports import AccessAction, CallLog, CallLogEntry, LiveCalls

_LIMIT: Final = Limit(usual=50, most=500)
_MAX_AGENT_LENGTH = 64


class CallsApi:
    def __init__(self, *, desk: Desk, live: LiveCalls, log: CallLog, sight: Sight) -> None:
        self._desk = desk
        self._sight = sight
        self._live = live
        self._log = log

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/v1/calls",
                access=Access.AGENT_OR_MACHINE,
                handler=self._live_calls,
                summary="The live calls, the oldest first: all of them for a machine, an agent's own for an agent.",
                reply=list[Call],
            ),
            Route(
                method="GET",
                path="/api/v1/calls/log",
                access=Access.AGENT_OR_MACHINE,
                handler=self._past_calls,
                summary="Finished calls, the newest first: an agent gets those that rang or talked at own devices.",
                reply=list[CallLogEntry],
                parameters=(
                    _LIMIT.parameter("How many calls at most."),
                    BEFORE,
                    Parameter(
                        name="agent",
                        description="Only this agent's calls. An agent may only name themselves.",
                        schema={"type": "string", "maxLength": _MAX_AGENT_LENGTH},
                    ),
                ),
                errors=(400, 403, 503),
            ),
        )

    async def _live_calls(self, _request: web.Request, caller: Caller) -> web.StreamResponse:
        if caller.session is not None:
            return json_reply(self._desk.calls_of(caller.session.agent))
        calls = self._live.live_calls()
        self._sight.saw(caller, AccessAction.VIEW, keys_of_calls(calls))
        role = self._sight.role(caller)
        return json_reply(tuple(self._sight.call(call, role) for call in calls))

    async def _past_calls(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        asked = request.query.get("agent")
        if asked is not None and len(asked) > _MAX_AGENT_LENGTH:
            raise ApiError(400, "bad_request", f"agent: at most {_MAX_AGENT_LENGTH} characters.")
        if caller.session is not None:
            if asked not in (None, caller.session.agent):
                raise ApiError(403, "not_yours", "An agent sees only their own calls.")
            asked = caller.session.agent
        entries = await self._log.calls(agent=asked, before=before(request), limit=_LIMIT.asked(request))
        self._sight.saw(caller, AccessAction.VIEW, keys_of_calls(entry.call for entry in entries))
        role = self._sight.role(caller)
        return json_reply([self._sight.log_entry(entry, role) for entry in entries])
