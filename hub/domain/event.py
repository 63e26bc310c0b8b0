"""The one kind of event: CloudEvents 1.0 (JSON format), one type per thing that can happen."""

from __future__ import annotations

import enum
import os
import threading
import time
import uuid
from datetime import UTC, datetime

import msgspec

from hub.domain.agent import AgentEvent
from hub.domain.call import CallEvent
from hub.domain.callback import Callback, CallbackState
from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.control import Actor, Command, CommandRecord, Refusal
from hub.domain.customer import CustomerContext
from hub.domain.identity import IdentityDecision, RecordRef
from hub.domain.interaction import CustomerRef, Interaction
from hub.domain.upcast import upcast
from hub.domain.writeback import WriteBack


class EventType(enum.StrEnum):
    CALL_QUEUED = "cti.call.queued"
    CALL_DELIVERED = "cti.call.delivered"
    CALL_ESTABLISHED = "cti.call.established"
    CALL_HELD = "cti.call.held"
    CALL_RETRIEVED = "cti.call.retrieved"
    CALL_DIVERTED = "cti.call.diverted"
    CALL_TRANSFERRED = "cti.call.transferred"
    CALL_CONFERENCED = "cti.call.conferenced"
    CALL_CONNECTION_CLEARED = "cti.call.connection_cleared"
    CALL_CLEARED = "cti.call.cleared"
    CALL_FAILED = "cti.call.failed"
    CALL_INFORMATION = "cti.call.call_information"
    CALL_DTMF = "cti.call.dtmf"
    AGENT_LOGGED_ON = "cti.agent.logged_on"
    AGENT_LOGGED_OFF = "cti.agent.logged_off"
    AGENT_READY = "cti.agent.ready"
    AGENT_NOT_READY = "cti.agent.not_ready"
    AGENT_BUSY = "cti.agent.busy"
    AGENT_AFTER_CALL_WORK = "cti.agent.after_call_work"
    COMMAND_CARRIED_OUT = "cti.command.carried_out"
    COMMAND_REFUSED = "cti.command.refused"
    CUSTOMER_CONTEXT_UPDATED = "cti.customer.context_updated"
    CUSTOMER_CHANGED = "cti.customer.changed"
    CUSTOMER_IDENTITY_DECIDED = "cti.customer.identity_decided"
    CUSTOMER_ERASED = "cti.customer.erased"
    ORDER_CHANGED = "cti.order.changed"
    CASE_CHANGED = "cti.case.changed"
    INTERACTION_RECORDED = "cti.interaction.recorded"
    CALLBACK_REQUESTED = "cti.callback.requested"
    CALLBACK_CALLING = "cti.callback.calling"
    CALLBACK_POSTPONED = "cti.callback.postponed"
    CALLBACK_DONE = "cti.callback.done"
    CALLBACK_FAILED = "cti.callback.failed"
    CALLBACK_CANCELLED = "cti.callback.cancelled"
    CALLBACK_EXPIRED = "cti.callback.expired"
    WRITE_BACK_REQUESTED = "cti.write_back.requested"
    CONNECTOR_UP = "cti.connector.up"
    CONNECTOR_DOWN = "cti.connector.down"


class ConnectorStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A backend that went away or came back, in words for the integrator."""

    connector: str
    reason: str = ""


class CustomerErased(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer of whom nothing personal is kept any more, on somebody's demand.

    `records` are the customer's ids in each system; numbers and addresses are gone. `events` of the journal were
    emptied.
    """

    records: tuple[RecordRef, ...]
    by: str
    events: int = 0


class WriteBackRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one backend is still to be given, because it could not take it when it was said; `reason` says why not.

    `is_unsure`: nobody knows whether the backend is still at it, so it is left alone with it for a while.
    """

    connector: str
    entry: WriteBack
    reason: str = ""
    is_unsure: bool = False


FeedData = CustomerChange | OrderChange | CaseChange | Interaction
"""What a feed's message can become."""

EventData = (
    CallEvent
    | AgentEvent
    | CommandRecord
    | CustomerContext
    | FeedData
    | IdentityDecision
    | CustomerErased
    | Callback
    | WriteBackRequest
    | ConnectorStatus
)


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A CloudEvent in the JSON event format; encoding this struct gives the wire form.

    `partitionkey` is the key within which order matters (the call id, the customer key).
    `sequence` is the journal's position, set when the event is stored (CloudEvents sequence extension: text
    that sorts in order, hence the leading zeros).
    `dataschema` names the schema of `data` and its major version; it follows from `type` where it is not given. An
    event from a journal of before there were schemas has none on the wire.
    """

    id: str
    type: EventType
    source: str
    subject: str
    time: datetime
    data: EventData
    partitionkey: str
    sequence: str = ""
    dataschema: str = ""
    specversion: str = "1.0"
    datacontenttype: str = "application/json"

    def __post_init__(self) -> None:
        if not self.dataschema:
            msgspec.structs.force_setattr(self, "dataschema", _DATASCHEMAS[self.type])


_DATA_TYPES: dict[EventType, type[EventData]] = {
    **{kind: AgentEvent for kind in EventType if kind.startswith("cti.agent.")},
    **{kind: Callback for kind in EventType if kind.startswith("cti.callback.")},
    EventType.COMMAND_CARRIED_OUT: CommandRecord,
    EventType.COMMAND_REFUSED: CommandRecord,
    EventType.CUSTOMER_CONTEXT_UPDATED: CustomerContext,
    EventType.CUSTOMER_CHANGED: CustomerChange,
    EventType.CUSTOMER_IDENTITY_DECIDED: IdentityDecision,
    EventType.CUSTOMER_ERASED: CustomerErased,
    EventType.ORDER_CHANGED: OrderChange,
    EventType.CASE_CHANGED: CaseChange,
    EventType.INTERACTION_RECORDED: Interaction,
    EventType.WRITE_BACK_REQUESTED: WriteBackRequest,
    EventType.CONNECTOR_UP: ConnectorStatus,
    EventType.CONNECTOR_DOWN: ConnectorStatus,
}


def data_type_of(kind: EventType) -> type[EventData]:
    """Return what events of that type carry."""
    return _DATA_TYPES.get(kind, CallEvent)


SCHEMA_VERSIONS: dict[type[EventData], tuple[str, int]] = {
    CallEvent: ("call", 1),
    AgentEvent: ("agent", 1),
    CommandRecord: ("command", 1),
    CustomerContext: ("customer-context", 2),
    CustomerChange: ("customer-change", 2),
    IdentityDecision: ("identity-decision", 1),
    CustomerErased: ("customer-erased", 1),
    Callback: ("callback", 1),
    OrderChange: ("order-change", 1),
    CaseChange: ("case-change", 1),
    Interaction: ("interaction", 1),
    WriteBackRequest: ("write-back-request", 1),
    ConnectorStatus: ("connector-status", 1),
}
"""What the schema of each kind of data is called, and its major version, which grows when a change breaks a reader."""


def dataschema(data_type: type[EventData]) -> str:
    """Return the name by which an event refers to the schema of its data."""
    name, major = SCHEMA_VERSIONS[data_type]
    return f"urn:ctihub:schema:{name}:{major}"


_DATASCHEMAS = {kind: dataschema(data_type_of(kind)) for kind in EventType}


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    type: EventType
    source: str
    subject: str
    time: datetime
    data: msgspec.Raw
    partitionkey: str
    sequence: str = ""
    dataschema: str = ""


_encoder = msgspec.json.Encoder()
_envelope_decoder = msgspec.json.Decoder(_Envelope)


def encode_event(event: Event) -> bytes:
    """Return the event in the CloudEvents JSON format, UTF-8."""
    return _encoder.encode(event)


def decode_event(body: bytes) -> Event:
    """Read what `encode_event` wrote, or an older version's: the event has the schema of now.

    Raises `msgspec.ValidationError` naming the field that does not fit.
    """
    envelope = _envelope_decoder.decode(body)
    current = _DATASCHEMAS[envelope.type]
    data = msgspec.json.decode(upcast(envelope.data, envelope.dataschema, current), type=data_type_of(envelope.type))
    return Event(
        id=envelope.id,
        type=envelope.type,
        source=envelope.source,
        subject=envelope.subject,
        time=envelope.time,
        data=data,
        partitionkey=envelope.partitionkey,
        sequence=envelope.sequence,
        dataschema=current,
    )


class _UuidClock:
    """Monotonic millisecond and counter for UUIDv7 (RFC 9562, 6.2 method 1: a counter in rand_a)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = 0
        self._counter = 0

    def tick(self) -> tuple[int, int]:
        now = time.time_ns() // 1_000_000
        with self._lock:
            if now > self._millisecond:
                self._millisecond = now
                self._counter = 0
            elif self._counter < 0xFFF:  # noqa: PLR2004 - rand_a has 12 bits
                self._counter += 1
            else:
                self._millisecond += 1
                self._counter = 0
            return self._millisecond, self._counter


_uuid_clock = _UuidClock()


_WRAP_UPS = uuid.UUID("0c7a6c36-7d4e-5c0b-8b0e-3a8d52e7c0f4")
ERASED = "erased"
"""The subject of an event whose customer was erased: there is nothing in it to act on any more."""

WRAP_UP = "wrap_up"
"""The field of an interaction's `extra` that holds the wrap-up's id."""
NEW_CASE = "new_case"
"""The field of a wrap-up's `extra` that holds the subject of the case that it opened."""
ABOUT = "about"
"""The field of a wrap-up's `extra` that holds the number of the matter that the call was about."""

_WRITE_BACKS = uuid.UUID("2f1c2d4e-6a0b-5e57-8f43-0b7c4d9e1a60")
_DECISIONS = uuid.UUID("7c1f6a52-93d0-5b8e-a1f4-2f6f0f3f9b27")
_COMMANDS = uuid.UUID("5b0f1f5e-4f3c-5d0a-9a0e-3d6a8f1f7c11")
"""The namespace of command events' ids."""


def new_id() -> str:
    """Make a UUIDv7 (RFC 9562, 5.7): sorts by time of creation within this process."""
    millisecond, counter = _uuid_clock.tick()
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    value = (millisecond << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | random
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def call_event(happened: CallEvent) -> Event:
    """Wrap a step of a call as the event that is journaled and published."""
    return Event(
        id=new_id(),
        type=EventType(f"cti.call.{happened.kind}"),
        source=f"/pbx/{happened.call.pbx}",
        subject=happened.call.id,
        time=happened.time,
        data=happened,
        partitionkey=happened.call.id,
    )


def agent_event(happened: AgentEvent) -> Event:
    """Wrap a change of an agent's state; ordered within the agent."""
    return Event(
        id=new_id(),
        type=EventType(f"cti.agent.{happened.kind}"),
        source=f"/pbx/{happened.pbx}",
        subject=happened.agent.agent,
        time=happened.time,
        data=happened,
        partitionkey=f"agent:{happened.agent.agent}",
    )


def command_event_id(command: Command, actor: Actor) -> str:
    """Return the id of a command's event: the same for the same actor's same command id (UUIDv5, RFC 9562)."""
    return str(uuid.uuid5(_COMMANDS, f"{actor.agent}\0{actor.token}\0{actor.rule}\0{command.id}"))


def dialled_channel(command: Command, actor: Actor) -> str:
    """Return the unique id of the channel that a `dial` makes: the same command makes no two at the same time.

    The id of its call ends with it.
    """
    return f"ctihub-{command_event_id(command, actor)}"


def command_event(record: CommandRecord) -> Event:
    """Wrap a command and how it went; ordered within its call, or its agent where it is about no call.

    Its id is made from who gave the command and the command's own, so that it is found by them. One that was not
    looked at for want of rights, or of an id of its own, has an id like any event.
    """
    call_id = getattr(record.command, "call_id", "") or record.result.call_id
    subject = call_id or record.command.agent
    was_looked_at = record.result.refusal not in (Refusal.NOT_ALLOWED, Refusal.ID_REUSED)
    return Event(
        id=command_event_id(record.command, record.actor) if was_looked_at else new_id(),
        type=EventType.COMMAND_CARRIED_OUT if record.result.done else EventType.COMMAND_REFUSED,
        source=f"/pbx/{record.pbx}" if record.pbx else "/desk",
        subject=subject,
        time=datetime.now(UTC),
        data=record,
        partitionkey=call_id or f"agent:{record.command.agent}",
    )


def interaction_event(interaction: Interaction, *, feed: str) -> Event:
    """Wrap an interaction that a feed brought; ordered within its customer."""
    keys = interaction.customer.keys()
    return Event(
        id=new_id(),
        type=EventType.INTERACTION_RECORDED,
        source=f"/feed/{feed}",
        subject=keys[0] if keys else interaction.id,
        time=datetime.now(UTC),
        data=interaction,
        partitionkey=keys[0] if keys else interaction.id,
    )


_FEED_TYPES: dict[type[FeedData], EventType] = {
    CustomerChange: EventType.CUSTOMER_CHANGED,
    OrderChange: EventType.ORDER_CHANGED,
    CaseChange: EventType.CASE_CHANGED,
    Interaction: EventType.INTERACTION_RECORDED,
}


def customer_of(data: FeedData) -> CustomerRef:
    """Return whom a feed's message is about."""
    return data.customer.ref() if isinstance(data, CustomerChange) else data.customer


def feed_event(data: FeedData, *, feed: str, event_id: str, at: datetime) -> Event:
    """Wrap what a feed brought `at` (UTC); ordered within its customer."""
    key = customer_of(data).first_key() or f"feed:{feed}"
    return Event(
        id=event_id,
        type=_FEED_TYPES[type(data)],
        source=f"/feed/{feed}",
        subject=key,
        time=at,
        data=data,
        partitionkey=key,
    )


def identity_event(decision: IdentityDecision) -> Event:
    """Wrap what a person decided of who is who, or took back; ordered within the decision.

    Its id is made from the decision's: the same decision is stored once, and taken back once.
    """
    return Event(
        id=str(uuid.uuid5(_DECISIONS, f"{decision.id}\0{'withdrawn' if decision.withdrawn else ''}")),
        type=EventType.CUSTOMER_IDENTITY_DECIDED,
        source="/desk",
        subject=decision.id,
        time=decision.at,
        data=decision,
        partitionkey=f"decision:{decision.id}",
    )


def erased_event(erased: CustomerErased, *, erasure_id: str) -> Event:
    """Wrap that a customer was erased; the same erasure is stored once."""
    return Event(
        id=erasure_id,
        type=EventType.CUSTOMER_ERASED,
        source="/desk",
        subject=erasure_id,
        time=datetime.now(UTC),
        data=erased,
        partitionkey=f"erasure:{erasure_id}",
    )


_CALLBACK_TYPES = {
    CallbackState.WAITING: EventType.CALLBACK_POSTPONED,
    CallbackState.CALLING: EventType.CALLBACK_CALLING,
    CallbackState.DONE: EventType.CALLBACK_DONE,
    CallbackState.FAILED: EventType.CALLBACK_FAILED,
    CallbackState.CANCELLED: EventType.CALLBACK_CANCELLED,
    CallbackState.EXPIRED: EventType.CALLBACK_EXPIRED,
}


def callback_event(callback: Callback) -> Event:
    """Wrap a callback as it stands; ordered within it. One that waits and was never tried was just asked for."""
    is_new = callback.state is CallbackState.WAITING and not callback.dials
    return Event(
        id=new_id(),
        type=EventType.CALLBACK_REQUESTED if is_new else _CALLBACK_TYPES[callback.state],
        source=f"/feed/{callback.site}",
        subject=callback.id,
        time=callback.at,
        data=callback,
        partitionkey=f"callback:{callback.id}",
    )


def write_back_event(request: WriteBackRequest) -> Event:
    """Wrap what a backend is still to be given: the same entry for the same backend is stored once."""
    entry = request.entry
    return Event(
        id=str(uuid.uuid5(_WRITE_BACKS, f"{request.connector}\0{entry.kind}\0{entry.id}")),
        type=EventType.WRITE_BACK_REQUESTED,
        source=f"/connector/{request.connector}",
        subject=entry.id,
        time=datetime.now(UTC),
        data=request,
        partitionkey=f"connector:{request.connector}",
    )


def wrap_up_event(interaction: Interaction, *, wrap_up_id: str = "") -> Event:
    """Wrap what an agent said of a call (`reference`): stored once, the first of a call without `wrap_up_id`."""
    return msgspec.structs.replace(
        interaction_event(interaction, feed=interaction.source), id=wrap_up_event_id(interaction.reference, wrap_up_id)
    )


def wrap_up_event_id(call_id: str, wrap_up_id: str) -> str:
    return str(uuid.uuid5(_WRAP_UPS, f"{call_id}\0{wrap_up_id}"))


def is_wrap_up(event: Event) -> bool:
    """Whether the event is what an agent said of a call: told by its id, which no feed's message can have."""
    said = event.data
    if not isinstance(said, Interaction) or not said.reference:
        return False
    return event.id in {wrap_up_event_id(said.reference, one) for one in ("", said.extra.get(WRAP_UP, ""))}


def context_event(context: CustomerContext, *, pbx: str) -> Event:
    """Wrap a completed customer context."""
    return Event(
        id=new_id(),
        type=EventType.CUSTOMER_CONTEXT_UPDATED,
        source=f"/pbx/{pbx}",
        subject=context.call_id,
        time=datetime.now(UTC),
        data=context,
        partitionkey=context.call_id,
    )


def connector_event(status: ConnectorStatus, *, up: bool) -> Event:
    """Wrap a backend's coming or going."""
    return Event(
        id=new_id(),
        type=EventType.CONNECTOR_UP if up else EventType.CONNECTOR_DOWN,
        source=f"/connector/{status.connector}",
        subject=status.connector,
        time=datetime.now(UTC),
        data=status,
        partitionkey=f"connector:{status.connector}",
    )
