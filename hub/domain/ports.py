"""The protocols by which rooms meet at run time; hub/app.py fills them in."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from hub.domain.agent import AgentStatus, QueueStatus
from hub.domain.backend import BackendStatus, ReloadResult
from hub.domain.call import Call
from hub.domain.callback import Callback
from hub.domain.control import Actor, Command, CommandResult, Refusal
from hub.domain.customer import Customer, CustomerContext, CustomerRecord
from hub.domain.event import Event
from hub.domain.identity import IdentityDecided, IdentityDecision, RecordMatch
from hub.domain.inbound import DeadLetter, DeadLetterState, InboundMessage, Receipt
from hub.domain.interaction import Channel, Interaction, TimelinePage
from hub.domain.phone import PhoneNumber
from hub.domain.routing import Enquiry, RoutingAnswer
from hub.domain.search import FoundRecords, Matter
from hub.domain.soap import SoapReply, SoapRequest
from hub.domain.wrapup import WrapUp, WrapUpResult


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """An event as the journal holds it: its position, its type and subject, and its JSON body ready to send."""

    position: int
    type: str
    subject: str
    partitionkey: str
    id: str
    time: str
    source: str
    body: bytes


class StoreError(Exception):
    """What was stored can't be read, or nothing can be stored, at the moment; the message says why and what to do."""


class EventRefusedError(StoreError):
    """This one event can't be stored whatever becomes of the store; those beside it are."""


class Appended(msgspec.Struct, frozen=True):
    """Where an event lies. One that is not new was there before, under the same id."""

    position: int
    is_new: bool


class EventJournal(Protocol):
    """The append-only journal. Positions start at 1 and grow without gaps visible to a reader."""

    def publish(self, event: Event) -> None:
        """Hand an event over without waiting; it becomes durable with the next group commit."""

    async def append(self, event: Event) -> int:
        """Return the event's position once it is durable. An id that is already there is not stored again."""

    def append_all(self, events: Sequence[Event]) -> Awaitable[Sequence[Appended | EventRefusedError]]:
        """Take all of them when called, before it is awaited, or none: raises StoreError where there is no room.

        Returns, once all are durable, what became of each: next to each other, and in this order. Those taken are
        stored whether or not anyone still awaits it. Raises StoreError if the journal is closed before they are.
        """

    async def read(self, after: int, limit: int) -> Sequence[StoredEvent]:
        """Return at most `limit` durable events with a position above `after`, in order."""

    def tail(self, after: int) -> AsyncIterator[StoredEvent]:
        """Yield all durable events above `after`, then each new one as it becomes durable, for ever."""

    async def last_position(self) -> int: ...

    async def position_of(self, event_id: str) -> int | None: ...

    async def cursor(self, reader: str) -> int: ...

    async def save_cursor(self, reader: str, position: int) -> None: ...


class DeadLetters(Protocol):
    """Messages that could not be understood or written, kept until somebody has seen to them."""

    async def keep_dead(self, letters: Sequence[DeadLetter]) -> None:
        """Return once they are durable. One whose id is there already takes its place, with its attempts added."""

    async def dead_letters(
        self,
        *,
        origin: str | None = None,
        states: Sequence[DeadLetterState] = (),
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[DeadLetter]:
        """Return the newest first, without their bodies; `before` is the id after which the next page begins."""

    async def dead_letter(self, letter_id: str) -> DeadLetter | None: ...

    async def count_dead(self, *, origin: str | None = None, states: Sequence[DeadLetterState] = ()) -> int: ...

    async def settle_dead(self, letter_ids: Sequence[str], state: DeadLetterState, *, reason: str = "") -> int:
        """Set the state of those that are waiting or replaying, and the reason where one is given; return how many."""


class Reception(Protocol):
    """Takes what legacy systems hand in, whatever the way."""

    async def take(self, feed: str, message: InboundMessage) -> Receipt:
        """Return once everything in it is durable somewhere. Raises UnknownFeedError, or StoreError: send it again."""


class SoapFeed(Protocol):
    """A feed that is a SOAP service; it hands what it takes to `Reception` itself."""

    def wsdl(self, address: str) -> bytes:
        """Return its description, in which `address` is where to send to."""

    def schema(self, index: int, address: str) -> bytes | None:
        """Return a schema that the description names by its place, None if there is no such."""

    async def answer(self, request: SoapRequest) -> SoapReply:
        """Answer a request; whatever goes wrong is a fault."""


class CallLogEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finished call in the call log; `agents` are those whose device rang, `answered_by` who talked.

    `customer` is the name of the one customer that the backends knew, or an agent chose; else empty.
    """

    call: Call
    customer: str = ""
    agents: tuple[str, ...] = ()
    answered_by: tuple[str, ...] = ()


class CallLog(Protocol):
    async def calls(
        self, *, agent: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> Sequence[CallLogEntry]:
        """Return finished calls, those that started last first.

        `agent` keeps those whose device rang, dialled or talked; `before` keeps those that started earlier, so that
        the next page follows the last entry's `call.started_at`.
        """


class CallHistory(Protocol):
    async def last_agent(self, number: str, since: datetime) -> str | None:
        """Return the agent who was the last to talk in the newest finished call with this E.164 number, or None."""


class CallArchive(Protocol):
    """Single calls that are over, and what was known of their other party."""

    async def finished_call(self, call_id: str) -> CallLogEntry | None: ...

    async def context_of(self, call_id: str) -> CustomerContext | None:
        """Return the newest complete context of a call, live or over."""


class CallWrapUp(Protocol):
    """Keeps what an agent says of a call, and writes it back to the backends that know the customer."""

    async def wrap_up(self, call_id: str, wrap_up: WrapUp, *, agent: str) -> WrapUpResult:
        """Return what each backend made of it. Raises WrapUpError where nothing was written anywhere."""


class Timeline(Protocol):
    """All interactions of a customer, calls among them; `keys` as made by `CustomerRef.keys`."""

    async def timeline(
        self, keys: Sequence[str], *, channels: Collection[Channel] = (), before: str = "", limit: int = 50
    ) -> TimelinePage:
        """Return the newest first, without `channels` all. Raises ValueError where `before` is no page's `next`."""


class CustomerRecords(Protocol):
    """Records of customers as feeds and backends told them last: what the hub knows without asking anybody.

    Raises StoreError. Keys are those of `CustomerRef.keys`.
    """

    async def records(self, keys: Sequence[str], *, limit: int = 50) -> Sequence[CustomerRecord]:
        """Return those that are known by any of `keys`, at most `limit` of each key, what was told last first."""

    async def matters(self, keys: Sequence[str], *, system: str, limit: int = 200) -> Sequence[Matter]:
        """Return the orders and cases that feeds of `system` told of somebody known by any of `keys`."""

    async def search(self, text: str, *, region: str, limit: int = 20) -> FoundRecords:
        """Return the records that fit what a person typed: a number, a name or its beginning, an address, an id.

        `region` is whose national numbers may be meant (ISO 3166-1 alpha-2).
        """


class IdentityDecisions(Protocol):
    """What people decided of who is who."""

    async def decisions(self, keys: Sequence[str]) -> Sequence[IdentityDecision]:
        """Return those that stand, the oldest first, of `keys`: numbers, addresses, records (`RecordRef.key`)."""

    async def decision(self, decision_id: str) -> IdentityDecision | None:
        """Return a decision as it is now, also one that was taken back."""


class IdentityDecider(Protocol):
    """Takes what people decide of who is who; it holds for live calls when this returns, and from then on."""

    async def decide(self, decision: IdentityDecision) -> IdentityDecided:
        """Return it once it is durable. The same again changes nothing. Raises IdentityError, StoreError."""

    async def withdraw(self, decision_id: str, *, by: str, may_any: bool) -> IdentityDecided:
        """Take a decision back: one's own, or anybody's. Raises IdentityError, StoreError."""


class AccessAction(enum.StrEnum):
    """`stream` is a subscription to events, `lookup` a question by request and reply."""

    POP = "pop"
    VIEW = "view"
    SEARCH = "search"
    TIMELINE = "timeline"
    STREAM = "stream"
    LOOKUP = "lookup"
    EXPORT = "export"
    ERASE = "erase"


class Access(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody has seen personal data: `viewer` as `agent:ID`, `token:NAME` or `cli:USER`, whose by index keys."""

    at: datetime
    viewer: str
    action: AccessAction
    keys: tuple[str, ...]
    call_id: str = ""


class AccessLog(Protocol):
    def seen(self, access: Access) -> None:
        """Write it down without waiting."""


class AccessRecords(Protocol):
    async def accesses(
        self, keys: Sequence[str], *, before: datetime | None = None, limit: int = 100
    ) -> Sequence[Access]:
        """Return who has seen what is known by any of `keys` (`CustomerRef.keys`), the newest first."""


class Visibility(Protocol):
    """What of a customer somebody may see. What there is nothing to hide of comes back as it is, the very same.

    `role` is an agent's (`agent`, `supervisor`), or `token:NAME` of a machine.
    """

    def hides_from(self, role: str) -> bool:
        """Whether anything may be hidden from this role: if not, nobody needs to ask further."""

    def context_for(self, context: CustomerContext, role: str) -> CustomerContext: ...

    def customer_for(self, customer: Customer, role: str) -> Customer: ...

    def record_for(self, record: CustomerRecord, role: str) -> CustomerRecord: ...

    def interaction_for(self, interaction: Interaction, role: str) -> Interaction: ...

    def callback_for(self, callback: Callback, role: str) -> Callback: ...

    def call_for(self, call: Call, role: str) -> Call: ...

    def number_for(self, number: PhoneNumber, role: str) -> PhoneNumber: ...

    def entry_for(self, entry: CallLogEntry, role: str) -> CallLogEntry: ...

    def matches_for(self, matches: tuple[RecordMatch, ...], role: str) -> tuple[RecordMatch, ...]: ...

    def decision_for(self, decision: IdentityDecision, role: str) -> IdentityDecision: ...

    def decided_for(self, decided: IdentityDecided, role: str) -> IdentityDecided: ...

    def hidden_fields(self, role: str) -> frozenset[str]:
        """Return the fields of a customer's record of which this role sees a part or nothing, whoever it is."""

    def event_for(self, body: bytes, role: str) -> bytes:
        """Return an event's JSON with what this role need not see hidden; emptied where it can't be read."""


class CallbackRefusedError(Exception):
    """Nobody is going to be called; the message says to the customer why not, `code` to programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class OftenInTouch(Protocol):
    """Who called or wrote most often of late."""

    async def often_in_touch(self, since: datetime, *, contacts: int, limit: int) -> Sequence[str]:
        """Return E.164 numbers with at least so many contacts since then, those with the most first.

        Raises StoreError.
        """


class Callbacks(Protocol):
    """Customers who asked to be called back."""

    async def request(self, callback: Callback) -> Callback:
        """Return it once it is durable; one for the same number that waits already is returned in its place.

        `phone` is read as people in the hub's region write numbers. Raises CallbackRefusedError, StoreError.
        """

    async def callback(self, callback_id: str) -> Callback | None:
        """Return it as it stands, over or not; None where there is no such. Raises StoreError."""

    async def cancel(self, callback_id: str, *, reason: str) -> Callback | None:
        """Return it as it stands now, None where there is no such. What rings for it is hung up. Raises StoreError."""

    def waiting(self) -> Sequence[Callback]:
        """Return those that are not over, the oldest first."""


class LiveCalls(Protocol):
    def live_calls(self) -> Sequence[Call]:
        """Return the calls of all PBXs that are not over, the oldest first."""


class CallControl(Protocol):
    """Carries out commands, each within its time limit. Who may is decided before (`hub/desk`)."""

    async def execute(self, command: Command, actor: Actor, *, within_s: float | None = None) -> CommandResult:
        """Return how it went; a refusal is a result too. A command id that was seen before changes nothing.

        What about a call has not begun within `within_s` seconds is not begun any more. `command.agent` is set. What
        was done or refused, and for whom, is in the journal when this returns.
        """

    async def has_seen(self, command: Command, actor: Actor) -> bool:
        """Whether a command of that id was given by this one before, as far as is known; if not, it may have been."""

    async def refuse(self, command: Command, actor: Actor, refusal: Refusal, message: str) -> CommandResult:
        """Journal that a command was not even tried, and return that as its result."""


class AgentDirectory(Protocol):
    """The agents and queues of all PBXs at this moment."""

    def agents(self) -> Sequence[AgentStatus]:
        """Return every agent of the configuration, by id."""

    def agent(self, agent_id: str) -> AgentStatus | None: ...

    def queues(self) -> Sequence[QueueStatus]:
        """Return every queue of every connected PBX, by PBX and name."""


class CallerRouting(Protocol):
    """Says where to with a caller while the caller waits."""

    async def decide(self, enquiry: Enquiry) -> RoutingAnswer:
        """Return within the configured deadline, with what is known by then."""


ContextListener = Callable[[CustomerContext], None]


class ContextProvider(Protocol):
    """Assembles what is known of a call's other party. All methods return at once."""

    def begin(self, call: Call) -> None:
        """Start the lookups for a call; a second time for the same call does nothing."""

    def current(self, call_id: str) -> CustomerContext | None: ...

    def end(self, call_id: str) -> None:
        """Take it that a call is over; once what was asked of its caller is known, or is not to be had, forget it."""

    def subscribe(self, listener: ContextListener) -> None:
        """Call `listener` with each new revision of any context, from the event loop."""


class BackendDirectory(Protocol):
    """The backends of the configuration."""

    def backends(self) -> Sequence[BackendStatus]:
        """Return how each is, in the order of the configuration."""

    async def reload(self) -> ReloadResult:
        """Take in what has changed in the configuration's connectors and their files; if anything is wrong, nothing.

        Raises ReloadNotPossibleError.
        """


class PbxStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a PBX is connected, and in plain words why not."""

    name: str
    connected: bool
    reason: str = ""


class StatusSource(Protocol):
    """What /readyz and the desk tell of the hub's own state."""

    def pbx_status(self) -> Sequence[PbxStatus]: ...

    def problems(self) -> Sequence[str]:
        """Reasons for which the hub is not ready; empty when it is."""
