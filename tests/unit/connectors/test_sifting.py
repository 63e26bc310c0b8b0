"""Of what a backend gives, only what was meant stays."""

from typing import Any

import pytest

from connectors import sifting
from connectors.base import ConnectorError
from connectors.resolve import NothingToAskError
from connectors.sifting import refuse_failed, sifted, signs_of, without
from hub.config.operations import RestStep
from hub.domain.customer import Problem
from hub.domain.phone import PhoneNumber, parse_number

GERMAN = {"query": {"e164": "+493515550123"}}


def kept(rows: list[dict[str, Any]], scope: dict[str, Any], **step: Any) -> list[dict[str, Any]]:
    return sifted(rows, RestStep.model_validate({"name": "rows", "path": "/", **step}), scope, "DE")


@pytest.mark.parametrize(
    "number",
    [
        "+49 351 5550123",
        "0351/5550123",
        "(0351) 555-0123",
        "00493515550123",
        "493515550123",
        "+49 (0)351 5550123",
        "0351 5550123 ext. 4",
        "351-5550123",
        "5550123",
        "555 01 23",
    ],
)
def test_the_number_asked_for_stays_however_it_is_written(number: str) -> None:
    """Whole in any form, or its end without the area: nobody is lost by how a number was typed."""
    rows = [{"phone": number}]
    assert rows == kept(rows, GERMAN, same_number=["phone"])


@pytest.mark.parametrize(
    "number",
    ["+49 30 5550123", "0305550123", "+1 415 555 0123", "004315550123", "030-5550123", "95550123", "+5550123"],
)
def test_another_whole_number_goes(number: str) -> None:
    """The last seven digits are equal, the rest says that it is somebody else's."""
    assert [] == kept([{"phone": number}], GERMAN, same_number=["phone"])


@pytest.mark.parametrize("number", [None, "", "22", "ext. 22", "unknown", "123456"])
def test_who_has_no_whole_number_stays(number: str | None) -> None:
    """Where the whole number isn't known, all are given."""
    rows = [{"phone": number}]
    assert rows == kept(rows, GERMAN, same_number=["phone"])


def test_thousands_of_numbers_do_not_keep_calls_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that can't be the one asked for are told by their last digits, without being read."""
    numbers_read: list[str] = []

    def counted(raw: str, region: str) -> PhoneNumber:
        numbers_read.append(raw)
        return parse_number(raw, region)

    monkeypatch.setattr(sifting, "parse_number", counted)
    asked_for = {"phone": "0351 5550123"}
    rows = [asked_for, *({"phone": f"0351 77{number:05d}1"} for number in range(5_000))]
    assert [asked_for] == kept(rows, GERMAN, same_number=["phone"])
    with_its_end = [row["phone"] for row in rows if "0123" in row["phone"].replace(" ", "")]
    assert with_its_end == numbers_read
    assert len(with_its_end) < len(rows) / 100


def test_one_of_several_numbers_is_enough() -> None:
    """A person's other numbers don't count against them; a row of which all are others' goes."""
    rows = [{"work": "030 5550123", "mobile": "0351 5550123"}, {"work": "030 5550123", "mobile": "040 5550123"}]
    assert rows[:1] == kept(rows, GERMAN, same_number=["work", "mobile"])


def test_looked_up_by_another_key_nothing_goes() -> None:
    """A step that several operations share compares numbers only where one was asked for."""
    rows = [{"phone": "030 5550123"}]
    assert rows == kept(rows, {"query": {"id": "7"}}, same_number=["phone"])


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ({"from": "entry.id"}, [1]),
        ({"startswith": {"from": "entry.id"}}, [1, 2]),
        ({"startswith": {"from": "entry.id", "within": "[{}]"}}, [3]),
        ({"contains": "1.1"}, [1, 2, 3]),
        ({"endswith": "12"}, [2]),
        ({"ne": "main-1.1"}, [2, 3, 4]),
        ({"eq": ["main-1.1", "main-1.12"]}, [1, 2]),
    ],
)
def test_conditions(condition: dict[str, Any], left: list[int]) -> None:
    """Rows stay whose field fits; a field that isn't there fits nothing."""
    rows: list[dict[str, Any]] = [
        {"no": 1, "ref": "main-1.1"},
        {"no": 2, "ref": "main-1.12"},
        {"no": 3, "ref": "[main-1.1] call"},
        {"no": 4, "ref": None},
    ]
    found = kept(rows, {"entry": {"id": "main-1.1"}}, keep={"ref": condition})
    assert left == [row["no"] for row in found]


@pytest.mark.parametrize(
    ("condition", "left"),
    [({"gt": 9}, [10]), ({"le": "9"}, [9]), ({"ge": 9}, [9, 10]), ({"lt": 10}, [9]), ({"eq": 10}, [10])],
)
def test_numbers_are_compared_by_value(condition: dict[str, Any], left: list[int]) -> None:
    """Ten is more than nine, as text or as number."""
    assert left == [row["n"] for row in kept([{"n": 9}, {"n": 10}], {}, keep={"n": condition})]


def test_all_conditions_must_hold() -> None:
    """Of two conditions one is not enough."""
    rows: list[dict[str, Any]] = [{"a": "1", "b": True}, {"a": "1", "b": False}]
    assert rows[:1] == kept(rows, {}, keep={"a": 1, "b": "true"})


def test_a_condition_on_what_was_found_nowhere() -> None:
    """Without the value to compare with, nothing can be meant."""
    with pytest.raises(NothingToAskError):
        kept([{"a": ""}], {"entry": {}}, keep={"a": {"from": "entry.case"}})


def test_a_call_that_was_in_vain() -> None:
    """A row that says what went wrong is an error in the backend's words, without the caller's data."""
    step = RestStep.model_validate({"name": "rows", "path": "/", "failed": "error"})
    refuse_failed([{"error": ""}, {"error": None}, {}], step)
    with pytest.raises(ConnectorError) as raised:
        refuse_failed([{"id": 1}, {"error": "no contact for petra@example.com"}], step)
    assert Problem.FAULT is raised.value.problem
    assert "the backend answered that it failed: no contact for ***" == raised.value.message


def test_signs_of_nothing() -> None:
    """Values by which a backend says that there is none are missing at any depth; others that look alike stay."""
    row = {"a": False, "b": "false", "c": 0, "d": [7, False, {"e": "N/A", "f": True}], "g": "n/a"}
    cleared = {"a": None, "b": "false", "c": 0, "d": [7, None, {"e": None, "f": True}], "g": "n/a"}
    assert cleared == without(row, signs_of([False, "N/A"]))
    assert {"a": None} == without({"a": 0}, signs_of([0]))
    assert {"a": False} == without({"a": False}, signs_of([0, "false"]))
