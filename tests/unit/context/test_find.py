"""Whom a number, an e-mail address or an id names, for one who asks without a call."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from hub.config.model import ContextSection
from hub.context.question import MAX_NAMES, Question
from hub.context.service import ContextService
from hub.domain.customer import AnswerState, CustomerContext, CustomerQuery, CustomerRecord, Email, Name, Phone, Problem
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import PhoneNumber, parse_number
from tests.unit.context.backends import Backend, ConnectorError
from tests.unit.context.test_service import MARIA, MARIA_IN_OSC, NUMBER, Contacts, call, mail
from tests.waiting import eventually

BY_EMAIL = CustomerQuery(email="Maria@huber.example")
BY_ID = CustomerQuery(ids={"sap": "1"})
BY_PHONE = CustomerQuery(phone=parse_number(NUMBER, "DE"))


def answers(context: CustomerContext) -> dict[str, str]:
    return {answer.connector: answer.state.value for answer in context.answers}


@pytest.mark.parametrize("query", [BY_EMAIL, BY_ID, BY_PHONE])
async def test_the_customer_is_found_by_what_is_asked(query: CustomerQuery) -> None:
    """The backend gets the very question, and a second one within its time is answered from the cache."""
    sap = Backend("sap", [MARIA])
    service = ContextService([sap], ContextSection())
    first = await service.find(query, within_s=5)
    second = await service.find(query, within_s=5)
    assert [query] == sap.asked
    assert ["Maria Huber"] == [customer.display_name for customer in first.customers]
    assert (first.customers, True, True) == (second.customers, second.complete, second.answers[0].cached)
    assert ("", query.phone) == (second.call_id, second.phone)


async def test_a_backend_without_an_operation_for_the_key_is_not_asked() -> None:
    """It stands nowhere in the answer: it has neither failed nor found nobody, for a call as for an enquiry."""
    sap, osc = Backend("sap", [MARIA], keys=("id", "phone")), Backend("osc", [MARIA_IN_OSC], keys=("email",))
    service = ContextService([sap, osc], ContextSection())
    assert {"osc": "found"} == answers(await service.find(BY_EMAIL, within_s=5))
    assert {"sap": "found"} == answers(await service.find(BY_ID, within_s=5))
    assert {} == answers(await service.find(CustomerQuery(ids={"other": "1"}), within_s=5))
    both = CustomerQuery(email="maria@huber.example", ids={"sap": "1"})
    assert {"sap": "found", "osc": "found"} == answers(await service.find(both, within_s=5))
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.complete))
    context = service.current("main-1")
    assert context is not None
    assert {"sap": "found"} == answers(context)
    await service.close()


async def test_nothing_asked_is_nobody() -> None:
    """An empty query, and a number that is none, ask no backend."""
    sap = Backend("sap", [MARIA])
    service = ContextService([sap], ContextSection())
    for query in (CustomerQuery(), CustomerQuery(phone=PhoneNumber(raw="1001"))):
        context = await service.find(query, within_s=5)
        assert (True, (), ()) == (context.complete, context.answers, context.customers)
    assert [] == sap.asked


async def test_a_slow_backend_holds_nobody_up() -> None:
    """Over the budget it has failed; when the one who asks has less time, it is pending, and is asked no longer."""
    slow = Backend("osc", [MARIA_IN_OSC], gate=asyncio.Event())
    service = ContextService([Backend("sap", [MARIA]), slow], ContextSection(budget_s=0.05, cache_s=0))
    context = await service.find(CustomerQuery(ids={"sap": "1", "osc": "9"}), within_s=5)
    assert {"sap": "found", "osc": "failed"} == answers(context)
    assert Problem.TIMEOUT == context.answers[1].problem
    service = ContextService([Backend("sap", [MARIA]), slow], ContextSection(budget_s=5, cache_s=0))
    context = await service.find(CustomerQuery(ids={"sap": "1", "osc": "9"}), within_s=0.05)
    assert ({"sap": "found", "osc": "pending"}, False) == (answers(context), context.complete)
    await eventually(lambda: slow.cancelled == 2)


async def test_a_backend_that_is_down_is_told() -> None:
    """A failure is an answer with a reason; nobody is told of it as of a call."""
    completed: list[CustomerContext] = []
    osc = Backend("osc", error=ConnectorError(Problem.UNREACHABLE, "osc: connection refused"))
    service = ContextService([osc], ContextSection(), on_complete=lambda context, _pbx: completed.append(context))
    service.subscribe(completed.append)
    context = await service.find(CustomerQuery(email="a@b.example"), within_s=5)
    assert (AnswerState.FAILED, "osc: connection refused") == (context.answers[0].state, context.answers[0].detail)
    assert [] == completed


async def test_contacts_come_by_what_is_asked_and_by_what_is_found() -> None:
    """An address is one whatever its case; of somebody else there is nothing."""
    contacts = Contacts(
        [
            mail("by address", hour=8, customer=CustomerRef(emails=("maria@HUBER.example",))),
            mail("by id", hour=7, customer=CustomerRef(ids={"sap": "1"})),
            mail("other", customer=CustomerRef(emails=("jonas@huber.example",))),
        ]
    )
    service = ContextService([Backend("sap", [MARIA])], ContextSection(), interactions=contacts)
    context = await service.find(BY_EMAIL, within_s=5)
    assert ["by address", "by id"] == [one.subject for one in context.interactions]
    context = await ContextService([], ContextSection(), interactions=contacts).find(BY_ID, within_s=5)
    assert ["by id"] == [one.subject for one in context.interactions]


async def test_the_same_question_at_once_is_asked_once() -> None:
    """By an e-mail address as by a number; another address, or the same with another case, is another question."""
    gate = asyncio.Event()
    sap = Backend("sap", [MARIA], gate=gate)
    service = ContextService([sap], ContextSection())
    queries = [BY_EMAIL, BY_EMAIL, CustomerQuery(email="maria@huber.example"), BY_ID]
    finding = [asyncio.create_task(service.find(query, within_s=5)) for query in queries]
    await eventually(lambda: len(sap.asked) == 3)
    gate.set()
    assert {"found"} == {answers(context)["sap"] for context in await asyncio.gather(*finding)}
    assert [BY_EMAIL, *queries[2:]] == sap.asked


def test_no_two_questions_have_one_key() -> None:
    """What stands in one field is never taken for another's, however it is written."""
    phone = parse_number(NUMBER, "DE")
    queries = [
        CustomerQuery(),
        CustomerQuery(phone=phone),
        CustomerQuery(email=NUMBER),
        CustomerQuery(email="sap:1"),
        CustomerQuery(ids={"sap": "1"}),
        CustomerQuery(ids={"sap": "1", "osc": "2"}),
        CustomerQuery(ids={"sap": "1:osc:2"}),
        CustomerQuery(ids={"sap:1:osc": "2"}),
        CustomerQuery(ids={NUMBER: ""}),
        CustomerQuery(phone=phone, email="sap", ids={"1": ""}),
        CustomerQuery(phone=phone, email="sap"),
        CustomerQuery(email="A@b.example"),
        CustomerQuery(email="a@b.example"),
    ]
    assert len(queries) == len({Question.of(query).key for query in queries})
    assert (
        Question.of(CustomerQuery(ids={"b": "2", "a": "1"})).key
        == Question.of(CustomerQuery(ids={"a": "1", "b": "2"})).key
    )
    written_otherwise = msgspec.structs.replace(phone, raw="089 12345678")
    assert Question.of(CustomerQuery(phone=phone)).key == Question.of(CustomerQuery(phone=written_otherwise)).key


def test_a_record_goes_by_so_many_names_and_no_more() -> None:
    """A backend that says somebody has thousands of numbers does not fill the index."""
    record = CustomerRecord(system="sap", id="1", phones=tuple(Phone(number=f"+49{number}") for number in range(5_000)))
    names = Question.of(BY_EMAIL).names_with([record])
    assert "mailto:maria@huber.example" in names
    assert MAX_NAMES + 1 == len(names)


NEWS = {
    "by its id": CustomerRef(ids={"sap": "1"}),
    "by its id elsewhere": CustomerRef(ids={"legacy": "L-1"}),
    "by its address": CustomerRef(emails=("MARIA@huber.example",)),
    "by another number of it": CustomerRef(phones=("+498999",)),
    "by the number asked for": CustomerRef(phones=(NUMBER,)),
}
KNOWN = CustomerRecord(
    system="sap",
    id="1",
    name=Name(full="Maria Huber"),
    phones=(Phone(number="+498999"),),
    emails=(Email(address="maria@huber.example"),),
    ids={"legacy": "L-1"},
)


def order(customer: CustomerRef) -> Interaction:
    return Interaction(
        id="1", channel=Channel.ORDER, at=datetime.now(UTC), subject="Shipped", customer=customer, source="sap"
    )


@pytest.mark.parametrize("customer", NEWS.values(), ids=NEWS)
async def test_news_of_a_customer_has_it_asked_for_again(customer: CustomerRef) -> None:
    """Whatever the news calls it by and whatever it was found by; somebody else's answer stays fresh."""
    sap = Backend("sap", [KNOWN])
    service = ContextService([sap], ContextSection())
    await service.find(BY_PHONE, within_s=5)
    sap.records = ()
    somebody_else = CustomerQuery(phone=parse_number("+4930123456", "DE"))
    await service.find(somebody_else, within_s=5)
    service.interaction_recorded(order(customer))
    stale = await service.find(BY_PHONE, within_s=5)
    fresh = await service.find(somebody_else, within_s=5)
    assert (True, False) == (stale.answers[0].as_of is not None, fresh.answers[0].as_of is not None)
    await eventually(lambda: len(sap.asked) == 3)
    await service.close()


async def test_an_answer_that_news_has_overtaken_is_not_fresh() -> None:
    """What a backend was asked before the news came may be from before it: it is shown, and asked again next time."""
    gate = asyncio.Event()
    sap = Backend("sap", [KNOWN], gate=gate)
    service = ContextService([sap], ContextSection())
    finding = asyncio.create_task(service.find(BY_PHONE, within_s=5))
    await eventually(lambda: sap.asked)
    service.interaction_recorded(order(CustomerRef(ids={"sap": "1"})))
    gate.set()
    assert {"sap": "found"} == answers(await finding)
    again = await service.find(BY_PHONE, within_s=5)
    assert again.answers[0].as_of is not None
    await eventually(lambda: len(sap.asked) == 2)
    await service.close()


async def test_a_flood_of_news_takes_no_memory() -> None:
    """While a backend thinks, thousands of changes are remembered up to a bound; beyond it every answer is old."""
    gate = asyncio.Event()
    sap = Backend("sap", [KNOWN], gate=gate)
    service = ContextService([sap], ContextSection())
    finding = asyncio.create_task(service.find(BY_PHONE, within_s=5))
    await eventually(lambda: sap.asked)
    for number in range(10_001):
        service.lookups.ask_afresh([f"id:sap:{number + 100}"], "sap")
    gate.set()
    await finding
    assert (await service.find(BY_PHONE, within_s=5)).answers[0].as_of is not None
    await service.close()
