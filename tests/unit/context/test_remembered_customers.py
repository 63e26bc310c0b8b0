"""Customers as the hub knows them: joined over systems, searched for, with the backends where they are to be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from connectors.base import ConnectorError
from hub.config.identity import IdentitySection
from hub.config.model import ContextSection
from hub.config.privacy import FieldPrivacy, PrivacySection
from hub.context.remembered_customers import RememberedCustomers
from hub.context.service import ContextService
from hub.domain.customer import (
    AnswerState,
    Consent,
    CustomerQuery,
    CustomerRecord,
    Email,
    Invoice,
    Order,
    Phone,
    Problem,
)
from hub.domain.event import identity_event, interaction_event
from hub.domain.identity import DecisionKind, IdentityDecision, RecordRef
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import parse_number
from hub.domain.search import CustomerSearch, FoundBy
from hub.domain.search_shown import search_for
from hub.journal.journal import Journal
from hub.privacy.visibility import PrivacyVisibility
from tests.unit.context.backends import Backend
from tests.unit.journal.customer_samples import minute, ordered, record, told

NUMBER = "+498912345678"
SHOP = record("1", "Maria Huber", phone=NUMBER, email="maria@huber.example")
CRM = record("7", "Huber, Maria", system="crm", phone="+491701234567", email="maria@huber.example")
ERP = msgspec.structs.replace(record("0815", "M. Huber", system="erp"), ids={"crm": "7"})


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await Journal.open(tmp_path / "journal.db")
    yield opened
    await opened.close()


def customers_of(journal: Journal, *backends: Backend, shared: tuple[str, ...] = ()) -> RememberedCustomers:
    settings = ContextSection(identity=IdentitySection(shared_numbers=shared))
    service = ContextService(backends, settings, decisions=journal)
    return RememberedCustomers(
        journal.customers,
        journal,
        service,
        region="DE",
        within_s=5,
        systems=lambda: [backend.name for backend in backends],
        only_told=lambda: ["shop"],
    )


async def tell(journal: Journal, *records: CustomerRecord) -> None:
    for one in records:
        await journal.append(told(one))


def shown(search: CustomerSearch) -> list[set[str]]:
    """Return each hit by its records."""
    return [{ref.key for ref in hit.records} for hit in search.hits]


async def test_who_is_found_by_several_fields_has_each_of_them(journal: Journal) -> None:
    """An address that begins like the name is told beside it: who may not see the one finds by the other."""
    for system in ("crm", "erp", "shop", "desk", "till", "web"):
        await tell(journal, record("1", "Petra Vogt", system=system, email="petra.vogt@example.com"))
    (hit,) = (await customers_of(journal).search("petra")).hits
    assert {FoundBy.EMAIL, FoundBy.NAME} == {why.by for why in hit.why}
    hides = PrivacyVisibility(PrivacySection(fields={"emails": FieldPrivacy(roles=("supervisor",))}))
    (seen,) = search_for(CustomerSearch(hits=(hit,)), hides, "agent").hits
    assert {FoundBy.NAME} == {why.by for why in seen.why}


async def test_numbers_that_begin_alike_are_told_each(journal: Journal) -> None:
    """An invoice's and an order's: who may not see invoices finds by the order."""
    both = msgspec.structs.replace(SHOP, invoices=(Invoice(id="2026-1"),), orders=(Order(id="2026-2"),))
    await tell(journal, both)
    (hit,) = (await customers_of(journal).search("2026")).hits
    assert {(FoundBy.INVOICE, "2026-1"), (FoundBy.ORDER, "2026-2")} == {(why.by, why.text) for why in hit.why}
    hides = PrivacyVisibility(PrivacySection(fields={"invoices": FieldPrivacy(roles=("supervisor",))}))
    (seen,) = search_for(CustomerSearch(hits=(hit,)), hides, "agent").hits
    assert {FoundBy.ORDER} == {why.by for why in seen.why}


async def test_a_record_that_a_backend_has_just_told_is_one_of_a_customer(journal: Journal) -> None:
    """What another system told of the same person belongs to it, somebody else's does not; told twice it is one."""
    refusing = msgspec.structs.replace(SHOP, consents=(Consent(purpose="marketing", granted=False),))
    await tell(journal, refusing, ERP, record("2", "Bert Kunz", phone="+498912345679"))
    (customer,) = await customers_of(journal).customers_of([CRM, ERP])
    assert {"shop": "1", "crm": "7", "erp": "0815"} == customer.ids
    assert ["shop"] == [one.system for one in customer.consents]
    (alone,) = await customers_of(journal, shared=(NUMBER,)).customers_of([record("9", "Jonas", phone=NUMBER)])
    assert ({"shop": "9"}, ()) == (alone.ids, alone.consents)


async def test_what_a_system_that_only_tells_told_of_orders_is_the_customers(journal: Journal) -> None:
    """As a call shows it: each order as it was told last; of a backend only what it answered itself."""
    for status in ("paid", "shipped"):
        await journal.append(ordered("A-1", CustomerRef(ids={"shop": "1"}), status == "shipped", status=status))
    await tell(journal, SHOP, CRM)
    view = await customers_of(journal).customer(RecordRef(system="crm", id="7"))
    assert view is not None
    assert [("A-1", "shipped", "shop")] == [
        (one.value.id, one.value.status, one.system) for one in view.customer.orders
    ]
    assert [1, 0] == [len(one.orders) for one in sorted(view.records, key=lambda one: one.system, reverse=True)]


async def test_one_person_of_three_systems_is_one_hit(journal: Journal) -> None:
    """Joined by address and id, though only one record has what was typed; with why."""
    await tell(journal, SHOP, CRM, ERP, record("2", "Bert Kunz", phone="+498912345679"))
    found = await customers_of(journal).search("089 12345678")
    assert [{"id:shop:1", "id:crm:7", "id:erp:0815"}] == shown(found)
    (hit,) = found.hits
    assert [(FoundBy.PHONE, "id:shop:1", NUMBER)] == [(why.by, why.record.key, why.text) for why in hit.why]
    assert {"shop": "1", "crm": "7", "erp": "0815"} == hit.customer.ids
    (by_name,) = (await customers_of(journal).search("huber")).hits
    assert {"id:shop:1", "id:crm:7", "id:erp:0815"} == {why.record.key for why in by_name.why}


async def test_people_who_share_a_number_are_a_hit_each(journal: Journal) -> None:
    """And what they share is no key of either."""
    bert = record("2", "Bertram Kunze", phone=NUMBER)
    await tell(journal, SHOP, bert)
    customers = customers_of(journal)
    assert [{"id:shop:1"}, {"id:shop:2"}] == sorted(shown(await customers.search(NUMBER)), key=sorted)
    assert ("id:shop:2",) == await customers.keys_of(RecordRef(system="shop", id="2"))
    assert ("id:shop:1", "mailto:maria@huber.example") == await customers.keys_of(RecordRef(system="shop", id="1"))


async def test_the_keys_of_a_customer_are_those_of_all_records(journal: Journal) -> None:
    """Of one who is not known it is the record's own."""
    await tell(journal, SHOP, CRM, ERP)
    keys = {
        *("id:shop:1", "id:crm:7", "id:erp:0815"),
        *(f"tel:{NUMBER}", "tel:+491701234567", "mailto:maria@huber.example"),
    }
    for ref in (RecordRef(system="erp", id="0815"), RecordRef(system="shop", id="1")):
        assert keys == set(await customers_of(journal).keys_of(ref))
    assert ("id:shop:77",) == await customers_of(journal).keys_of(RecordRef(system="shop", id="77"))


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.CHAT, Channel.WEB])
async def test_contacts_join_nobody_whoever_they_name(journal: Journal, channel: Channel) -> None:
    """Somebody claims to be two customers, and a third one with their number: all stay who they were."""
    bert = record("9", "Bert Kunz", system="crm", phone="+493012345678", email="bert@kunz.example")
    await tell(journal, SHOP, bert)
    claimed = CustomerRef(
        phones=("+493012345678", "+493099999999"), emails=("maria@huber.example",), ids={"shop": "1", "crm": "9"}
    )
    contact = Interaction(id="1", source="chat", channel=channel, at=minute(1), subject="It is me", customer=claimed)
    await journal.append(interaction_event(contact, feed="chat"))
    customers = customers_of(journal)
    assert {"id:shop:1", f"tel:{NUMBER}", "mailto:maria@huber.example"} == set(
        await customers.keys_of(RecordRef(system="shop", id="1"))
    )
    assert {"id:crm:9", "tel:+493012345678", "mailto:bert@kunz.example"} == set(
        await customers.keys_of(RecordRef(system="crm", id="9"))
    )
    assert () == (await customers.search("+493099999999")).hits


@pytest.mark.parametrize("said_by", ["the record", "the configuration", "how many have it"])
async def test_a_shared_number_is_nobodys_key_and_joins_nobody(journal: Journal, said_by: str) -> None:
    """Whoever says so: a switchboard leads to none of those behind it."""
    phone = Phone(number=NUMBER, shared=said_by == "the record")
    names = ("Maria Huber", "M. Huber") if said_by != "how many have it" else [f"Person{n} Name{n}" for n in range(10)]
    records = [
        msgspec.structs.replace(record(f"{number}", name, system=f"s{number}"), phones=(phone,))
        for number, name in enumerate(names)
    ]
    await tell(journal, *records)
    customers = customers_of(journal, shared=(NUMBER,) if said_by == "the configuration" else ())
    assert ("id:s0:0",) == await customers.keys_of(RecordRef(system="s0", id="0"))


async def test_what_people_decided_counts(journal: Journal) -> None:
    """Two records with nothing in common are one customer once somebody said so, until that is taken back."""
    other = record("99", "Marie Huber-Beck", system="crm", phone="+4930901820")
    await tell(journal, SHOP, other)
    refs = (RecordRef(system="shop", id="1"), RecordRef(system="crm", id="99"))
    decision = IdentityDecision(id="d1", kind=DecisionKind.SAME, records=refs, by="alice", at=minute(1))
    await journal.append(identity_event(decision))
    assert [{"id:shop:1", "id:crm:99"}] == shown(await customers_of(journal).search(NUMBER))
    view = await customers_of(journal).customer(refs[1])
    assert view is not None
    assert ({"shop": "1", "crm": "99"}, 2) == (view.customer.ids, len(view.records))
    assert "d1" in {match.decision for match in view.customer.matches}
    await journal.append(identity_event(msgspec.structs.replace(decision, withdrawn=True, at=minute(2))))
    assert [{"id:shop:1"}] == shown(await customers_of(journal).search(NUMBER))


async def test_a_customer_is_whole_with_where_everything_comes_from(journal: Journal) -> None:
    """Merged as a call's context is; nobody knows a record that nobody told of."""
    await tell(journal, SHOP, CRM, ERP)
    view = await customers_of(journal).customer(RecordRef(system="erp", id="0815"))
    assert view is not None
    assert {(NUMBER, "shop"), ("+491701234567", "crm")} == {
        (phone.value.number, phone.system) for phone in view.customer.phones
    }
    assert (2, ()) == (len(view.customer.matches), view.answers)
    assert await customers_of(journal).customer(RecordRef(system="erp", id="0816")) is None


async def test_with_backends_a_customer_is_asked_for_afresh(journal: Journal) -> None:
    """By all that is known; the answer counts before what was remembered, which stays of those that fail."""
    await tell(journal, SHOP, CRM)
    crm = Backend("crm", [msgspec.structs.replace(CRM, tier="Gold")])
    erp = Backend("erp", error=ConnectorError(Problem.UNREACHABLE, "erp: connection refused"))
    view = await customers_of(journal, crm, erp).customer(RecordRef(system="shop", id="1"), ask_backends=True)
    assert view is not None
    assert view.customer.tier is not None
    assert ("Gold", {"shop", "crm"}) == (view.customer.tier.value, {one.system for one in view.records})
    assert {"crm": AnswerState.FOUND, "erp": AnswerState.FAILED} == {one.connector: one.state for one in view.answers}
    assert [()] * 2 == [one.records for one in view.answers]
    (query,) = crm.asked
    assert ({"shop": "1", "crm": "7"}, "maria@huber.example") == (query.ids, query.email)
    gone = Backend("crm", [])
    unknown = RecordRef(system="crm", id="8")
    assert await customers_of(journal, gone).customer(unknown, ask_backends=True) is None
    fresh = Backend("crm", [record("8", "Nina Neu", system="crm")])
    view = await customers_of(journal, fresh).customer(unknown, ask_backends=True)
    assert view is not None
    assert ("Nina Neu", [CustomerQuery(ids={"crm": "8"})]) == (view.customer.display_name, fresh.asked)


async def test_with_backends_a_search_finds_whom_only_they_know(journal: Journal) -> None:
    """By number, address or id; what they say now is joined with what is remembered; who failed is told."""
    await tell(journal, SHOP)
    crm = Backend("crm", [CRM])
    down = Backend("erp", error=ConnectorError(Problem.TIMEOUT, "erp: no answer"))
    customers = customers_of(journal, crm, down)
    found = await customers.search("maria@huber.example", ask_backends=True)
    assert [{"id:shop:1", "id:crm:7"}] == shown(found)
    assert {"crm": None, "erp": Problem.TIMEOUT} == {answer.connector: answer.problem for answer in found.answers}
    await customers.search("K-77", ask_backends=True)
    await customers.search("0170 1234567", ask_backends=True)
    await customers.search("maria", ask_backends=True)
    by_number = parse_number("0170 1234567", "DE")
    asked = [CustomerQuery(email="maria@huber.example"), CustomerQuery(ids={"crm": "K-77", "erp": "K-77"})]
    assert asked == crm.asked[:2]
    assert [by_number.e164] == [query.phone.e164 for query in crm.asked[2:]]


async def test_with_backends_whose_an_order_is_is_asked_for(journal: Journal) -> None:
    """The order named a number alone, which no record has: a backend that has it says whose the order is."""
    await journal.append(ordered("B-4714", CustomerRef(phones=(NUMBER,))))
    crm = Backend("crm", [msgspec.structs.replace(CRM, phones=(Phone(number=NUMBER),))])
    customers = customers_of(journal, crm)
    alone = await customers.search("B-4714")
    assert ((), [("B-4714", (NUMBER,))]) == (
        alone.hits,
        [(one.text, one.customer.phones) for one in alone.unclaimed],
    )
    found = await customers.search("B-4714", ask_backends=True)
    (hit,) = found.hits
    assert [{"id:crm:7"}] == shown(found)
    assert [(FoundBy.ORDER, "B-4714", True)] == [(why.by, why.text, why.is_exact) for why in hit.why]
    assert ([NUMBER], ()) == ([query.phone.e164 for query in crm.asked], found.unclaimed)
    nobody = await customers_of(journal, Backend("crm", [])).search("B-4714", ask_backends=True)
    assert ((), 1) == (nobody.hits, len(nobody.unclaimed))


async def test_hits_are_bounded_and_more_is_told(journal: Journal) -> None:
    """As many customers as were asked for, however many records they have; the rest is said to be there."""
    for number in range(6):
        mail = f"h{number}@huber.example"
        await tell(
            journal,
            record(f"{number}", f"Hubert Nummer{number}", email=mail),
            record(f"{number}", f"Hubert Nummer{number}", system="crm", email=mail),
        )
    few = await customers_of(journal).search("hubert", limit=2)
    every = await customers_of(journal).search("hubert", limit=20)
    assert ([2, 2], True) == ([len(records) for records in shown(few)], few.has_more)
    assert ([2] * 6, False) == ([len(records) for records in shown(every)], every.has_more)


async def test_an_order_finds_the_whole_customer(journal: Journal) -> None:
    """Whichever system has the order."""
    await tell(journal, SHOP, CRM)
    await journal.append(ordered("B-4711", CustomerRef(ids={"shop": "1"})))
    (hit,) = (await customers_of(journal).search("B-4711")).hits
    assert ([FoundBy.ORDER], 2) == ([why.by for why in hit.why], len(hit.records))


async def test_a_record_with_very_many_addresses_is_no_burden(journal: Journal) -> None:
    """What leads to very many records is followed for so many and no more."""
    addresses = [f"a{number}@example.com" for number in range(150)]
    many = msgspec.structs.replace(SHOP, emails=tuple(Email(address=address) for address in addresses))
    others: Sequence[CustomerRecord] = [
        record(f"o{number}", f"Other{number} Person{number}", system="crm", email=address)
        for number, address in enumerate(addresses)
    ]
    await tell(journal, many, *others)
    found = await customers_of(journal).search(NUMBER)
    assert "id:shop:1" in shown(found)[0]
