"""What was made of kept answers is made once, and never shown when one of them is another."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from hub.config.identity import IdentitySection
from hub.config.merge import MergeSection
from hub.context.cache import AnswerCache, Lifetimes
from hub.context.grouped import Grouped, Grouper
from hub.context.identity.scoring import Rules
from hub.context.merge_precedence import Precedence
from hub.context.question import Question
from hub.domain.customer import CustomerQuery, CustomerRecord, Email, Name
from hub.domain.identity import DecisionKind, IdentityDecision, RecordRef
from hub.domain.phone import parse_number
from hub.domain.proposal import Proposal, ProposalKind

QUESTION = Question.of(CustomerQuery(phone=parse_number("+493515550123", "DE")))
TODAY = date(2026, 11, 22)
LIFETIMES = Lifetimes(60, 600, 10)
MAIL = (Email(address="maria@huber.example", verified=True),)
SAP = CustomerRecord(system="sap", id="1", name=Name(full="Maria Huber"), emails=MAIL)
CRM = CustomerRecord(system="crm", id="9", name=Name(full="Maria Huber"), emails=MAIL)
DECISION = IdentityDecision(
    id="d-1",
    kind=DecisionKind.DIFFERENT,
    records=(RecordRef(system="sap", id="1"), RecordRef(system="crm", id="9")),
    by="alice",
    at=datetime(2026, 11, 22, tzinfo=UTC),
)


class Place:
    """A grouper beside a cache that has two systems' answers."""

    def __init__(self) -> None:
        self.cache = AnswerCache(entries=10, max_bytes=1_000_000, clock=lambda: 0.0)
        self.grouper = self.made_anew()
        for record in (SAP, CRM):
            self.keep(record)

    def made_anew(self, **section: str) -> Grouper:
        precedence = Precedence(MergeSection.model_validate(section), {"sap": 0, "crm": 1})
        return Grouper(Rules(IdentitySection()), precedence, self.cache)

    def keep(self, record: CustomerRecord) -> None:
        self.cache.put((record.system, QUESTION.key), [record], LIFETIMES, [f"id:{record.system}:{record.id}"])

    def asked(
        self,
        *records: CustomerRecord,
        decisions: tuple[IdentityDecision, ...] = (),
        today: date = TODAY,
        is_all: bool = True,
    ) -> Grouped:
        return self.grouper.customers_of(records or (SAP, CRM), decisions, QUESTION, today=today, is_all=is_all)


def test_the_same_answers_are_put_together_once() -> None:
    """The second time it is the very same customer, not an equal one."""
    place = Place()
    first = place.asked()
    assert [{"sap": "1", "crm": "9"}] == [customer.ids for customer in first.customers]
    assert first is place.asked()


@pytest.mark.parametrize("how", ["dropped", "replaced", "forgotten", "pushed out"])
def test_with_an_answer_goes_what_was_made_of_it(how: str) -> None:
    """Nothing is left of it, and none of the memory that it took."""
    place = Place()
    first = place.asked()
    match how:
        case "dropped":
            place.cache.drop(("sap", QUESTION.key))
        case "replaced":
            place.keep(SAP)
        case "forgotten":
            place.cache.forget(["id:crm:9"])
        case _:
            for number in range(10):
                place.cache.put(("osc", str(number)), [SAP], LIFETIMES)
    assert place.cache.joint(QUESTION.key) is None
    assert first is not place.asked()
    place.cache.drop_all_of("sap")
    place.cache.drop_all_of("crm")
    place.cache.drop_all_of("osc")
    assert (0, 0) == (len(place.cache), place.cache.bytes)


def test_what_is_asked_for_otherwise_is_made_anew() -> None:
    """Another record, decision or day, other rules; a part of the answers is not taken for all of them."""
    place = Place()
    first = place.asked()
    assert 2 == len(place.asked(decisions=(DECISION,)).customers)
    assert 1 == len(place.asked().customers)
    renamed = msgspec.structs.replace(SAP, name=Name(full="Maria Anna Huber"))
    assert ["Maria Anna Huber"] == [one.display_name for one in place.asked(renamed, CRM).customers]
    assert first == place.asked(today=TODAY + timedelta(days=1))
    assert first is not place.asked()
    again = place.asked()
    assert 1 == len(place.asked(SAP, is_all=False).customers[0].ids)
    assert again is place.asked()
    place.grouper = place.made_anew(default="newest")
    assert again is not place.asked()


def test_nothing_is_made_to_last_without_answers_that_are_kept() -> None:
    """With no cache of answers none is kept of what is made of them."""
    place = Place()
    place.cache.forget(["id:sap:1", "id:crm:9"])
    assert place.asked() is not place.asked()
    assert (0, None) == (place.cache.bytes, place.cache.joint(QUESTION.key))


def test_proposals_are_thought_about_once() -> None:
    """For the customer as it was made; for another one, or with nothing kept, each time."""
    place = Place()
    customer = place.asked().customers[0]
    thought: list[int] = []

    def propose() -> tuple[Proposal, ...]:
        thought.append(1)
        return (Proposal(rule="r", kind=ProposalKind.OFFER, text={"en": "?"}, reason={"en": "!"}),)

    first = place.grouper.proposals(customer, QUESTION, propose)
    assert first is place.grouper.proposals(customer, QUESTION, propose)
    assert 1 == len(thought)
    place.grouper.proposals(msgspec.structs.replace(customer), QUESTION, propose)
    place.keep(SAP)
    place.grouper.proposals(customer, QUESTION, propose)
    assert 3 == len(thought)
