"""What a system tells ages and corrects what that system says of that customer, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from hub.context.pushed import with_customer, with_matter
from hub.domain.change import CaseChange, ChangeKind, OrderChange
from hub.domain.customer import AnswerState, Case, CustomerContext, CustomerRecord, Name, Order, Phone, Problem
from hub.domain.interaction import Channel, CustomerRef, Interaction
from tests.unit.context.backends import Backend, ConnectorError
from tests.unit.context.test_service import MARIA, NUMBER
from tests.unit.context.test_stale import Place
from tests.waiting import eventually

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BY_NUMBER = CustomerRef(phones=(NUMBER,))
IN_CRM = msgspec.structs.replace(MARIA, system="crm", id="9")
SENT = OrderChange(system="sap", customer=BY_NUMBER, order=Order(id="4711", status="sent"))


def chat(source: str) -> Interaction:
    return Interaction(id="1", channel=Channel.CHAT, at=AT, subject="Where is it?", customer=BY_NUMBER, source=source)


class Two:
    """SAP and the CRM, both asked once about the same number."""

    def __init__(self) -> None:
        self.sap, self.crm = Backend("sap", [MARIA]), Backend("crm", [IN_CRM])
        self.place = Place(self.sap, self.crm)
        self.service = self.place.service

    @property
    def requests(self) -> tuple[int, int]:
        return len(self.sap.asked), len(self.crm.asked)

    @property
    def context(self) -> CustomerContext:
        """What is known in the call under way."""
        context = self.service.current("main-2")
        assert context is not None
        return context

    async def rings_again(self) -> tuple[int, int]:
        """Return how often each was asked once another call of the customer has all its answers afresh."""
        self.place.rings()
        await eventually(
            lambda: all(answer.as_of is None and answer.state is AnswerState.FOUND for answer in self.context.answers)
        )
        return self.requests


@pytest.mark.parametrize(
    ("system", "requests"),
    [("sap", (2, 1)), ("crm", (1, 2)), ("webshop", (1, 1)), ("", (1, 1)), ("krm", (1, 1))],
)
async def test_a_contact_ages_what_its_own_system_says(system: str, requests: tuple[int, int]) -> None:
    """A chat that the CRM tells of may have changed something there, one that the site tells of nowhere."""
    two = Two()
    await two.place.looked_up()
    two.service.interaction_recorded(chat(system))
    assert requests == await two.rings_again()
    await two.service.close()


@pytest.mark.parametrize("source", ["ctihub", "phone"])
async def test_what_an_agent_notes_ages_nothing(source: str) -> None:
    """The hub's own word is no news of a backend's customer."""
    two = Two()
    await two.place.looked_up()
    two.service.call_wrapped_up(chat(source))
    assert (1, 1) == await two.rings_again()
    await two.service.close()


@pytest.mark.parametrize(
    "changed",
    [
        SENT,
        CaseChange(system="sap", customer=CustomerRef(ids={"sap": MARIA.id}), case=Case(id="9")),
        msgspec.structs.replace(SENT, change=ChangeKind.DELETED),
    ],
)
async def test_an_order_or_case_ages_its_system_alone(changed: OrderChange | CaseChange) -> None:
    """Nobody talks to the customer: at the next call that system is asked once more, the other one is not."""
    two = Two()
    await two.place.looked_up()
    two.service.matter_changed(changed, received=AT)
    assert (1, 1) == two.requests
    assert (2, 1) == await two.rings_again()
    await two.service.close()


async def test_somebody_else_s_order_ages_nothing() -> None:
    """By number, address or id: neither of them is this customer's."""
    two = Two()
    await two.place.looked_up()
    for customer in (CustomerRef(phones=("+4930123456",)), CustomerRef(ids={"sap": "another"})):
        two.service.matter_changed(msgspec.structs.replace(SENT, customer=customer), received=AT)
    assert (1, 1) == await two.rings_again()
    await two.service.close()


async def test_an_order_is_in_a_live_call_at_once() -> None:
    """It is there before the system has been asked, as an order and as a contact; then its answer takes the place."""
    two = Two()
    two.place.rings()
    await eventually(lambda: two.context.complete)
    two.sap.gate = asyncio.Event()
    seen = len(two.place.seen)
    two.service.matter_changed(SENT, received=AT)
    context = two.service.current("main-2")
    assert context is not None
    [customer] = context.customers
    assert [("4711", "sent", "sap")] == [(one.value.id, one.value.status, one.system) for one in customer.orders]
    assert [("4711", "sent")] == [(one.reference, one.status) for one in context.interactions]
    assert context == two.place.seen[-1]
    assert context.revision > two.place.seen[seen - 1].revision
    await eventually(lambda: (2, 1) == two.requests)
    two.sap.records = [msgspec.structs.replace(MARIA, orders=(Order(id="4711", status="delivered"),))]
    two.sap.gate.set()
    await eventually(lambda: ["delivered"] == [one.value.status for one in two.context.customers[0].orders])
    assert (2, 1) == two.requests
    await two.service.close()


async def test_what_was_told_stays_while_the_system_is_down() -> None:
    """The order came over the bus; that its system can't be asked now takes it from nobody's screen."""
    two = Two()
    two.place.rings()
    await eventually(lambda: two.context.complete)
    two.sap.error = ConnectorError(Problem.UNREACHABLE, "sap: no connection")
    two.service.matter_changed(SENT, received=AT)
    await eventually(lambda: (2, 1) == two.requests and "unreachable" in two.place.outcomes)
    context = two.service.current("main-2")
    assert context is not None
    assert ["sent"] == [one.value.status for one in context.customers[0].orders]
    await two.service.close()


async def test_an_order_that_came_while_its_system_was_asked() -> None:
    """Its answer may be from before: it is asked once more; the other one, asked at the same time, is not."""
    gate = asyncio.Event()
    two = Two()
    two.sap.gate = two.crm.gate = gate
    two.place.rings()
    await eventually(lambda: (1, 1) == two.requests)
    two.service.matter_changed(msgspec.structs.replace(SENT, customer=CustomerRef(ids={"sap": MARIA.id})), received=AT)
    gate.set()
    await eventually(lambda: (2, 1) == two.requests)
    await eventually(lambda: two.context.complete)
    two.service.end("main-2")
    assert (2, 1) == await two.rings_again()
    await two.service.close()


async def test_a_deleted_customer_is_gone_at_once() -> None:
    """From the call in progress; the other system's record of them stays."""
    two = Two()
    two.place.rings()
    await eventually(lambda: two.context.complete)
    two.sap.records = []
    two.service.customer_changed(CustomerRecord(system="sap", id=MARIA.id), is_deleted=True)
    context = two.service.current("main-2")
    assert context is not None
    assert [{"crm": "9"}] == [customer.ids for customer in context.customers]
    await eventually(lambda: (2, 1) == two.requests)
    await two.service.close()


ONE = CustomerRecord(system="sap", id="1", phones=(Phone(number=NUMBER),), orders=(Order(id="1"), Order(id="2")))
OTHER = CustomerRecord(system="sap", id="2", phones=(Phone(number=NUMBER),), cases=(Case(id="7"),))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (SENT, [["1", "2"], []]),
        (msgspec.structs.replace(SENT, customer=CustomerRef(ids={"sap": "2"})), [["1", "2"], ["4711"]]),
        (msgspec.structs.replace(SENT, customer=CustomerRef(ids={"crm": "2"})), [["1", "2"], []]),
        (msgspec.structs.replace(SENT, order=Order(id="2", open=False)), [["1", "2 done"], []]),
        (msgspec.structs.replace(SENT, order=Order(id="1"), change=ChangeKind.DELETED), [["2"], []]),
        (msgspec.structs.replace(SENT, change=ChangeKind.DELETED), [["1", "2"], []]),
    ],
)
def test_whose_order_it_is(changed: OrderChange, expected: list[list[str]]) -> None:
    """By the system's own id, by whose it was before, by the only one with that number; else it is nobody's here."""
    records = with_matter((ONE, OTHER), [NUMBER], changed=changed)
    said = [[one.id if one.open else f"{one.id} done" for one in record.orders] for record in records]
    assert expected == said


def test_a_case_takes_the_place_of_what_it_was() -> None:
    """Cases as orders."""
    change = CaseChange(system="sap", customer=BY_NUMBER, case=Case(id="7", status="solved"))
    records = with_matter((ONE, OTHER), (), changed=change)
    assert (ONE, ("solved",)) == (records[0], tuple(case.status for case in records[1].cases))
    gone = with_matter(records, (), changed=msgspec.structs.replace(change, change=ChangeKind.DELETED))
    assert () == gone[1].cases


def test_what_a_customer_was_not_told_with_stays() -> None:
    """A feed may know less of a customer than the backend answers."""
    told = CustomerRecord(system="sap", id="1", name=Name(full="Petra Vogt"), mapping="feed@1")
    assert (msgspec.structs.replace(ONE, name=told.name, mapping="feed@1"), OTHER) == with_customer(
        (ONE, OTHER), (), told=told
    )
    assert (OTHER,) == with_customer((ONE, OTHER), (), told=told, is_deleted=True)
