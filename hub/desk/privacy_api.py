"""`/api/v1/privacy`: why personal data is held and for how long, and who has seen whose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from hub.config.privacy import KeptData, PrivacySection
from hub.desk.access import Access as Admitted
from hub.desk.access import Caller
from hub.desk.frames import AgentProfile
from hub.desk.paging import BEFORE, Limit, before
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.sight import EVERYBODY
from hub.domain.customer_key import customer_key
from hub.domain.ports import Access, AccessRecords

_LIMIT: Final = Limit(usual=100, most=1_000)
_MAX_KEY: Final = 500
_LETTER: Final = "dead_letter:"
_MAX_KEYS: Final = 20


class Policy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is held, and for what.

    `what` is a field of a customer (`birth_date`), a channel's contacts (`interactions.chat`), or a kind of data
    (`calls`). Without `retention_days` it is held until the customer is erased; without `roles` everybody may see it.
    """

    what: str
    purpose: str = ""
    retention_days: int | None = None
    roles: tuple[str, ...] | None = None
    others_see: str = ""


class PrivacyApi:
    """For supervisors, and machines that may audit."""

    def __init__(
        self, *, section: PrivacySection, accesses: AccessRecords, agents: Mapping[str, AgentProfile], region: str
    ) -> None:
        self._region = region
        self._policy = policy_of(section)
        self._accesses = accesses
        self._agents = agents

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/v1/privacy/policy",
                access=Admitted.AGENT_OR_AUDITOR,
                handler=self._show_policy,
                summary="What personal data is held here, what for, for how long, and who may see it.",
                reply=list[Policy],
                errors=(403,),
            ),
            Route(
                method="GET",
                path="/api/v1/privacy/accesses",
                access=Admitted.AGENT_OR_AUDITOR,
                handler=self._show_accesses,
                summary=(
                    "Who has seen a customer's data, when and how, the newest first. Streams of all events stand"
                    f" under the key {EVERYBODY}."
                ),
                reply=list[Access],
                parameters=(
                    Parameter(
                        name="key",
                        description=(
                            "Whose: SYSTEM:ID, a number, an e-mail address, or a key as in `keys`; may be given"
                            " several times."
                        ),
                        schema={"type": "string", "maxLength": _MAX_KEY},
                    ),
                    _LIMIT.parameter(),
                    BEFORE,
                ),
                errors=(400, 403, 503),
            ),
        )

    async def _show_policy(self, _request: web.Request, caller: Caller) -> web.StreamResponse:
        self._check(caller)
        return json_reply(list(self._policy))

    async def _show_accesses(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        self._check(caller)
        given = request.query.getall("key", [])
        if not 1 <= len(given) <= _MAX_KEYS or any(not 1 <= len(key) <= _MAX_KEY for key in given):
            raise ApiError(400, "bad_request", "key: say whose, as in key=crm:4711 or key=%2B49...")
        try:
            keys = [self._key(text) for text in given]
        except ValueError as error:
            raise ApiError(400, "bad_request", f"key: {error}.") from None
        found = await self._accesses.accesses(keys, before=before(request), limit=_LIMIT.asked(request))
        return json_reply(list(found))

    def _key(self, text: str) -> str:
        if text == EVERYBODY or text.startswith(_LETTER):
            return text
        # A plus sign in a query is a blank once decoded.
        return customer_key(re.sub("^(tel:)? ", r"\1+", text), self._region)

    def _check(self, caller: Caller) -> None:
        if caller.session is not None and self._agents[caller.session.agent].role != "supervisor":
            raise ApiError(403, "not_allowed", "This is for supervisors.")


def policy_of(section: PrivacySection) -> tuple[Policy, ...]:
    """Return a section as the policy that it is: fields first, then channels and kinds of data."""
    fields = [
        Policy(
            what=name,
            purpose=rule.purpose or "",
            retention_days=rule.retention_days,
            roles=rule.roles,
            others_see="" if rule.roles is None else rule.others_see,
        )
        for name, rule in section.fields.items()
    ]
    channels = [
        Policy(
            what=f"interactions.{channel}",
            purpose=rule.purpose or "",
            retention_days=rule.retention_days,
            roles=rule.roles,
        )
        for channel, rule in section.interactions.items()
    ]
    kinds = [
        Policy(what=name, purpose=rule.purpose or "", retention_days=rule.retention_days)
        for name in type(section).model_fields
        if isinstance(rule := getattr(section, name), KeptData)
    ]
    return (*fields, *channels, *kinds)
