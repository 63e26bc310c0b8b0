"""`/api/v1/callbacks`: customers who asked to be called back, for agents and machines to see, to add and to cancel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from aiohttp import web

from hub.config.tokens import why_token_may_not
from hub.desk.access import Access, Caller
from hub.desk.body import json_body
from hub.desk.floor_views import callback_queues
from hub.desk.frames import AgentProfile
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.sight import Sight
from hub.domain.callback import Callback, CallbackReason
from hub.domain.event import new_id
from hub.domain.interaction import CustomerRef
from hub.domain.phone import clean_text
from hub.domain.ports import AccessAction, AgentDirectory, CallbackRefusedError, Callbacks
from hub.domain.rate import RateLimit

PER_S = 5
_PATH = "/api/v1/callbacks"
_EXAMPLE = 'as in {"phone": "0351 5550123", "topic": "..."}'
_Text = Annotated[str, msgspec.Meta(max_length=200)]


class CallbackWish(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whom to call back: `ids` are the customer's by system. `site` is the feed, needed where several offer callbacks.

    `not_before` is when at the earliest.
    """

    phone: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    topic: _Text = ""
    site: _Text = ""
    ids: Annotated[dict[Annotated[str, msgspec.Meta(max_length=64)], _Text], msgspec.Meta(max_length=20)] = {}
    language: Annotated[str, msgspec.Meta(max_length=35, pattern="^[A-Za-z0-9-]*$")] = ""
    not_before: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_wishes: msgspec.json.Decoder[CallbackWish] = msgspec.json.Decoder(CallbackWish)


class CallbacksApi:
    """`sites` are the feeds that offer callbacks. An agent sees those of their queues, a supervisor and a machine all.

    Agents and machines that may control add and cancel what they see.
    """

    def __init__(
        self,
        *,
        agents: Mapping[str, AgentProfile],
        sites: tuple[str, ...],
        callbacks: Callbacks,
        directory: AgentDirectory,
        sight: Sight,
    ) -> None:
        self._agents = agents
        self._sites = sites
        self._callbacks = callbacks
        self._directory = directory
        self._sight = sight
        self._rate = RateLimit(per_second=PER_S)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path=_PATH,
                access=Access.AGENT_OR_MACHINE,
                handler=self._list,
                summary="Callbacks that wait or are being called, the oldest first: an agent gets those of own queues.",
                reply=list[Callback],
            ),
            Route(
                method="POST",
                path=_PATH,
                access=Access.AGENT_OR_CONTROLLER,
                handler=self._add,
                summary=(
                    "Have a customer called back; one that waits already for this number is the answer, too, unless it"
                    " is of a queue whose callbacks the caller does not see (409)."
                ),
                status=201,
                body=CallbackWish,
                reply=Callback,
                errors=(400, 403, 408, 409, 413, 415, 422, 429, 503),
            ),
            Route(
                method="POST",
                path=f"{_PATH}/{{id}}/cancel",
                access=Access.AGENT_OR_CONTROLLER,
                handler=self._cancel,
                summary="Cancel a callback; a phone that rings for it is hung up. One that is over stays as it is.",
                reply=Callback,
                parameters=(
                    Parameter(name="id", place="path", description="The callback's id.", schema={"type": "string"}),
                ),
                errors=(403, 404, 429, 503),
            ),
        )

    async def _list(self, _request: web.Request, caller: Caller) -> web.StreamResponse:
        queues = self._queues(caller)
        seen = [one for one in self._callbacks.waiting() if queues is None or one.queue in queues]
        return json_reply([self._shown(caller, one) for one in seen])

    async def _add(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        self._need_control(caller)
        wish = await json_body(request, _wishes, "callback", _EXAMPLE)
        now = datetime.now(UTC)
        wanted = Callback(
            id=new_id(),
            site=self._site(wish.site),
            phone=wish.phone,
            customer=CustomerRef(ids=wish.ids),
            requested_at=now,
            at=now,
            topic=clean_text(wish.topic, 200),
            language=wish.language,
            not_before=wish.not_before,
            asked_by=_viewer(caller),
        )
        try:
            waiting = await self._callbacks.request(wanted)
        except CallbackRefusedError as error:
            raise ApiError(422, error.code, str(error)) from None
        queues = self._queues(caller)
        if waiting.id != wanted.id and not (queues is None or waiting.queue in queues):
            # Whose it is and what it is about is for the agents of its queue.
            raise ApiError(409, "already_waiting", "This number is going to be called already, by another queue.")
        return json_reply(self._shown(caller, waiting), status=201)

    async def _cancel(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        self._need_control(caller)
        callback_id = request.match_info["id"][:64]
        callback = await self._callbacks.callback(callback_id)
        queues = self._queues(caller)
        if callback is None or not (queues is None or callback.queue in queues):
            raise ApiError(404, "no_callback", "There is no such callback in your queues.")
        cancelled = await self._callbacks.cancel(callback_id, reason=CallbackReason.BY_AGENT)
        return json_reply(self._shown(caller, cancelled or callback))

    def _need_control(self, caller: Caller) -> None:
        if caller.session is None and "control" not in caller.may:
            raise ApiError(403, "not_allowed", why_token_may_not("control"))
        if self._rate.take(_viewer(caller)) > 0:
            raise ApiError(429, "too_many", f"At most {PER_S} a second.", {"Retry-After": "1"})

    def _site(self, named: str) -> str:
        if named or len(self._sites) == 1:
            return named or self._sites[0]
        raise ApiError(422, "no_site", f"site: say for which: {', '.join(self._sites) or 'none offers callbacks'}.")

    def _queues(self, caller: Caller) -> frozenset[str] | None:
        """Return the queues of which the caller sees callbacks, None for all."""
        if caller.session is None:
            return None
        agent = caller.session.agent
        return callback_queues(self._agents[agent], self._directory.agent(agent))

    def _shown(self, caller: Caller, callback: Callback) -> Callback:
        """Return it as the caller may see it, and have it written down that they do."""
        self._sight.saw(caller, AccessAction.VIEW, callback.keys())
        return self._sight.visibility.callback_for(callback, self._sight.role(caller))


def _viewer(caller: Caller) -> str:
    return f"agent:{caller.session.agent}" if caller.session is not None else f"token:{caller.token}"
