"""Values filled into requests."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.base import ConnectorError
from connectors.resolve import NothingToAskError, resolve
from hub.config.request import parse_argument

SCOPE = {"query": {"id": "a'b", "n": "12", "f": "1.5"}, "rows": [{"id": "1"}, {"id": "2"}, {"id": "1"}, {"id": None}]}


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("text {query.id}", "text {query.id}"),
        ({"from": "query.id"}, "a'b"),
        ({"a": [{"b": {"from": "query.id"}}, 5, None, True]}, {"a": [{"b": "a'b"}, 5, None, True]}),
        ({"from": "query.n", "type": "number"}, 12),
        ({"from": "query.f", "type": "number"}, 1.5),
        ({"from": "rows.id", "many": True}, ["1", "2"]),
        ({"from": "rows.id", "many": True, "type": "number"}, [1, 2]),
        (
            {"text": "A = {id} AND B IN ({rows})", "quote": "roql",
             "values": {"id": {"from": "query.id"}, "rows": {"from": "rows.id"}}},
            "A = 'a\\'b' AND B IN ('1', '2')",
        ),
        ({"from": "query.n", "within": "Call {}"}, "Call 12"),
        (
            {"text": "A = {id}", "quote": "roql", "values": {"id": {"from": "query.id", "within": "'{}"}}},
            "A = '\\'a\\'b'",
        ),
        (
            {"text": "ä {id}", "quote": "plain", "values": {"id": {"from": "query.id"}}, "encode": "base64"},
            "w6QgYSdi",
        ),
    ],
)  # fmt: skip
def test_what_is_filled_in(argument: Any, expected: Any) -> None:
    """Literals stay, values come from the scope, statements quote theirs."""
    assert expected == resolve(parse_argument(argument), SCOPE)


def test_a_value_that_looks_like_a_hole_is_not_filled() -> None:
    """What a value holds is not looked into for holes."""
    argument = {"text": "{a} {b}", "quote": "roql", "values": {"a": {"from": "a"}, "b": {"from": "b"}}}
    assert "'{b}' 'x'" == resolve(parse_argument(argument), {"a": "{b}", "b": "x"})


def test_several_values_where_one_has_its_place() -> None:
    """Several values are never squeezed into one place, and the first is never taken for all."""
    with pytest.raises(ConnectorError, match=r"rows\.id finds several values where one has its place"):
        resolve(parse_argument({"from": "rows.id"}), SCOPE)


def test_what_is_no_number() -> None:
    """A value declared a number that is none is not sent."""
    with pytest.raises(ConnectorError, match="has to be a number"):
        resolve(parse_argument({"from": "query.id", "type": "number"}), SCOPE)


def test_an_element_with_attributes() -> None:
    """Of an element that a reply holds only the text goes into the next request, not what else it says of itself."""
    rows = [{"id": {"#text": "7", "@scheme": "x", "$type": "Other"}}]
    assert {"Id": "7"} == resolve({"Id": parse_argument({"from": "rows.id"})}, {"rows": rows})


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999", "NaN"])
def test_a_number_that_nobody_could_write_down(number: str) -> None:
    """What a reply says in a few characters must not become a gigabyte in the next request, nor what is no number."""
    with pytest.raises(ConnectorError, match=r"rows\.amount is a number that can't be sent"):
        resolve({"sum": parse_argument({"from": "rows.amount"})}, {"rows": [{"amount": Decimal(number)}]})


@pytest.mark.parametrize("form", ["iso", "date", "%d.%m.%Y"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_at_the_end_of_the_calendar(form: str, moment: str) -> None:
    """A time that has no place in the other zone is told with where it stands."""
    argument = parse_argument({"from": "rows.at", "date": form, "zone": "UTC"})
    with pytest.raises(ConnectorError, match=r"rows\.at is a time that `date` can't write"):
        resolve(argument, {"rows": [{"at": moment}]})


def test_nothing_found() -> None:
    """A value that is nowhere means that nobody can match."""
    with pytest.raises(NothingToAskError):
        resolve(parse_argument({"a": {"from": "query.missing"}}), SCOPE)
