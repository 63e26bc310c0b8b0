"""Questions to the hub and its answers: JSON-RPC 2.0 (jsonrpc.org/specification), the same over AMQP and HTTP.

`params` are by name. Each method's take `deadline_ms` as well: how long an answer is of use, from the arrival on.
"""

from __future__ import annotations

import enum
from typing import Annotated, Any, Final, Literal, Protocol

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub.domain.agent import AgentStatus
from hub.domain.call import Call
from hub.domain.control import AgentId, CommandId, CommandResult, Device, Number
from hub.domain.customer import CustomerContext, CustomerQuery
from hub.domain.search import MAX_HITS, MAX_TEXT, CustomerSearch

MAX_MESSAGE_BYTES: Final = 16 * 1024
MAX_BATCH: Final = 20
MAX_REPLY_BYTES: Final = 1024 * 1024
DEADLINE_MS: Final = 5_000
MAX_DEADLINE_MS: Final = 60_000

Milliseconds = Annotated[int, Meta(ge=1, le=MAX_DEADLINE_MS)]


class Params(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """`deadline_ms` is when the answer is no longer of use; what has not begun by then is not done."""

    deadline_ms: Milliseconds = DEADLINE_MS


class CustomerParams(Params, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who is asked for: at least one of `phone`, `email`, `ids` (system to id there).

    Each backend is asked by the first of them that it has an operation for. After `timeout_ms` the answer is what is
    known by then; without it, what is known once every backend has answered or is over its budget.
    """

    phone: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    email: Annotated[str, Meta(min_length=3, max_length=254, extra_json_schema={"format": "email"})] | UnsetType = UNSET
    ids: (
        Annotated[
            dict[Annotated[str, Meta(min_length=1, max_length=64)], Annotated[str, Meta(min_length=1, max_length=200)]],
            Meta(min_length=1, max_length=20),
        ]
        | UnsetType
    ) = UNSET
    timeout_ms: Milliseconds | UnsetType = UNSET


class SearchParams(Params, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is looked for: any number, a name (pinyin, too), an address, an order's, a case's or a record's number.

    At most `limit` customers are found. With `backends` these are asked, too; the answers say who failed.
    """

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    limit: Annotated[int, Meta(ge=1, le=MAX_HITS)] = 20
    backends: bool = False


class DialParams(Params, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Ring `agent`'s device, and once it is answered call `to` from it. One `id` dials once, however often it comes."""

    agent: Annotated[str, Meta(min_length=1, max_length=64)]
    to: Number
    id: CommandId
    device: Device = ""


class AgentParams(Params, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """`id` is the agent's name in the configuration."""

    id: AgentId


class _Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="method"):
    """Without an `id` it is a notification: it is carried out, and answered by nothing."""

    jsonrpc: Literal["2.0"]
    id: str | int | float | UnsetType | None = UNSET


class CustomerRequest(_Request, frozen=True, kw_only=True, omit_defaults=True, tag="customer"):
    """Who is this: the customer's records, orders, cases and contacts, put together from all backends."""

    params: CustomerParams


class CustomerSearchRequest(_Request, frozen=True, kw_only=True, omit_defaults=True, tag="customer.search"):
    """Customers that fit what a person typed, among those that the hub knows of."""

    params: SearchParams


class DialRequest(_Request, frozen=True, kw_only=True, omit_defaults=True, tag="dial"):
    """Have an agent's phone call a number. A call that does not come about is a result with a `refusal`."""

    params: DialParams


class AgentRequest(_Request, frozen=True, kw_only=True, omit_defaults=True, tag="agent"):
    """How one agent is at this moment."""

    params: AgentParams


class AgentsRequest(_Request, frozen=True, kw_only=True, omit_defaults=True, tag="agents"):
    """How every agent is at this moment."""

    params: Params = Params()


class CallsRequest(_Request, frozen=True, kw_only=True, omit_defaults=True, tag="calls"):
    """The live calls, the oldest first."""

    params: Params = Params()


class Code(enum.IntEnum):
    """What stands in `error.code`: those of JSON-RPC, and the hub's own, above the range that JSON-RPC reserves."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603
    NOT_SIGNED_IN = 401
    NOT_ALLOWED = 403
    NO_SUCH_AGENT = 404
    DEADLINE_EXCEEDED = 408
    OUTCOME_UNKNOWN = 409
    REPLY_TOO_LARGE = 413
    TOO_MANY_REQUESTS = 429
    UNAVAILABLE = 503


MESSAGES: Final[dict[Code, str]] = {
    Code.PARSE_ERROR: "Parse error",
    Code.INVALID_REQUEST: "Invalid Request",
    Code.METHOD_NOT_FOUND: "Method not found",
    Code.INVALID_PARAMS: "Invalid params",
    Code.INTERNAL_ERROR: "Internal error",
    Code.NOT_SIGNED_IN: "Not signed in",
    Code.NOT_ALLOWED: "Not allowed",
    Code.NO_SUCH_AGENT: "No such agent",
    Code.DEADLINE_EXCEEDED: "Deadline exceeded",
    Code.OUTCOME_UNKNOWN: "Outcome unknown",
    Code.REPLY_TOO_LARGE: "Reply too large",
    Code.TOO_MANY_REQUESTS: "Too many requests",
    Code.UNAVAILABLE: "Unavailable",
}


class RpcErrorData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`reason` says to a person what is wrong and what to do; `param` is which one of the params is meant."""

    reason: str
    param: str = ""


class RpcErrorObject(msgspec.Struct, frozen=True, kw_only=True):
    code: Code
    message: str
    data: RpcErrorData


class _Reply(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the request's."""

    jsonrpc: Literal["2.0"] = "2.0"
    id: str | int | float | None


class CustomerReply(_Reply, frozen=True, kw_only=True):
    result: CustomerContext


class CustomerSearchReply(_Reply, frozen=True, kw_only=True):
    result: CustomerSearch


class DialReply(_Reply, frozen=True, kw_only=True):
    result: CommandResult


class AgentReply(_Reply, frozen=True, kw_only=True):
    result: AgentStatus


class AgentsReply(_Reply, frozen=True, kw_only=True):
    result: list[AgentStatus]


class CallsReply(_Reply, frozen=True, kw_only=True):
    result: list[Call]


class RpcErrorReply(_Reply, frozen=True, kw_only=True):
    """`id` is null where the request's could not be read."""

    error: RpcErrorObject


REQUESTS: Final[tuple[type[_Request], ...]] = (
    CustomerRequest,
    CustomerSearchRequest,
    DialRequest,
    AgentRequest,
    AgentsRequest,
    CallsRequest,
)
REPLIES: Final[tuple[type[_Reply], ...]] = (
    CustomerReply,
    CustomerSearchReply,
    DialReply,
    AgentReply,
    AgentsReply,
    CallsReply,
    RpcErrorReply,
)
PARAMS: Final[dict[str, type[Params]]] = {
    str(kind.__struct_config__.tag): next(
        field.type for field in msgspec.structs.fields(kind) if field.name == "params"
    )
    for kind in REQUESTS
}
"""What each method takes, by its name."""


class RpcError(Exception):
    """Why there is no result."""

    def __init__(self, code: Code, reason: str, param: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.param = param

    def as_object(self) -> RpcErrorObject:
        return RpcErrorObject(
            code=self.code, message=MESSAGES[self.code], data=RpcErrorData(reason=self.reason, param=self.param)
        )


class RpcCaller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: the name of a token and its rights, or for whom nobody is known, `why_not`."""

    token: str = ""
    may: frozenset[str] = frozenset()
    why_not: str = ""


class RequestReply(Protocol):
    """Answers requests, wherever they come from."""

    async def answer(
        self,
        message: bytes,
        caller: RpcCaller,
        *,
        waited_s: float = 0.0,
        lasts_s: float | None = None,
        may_be_second: bool = False,
    ) -> bytes | None:
        """Return the reply to a request or a batch, None if there is none to be sent. Raises nothing.

        It has `waited_s` seconds on its way, and nobody waits longer than `lasts_s` for an answer, whatever the
        request says. One that `may_be_second` may have been begun before, by a hub that can't be asked.
        """


class CustomerFinder(Protocol):
    async def find(self, query: CustomerQuery, *, within_s: float) -> CustomerContext:
        """Return what is known of whom the query names; backends that did not answer in time are `pending`."""


RawResult = Any
"""What a method returns: one of the types of the replies' `result`."""
