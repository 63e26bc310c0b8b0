"""`/api/v1/identity/decisions`: which records are one customer, and who is behind a number, as people decide it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from aiohttp import web

from hub.config.tokens import why_token_may_not
from hub.desk.access import Access, Caller
from hub.desk.body import json_body
from hub.desk.frames import AgentProfile
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.sight import Sight
from hub.domain.identity import (
    DecisionKind,
    IdentityDecided,
    IdentityDecision,
    IdentityError,
    IdentityProblem,
    RecordRef,
)
from hub.domain.ports import AccessAction, IdentityDecider, IdentityDecisions
from hub.domain.rate import RateLimit

DECISIONS_PER_S = 5
MAX_KEYS = 20
_MAX_KEY_LENGTH = 600

_STATUS_OF: dict[IdentityProblem, int] = {
    IdentityProblem.NO_SUCH_CALL: 404,
    IdentityProblem.NO_SUCH_DECISION: 404,
    IdentityProblem.NOT_YOURS: 403,
    IdentityProblem.NOT_OF_THIS_CALL: 422,
    IdentityProblem.MALFORMED: 400,
    IdentityProblem.ID_REUSED: 409,
}

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]


class NamedRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record by the system (the connector's or feed's name) that it is in and its id there."""

    system: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """`id` is made by who sends it: with the same one a second time nothing is decided twice.

    `same` and `different` hold for any two of `records`. `meant` says that the customer of the one record in `records`
    is behind `key` (`tel:+49...`, `mailto:...`), or behind the number of the call `call_id`.
    """

    id: _Id
    kind: DecisionKind
    records: Annotated[tuple[NamedRecord, ...], msgspec.Meta(min_length=1, max_length=MAX_KEYS)]
    key: Annotated[str, msgspec.Meta(max_length=_MAX_KEY_LENGTH)] = ""
    call_id: Annotated[str, msgspec.Meta(max_length=200)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class IdentityApi:
    def __init__(
        self,
        *,
        agents: Mapping[str, AgentProfile],
        decider: IdentityDecider,
        decisions: IdentityDecisions,
        sight: Sight,
    ) -> None:
        self._sight = sight
        self._agents = agents
        self._decider = decider
        self._decisions = decisions
        self._rate = RateLimit(per_second=DECISIONS_PER_S)
        self._decoder = msgspec.json.Decoder(Decision)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST",
                path="/api/v1/identity/decisions",
                access=Access.AGENT_OR_CONTROLLER,
                handler=self._decide,
                summary=(
                    "Say that records of different systems are the same customer or different ones, or which of several"
                    " customers is meant by a number or an address. It holds for live calls at once, for later ones"
                    " until it is taken back, and stands against what the rules make of the records. Of decisions that"
                    " contradict each other the newer counts; the reply's `notes` say so in words."
                ),
                body=Decision,
                reply=IdentityDecided,
                errors=(400, 403, 404, 408, 409, 413, 415, 422, 429, 503),
            ),
            Route(
                method="DELETE",
                path="/api/v1/identity/decisions/{id}",
                access=Access.AGENT_OR_CONTROLLER,
                handler=self._withdraw,
                summary=(
                    "Take a decision back: who decided it, a supervisor, or a token that may supervise. What it"
                    " replaced counts again."
                ),
                reply=IdentityDecided,
                parameters=(
                    Parameter(
                        name="id",
                        description="The decision's id.",
                        schema={"type": "string", "maxLength": 64},
                        place="path",
                    ),
                ),
                errors=(403, 404, 429, 503),
            ),
            Route(
                method="GET",
                path="/api/v1/identity/decisions",
                access=Access.AGENT_OR_MACHINE,
                handler=self._list,
                summary="What was decided of numbers, addresses and records and not taken back, the oldest first.",
                reply=list[IdentityDecision],
                parameters=(
                    Parameter(
                        name="key",
                        description=(
                            "`tel:+49...`, `mailto:maria@example.com` or `id:SYSTEM:ID`; several times for several, at"
                            f" most {MAX_KEYS}."
                        ),
                        schema={"type": "array", "items": {"type": "string", "maxLength": _MAX_KEY_LENGTH}},
                    ),
                ),
                errors=(400, 403, 503),
            ),
        )

    async def _decide(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        by = self._by(caller)
        given = await json_body(
            request, self._decoder, "decision", 'as in {"id": "...", "kind": "same", "records": [...]}'
        )
        decision = IdentityDecision(
            id=given.id,
            kind=given.kind,
            records=tuple(RecordRef(system=record.system, id=record.id) for record in given.records),
            by=by,
            at=datetime.now(UTC),
            key=_key(given.key),
            call_id=given.call_id,
            reason=given.reason.strip(),
        )
        try:
            decided = await self._decider.decide(decision)
        except IdentityError as error:
            raise _refused(error) from error
        return self._shown(decided, caller)

    async def _withdraw(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        by = self._by(caller)
        profile = self._agents.get(caller.session.agent) if caller.session is not None else None
        is_supervisor = profile is not None and profile.role == "supervisor"
        try:
            decided = await self._decider.withdraw(
                request.match_info["id"][:_MAX_KEY_LENGTH], by=by, may_any=is_supervisor or "supervise" in caller.may
            )
        except IdentityError as error:
            raise _refused(error) from error
        return self._shown(decided, caller)

    async def _list(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        keys = [_key(key) for key in request.query.getall("key", [])]
        if not keys or len(keys) > MAX_KEYS or any(len(key) > _MAX_KEY_LENGTH for key in keys):
            message = f"key: name 1 to {MAX_KEYS} keys, as in key=tel:%2B4930123456 or key=id:sap:4711."
            raise ApiError(400, "bad_request", message)
        found = list(await self._decisions.decisions(keys))
        self._sight.saw(caller, AccessAction.VIEW, {key for decision in found for key in decision.keys})
        role = self._sight.role(caller)
        return json_reply([self._sight.decision(one, role) for one in found])

    def _shown(self, decided: IdentityDecided, caller: Caller) -> web.Response:
        """Return it as the caller may see it, and have it written down that they do."""
        self._sight.saw(caller, AccessAction.VIEW, decided.decision.keys)
        return json_reply(self._sight.decided(decided, self._sight.role(caller)))

    def _by(self, caller: Caller) -> str:
        """Return who decides: an agent's id, or a token's name. Raises ApiError."""
        if caller.session is None and "control" not in caller.may:
            raise ApiError(403, "not_allowed", why_token_may_not("control"))
        by = caller.session.agent if caller.session is not None else f"token:{caller.token}"
        if self._rate.take(by) > 0:
            raise ApiError(429, "too_many", f"At most {DECISIONS_PER_S} a second.", {"Retry-After": "1"})
        return by


def _key(text: str) -> str:
    """Return a key as the hub writes it: addresses count without regard to case."""
    return text.lower() if text.lower().startswith("mailto:") else text.strip()


def _refused(error: IdentityError) -> ApiError:
    return ApiError(_STATUS_OF[error.problem], str(error.problem), error.message)
