"""`/api/v1/calls/{id}/wrap-up`: what an agent says of a call, for the hub to keep and the backends to be told."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.body import json_body
from hub.desk.frames import AgentProfile
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.domain.ports import CallWrapUp
from hub.domain.rate import RateLimit
from hub.domain.wrapup import WrapUp, WrapUpError, WrapUpProblem, WrapUpResult

WRAP_UPS_PER_S = 5
_MAX_ID_LENGTH = 200

_STATUS_OF: dict[WrapUpProblem, int] = {
    WrapUpProblem.NO_SUCH_CALL: 404,
    WrapUpProblem.NOT_YOURS: 403,
    WrapUpProblem.WHICH_CUSTOMER: 409,
    WrapUpProblem.NO_SUCH_DISPOSITION: 422,
    WrapUpProblem.NOTHING_SAID: 422,
    WrapUpProblem.NOT_STORED: 503,
}


class WrapUpApi:
    def __init__(self, *, agents: Mapping[str, AgentProfile], wrap_ups: CallWrapUp) -> None:
        self._agents = agents
        self._wrap_ups = wrap_ups
        self._rate = RateLimit(per_second=WRAP_UPS_PER_S)
        self._decoder = msgspec.json.Decoder(WrapUp)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST",
                path="/api/v1/calls/{id}/wrap-up",
                access=Access.AGENT_OR_CONTROLLER,
                handler=self._wrap_up,
                summary=(
                    "Say how a call went. The hub keeps the note, and writes it back to every backend that knows"
                    " the customer: first as the call's activity, later as a further note. The same id again writes"
                    " nothing twice. A backend that is down gets it `later`, by itself. What one refused is in its"
                    " entry's `problem`: send the same once more."
                ),
                body=WrapUp,
                reply=WrapUpResult,
                parameters=(
                    Parameter(
                        name="id",
                        description="The call's id.",
                        schema={"type": "string", "maxLength": _MAX_ID_LENGTH},
                        place="path",
                    ),
                ),
                errors=(400, 403, 404, 408, 409, 413, 415, 422, 429, 503),
            ),
        )

    async def _wrap_up(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        who = caller.session.agent if caller.session is not None else f"\0{caller.token}"
        if self._rate.take(who) > 0:
            message = f"At most {WRAP_UPS_PER_S} a second."
            raise ApiError(429, "too_many", message, {"Retry-After": "1"})
        wrap_up = await json_body(request, self._decoder, "wrap-up", 'as in {"id": "...", "note": "..."}')
        agent = self._agent(caller, wrap_up)
        try:
            result = await self._wrap_ups.wrap_up(request.match_info["id"][:_MAX_ID_LENGTH], wrap_up, agent=agent)
        except WrapUpError as error:
            raise ApiError(_STATUS_OF[error.problem], str(error.problem), error.message) from error
        return json_reply(result)

    def _agent(self, caller: Caller, wrap_up: WrapUp) -> str:
        if caller.session is not None:
            if wrap_up.agent not in ("", caller.session.agent):
                raise ApiError(403, "not_yours", "An agent writes for themselves only.")
            return caller.session.agent
        if "control" not in caller.may:
            raise ApiError(403, "not_allowed", "This token may only read: see auth.tokens in the configuration.")
        if wrap_up.agent not in self._agents:
            raise ApiError(400, "bad_request", "agent: say for which agent of the configuration.")
        return wrap_up.agent
