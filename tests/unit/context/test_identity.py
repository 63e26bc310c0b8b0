"""Which records are one customer: joined by signs, kept apart by others, whatever the order of the answers."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config.identity import IdentityRule, IdentitySection
from hub.context.identity import comparisons as comparisons_module
from hub.context.identity.comparisons import Comparisons
from hub.context.identity.evidence import Evidence, Prepared, evidence
from hub.context.identity.grouping import Grouping, group_records
from hub.context.identity.scoring import Rules
from hub.domain.customer import Address, CustomerRecord, Email, Kind, Name, Phone
from hub.domain.identity import RecordRef, Sign
from tests.unit.context.identity_samples import decided, ref

NUMBER = "+4930901820"
ASKED = (f"tel:{NUMBER}",)
PHONE = (Phone(number=NUMBER),)
RULES = Rules(IdentitySection())


def record(system: str, record_id: str, name: str = "", **more: Any) -> CustomerRecord:
    return CustomerRecord(system=system, id=record_id, name=Name(full=name), **more)


def grouped(*records: CustomerRecord, rules: Rules = RULES, asked: tuple[str, ...] = ASKED, **more: Any) -> Grouping:
    return group_records(records, rules, asked=asked, **more)


def ids(grouping: Grouping) -> list[list[str]]:
    return [[f"{r.system}:{r.id}" for r in group] for group in grouping.groups]


@pytest.mark.parametrize("name", ["Huber, M.", "maria huber", "Dr. Maria Huber", "Maria Hubre"])
def test_same_person_in_two_systems_is_one_customer(name: str) -> None:
    """Same number and a compatible name in two systems: one customer, also where a system lists no number itself."""
    assert [["sap:1", "osc:9"]] == ids(grouped(record("sap", "1", "Maria Huber"), record("osc", "9", name)))
    assert [["sap:1", "osc:9"]] == ids(
        grouped(record("sap", "1", "Maria Huber", phones=PHONE), record("osc", "9", name, phones=PHONE), asked=())
    )


def test_the_number_that_was_asked_for_proves_nothing() -> None:
    """Whoever is found by it has it: with no name in one of them, or only a surname, the agent is asked."""
    for name in ("", "Huber"):
        grouping = grouped(record("sap", "1", "Maria Huber"), record("osc", "9", name))
        assert [["sap:1"], ["osc:9"]] == ids(grouping)
        assert [("sap", "osc")] == [(match.other.system, match.one.system) for match in grouping.maybe_same]


def test_a_name_alone_joins_nobody() -> None:
    """Neither does it together with the town."""
    for more in ({}, {"addresses": (Address(postcode="70173", locality="Stuttgart"),)}):
        one = record("sap", "1", "Theodora Wiesenthal-Kupfer", phones=(Phone(number="+493012345"),), **more)
        other = record("osc", "9", "Theodora Wiesenthal-Kupfer", phones=(Phone(number="+493054321"),), **more)
        assert [["sap:1"], ["osc:9"]] == ids(grouped(one, other))


def test_two_records_of_one_system_are_two_customers() -> None:
    """Several customers with one number stay several, even with equal names: the system itself says so."""
    grouping = grouped(record("sap", "1", "Maria Huber"), record("sap", "2", "Maria Huber"))
    assert ([["sap:1"], ["sap:2"]], ()) == (ids(grouping), grouping.maybe_same)


def test_a_record_that_a_system_tells_twice_is_one_customer() -> None:
    """One id is one record, however often it is in the answer."""
    assert [["sap:1", "sap:1"]] == ids(grouped(record("sap", "1", "Maria Huber"), record("sap", "1", "M. Huber")))


def test_record_that_fits_two_customers_is_given_to_neither() -> None:
    """Where nothing decides, nothing is guessed: the agent is told that it may be either."""
    grouping = grouped(
        record("sap", "1", "Maria Huber"), record("sap", "2", "Maria Huber"), record("osc", "9", "Maria Huber")
    )
    assert [["sap:1"], ["sap:2"], ["osc:9"]] == ids(grouping)
    assert 2 == len(grouping.maybe_same)


def test_what_fits_far_better_decides() -> None:
    """A record that fits two customers goes to the one whose birth date it has."""
    birth = {"birth_date": date(1980, 5, 4)}
    mail = {"emails": (Email(address="maria@example.com"),)}
    grouping = grouped(
        record("sap", "1", "Maria Huber", **mail),
        record("sap", "2", "Maria Huber", **mail, **birth),
        record("osc", "9", "Maria Huber", **birth),
    )
    assert [["sap:1"], ["sap:2", "osc:9"]] == ids(grouping)


def test_external_id_joins_in_spite_of_names() -> None:
    """One system naming the other's id is stronger than a changed name."""
    assert [["sap:1", "osc:9"]] == ids(
        grouped(record("sap", "1", "Maria Huber"), record("osc", "9", "Maria Weber", ids={"sap": "1"}))
    )


def test_another_id_of_one_system_keeps_apart() -> None:
    """Whoever is customer 2 of SAP is not customer 1 of SAP, nor somebody whom a third system calls so."""
    same: dict[str, Any] = {"emails": (Email(address="maria@example.com"),)}
    sap = record("sap", "1", "Maria Huber", **same)
    osc, crm = (record(name, "9", "Maria Huber", ids={"sap": "2"}, **same) for name in ("osc", "crm"))
    assert [["sap:1"], ["osc:9", "crm:9"]] == ids(grouped(sap, osc, crm))


def test_email_joins_to_the_right_one_of_several() -> None:
    """With several candidates a shared e-mail address says which one it is."""
    grouping = grouped(
        record("sap", "1", "Jonas Huber"),
        record("sap", "2", "Maria Huber", emails=(Email(address="maria@example.com"),)),
        record("osc", "9", "Maria H", emails=(Email(address="Maria@Example.com"),)),
    )
    assert [["sap:1"], ["sap:2", "osc:9"]] == ids(grouping)


def test_a_company_and_who_works_there_are_two() -> None:
    """A switchboard's number belongs to both, and the agent has to hear who is calling."""
    grouping = grouped(
        record("sap", "1", "", kind=Kind.ORG, organization="Huber Maschinenbau GmbH"),
        record("osc", "9", "Maria Schmidt", organization="Huber Maschinenbau"),
    )
    assert [["sap:1"], ["osc:9"]] == ids(grouping)


@pytest.mark.parametrize(
    "how", ["flagged", "configured", "beginning", "two of one system", "other name in another system"]
)
def test_a_shared_number_is_nobodys(how: str) -> None:
    """Whether a system says so, the configuration, or two customers who have it: it joins nobody by name."""
    phone = (Phone(number=NUMBER, shared=how == "flagged"),)
    numbers = {"configured": (NUMBER,), "beginning": ("+49309018*",)}.get(how, ())
    further = {
        "two of one system": [record("sap", "2", "Jonas Weber", phones=phone)],
        "other name in another system": [record("crm", "2", "Jonas Weber", phones=phone)],
    }.get(how, [])
    grouping = grouped(
        record("sap", "1", "Maria Huber", phones=phone),
        record("osc", "9", "Maria Huber", phones=phone),
        *further,
        rules=Rules(IdentitySection(shared_numbers=numbers)),
    )
    assert [["sap:1"], ["osc:9"]] == [group for group in ids(grouping) if len(further) == 0 or ":2" not in group[0]]
    assert grouping.maybe_same


def test_the_reasons_are_told() -> None:
    """Each rule that had its say, with what was compared and what it added; those that joined are with the customer."""
    mail = (Email(address="maria@example.com"),)
    grouping = grouped(
        record("sap", "1", "Maria Huber", emails=mail, birth_date=date(1980, 5, 4)),
        record("osc", "9", "Maria Weber", emails=mail, birth_date=date(1980, 4, 5)),
    )
    [[match]] = grouping.matches
    assert (RecordRef(system="osc", id="9"), RecordRef(system="sap", id="1")) == (match.one, match.other)
    assert 0.99 < match.score < 1
    told = {reason.rule: (reason.score, reason.detail) for reason in match.reasons}
    assert (22, "maria@example.com") == told["email"]
    assert (-1, "Maria Weber · Maria Huber") == told["other surname"]
    assert (4, "1980-04-05 · 1980-05-04") == told["similar birth date"]
    assert (16, NUMBER) == told["phone"]


def test_rules_are_the_sites_own() -> None:
    """A site's rule replaces one of the same name, or comes before the others about the same."""
    one, other = record("sap", "1", "Maria Huber"), record("osc", "9", "Maria Huber")
    off = IdentityRule(name="phone", signs=(Sign.PHONE,), adds=0)
    assert 2 == len(grouped(one, other, rules=Rules(IdentitySection(rules=(off,)))).groups)
    certain = IdentityRule(name="name here", about="name", signs=(Sign.NAME_SAME,), adds=40)
    [[match]] = grouped(one, other, rules=Rules(IdentitySection(rules=(off, certain)))).matches
    assert ["name here", "common name"] == [reason.rule for reason in match.reasons]


def test_what_people_said_goes_before_the_rules() -> None:
    """Same joins even two of one system; different keeps apart what everything speaks for, and nobody is asked."""
    sap1, sap2 = record("sap", "1", "Maria Huber"), record("sap", "2", "Jonas Weber")
    grouping = grouped(sap1, sap2, decisions=[decided(1, "same", "sap:1", "sap:2")])
    assert ([["sap:1", "sap:2"]], "d-1") == (ids(grouping), grouping.matches[0][0].decision)
    osc = record("osc", "9", "Maria Huber", ids={"sap": "1"})
    grouping = grouped(sap1, osc, decisions=[decided(1, "different", "sap:1", "osc:9")])
    assert ([["sap:1"], ["osc:9"]], ()) == (ids(grouping), grouping.maybe_same)


def test_who_was_meant_comes_first() -> None:
    """And is told as chosen, also by way of a record that people said is the same; of whom nobody sees, nothing is."""
    jonas, maria = record("sap", "1", "Jonas Huber"), record("sap", "2", "Maria Huber")
    meant = decided(1, "meant", "sap:2", key=ASKED[0])
    grouping = grouped(jonas, maria, decisions=[meant])
    assert [["sap:2"], ["sap:1"]] == ids(grouping)
    assert grouping.chosen is not None
    assert ("d-1", ref("sap:2"), "alice") == (grouping.chosen.decision, grouping.chosen.record, grouping.chosen.by)
    by_way = [decided(1, "meant", "old:7", key=ASKED[0]), decided(2, "same", "old:7", "sap:2")]
    assert [["sap:2"], ["sap:1"]] == ids(grouped(jonas, maria, decisions=by_way))
    assert None is grouped(jonas, maria, decisions=by_way[:1]).chosen
    assert None is grouped(jonas, maria, decisions=[decided(1, "meant", "sap:2", key="tel:+4930111")]).chosen


_NAMES = ("Maria Huber", "M. Huber", "Maria Weber", "Jonas Huber", "Huber", "", "Huber GmbH")
_records = st.builds(
    record,
    st.sampled_from(("sap", "osc", "crm", "shop")),
    st.sampled_from(("1", "2", "3")),
    st.sampled_from(_NAMES),
    phones=st.sampled_from(((), PHONE, (Phone(number="+49301111", verified=True),))),
    emails=st.sampled_from(((), (Email(address="m@example.com"),), (Email(address="info@example.com"),))),
    birth_date=st.sampled_from((None, date(1980, 5, 4), date(1955, 5, 4))),
    ids=st.sampled_from(({}, {"sap": "1"}, {"old": "7"})),
)
_refs = st.sampled_from([f"{system}:{number}" for system in ("sap", "osc", "crm") for number in "123"])
_decisions = st.lists(
    st.tuples(st.sampled_from(("same", "different")), st.lists(_refs, min_size=2, max_size=3, unique=True)), max_size=4
)


@settings(deadline=None)
@given(st.lists(_records, min_size=1, max_size=7, unique_by=lambda one: (one.system, one.id)), _decisions, st.randoms())
def test_the_order_of_answers_does_not_matter(
    records: list[CustomerRecord], said: list[tuple[str, list[str]]], random: Any
) -> None:
    """The same records and decisions make the same customers, with the same scores, however they come."""
    decisions = [decided(number, kind, *about) for number, (kind, about) in enumerate(said)]
    first = grouped(*records, decisions=decisions)
    shuffled, other = list(records), list(decisions)
    random.shuffle(shuffled)
    random.shuffle(other)
    second = grouped(*shuffled, decisions=other)
    assert {frozenset(group) for group in map(tuple, ids(first))} == {frozenset(g) for g in map(tuple, ids(second))}
    assert first.maybe_same == second.maybe_same
    assert {match for group in first.matches for match in group} == {m for group in second.matches for m in group}


@settings(deadline=None)
@given(st.lists(_records, min_size=1, max_size=7, unique_by=lambda one: (one.system, one.id)))
def test_what_was_compared_before_changes_nothing(records: list[CustomerRecord]) -> None:
    """Records that come one by one make each time what they make all at once."""
    comparisons = Comparisons(ASKED)
    for count in range(1, len(records) + 1):
        assert grouped(*records[:count]) == grouped(*records[:count], comparisons=comparisons)


def test_no_two_records_are_compared_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as there are pairs of them, however often more come."""
    compared: list[tuple[RecordRef, RecordRef]] = []

    def counted(one: Prepared, other: Prepared, shared: frozenset[str]) -> Evidence:
        compared.append((one.ref, other.ref))
        return evidence(one, other, shared)

    monkeypatch.setattr(comparisons_module, "evidence", counted)
    records = [record(f"system{number}", "1", "Anna Muster", phones=PHONE) for number in range(5)]
    comparisons = Comparisons(ASKED)
    for count in range(1, len(records) + 1):
        grouped(*records[:count], comparisons=comparisons)
    assert (10, 10) == (len(compared), len(set(compared)))


@settings(deadline=None)
@given(st.lists(_records, min_size=1, max_size=7, unique_by=lambda one: (one.system, one.id)), _decisions)
def test_no_customer_holds_what_was_said_to_be_different(
    records: list[CustomerRecord], said: list[tuple[str, list[str]]]
) -> None:
    """Nor two records of one system, unless people said that they are the same."""
    decisions = [decided(number, kind, *about) for number, (kind, about) in enumerate(said)]
    newest: dict[frozenset[str], str] = {}
    for kind, about in said:
        newest |= {frozenset((a, b)): kind for a in about for b in about if a != b}
    for group in ids(grouped(*records, decisions=decisions)):
        pairs = [frozenset((a, b)) for a in group for b in group if a != b]
        assert [] == [pair for pair in pairs if newest.get(pair) == "different"]
        if "same" not in newest.values():
            assert len(group) == len({one.partition(":")[0] for one in group})


def test_many_records_that_fit_each_other_take_a_bounded_time() -> None:
    """Five systems with a dozen records each, all of which name the same id of a sixth: calls go on meanwhile."""
    records = [record(f"system{number % 5}", str(number), "Anna Muster", ids={"hub": "1"}) for number in range(60)]
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        groups = grouped(*records).groups
    finally:
        sys.setprofile(None)
    assert 60 == len(groups)
    assert calls < 500_000
