"""What can be asked for by request and reply, and who may ask for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import UNSET

from hub.config.model import TokenRight
from hub.config.tokens import why_token_may_not
from hub.domain.call import Call
from hub.domain.control import Actor, Dial, Refusal
from hub.domain.customer import AnswerState, CustomerContext, CustomerQuery
from hub.domain.interaction import CustomerRef
from hub.domain.phone import PhoneNumber, parse_number
from hub.domain.ports import Access, AccessAction, AccessLog, AgentDirectory, CallControl, LiveCalls, Visibility
from hub.domain.rate import RateLimit
from hub.domain.rpc import (
    MAX_DEADLINE_MS,
    AgentParams,
    Code,
    CustomerFinder,
    CustomerParams,
    DialParams,
    Params,
    RawResult,
    RpcCaller,
    RpcError,
    SearchParams,
)
from hub.domain.search import CustomerSearch, KnownCustomers
from hub.domain.search_shown import keys_seen, search_for

DIALS_PER_S: Final = 20
"""As many as of commands by HTTP."""

LOOKUPS_AT_ONCE: Final = 50
"""Above that they wait for each other, and no other request waits for them."""

_MAX_REASON: Final = 1_000
_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+")
_NEEDED: Final[dict[str, TokenRight]] = {"dial": "control"}

_UNSURE: Final = (
    "This request came a second time, and this hub knows nothing of the first: it may have been dialled. Look whether"
    " it was; to dial in any case send it with another id."
)


def needed_right(method: str) -> TokenRight:
    """Return what a token must be allowed for a method."""
    return _NEEDED.get(method, "read")


class Methods:
    """Carries out requests of callers who are known by a token; looks at their rights."""

    def __init__(
        self,
        *,
        customers: CustomerFinder,
        known: KnownCustomers,
        control: CallControl,
        directory: AgentDirectory,
        live: LiveCalls,
        region: str,
        visibility: Visibility,
        accesses: AccessLog,
    ) -> None:
        self._visibility = visibility
        self._accesses = accesses
        self._customers = customers
        self._known = known
        self._control = control
        self._directory = directory
        self._live = live
        self._region = region
        self._dials = RateLimit(per_second=DIALS_PER_S)
        self._lookups = asyncio.Semaphore(LOOKUPS_AT_ONCE)

    async def run(
        self, method: str, params: Params, caller: RpcCaller, *, within_s: float, may_be_second: bool
    ) -> RawResult:
        """Return the result. What has not begun within that time is not begun any more. Raises RpcError, StoreError."""
        if isinstance(params, DialParams):
            return await self._dial(params, caller, within_s=within_s, may_be_second=may_be_second)
        right = needed_right(method)
        if right not in caller.may:
            raise RpcError(Code.NOT_ALLOWED, why_token_may_not(right))
        match params:
            case CustomerParams():
                return self._shown(await self._customer(params), caller)
            case SearchParams():
                return await self._search(params, caller)
            case AgentParams():
                return self._agent(params)
            case _ if method == "agents":
                return list(self._directory.agents())
            case _:
                return self._calls(caller)

    async def _dial(self, params: DialParams, caller: RpcCaller, *, within_s: float, may_be_second: bool) -> RawResult:
        """Dial once for each id. One that may have been begun by a hub that was killed is not begun again."""
        if self._dials.take(caller.token) > 0:
            raise RpcError(Code.TOO_MANY_REQUESTS, f"At most {DIALS_PER_S} calls a second.")
        command = Dial(id=params.id, agent=params.agent, device=params.device, to=params.to)
        actor = Actor(token=caller.token)
        if "control" not in caller.may:
            reason = why_token_may_not("control")
            await self._control.refuse(command, actor, Refusal.NOT_ALLOWED, reason)
            raise RpcError(Code.NOT_ALLOWED, reason)
        if may_be_second and not await self._control.has_seen(command, actor):
            raise RpcError(Code.OUTCOME_UNKNOWN, _UNSURE)
        return await self._control.execute(command, actor, within_s=within_s)

    async def _customer(self, params: CustomerParams) -> CustomerContext:
        query = self._query(params)
        within_ms = MAX_DEADLINE_MS if params.timeout_ms is UNSET else params.timeout_ms
        async with self._lookups:
            context = await self._customers.find(query, within_s=within_ms / 1_000)
        if context.answers and all(answer.state is AnswerState.FAILED for answer in context.answers):
            failed = "; ".join(answer.detail or f"{answer.connector}: {answer.problem}" for answer in context.answers)
            raise RpcError(Code.UNAVAILABLE, f"No backend could be asked: {failed}"[:_MAX_REASON])
        return context

    def _shown(self, context: CustomerContext, caller: RpcCaller) -> CustomerContext:
        """Return what this token may see of it; that it was asked for is written down."""
        keys = {key for customer in context.customers for key in CustomerRef(ids=customer.ids).keys()}  # noqa: SIM118
        if context.phone.e164:
            keys.add(f"tel:{context.phone.e164}")
        self._saw(caller, sorted(keys))
        return self._visibility.context_for(context, f"token:{caller.token}")

    async def _search(self, params: SearchParams, caller: RpcCaller) -> CustomerSearch:
        if not params.text.strip():
            raise RpcError(Code.INVALID_PARAMS, "Say what to look for.", "text")
        async with self._lookups:
            found = await self._known.search(params.text, limit=params.limit, ask_backends=params.backends)
        shown = search_for(found, self._visibility, f"token:{caller.token}")
        self._saw(caller, keys_seen(shown), AccessAction.SEARCH)
        return shown

    def _calls(self, caller: RpcCaller) -> list[Call]:
        calls = self._live.live_calls()
        self._saw(caller, [f"tel:{one.customer_number.e164}" for one in calls if one.customer_number.e164])
        return [self._visibility.call_for(one, f"token:{caller.token}") for one in calls]

    def _saw(self, caller: RpcCaller, keys: Sequence[str], action: AccessAction = AccessAction.LOOKUP) -> None:
        viewer = f"token:{caller.token}"
        self._accesses.seen(Access(at=datetime.now(UTC), viewer=viewer, action=action, keys=tuple(keys)))

    def _query(self, params: CustomerParams) -> CustomerQuery:
        phone = PhoneNumber()
        if params.phone is not UNSET:
            phone = parse_number(params.phone, self._region)
            if phone.e164 is None:
                reason = f"phone: this is no number of {self._region} and none with + and a country code."
                raise RpcError(Code.INVALID_PARAMS, reason, "phone")
        if params.email is not UNSET and not _ADDRESS.fullmatch(params.email):
            raise RpcError(Code.INVALID_PARAMS, "email: this is no e-mail address.", "email")
        query = CustomerQuery(
            phone=phone,
            email="" if params.email is UNSET else params.email,
            ids={} if params.ids is UNSET else params.ids,
        )
        if query.is_empty:
            raise RpcError(Code.INVALID_PARAMS, "Say whom to look for by phone, email or ids.")
        return query

    def _agent(self, params: AgentParams) -> RawResult:
        status = self._directory.agent(params.id)
        if status is None:
            raise RpcError(Code.NO_SUCH_AGENT, "There is no such agent in the configuration.", "id")
        return status
