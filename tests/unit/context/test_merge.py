"""One customer out of several systems' records: which value is shown, where it came from, what contradicts it."""

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import msgspec
import pytest

from hub.config.merge import MergeSection
from hub.context.merge import merge_records
from hub.context.merge_precedence import Precedence
from hub.domain.customer import (
    Address,
    Case,
    Conflict,
    Consent,
    Customer,
    CustomerRecord,
    Email,
    Invoice,
    Kind,
    Money,
    Name,
    Order,
    Phone,
    Product,
    Sourced,
)

FETCHED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
SYSTEMS = {"sap": 0, "crm": 1, "erp": 2}


def merged(*records: CustomerRecord, systems: dict[str, int] = SYSTEMS, **section: Any) -> Customer:
    """Merge by the rules of a section of the configuration."""
    precedence = Precedence(MergeSection.model_validate(section), systems)
    return merge_records(records, precedence, today=TODAY)


def record(system: str, **fields: Any) -> CustomerRecord:
    return CustomerRecord(system=system, id=fields.pop("id", f"{system}-1"), **fields)


def told(conflict: Conflict) -> list[tuple[str, str]]:
    return [(one.system, one.value) for one in conflict.values]


def conflicts(customer: Customer) -> dict[str, list[tuple[str, str]]]:
    return {conflict.field: told(conflict) for conflict in customer.conflicts}


def test_each_value_says_where_it_came_from() -> None:
    """A merged value names system, record, time and mapping."""
    sap = CustomerRecord(system="sap", id="1", mapping="sap@1", fetched_at=FETCHED, name=Name(full="Maria Huber"))
    osc = CustomerRecord(
        system="osc",
        id="9",
        mapping="osc@2",
        fetched_at=FETCHED,
        tier="gold",
        preferences={"time": "evenings"},
        balance=Money(amount="3"),
    )
    customer = merged(sap, osc, systems={"sap": 0, "osc": 1})
    assert (
        Sourced(value=Name(full="Maria Huber"), system="sap", record="1", at=FETCHED, mapping="sap@1") == customer.name
    )
    of_osc: Any = {"system": "osc", "record": "9", "at": FETCHED, "mapping": "osc@2"}
    assert Sourced(value="gold", **of_osc) == customer.tier
    assert {"time": Sourced(value="evenings", **of_osc)} == customer.preferences
    assert (Sourced(value=Money(amount="3"), **of_osc),) == customer.balances
    assert {"sap": "1", "osc": "9"} == customer.ids


def test_first_system_of_the_configuration_wins() -> None:
    """Order of answers does not matter; order of configuration does."""
    sap = record("sap", name=Name(full="Maria Huber"))
    osc = record("osc", name=Name(given="M.", surname="Huber"))
    for records in ([sap, osc], [osc, sap]):
        customer = merged(*records, systems={"osc": 0, "sap": 1})
        assert customer.name is not None
        assert Name(full="M. Huber", given="M.", surname="Huber") == customer.name.value


DAYS = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 4)]


@pytest.mark.parametrize(
    ("section", "language", "name", "points"),
    [
        ({}, "de", "M. Huber", "1"),
        ({"default": "newest"}, "en", "Maria Anna Huber", "2"),
        ({"default": ["erp", "crm"]}, "fr", "Huber", "1"),
        ({"default": ["erp"], "fields": {"language": ["crm"]}}, "en", "Huber", "1"),
        ({"fields": {"language": "newest", "name": "most_complete"}}, "en", "Maria Anna Huber", "1"),
        ({"fields": {"extra": "newest"}}, "de", "M. Huber", "2"),
        ({"fields": {"extra": "newest", "extra.crm": "system_order"}}, "de", "M. Huber", "1"),
        ({"fields": {"extra.crm.points": "newest", "extra.crm": "system_order"}}, "de", "M. Huber", "2"),
    ],
)
def test_precedence_is_configuration(section: dict[str, Any], language: str, name: str, points: str) -> None:
    """By the systems' order, by a list, by what changed last, by what says most; field by field, else the default."""
    records = [
        record("sap", language="de", name=Name(full="M. Huber"), changed_at=DAYS[1], fetched_at=FETCHED),
        record(
            "crm", language="en", name=Name(full="Maria Anna Huber", given="Maria Anna"), extra={"points": "1"},
            changed_at=DAYS[2],
        ),
        record("erp", language="fr", name=Name(full="Huber"), changed_at=DAYS[0]),
        record("crm", id="crm-2", extra={"points": "2"}, fetched_at=FETCHED),
    ]  # fmt: skip
    for listed in permutations(records):
        two = [one for one in listed if one.id.startswith("crm")]
        if two[0].id == "crm-2":
            continue  # of one system's records the first to come is the first
        customer = merged(*listed, **section)
        assert customer.language is not None
        assert customer.name is not None
        assert (language, name) == (customer.language.value, customer.name.value.full)
        assert points == customer.extra["crm.points"].value


def test_without_a_change_the_newest_is_what_was_fetched_last() -> None:
    """A backend that does not say when a record changed counts by when it was asked; one without a time is last."""
    records = [
        record("sap", tier="c"),
        record("crm", tier="b", fetched_at=DAYS[0]),
        record("erp", tier="a", fetched_at=FETCHED),
    ]
    customer = merged(*records, default="newest")
    assert customer.tier is not None
    assert "a" == customer.tier.value
    assert {"tier": [("erp", "a"), ("crm", "b"), ("sap", "c")]} == conflicts(customer)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("language", "de", "de-DE"),
        ("language", "DE_de", "de-DE"),
        ("tier", "Gold", " GOLD "),
        ("organization", "Vogt GmbH", "VOGT gmbh"),
        ("organization", "Vogt GmbH", "Vogt"),
        ("name", Name(full="Jürgen Müller"), Name(full="Mueller, Juergen")),
        ("name", Name(full="Dr. Maria Huber"), Name(full="M. Huber")),
        ("value", Money(amount="1200.50", currency="EUR"), Money(amount="1200.500", currency="eur")),
        ("value", Money(amount="1200"), Money(amount="1200.0", currency="EUR")),
        ("kind", Kind.INDIVIDUAL, Kind.ORG),
        ("birth_date", date(1980, 1, 1), date(1980, 1, 1)),
        ("preferences", {"channel": "E-Mail"}, {"channel": "e-mail"}),
        ("preferences", {"channel": "email"}, {"time": "evenings"}),
        ("extra", {"a": "1"}, {"a": "2"}),
    ],
)
def test_other_spellings_are_no_conflict(field: str, one: object, other: object) -> None:
    """Case, spaces, the order of a name, how its letters are written; another system's own field is another."""
    assert () == merged(record("sap", **{field: one}), record("crm", **{field: other})).conflicts


@pytest.mark.parametrize(
    ("field", "path", "one", "other", "texts"),
    [
        ("language", "language", "de", "en", ("de", "en")),
        ("language", "language", "zh-CN", "zh-TW", ("zh-CN", "zh-TW")),
        ("tier", "tier", "Gold", "Silver", ("Gold", "Silver")),
        ("segment", "segment", "retail", "business", ("retail", "business")),
        ("owner", "owner", "alice", "bob", ("alice", "bob")),
        ("department", "department", "Sales", "Legal", ("Sales", "Legal")),
        ("title", "title", "Head", "Clerk", ("Head", "Clerk")),
        ("organization", "organization", "Vogt GmbH", "Huber AG", ("Vogt GmbH", "Huber AG")),
        ("name", "name.full", Name(full="Petra Vogt"), Name(surname="Berg"), ("Petra Vogt", "Berg")),
        ("value", "value", Money(amount="1", currency="EUR"), Money(amount="1", currency="USD"), ("1 EUR", "1 USD")),
        ("value", "value", Money(amount="1"), Money(amount="some"), ("1", "some")),
        ("birth_date", "birth_date", date(1980, 1, 1), date(1980, 1, 2), ("1980-01-01", "1980-01-02")),
        ("preferences", "preferences.channel", {"channel": "email"}, {"channel": "phone"}, ("email", "phone")),
    ],
)  # fmt: skip
def test_what_systems_contradict_each_other_about_is_kept(
    field: str, path: str, one: object, other: object, texts: tuple[str, str]
) -> None:
    """Each system's word, in the order of precedence, whichever that is."""
    records = record("sap", **{field: one}), record("crm", **{field: other}), record("erp", **{field: other})
    assert {path: [("sap", texts[0]), ("crm", texts[1]), ("erp", texts[1])]} == conflicts(merged(*records))
    turned = merged(*records, fields={field: ["erp"]})
    assert {path: [("erp", texts[1]), ("sap", texts[0]), ("crm", texts[1])]} == conflicts(turned)


def test_a_site_s_own_field_told_twice_differently() -> None:
    """Two records of one system, joined by somebody, may say different things."""
    customer = merged(record("crm", extra={"points": "1"}), record("crm", id="2", extra={"points": "7"}))
    assert {"extra.crm.points": [("crm", "1"), ("crm", "7")]} == conflicts(customer)
    assert ["crm-1", "2"] == [one.record for one in customer.conflicts[0].values]


def test_orders_of_two_systems_with_one_number_stay_two() -> None:
    """Each system numbers on its own; only e-mail addresses and phones are told apart by value."""
    sap = record("sap", orders=(Order(id="7"),), emails=(Email(address="a@b.de"),))
    osc = record("osc", orders=(Order(id="7", status="sent"),), emails=(Email(address="A@b.de"),))
    customer = merged(sap, osc)
    assert ["sap", "osc"] == [order.system for order in customer.orders]
    assert 1 == len(customer.emails)
    assert () == customer.conflicts


def test_one_matter_told_twice() -> None:
    """The same order, case or invoice of one system is one; what is told differently of it is a conflict each."""
    one = record(
        "erp",
        orders=(Order(id="7", status="Sent", amount="12.10", due_on=date(2026, 12, 1)), Order(id="8")),
        cases=(Case(id="7", subject="Broken"),),
        invoices=(Invoice(id="7", amount="12.10", remaining="2"),),
        changed_at=DAYS[0],
    )
    other = record(
        "erp",
        id="erp-2",
        orders=(Order(id="7", status="in work", amount="12.1"),),
        cases=(Case(id="7", subject="broken", open=False),),
        invoices=(Invoice(id="7", amount="12.10", remaining="0", url="https://erp.example/7"),),
        changed_at=DAYS[2],
    )
    customer = merged(one, other)
    assert ["7", "8"] == [order.value.id for order in customer.orders]
    assert (1, 1) == (len(customer.cases), len(customer.invoices))
    expected = {
        "orders.7.status": [("erp", "Sent"), ("erp", "in work")],
        "cases.7.open": [("erp", "true"), ("erp", "false")],
        "invoices.7.remaining": [("erp", "2"), ("erp", "0")],
    }
    assert expected == conflicts(customer)
    newest = merged(one, other, fields={"orders": "newest"})
    assert [("in work", "erp-2"), ("", "erp-1")] == [(order.value.status, order.record) for order in newest.orders]


def test_what_waits_longest_comes_first() -> None:
    """Open before closed, earliest due first, undated last."""
    sap = record(
        "sap",
        orders=(
            Order(id="done", open=False, due_on=date(2026, 1, 1)),
            Order(id="undated"),
            Order(id="later", due_on=date(2026, 12, 24)),
            Order(id="late", due_on=date(2026, 11, 1)),
        ),
        cases=(Case(id="new", opened_on=date(2026, 11, 20)), Case(id="old", opened_on=date(2026, 10, 1))),
        invoices=(Invoice(id="paid", open=False), Invoice(id="due", due_on=date(2026, 1, 1)), Invoice(id="new")),
    )
    customer = merged(sap)
    assert ["late", "later", "undated", "done"] == [order.value.id for order in customer.orders]
    assert ["old", "new"] == [case.value.id for case in customer.cases]
    assert ["due", "new", "paid"] == [invoice.value.id for invoice in customer.invoices]


def test_a_number_keeps_what_every_system_knows_of_it() -> None:
    """Its use, whether it is verified, or shared, until when it holds; where it is from is the first's."""
    number, mail = "+493515550123", "P.Vogt@example.com"
    customer = merged(
        record(
            "crm", phones=(Phone(number=number, verified=True),), emails=(Email(address=mail.lower(), label="work"),)
        ),
        record(
            "erp",
            phones=(Phone(number=number, label="mobile", valid_until=date(2027, 1, 1), shared=True),),
            emails=(Email(address=mail, label="home", verified=True),),
        ),
    )
    [phone], [email] = customer.phones, customer.emails
    assert ("crm", "crm-1") == (phone.system, phone.record)
    assert Phone(number=number, label="mobile", verified=True, shared=True, valid_until=date(2027, 1, 1)) == phone.value
    assert Email(address=mail.lower(), label="work", verified=True) == email.value


def test_an_address_that_is_spelt_otherwise_is_there_once() -> None:
    """A street's short form, accents, blanks and signs make no other address; another house number does."""
    customer = merged(
        record("crm", addresses=(Address(street="Hauptstr. 1", postcode="01067", locality="Köln", label="home"),)),
        record(
            "erp",
            addresses=(
                Address(street="Hauptstraße 1", postcode="01 067", locality="KOELN", country="DE"),
                Address(street="Hauptstraße 11", postcode="01067", locality="Köln"),
                Address(street="Hauptstraße 1 / 2", postcode="01067", locality="Köln"),
                Address(street="Hauptstraße 2 / 1", postcode="01067", locality="Köln"),
            ),
        ),
    )
    first, *others = [one.value for one in customer.addresses]
    assert Address(street="Hauptstr. 1", postcode="01067", locality="Köln", label="home", country="DE") == first
    assert ["Hauptstraße 11", "Hauptstraße 1 / 2", "Hauptstraße 2 / 1"] == [one.street for one in others]


def test_what_is_not_valid_today_stands_behind() -> None:
    """Over, or not yet begun: told, but last; both days of a period are in it."""
    phones = (
        Phone(number="+49351001", valid_until=date(2026, 11, 21)),
        Phone(number="+49351002", valid_until=TODAY),
        Phone(number="+49351003", valid_from=date(2026, 11, 23)),
        Phone(number="+49351004", valid_from=TODAY),
        Phone(number="+49351005"),
    )
    homes = (Address(street="Old 1", valid_until=date(2020, 1, 1)), Address(street="New 2", locality="Dresden"))
    customer = merged(
        record("crm", phones=phones, addresses=homes),
        record("erp", addresses=(Address(street="new  2", locality="DRESDEN", country="DE"),)),
    )
    assert ["2", "4", "5", "1", "3"] == [phone.value.number[-1] for phone in customer.phones]
    assert [("New 2", "DE"), ("Old 1", "")] == [(home.value.street, home.value.country) for home in customer.addresses]


def test_products_are_put_together_by_their_serial_number() -> None:
    """One system knows when it was bought, another until when it is under warranty; a bare name adds nothing."""
    crm = record(
        "crm", products=(Product(name="Router 7", serial_number="sn-1", model="R7"), Product(name="Fibre 250"))
    )
    erp = record(
        "erp",
        products=(
            Product(name="ROUTER 7", serial_number="SN-1", id="p1", bought_on=date(2025, 1, 2), status="installed"),
            Product(name="Kettle", serial_number="SN-1"),
            Product(name="fibre 250", id="p2", status="active"),
            Product(name="Fibre 250", id="p3", status="ended"),
        ),
    )
    customer = merged(crm, erp)
    assert [
        Product(
            name="Router 7", serial_number="sn-1", model="R7", id="p1", bought_on=date(2025, 1, 2), status="installed"
        ),
        Product(name="Kettle", serial_number="SN-1"),
        Product(name="fibre 250", id="p2", status="active"),
        Product(name="Fibre 250", id="p3", status="ended"),
    ] == [product.value for product in customer.products]
    assert "crm" == customer.products[0].system
    other = msgspec.structs.replace(erp, products=(Product(name="router 7", serial_number="SN-1", status="stolen"),))
    assert {} == conflicts(customer)
    both = merged(crm, erp, msgspec.structs.replace(other, system="sap", id="1"))
    assert {"products.SN-1.status": [("sap", "stolen"), ("erp", "installed")]} == conflicts(both)


def test_consents_by_purpose_and_channel() -> None:
    """The newest word counts, a refusal where nobody knows which is newer; what is over is no consent."""
    ads: Any = {"purpose": "Marketing", "channel": "phone"}
    crm = record(
        "crm",
        consents=(
            Consent(**ads, granted=True, given_on=date(2024, 1, 1)),
            Consent(purpose="profiling", granted=True),
            Consent(purpose="surveys", granted=True, valid_until=date(2026, 11, 21)),
        ),
    )
    erp = record(
        "erp",
        consents=(
            Consent(purpose="marketing", channel="Phone", granted=False, given_on=date(2026, 1, 1)),
            Consent(purpose="profiling", granted=False, given_on=date(2020, 1, 1)),
            Consent(purpose="marketing", granted=True),
        ),
    )
    customer = merged(crm, erp)
    said = [(one.value.purpose, one.value.channel, one.value.granted, one.system) for one in customer.consents]
    assert [
        ("marketing", "Phone", False, "erp"),
        ("profiling", "", False, "erp"),
        ("marketing", "", True, "erp"),
        ("surveys", "", True, "crm"),
    ] == said
    assert {
        "consents.marketing.Phone": [("erp", "refused"), ("crm", "granted")],
        "consents.profiling": [("erp", "refused"), ("crm", "granted")],
    } == conflicts(customer)
    by_system = merged(crm, erp, fields={"consents": ["crm"]})
    assert [True, True] == [one.value.granted for one in by_system.consents[:2]]


def test_what_is_told_of_conflicts_is_bounded() -> None:
    """A system that contradicts itself in thousands of fields does not make the context grow without end."""
    numbers = range(5_000)
    one = record("crm", extra={f"f{number}": "1" for number in numbers})
    other = record("crm", id="2", extra={f"f{number}": "2" for number in numbers})
    customer = merged(one, other)
    assert (100, 5_000) == (len(customer.conflicts), len(customer.extra))
