"""Systems that only tell, and backends that are down: the store answers in their place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from connectors.base import ConnectorError
from hub.config.model import ContextSection
from hub.context.remembered import SHARERS, RememberedSystem
from hub.context.service import ContextService
from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.customer import AnswerState, Case, CustomerContext, CustomerQuery, CustomerRecord, Name, Order, Problem
from hub.domain.event import FeedData, feed_event, new_id
from hub.domain.interaction import CustomerRef
from hub.domain.phone import parse_number
from hub.journal.journal import Journal
from tests.unit.context.backends import Backend
from tests.unit.context.test_service import NUMBER, call
from tests.unit.journal.customer_samples import answered, opened, ordered, record, told
from tests.waiting import eventually

BY_PHONE = CustomerQuery(phone=parse_number(NUMBER, "DE"))
ANNA = record("1", "Anna Huber", phone=NUMBER, email="anna@huber.example")
BERT = record("2", "Bert Huber", phone=NUMBER)
OF_ANNA = CustomerRef(ids={"shop": "1"})


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened_journal = await Journal.open(tmp_path / "journal.db", remembers=lambda system: system == "crm")
    yield opened_journal
    await opened_journal.close()


@pytest.fixture
def shop(journal: Journal) -> RememberedSystem:
    return RememberedSystem("shop", "Web shop", journal.customers)


async def test_a_system_that_only_tells_answers_by_number_address_and_id(
    journal: Journal, shop: RememberedSystem
) -> None:
    """With what it told last, and with nothing of other systems."""
    await journal.append(told(ANNA))
    await journal.append(told(record("9", "Somebody else's", system="erp", phone=NUMBER)))
    for query in (BY_PHONE, CustomerQuery(email="Anna@Huber.example"), CustomerQuery(ids={"shop": "1"})):
        (found,) = await shop.lookup(query)
        assert ANNA == msgspec.structs.replace(found, fetched_at=None)
    assert [] == list(await shop.lookup(CustomerQuery(ids={"shop": "2"})))


@pytest.mark.parametrize("names", ["its own", "the other"])
async def test_a_record_without_number_is_found_by_what_other_systems_know_of_it(
    journal: Journal, shop: RememberedSystem, names: str
) -> None:
    """Whichever of both systems names the other's id; and nobody by a number that very many have."""
    points, owner = record("7", "Anna Huber"), record("C-1", "Anna Huber", system="erp", phone=NUMBER)
    if names == "the other":
        points = msgspec.structs.replace(points, ids={"erp": "C-1"})
    else:
        owner = msgspec.structs.replace(owner, ids={"shop": "7"})
    await journal.append(told(points))
    await journal.append(told(owner))
    assert ["7"] == [one.id for one in await shop.lookup(BY_PHONE)]
    for number in range(SHARERS):
        await journal.append(told(record(f"C-2{number}", "Somebody", system="erp", phone=NUMBER)))
    assert [] == list(await shop.lookup(BY_PHONE))


async def test_whom_a_question_names_by_id_is_meant_and_not_who_shares_the_number(
    journal: Journal, shop: RememberedSystem
) -> None:
    """By number only where nobody has the id."""
    for one in (ANNA, BERT):
        await journal.append(told(one))
    by_both = msgspec.structs.replace(BY_PHONE, ids={"shop": "2"})
    assert ["2"] == [one.id for one in await shop.lookup(by_both)]
    by_number = msgspec.structs.replace(BY_PHONE, ids={"shop": "77"})
    assert {"1", "2"} == {one.id for one in await shop.lookup(by_number)}


async def test_orders_and_cases_that_were_told_alone_are_in_the_record(
    journal: Journal, shop: RememberedSystem
) -> None:
    """The newest state of each in place of what the record said; of whom a shared number names they are nobody's."""
    await journal.append(told(msgspec.structs.replace(ANNA, orders=(Order(id="B-1", status="open"), Order(id="B-0")))))
    await journal.append(told(BERT))
    await journal.append(ordered("B-1", OF_ANNA, 1, status="shipped"))
    await journal.append(ordered("B-2", CustomerRef(emails=("anna@huber.example",)), 2))
    await journal.append(ordered("B-3", CustomerRef(phones=(NUMBER,)), 3))
    await journal.append(opened("T-1", OF_ANNA))
    anna, bert = sorted(await shop.lookup(BY_PHONE), key=lambda one: one.id)
    assert {"B-0": "", "B-1": "shipped", "B-2": ""} == {order.id: order.status for order in anna.orders}
    assert (["T-1"], (), ()) == ([case.id for case in anna.cases], bert.orders, bert.cases)


async def test_who_is_known_by_orders_alone_is_found_with_them(journal: Journal, shop: RememberedSystem) -> None:
    """By what the order says of its customer, if that is an id of the system's."""
    whose = CustomerRef(ids={"shop": "5"}, phones=(NUMBER,))
    await journal.append(ordered("B-5", whose))
    await journal.append(ordered("B-6", CustomerRef(ids={"shop": "5"}), 1))
    await journal.append(ordered("B-7", CustomerRef(phones=("+4989123456",))))
    (found,) = await shop.lookup(BY_PHONE)
    assert ("5", {"B-5", "B-6"}) == (found.id, {order.id for order in found.orders})
    assert [] == list(await shop.lookup(CustomerQuery(phone=parse_number("+4989123456", "DE"))))


async def test_a_store_that_cannot_be_read_is_a_failed_answer(journal: Journal, shop: RememberedSystem) -> None:
    """In the contract's words."""
    await journal.close()
    with pytest.raises(ConnectorError, match="shop told can't be read"):
        await shop.lookup(BY_PHONE)


async def test_a_live_call_shows_what_is_pushed_at_once(journal: Journal, shop: RememberedSystem) -> None:
    """A customer, then an order, a case and another name: each within the same call."""
    service = ContextService([shop], ContextSection(cache_s=0), interactions=journal, decisions=journal)
    service.begin(call())

    def now() -> CustomerContext:
        current = service.current("main-1")
        assert current is not None
        return current

    async def feed(data: FeedData) -> None:
        event = feed_event(data, feed="shop", event_id=new_id(), at=datetime.now(UTC))
        await journal.append(event)
        if isinstance(data, CustomerChange):
            service.customer_changed(data.customer)
        elif isinstance(data, OrderChange | CaseChange):
            service.matter_changed(data, received=event.time)

    await eventually(lambda: now().complete)
    assert (AnswerState.NOT_FOUND, "Web shop") == (now().answers[0].state, now().answers[0].title)
    await feed(CustomerChange(customer=ANNA))
    await eventually(lambda: now().customer is not None)
    await feed(OrderChange(system="shop", customer=OF_ANNA, order=Order(id="B-1")))
    await feed(CaseChange(system="shop", customer=CustomerRef(phones=(NUMBER,)), case=Case(id="T-1")))
    await feed(CustomerChange(customer=msgspec.structs.replace(ANNA, name=Name(full="Anna Maier"))))

    def shown() -> tuple[str, list[str], list[str]]:
        customer = now().customers[0]
        orders, cases = customer.orders, customer.cases
        return customer.display_name, [one.value.id for one in orders], [one.value.id for one in cases]

    await eventually(lambda: shown() == ("Anna Maier", ["B-1"], ["T-1"]))
    await service.close()


async def test_what_a_backend_said_before_stands_in_while_it_is_down(journal: Journal) -> None:
    """Also after a restart: with when it was, and why it could not be asked. A refusal is no outage."""
    fetched = datetime(2026, 3, 1, 12, tzinfo=UTC)
    await journal.append(answered(record("7", "Anna Huber", system="crm", phone=NUMBER)))

    async def stand_in(system: str, query: CustomerQuery) -> list[CustomerRecord]:
        return list(await RememberedSystem(system, "", journal.customers).lookup(query))

    down = Backend("crm", error=ConnectorError(Problem.UNREACHABLE, "crm: connection refused"))
    odd = Backend("erp", error=ConnectorError(Problem.MALFORMED, "erp: no JSON"))
    service = ContextService([down, odd], ContextSection(), stand_in=stand_in)
    context = await service.find(BY_PHONE, within_s=5)
    crm, erp = context.answers
    assert (AnswerState.FOUND, Problem.UNREACHABLE, fetched) == (crm.state, crm.problem, crm.as_of)
    assert ("CRM", "crm: connection refused", ["7"]) == (crm.title, crm.detail, [one.id for one in crm.records])
    assert (AnswerState.FAILED, ()) == (erp.state, erp.records)
    down.error = None
    down.records = [record("7", "Anna Maier", system="crm")]
    again = await service.find(BY_PHONE, within_s=5)
    assert (AnswerState.FOUND, None, None) == (again.answers[0].state, again.answers[0].problem, again.answers[0].as_of)
    await service.close()
