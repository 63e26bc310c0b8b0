"""Families, colleagues and chains of records: who is one customer where many share numbers and addresses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config.identity import IdentitySection
from hub.context.identity.grouping import Grouping, group_records
from hub.context.identity.scoring import Rules
from hub.domain.customer import Address, CustomerRecord, Email, Name, Phone

RULES = Rules(IdentitySection())
NUMBER = "+49711555010"
PHONE = (Phone(number=NUMBER),)


def record(system: str, record_id: str, name: str = "", **more: Any) -> CustomerRecord:
    return CustomerRecord(system=system, id=record_id, name=Name(full=name), **more)


def grouped(*records: CustomerRecord) -> Grouping:
    return group_records(records, RULES)


def together(grouping: Grouping) -> list[str]:
    """Return the customers of several records as text."""
    return sorted("+".join(sorted(f"{r.system}:{r.id}" for r in group)) for group in grouping.groups if len(group) > 1)


def test_a_family_at_one_number_and_address() -> None:
    """Each of four is found in the other system; whoever has the initial of all four is nobody's."""
    home = {"phones": PHONE, "addresses": (Address(street="Hauptstr. 1", postcode="70173"),)}
    names = ("Peter Kranz", "Petra Kranz", "Paul Kranz", "Paula Kranz")
    records = [record(system, name, name, **home) for system in ("crm", "shop") for name in names]
    fourfold = [f"crm:{name}+shop:{name}" for name in sorted(names)]
    assert fourfold == together(grouped(*records))
    initials = [record("old", str(number), "P. Kranz", **home) for number in range(4)]
    assert fourfold == together(grouped(*records, *initials))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Adisa Holm", "Edisa Holm"), ("José María Holm", "María José Holm"), ("Holm", "Jana Holm")],
)
def test_what_a_family_has_in_common_makes_no_two_of_it_one(one: str, other: str) -> None:
    """Number and address are of the house: names that are nearly the same, or a surname alone, are a question then."""
    home = {"phones": PHONE, "addresses": (Address(street="Hauptstr. 1", postcode="70173"),)}
    grouping = grouped(record("crm", "1", one, **home), record("shop", "1", other, **home))
    assert ([], 1) == (together(grouping), len(grouping.maybe_same))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Andreas Holm", "Andrea Holm"),
        ("John Holm", "Jean Holm"),
        ("Frank Holm", "Franz Holm"),
        ("Jörg Holm", "Jürgen Holm"),
        ("Katrin Holm", "Katja Holm"),
        ("Klaus Holm", "Niklas Holm"),
        ("Marc Holm", "Marco Holm"),
        ("Achim Holm", "Jochen Holm"),
        ("Kristin Holm", "Kirsten Holm"),
        ("Juan Holm", "Joan Holm"),
        ("Sonja Holm", "Silja Holm"),
    ],
)
def test_given_names_that_sound_related_are_those_of_two(one: str, other: str) -> None:
    """However much else a family has in common; short forms of one name are not (Andi, Andreas)."""
    home = {"phones": PHONE, "addresses": (Address(street="Hauptstr. 1", postcode="70173"),)}
    assert [] == together(grouped(record("crm", "1", one, **home), record("shop", "1", other, **home)))


def test_colleagues_at_one_switchboard() -> None:
    """Thirty who share a number that nobody flagged are thirty, and found again by their own addresses alone."""
    given_names = ("Anna", "Bernd", "Clara", "Dirk", "Eva", "Frank")
    names = [f"{one} {surname}" for one in given_names for surname in ("Adam", "Brand", "Falk", "Jost", "Rausch")]

    def all_of(system: str, *, has_addresses: bool) -> list[CustomerRecord]:
        return [
            record(
                system,
                str(number),
                name,
                phones=PHONE,
                organization="Kranz AG",
                emails=(Email(address=f"e{number}@kranz.example"),) if has_addresses else (),
            )
            for number, name in enumerate(names)
        ]

    known = all_of("crm", has_addresses=True)
    assert [] == together(grouped(*known, *all_of("shop", has_addresses=False)))
    told = together(grouped(*known, *all_of("shop", has_addresses=True)))
    assert sorted(f"crm:{number}+shop:{number}" for number in range(30)) == told


@pytest.mark.parametrize(
    ("first", "between", "last"),
    [
        ("Anna Huber", "A. Huber", "Anton Huber"),
        ("Anna Huber", "", "Jonas Weber"),
        ("Karl Huber sen.", "Karl Huber", "Karl Huber jun."),
        ("Mr John Smith", "John Smith", "Mrs John Smith"),
        ("李冰", "Li", "Li Ping"),
    ],
)
def test_who_stands_between_two_does_not_bring_them_together(first: str, between: str, last: str) -> None:
    """The first by e-mail, the last by number: the two are never one, whomever the record between belongs to."""
    mail = (Email(address="x@example.com"),)
    records = (
        record("crm", "1", first, emails=mail),
        record("shop", "1", between, emails=mail, phones=PHONE),
        record("old", "1", last, phones=PHONE),
    )
    for in_order in (records, records[::-1]):
        groups = [{one.system for one in group} for group in grouped(*in_order).groups]
        assert not any({"crm", "old"} <= group for group in groups)


def test_names_that_cannot_be_read_are_a_question() -> None:
    """A couple may have one e-mail address; who has the number besides is one."""
    mail = (Email(address="yamada@example.jp"),)
    kanji, romaji = record("crm", "1", "山田太郎", emails=mail), record("shop", "1", "Hanako Yamada", emails=mail)
    grouping = grouped(kanji, romaji)
    assert ([], 1) == (together(grouping), len(grouping.maybe_same))
    both = [record(one.system, one.id, one.name.full, emails=mail, phones=PHONE) for one in (kanji, romaji)]
    assert ["crm:1+shop:1"] == together(grouped(*both))


@pytest.mark.parametrize("address", ["none@none.com", "keine@email.example", "noemail@example.com", "test@example.com"])
def test_an_address_that_stands_for_none_joins_nobody(address: str) -> None:
    """Nor is it a reason to ask the agent."""
    emails = (Email(address=address),)
    grouping = grouped(record("crm", "1", "Jana Holm", emails=emails), record("shop", "1", "Jana Holm", emails=emails))
    assert ([], ()) == (together(grouping), grouping.maybe_same)


@pytest.mark.parametrize(
    ("number", "is_one"),
    [("+15555555555", False), ("+490000000", False), ("+34999999999", False), ("+49711111111", True)],
)
def test_a_number_of_one_digit_joins_nobody(number: str, is_one: bool) -> None:
    """It is what is typed where a form wants a number; with an area code before it, it is one."""
    phones = (Phone(number=number),)
    records = (record(system, "1", "Jana Holm", phones=phones) for system in ("crm", "shop"))
    assert is_one is bool(together(grouped(*records)))


def test_an_address_with_a_detail_is_the_address() -> None:
    """Of any provider (RFC 5233): what stands behind the + is the customer's own sorting."""
    one = record("crm", "1", "Jana Holm", emails=(Email(address="jana.holm+shop@example.com"),))
    other = record("shop", "1", "J. Holm", emails=(Email(address="Jana.Holm@example.com"),))
    assert ["crm:1+shop:1"] == together(grouped(one, other))


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(1980, 5, 4), ["crm:1+shop:1"]), (date(1980, 1, 1), []), (date(1899, 12, 30), [])],
)
def test_new_years_day_is_hardly_a_birth_date(day: date, expected: list[str]) -> None:
    """It stands where the year alone is known: with a name it makes nobody one, as another day does."""
    assert expected == together(grouped(*(record(one, "1", "Jana Holm", birth_date=day) for one in ("crm", "shop"))))


_NAMES = (
    *("Maria Huber", "M. Huber", "Frau Maria Huber", "Herr M. Huber", "Maria und Karl Huber", "Karl Huber jun."),
    *("王小明", "Wang Xiaoming", "Wong Siu Ming", "김민준", "Kim Min-jun", "محمد الهاشمي", "Mohammed Al-Hashimi"),
    *("José María Ruiz", "María José Ruiz", "Sonja Ruiz", "Tonja Ruiz", "unbekannt", "Wilh. Oster KG"),
    "Wilhelm Oster KG",
)
_records = st.lists(
    st.builds(
        record,
        st.sampled_from(("sap", "osc", "crm", "shop")),
        st.sampled_from(("1", "2", "3")),
        st.sampled_from(_NAMES),
        phones=st.sampled_from(((), PHONE, (*PHONE, Phone(number=f"{NUMBER}1")))),
        emails=st.sampled_from(((), (Email(address="m@example.com"),), (Email(address="m+a@example.com"),))),
        birth_date=st.sampled_from((None, date(1980, 5, 4), date(1980, 4, 5), date(1955, 1, 1))),
    ),
    min_size=2,
    max_size=8,
    unique_by=lambda one: (one.system, one.id),
)


@settings(deadline=None)
@given(_records, st.randoms())
def test_names_of_all_scripts_come_in_any_order(records: list[CustomerRecord], random: Any) -> None:
    """The same customers, joined with the same scores for the same reasons."""
    shuffled = list(records)
    random.shuffle(shuffled)
    first, second = grouped(*records), grouped(*shuffled)
    assert together(first) == together(second)
    assert first.maybe_same == second.maybe_same
    assert {match for group in first.matches for match in group} == {m for group in second.matches for m in group}
