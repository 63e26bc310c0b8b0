"""`/api/v1/commands`: what agents, supervisors and machines have done to calls and to agents."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.body import json_body
from hub.desk.frames import AgentProfile
from hub.desk.replies import ApiError, json_reply
from hub.desk.rights import why_not
from hub.desk.route import Route
from hub.domain.control import Actor, Command, CommandResult, Refusal
from hub.domain.ports import CallControl
from hub.domain.rate import RateLimit

COMMANDS_PER_S = 20
_EXAMPLE = 'as in {"command": "hang_up", "id": "...", "call_id": "..."}'

STATUS_OF: dict[Refusal, int] = {
    Refusal.NOT_ALLOWED: 403,
    Refusal.NO_SUCH_AGENT: 404,
    Refusal.NO_SUCH_CALL: 404,
    Refusal.NO_SUCH_DEVICE: 404,
    Refusal.NO_SUCH_QUEUE: 404,
    Refusal.WRONG_STATE: 409,
    Refusal.ID_REUSED: 409,
    Refusal.NOT_POSSIBLE: 422,
    Refusal.PBX_REFUSED: 502,
    Refusal.PBX_NOT_CONNECTED: 503,
    Refusal.TIMED_OUT: 504,
}

_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


class CommandsApi:
    """Decides who may, and hands on to the call control what they may."""

    def __init__(self, *, agents: Mapping[str, AgentProfile], control: CallControl) -> None:
        self._agents = agents
        self._control = control
        self._rate = RateLimit(per_second=COMMANDS_PER_S)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST",
                path="/api/v1/commands",
                access=Access.AGENT_OR_CONTROLLER,
                handler=self._give,
                summary=(
                    "Give a command; `command` says which. An agent gives them for themselves, a supervisor and a token"
                    " that may control for any agent. A second one with the same id changes nothing: the first result"
                    " comes back. A command that is not carried out is answered with a CommandResult as well."
                ),
                body=Command,
                reply=CommandResult,
                results=tuple(sorted(set(STATUS_OF.values()))),
                errors=(400, 408, 413, 415, 429),
            ),
        )

    async def _give(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        actor = _actor(caller)
        wait = self._rate.take(f"{actor.agent}\0{actor.token}")
        if wait > 0:
            message = f"At most {COMMANDS_PER_S} commands a second."
            raise ApiError(429, "too_many_commands", message, {"Retry-After": "1"})
        command = await json_body(request, _decoder, "command", _EXAMPLE)
        if not command.agent:
            if caller.session is None:
                raise ApiError(400, "bad_request", "agent: say for which agent; a machine has no phone of its own.")
            command = msgspec.structs.replace(command, agent=caller.session.agent)
        reason = why_not(caller, command, self._agents)
        if reason is None:
            result = await self._control.execute(command, actor)
        else:
            result = await self._control.refuse(command, actor, Refusal.NOT_ALLOWED, reason)
        return json_reply(result, status=200 if result.refusal is None else STATUS_OF[result.refusal])


def _actor(caller: Caller) -> Actor:
    if caller.session is not None:
        return Actor(agent=caller.session.agent)
    return Actor(token=caller.token or "")
