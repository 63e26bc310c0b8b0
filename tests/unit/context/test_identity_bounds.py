"""Whatever backends answer with, who is who is decided while a phone rings; what is left out is said."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from datetime import date
from types import FrameType
from typing import Any

from structlog.testing import capture_logs

from hub.config.identity import IdentitySection
from hub.config.merge import MergeSection
from hub.context.grouped import Grouper
from hub.context.identity.evidence import MAX_POINTS
from hub.context.identity.grouping import MAX_NUMBERS, MAX_RECORDS, MAX_WORDS, Grouping, group_records
from hub.context.identity.scoring import Rules
from hub.context.merge_precedence import Precedence
from hub.context.question import Question
from hub.domain.customer import Address, CustomerQuery, CustomerRecord, Email, Name, Phone
from hub.domain.identity import RecordRef
from hub.domain.phone import parse_number

RULES = Rules(IdentitySection())


def lines(work: Callable[[], object]) -> int:
    """Return how many lines of code are run, whatever else the machine does."""
    run = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal run
        run += event == "line"
        return count

    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(None)
    return run


def names(count: int, words: int) -> list[Name]:
    """Make up names in which no word is another's."""
    dice = random.Random(words)  # noqa: S311 - makes up names, guards nothing
    letters = "abcdefghiklmnoprstuvw"
    return [Name(full=" ".join("".join(dice.choices(letters, k=12)) for _ in range(words))) for _ in range(count)]


def grouped(*records: CustomerRecord) -> Grouping:
    return group_records(records, RULES)


def holders(systems: int, points: int) -> list[CustomerRecord]:
    """Return so many systems' records, each of somebody else, with as many addresses of each kind; no two the same."""
    return [
        CustomerRecord(
            system=f"system{number}",
            id="1",
            name=name,
            phones=tuple(Phone(number=f"+4930{number:03}{row:04}") for row in range(points)),
            emails=tuple(Email(address=f"{row}@{number}.example") for row in range(points)),
            addresses=tuple(
                Address(street=f"Way {number} {row}", postcode="70173", locality="Town") for row in range(points)
            ),
        )
        for number, name in enumerate(names(systems, 2))
    ]


def test_addresses_are_not_each_compared_with_each() -> None:
    """With twice as many numbers and addresses it takes about twice as long, not four times."""
    few, many = holders(6, MAX_POINTS // 4), holders(6, MAX_POINTS // 2)
    assert [] == [*grouped(*few).left_out, *grouped(*many).left_out]  # names are compared once, and remembered
    assert lines(lambda: grouped(*many)) < 2.5 * lines(lambda: grouped(*few))


def test_names_of_many_words_are_compared_in_a_bounded_time() -> None:
    """Sixty records with a long name each; what is beyond the bound is a customer of its own, and told."""
    records = [
        CustomerRecord(system=f"system{number}", id="1", name=name) for number, name in enumerate(names(MAX_RECORDS, 8))
    ]
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        grouping = grouped(*records)
    finally:
        sys.setprofile(None)
    assert calls < 1_000_000
    assert MAX_RECORDS == len(grouping.groups)
    kept = MAX_WORDS // 8
    assert [RecordRef(system=one.system, id="1") for one in records[kept:]] == grouping.left_out


def test_one_customer_of_many_systems_is_one_however_many_numbers() -> None:
    """Five systems with fifty numbers and addresses of each kind are well within the bounds."""
    (record,) = holders(1, MAX_POINTS)
    grouping = grouped(*(CustomerRecord(**{**_fields(record), "system": f"system{place}"}) for place in range(5)))
    assert [5] == [len(group) for group in grouping.groups]
    assert [] == grouping.left_out


def test_numbers_that_many_have_are_compared_in_a_bounded_time() -> None:
    """Sixty people with the same fifty numbers: as many are compared as the bound allows."""
    (first,) = holders(1, MAX_POINTS)
    records = [
        CustomerRecord(**{**_fields(first), "system": f"system{number}", "name": name})
        for number, name in enumerate(names(MAX_RECORDS, 2))
    ]
    grouping = grouped(*records)  # names are compared once, and remembered
    assert lines(lambda: grouped(*records)) < 100_000
    assert MAX_RECORDS - MAX_NUMBERS // (3 * MAX_POINTS) == len(grouping.left_out)


def test_what_was_left_out_is_said() -> None:
    """By the systems' names and how many records, once all have answered; nothing of the customers themselves."""
    question = Question.of(CustomerQuery(phone=parse_number("+493515550123", "DE")))
    grouper = Grouper(RULES, Precedence(MergeSection(), {}))
    (record,) = holders(1, MAX_POINTS + 1)
    with capture_logs() as logged:
        for is_all in (False, True):
            grouper.customers_of([record], [], question, today=date(2026, 11, 22), is_all=is_all)
    assert [(["system0"], 1)] == [(line["systems"], line["records"]) for line in logged]


def _fields(record: CustomerRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
