"""What the tests of outbound have in common: events, a backend that keeps what it is given, a clock that is wound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from connectors.base import ConnectorError
from hub.config.outbound import OutboundSection
from hub.domain.backend import BackendState, BackendStatus
from hub.domain.call import (
    Call,
    CallEvent,
    CallEventKind,
    Cause,
    Connection,
    ConnectionState,
    Direction,
    Outcome,
    Role,
)
from hub.domain.customer import AnswerState, BackendAnswer, Customer, CustomerContext, CustomerQuery, CustomerRecord
from hub.domain.event import Event, FeedData, call_event, context_event, feed_event
from hub.domain.inbound import DeadLetter
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import PhoneNumber, parse_number
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from hub.journal.journal import Journal
from hub.outbound.outbound import Backend, Outbound
from hub.outbound.reader import OnDead, Reader
from hub.outbound.waiting import UNSURE_S
from tests.waiting import eventually

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NUMBER = parse_number("+498912345678", "DE")
CALLS = {"on": ["cti.call.cleared"]}


def call(number: int = 1, **changes: Any) -> Call:
    """Make a call of a minute's talk with Alice."""
    part = Connection(
        id="c1", device="PJSIP/1001", role=Role.CALLED, state=ConnectionState.NULL, since=NOON, agent="alice",
        alerted_at=NOON, connected_at=NOON,
    )  # fmt: skip
    made = Call(
        id=f"main-{number}", pbx="main", direction=Direction.INBOUND, started_at=NOON,
        answered_at=NOON + timedelta(seconds=5), ended_at=NOON + timedelta(seconds=65), caller=NUMBER, queue="support",
        connections=(part,), outcome=Outcome.ANSWERED,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def cleared(number: int = 1, *, at: datetime = NOON, **changes: Any) -> Event:
    """Wrap the end of a call."""
    return call_event(
        CallEvent(kind=CallEventKind.CLEARED, time=at, call=call(number, **changes), cause=Cause.NORMAL_CLEARING)
    )


def answer(state: AnswerState, connector: str = "crm") -> BackendAnswer:
    return BackendAnswer(connector=connector, title=connector, state=state)


def context(
    number: int, *customers: Customer, answers: Sequence[BackendAnswer] = (), phone: PhoneNumber = NUMBER
) -> Event:
    """Wrap what was known of a call's other party."""
    made = CustomerContext(
        call_id=f"main-{number}", phone=phone, complete=True, customers=customers, answers=tuple(answers)
    )
    return context_event(made, pbx="main")


def interaction(identity: str = "m-1", **changes: Any) -> Interaction:
    made = Interaction(
        id=identity, source="mail", channel=Channel.EMAIL, at=NOON, subject="Pump leaks", text="Since Monday.",
        customer=CustomerRef(ids={"crm": "C-1"}), direction="inbound", status="open", reference="T-7",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def fed(data: FeedData, *, event_id: str = "e-1", feed: str = "mail") -> Event:
    """Wrap what a feed brought."""
    return feed_event(data, feed=feed, event_id=event_id, at=NOON)


class Keeper:
    """A backend that keeps what it is given, in its order; each thing once. `errors` are raised first, one a write."""

    def __init__(
        self, name: str = "crm", *records: CustomerRecord, writes: Sequence[WriteKind] = tuple(WriteKind)
    ) -> None:
        self.name = name
        self.title = name
        self.writes = frozenset(writes)
        self.records = records
        self.kept: dict[tuple[WriteKind, str], WriteBack] = {}
        self.tried: list[str] = []
        self.asked: list[CustomerQuery] = []
        self.errors: list[ConnectorError] = []
        self.refused: Mapping[str, ConnectorError] = {}
        self.is_down: ConnectorError | None = None
        self.error_of_check: ConnectorError | None = None
        self.waiting = 0
        self.at_work: asyncio.Event | None = None
        """Where a test lets it work as long as it likes."""
        self.after: Callable[[WriteBack], None] = lambda _entry: None

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def check(self) -> str:
        if self.error_of_check:
            raise self.error_of_check
        return "fine"

    def status(self) -> BackendStatus:
        return BackendStatus(name=self.name, title=self.title, kind="test", state=BackendState.UP, waiting=self.waiting)

    def answers(self, query: CustomerQuery) -> bool:
        return not query.is_empty

    async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
        self.asked.append(query)
        if self.is_down and not query.is_empty:
            raise self.is_down
        return self.records

    async def write(self, entry: WriteBack) -> WriteResult:
        self.tried.append(entry.id)
        if self.at_work is not None:
            await self.at_work.wait()
        if self.errors:
            raise self.errors.pop(0)
        if error := self.is_down or self.refused.get(entry.id):
            raise error
        was_there = (entry.kind, entry.id) in self.kept
        self.kept.setdefault((entry.kind, entry.id), entry)
        self.after(entry)
        return WriteResult(was_there=was_there)

    @property
    def ids(self) -> list[str]:
        """Return what it has, in the order in which it came."""
        return [entry.id for entry in self.kept.values()]


class Clock:
    """Time that passes only where somebody waits for it: `waits` are those waits."""

    def __init__(self) -> None:
        self.now = NOON
        self.waits: list[float] = []
        self.on_wait: Callable[[], None] = lambda: None
        self.stops_at: int | None = None
        """After so many waits time stands still, and whoever waits goes on when what it waits for comes."""

    def __call__(self) -> datetime:
        return self.now

    async def pause(self, seconds: float, *, until: asyncio.Event) -> None:
        self.waits.append(seconds)
        if self.stops_at is not None and len(self.waits) >= self.stops_at:
            await until.wait()
            return
        self.now += timedelta(seconds=seconds)
        self.on_wait()
        await asyncio.sleep(0)


class Site:
    """A journal, a backend `crm` and what is written to it; more backends can be put into `backends`."""

    def __init__(self, journal: Journal, folder: Path) -> None:
        self.journal = journal
        self.crm = Keeper()
        self.clock = Clock()
        self.folder = folder
        self.backends: dict[str, Backend] = {}
        self.dead: list[DeadLetter] = []
        self.outbound = self.another()

    def another(self) -> Outbound:
        """Return what a hub that is started again has."""
        self.outbound = Outbound(
            backends=lambda: self.backends,
            journal=self.journal,
            mapping_folders=[self.folder],
            agent_names={"alice": "Alice Weber"},
            region="DE",
            on_dead=self.dead.extend,
            reader=self._reader,
        )
        return self.outbound

    def _reader(self, name: str, setup: Any, journal: Any, on_dead: OnDead) -> Reader:
        return Reader(name, setup, journal, on_dead, clock=self.clock, pause=self.clock.pause, unsure_s=UNSURE_S)

    def rules(self, *rules: Mapping[str, Any], connector: Keeper | None = None, **section: Any) -> None:
        """Have these be the rules of a connector, as its configuration says them."""
        to = connector or self.crm
        made = OutboundSection.model_validate({"rules": list(rules), **section})
        self.backends[to.name] = Backend(to, made)

    async def start(self) -> None:
        await self.outbound.start()

    async def restart(self, *, killed: bool = False) -> None:
        """Start it again; one that was `killed` has not saved where it stood."""
        if killed:
            for reader in self.outbound._readers.values():  # a process that is killed says nothing to its parts
                for task in (reader._task, reader._place._saving):
                    assert task is not None
                    task.cancel()
        else:
            await self.outbound.stop()
        await self.another().start()

    async def happened(self, *events: Event) -> None:
        for event in events:
            await self.journal.append(event)

    async def dealt_with(self, connector: str = "crm") -> None:
        """Wait until all that is in the journal has been dealt with."""
        await eventually(lambda: self.outbound._readers[connector].behind == 0, "nothing waits any more")

    def status(self, connector: str = "crm") -> BackendStatus:
        return self.outbound.completed(self.backends[connector].connector.status())

    def counts(self, connector: str = "crm") -> dict[str, int]:
        return dict(self.outbound._readers[connector].counts)


def known(number: str = "C-1") -> Customer:
    return Customer(ids={"crm": number})
