"""`/api/v1/agents` and `/api/v1/queues`: who is there, ready or not, and who waits."""

from __future__ import annotations

from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.desk import Desk
from hub.desk.floor_views import own_queues, without_callers
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.sight import Sight
from hub.domain.agent import AgentStatus, QueueStatus
from hub.domain.ports import AgentDirectory

_MAX_AGENT_LENGTH = 64


class AgentsApi:
    """Machines and supervisors see everything; an agent sees themselves, and how long their own queues are."""

    def __init__(self, *, desk: Desk, directory: AgentDirectory, sight: Sight) -> None:
        self._desk = desk
        self._sight = sight
        self._directory = directory

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/v1/agents",
                access=Access.AGENT_OR_MACHINE,
                handler=self._agents,
                summary="The agents by id, with state, devices and queues: an agent gets only themselves.",
                reply=list[AgentStatus],
            ),
            Route(
                method="GET",
                path="/api/v1/agents/{id}",
                access=Access.AGENT_OR_MACHINE,
                handler=self._agent,
                summary="One agent, with state, devices and queues.",
                reply=AgentStatus,
                parameters=(
                    Parameter(
                        name="id",
                        place="path",
                        description="The agent's name in the configuration. An agent may only name themselves.",
                        schema={"type": "string", "maxLength": _MAX_AGENT_LENGTH},
                    ),
                ),
                errors=(403, 404),
            ),
            Route(
                method="GET",
                path="/api/v1/queues",
                access=Access.AGENT_OR_MACHINE,
                handler=self._queues,
                summary=(
                    "The queues of the connected PBXs, with who waits and how they do: an agent gets their own, and"
                    " there since when somebody waits, not who."
                ),
                reply=list[QueueStatus],
            ),
        )

    async def _agents(self, _request: web.Request, caller: Caller) -> web.StreamResponse:
        seen = self._only(caller)
        return json_reply([status for status in self._directory.agents() if seen in (None, status.agent)])

    async def _agent(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        asked = request.match_info["id"]
        if self._only(caller) not in (None, asked):
            raise ApiError(403, "not_yours", "An agent sees only themselves.")
        status = self._directory.agent(asked)
        if status is None:
            raise ApiError(404, "no_such_agent", "There is no such agent in the configuration.")
        return json_reply(status)

    async def _queues(self, _request: web.Request, caller: Caller) -> web.StreamResponse:
        queues = self._directory.queues()
        agent = self._only(caller)
        if agent is None:
            role = self._sight.role(caller)
            return json_reply([self._sight.queue(queue, role) for queue in queues])
        own = own_queues(self._desk.agents[agent], self._directory.agent(agent), queues)
        return json_reply([without_callers(queue) for queue in own])

    def _only(self, caller: Caller) -> str | None:
        """Return the one agent that the caller may see; None for all."""
        if caller.session is None or self._desk.agents[caller.session.agent].role == "supervisor":
            return None
        return caller.session.agent
