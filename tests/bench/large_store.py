"""A store with a great many customers and contacts, made by the hub's own write path in large transactions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, Connection, ConnectionState, Direction, Outcome, Role
from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.customer import Case, CustomerRecord, Email, Name, Order, Phone
from hub.domain.event import Event, FeedData, call_event, feed_event, new_id
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import PhoneNumber
from hub.domain.store_place import StorePlace
from hub.journal.batch import PendingEvents, write_batch
from hub.journal.customers import nothing_remembered
from hub.journal.store import store_at
from hub.store.connection import StoreConnection

EACH: Final = 10
"""Contacts for each customer, on average."""
HEAVY: Final = 20
"""Customers with a thousandth of all contacts each: 10,000 of 10,000,000."""
SWITCHBOARDS: Final = 10
"""Numbers that a thousandth of all calls come from each, of many customers."""
BATCH: Final = 2_000
TRANSACTION: Final = 500_000
"""Events that are committed together."""
YEARS_S: Final = 3 * 365 * 86_400

_SURNAMES = ("Vogt", "Huber", "Šimek", "Müller", "Yılmaz", "Kowalczyk", "Rossi", "Nguyen", "García", "Okafor")
_GIVEN = ("Petra", "Maria", "Jonas", "Elif", "Marek", "Giulia", "Linh", "José", "Ada", "Karl")
_MESSAGES = (
    (Channel.EMAIL, "mail", 30),
    (Channel.CHAT, "chat", 20),
    (Channel.WEB, "web", 15),
    (Channel.SELF_SERVICE, "portal", 4),
    (Channel.BRANCH, "branch", 1),
)
_OF_MESSAGES = tuple(kind for kind in _MESSAGES for _ in range(kind[2]))


def number(customer: int) -> str:
    """Return a customer's number (E.164)."""
    return f"+4915{customer:09d}"


def switchboard(which: int) -> str:
    return f"+4930{which:08d}"


def reference(customer: int) -> CustomerRef:
    return CustomerRef(phones=(number(customer),), ids={"crm": f"C{customer:07d}"})


class Population:
    """Who there is, and who is heard of next: the same for the same size. The last contact was at `now`."""

    def __init__(self, customers: int, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)
        self.customers = customers
        self.contacts = customers * EACH
        self._random = random.Random(4711)  # noqa: S311 - no secret

    def somebody(self) -> int:
        """Return a customer as they are heard of: a few very often, most now and then."""
        draw = self._random.random()
        if draw < HEAVY / 1_000:
            return int(draw * 1_000)
        return int(self.customers * self._random.random() ** 2)

    def events(self) -> Iterator[Event]:
        """Yield each customer's record, then their contacts in the order in which they happened."""
        for customer in range(self.customers):
            yield _fed(_record(customer), "crm", self.now - timedelta(seconds=YEARS_S))
        for place in range(self.contacts):
            at = self.now - timedelta(seconds=YEARS_S * (1 - place / self.contacts))
            yield self._contact(place, at)

    def _contact(self, place: int, at: datetime) -> Event:
        customer = self.somebody()
        draw = self._random.random()
        if draw < 0.2:
            shared = self._random.random() * 1_000
            caller = switchboard(int(shared)) if shared < SWITCHBOARDS else number(customer)
            return _call(place, caller, at)
        ref = reference(customer)
        if draw < 0.3:
            matter = customer * 100 + self._random.randrange(3)
            order = Order(id=f"O{matter}", status=self._random.choice(("ordered", "packed", "shipped")))
            return _fed(OrderChange(system="shop", customer=ref, order=order, at=at), "shop", at)
        if draw < 0.4:
            matter = customer * 100 + self._random.randrange(2)
            case = Case(
                id=f"K{matter}", subject="Pump leaks", status=self._random.choice(("open", "waiting", "closed"))
            )
            return _fed(CaseChange(system="crm", customer=ref, case=case, at=at), "crm", at)
        channel, source, _ = self._random.choice(_OF_MESSAGES)
        return _fed(
            Interaction(
                id=f"{source}-{place:09d}",
                channel=channel,
                at=at,
                subject="About my order, which has not come yet",
                customer=ref,
                source=source,
                direction="inbound",
                text="Good day, I ordered a pump three weeks ago and would like to know where it is. " * 2,
                reference=f"K{customer * 100}" if draw > 0.8 else "",
            ),
            source,
            at,
        )


def fill(place: StorePlace, events: Iterable[Event]) -> int:
    """Make the store and write everything that there is; return how many events that was."""
    store = store_at(place)
    connection = store.open_writer()
    try:
        return _write(connection, iter(events))
    finally:
        connection.close()
        store.release()


def _write(connection: StoreConnection, events: Iterator[Event]) -> int:
    bulk = _Bulk(connection)
    count = 0
    with bulk.without_waiting_for_the_disk():
        while True:
            before = count
            with connection.transaction():
                while count - before < TRANSACTION and (some := list(islice(events, BATCH))):
                    pending = PendingEvents(some, None)
                    write_batch(bulk, [pending], known_up_to=count, remembers=nothing_remembered)
                    count += len(some)
            if count == before:
                return count


class _Bulk:
    """A connection within a transaction that is already begun."""

    is_lost = False

    def __init__(self, connection: StoreConnection) -> None:
        self._connection = connection

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        return self._connection.rows(statement, values)

    def rows_of_each(self, statement: str, rows: Sequence[Sequence[Any]]) -> Sequence[tuple[Any, ...]]:
        return self._connection.rows_of_each(statement, rows)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        return self._connection.execute(statement, values)

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        self._connection.execute_many(statement, rows)

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()

    def check(self) -> None:
        self._connection.check()

    def close(self) -> None:
        """Do nothing: it is another's."""

    @contextmanager
    def without_waiting_for_the_disk(self) -> Iterator[None]:
        """Let the machine write when it likes to: a store that is lost with its power is made anew."""
        is_file = type(self._connection).__name__ == "FileConnection"
        if not is_file:
            self.execute("SET synchronous_commit TO off")
            yield
            return
        for setting in ("synchronous = OFF", "journal_mode = DELETE", "journal_mode = OFF", "cache_size = -2000000"):
            self.rows(f"PRAGMA {setting}")
        yield
        for setting in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -2000"):
            self.rows(f"PRAGMA {setting}")


def _record(customer: int) -> CustomerChange:
    given, surname = _GIVEN[customer % 10], _SURNAMES[customer // 10 % 10]
    return CustomerChange(
        customer=CustomerRecord(
            system="crm",
            id=f"C{customer:07d}",
            name=Name(full=f"{given} {surname}", given=given, surname=surname),
            phones=(Phone(number=number(customer)),),
            emails=(Email(address=f"c{customer}@example.com"),),
        )
    )


def _fed(data: FeedData, feed: str, at: datetime) -> Event:
    return feed_event(data, feed=feed, event_id=new_id(), at=at)


def _call(place: int, caller: str, at: datetime) -> Event:
    ended = at + timedelta(seconds=90 + place % 300)
    agent = Connection(
        id=f"c{place}",
        device=f"PJSIP/{place % 200}",
        role=Role.CALLED,
        state=ConnectionState.NULL,
        since=ended,
        agent=f"agent{place % 200}",
        alerted_at=at,
        connected_at=at + timedelta(seconds=10),
        ended_at=ended,
    )
    call = Call(
        id=f"main-{place}",
        pbx="main",
        direction=Direction.INBOUND,
        started_at=at,
        caller=PhoneNumber(raw=caller, e164=caller),
        queue="support",
        answered_at=at + timedelta(seconds=10),
        ended_at=ended,
        connections=(agent,),
        outcome=Outcome.ANSWERED,
        cause=Cause.NORMAL_CLEARING,
    )
    return call_event(CallEvent(kind=CallEventKind.CLEARED, time=ended, call=call, cause=Cause.NORMAL_CLEARING))
