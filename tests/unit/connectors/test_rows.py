"""Rows out of replies."""

from typing import Any

import pytest
from structlog.testing import capture_logs

import connectors.rows
from connectors.base import ConnectorError
from connectors.rows import Attaching, delimited_rows, rows_at, unique_rows
from connectors.wording import backend_words
from hub.config.request import DelimitedRows

SETTINGS = DelimitedRows(columns="c", rows="r", delimiter="|")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"c": "ID|Name", "r": ["1|Vogt", '2|"a | b"']}, [{"ID": "1", "Name": "Vogt"}, {"ID": "2", "Name": "a | b"}]),
        ({"c": "ID|Name", "r": "1|"}, [{"ID": "1", "Name": ""}]),
        ({"c": "ID|Name", "r": None}, []),
        (None, []),
    ],
)
def test_delimited_rows(document: Any, expected: list[dict[str, str]]) -> None:
    """Delimited text becomes records under the names of its columns."""
    assert expected == delimited_rows(document, SETTINGS)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"c": "ID|Name", "r": ["1|a|b"]}, "3 values for 2 columns"),
        ({"c": "ID|Name", "r": ['1|"open']}, "quotes are not closed"),
        ({"c": "ID|Name", "r": [5]}, "have to be text"),
    ],
)
def test_broken_delimited_rows(document: Any, words: str) -> None:
    """A row that does not fit its columns is malformed, not shifted into other fields."""
    with pytest.raises(ConnectorError, match=words):
        delimited_rows(document, SETTINGS)


def test_rows_at_a_path() -> None:
    """One object is one row; what is no object is told."""
    assert [{"a": 1}] == rows_at({"x": {"a": 1}}, "x")
    assert [{"a": 1}] == rows_at({"a": 1}, None)
    assert [] == rows_at({"x": None}, "x")
    with pytest.raises(ConnectorError, match="what stands at 'x' is no record"):
        rows_at({"x": "text"}, "x")


def test_unique_and_attached_rows() -> None:
    """Rows of one customer become one record, and get those rows of other steps that are theirs."""
    rows = unique_rows([{"ID": "1", "Phone": "a"}, {"ID": "2"}, {"ID": "1", "Phone": "b"}], "ID")
    assert [("1", ["a", "b"]), ("2", [None])] == [
        (row["ID"], [one.get("Phone") for one in row["rows"]]) for row in rows
    ]
    orders: list[dict[str, Any]] = [{"of": 1, "id": "x"}, {"of": "2", "id": "y"}, {"of": None, "id": "z"}]
    attaching = Attaching({"orders": {"of": "ID"}}, {"orders": orders})
    assert [{"of": 1, "id": "x"}] == attaching.to(rows[0])["orders"]
    assert [] == attaching.to({"ID": None})["orders"]
    assert orders == Attaching({"orders": {}}, {"orders": orders}).to(rows[0])["orders"]


def test_thousands_of_orders_of_hundreds_of_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are put together by their key, each read once, not by comparing each with each while calls wait."""
    keys_read: list[str] = []

    def counted(value: Any) -> str:
        keys_read.append(str(value))
        return keys_read[-1]

    monkeypatch.setattr(connectors.rows, "_text", counted)
    orders: list[dict[str, Any]] = [{"of": n % 500, "id": n} for n in range(5_000)]
    attaching = Attaching({"orders": {"of": "ID"}}, {"orders": orders})
    found = [attaching.to({"ID": str(n)}) for n in range(500)]
    assert len(orders) + len(found) == len(keys_read)
    assert [10] * 500 == [len(one["orders"]) for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No customer +49 351 5550123", "No customer ***"),
        ("a.b@example.com is unknown", "*** is unknown"),
        ("line\nbreak\x1b[31m", "line break[31m"),
        ("", "no reason given"),
        (None, "no reason given"),
        ("x" * 500, "x" * 200),
        ("error 4711", "error 4711"),
    ],
)
def test_backend_words(text: str | None, expected: str) -> None:
    """A backend's message is shown as one short line without the caller's data."""
    assert expected == backend_words(text)


@pytest.mark.parametrize(
    ("document", "outline"),
    [
        ({"payload": {"hits": []}, "took": 3}, "payload, took"),
        ({}, "an empty object"),
        ([1, 2], "a list of 2"),
        ("x", "no object"),
    ],
)
def test_a_path_to_rows_that_finds_nothing(document: Any, outline: str) -> None:
    """It may be nobody, or a mistake in `rows`: the log says what the reply has instead, for who looks."""
    with capture_logs() as logs:
        assert [] == rows_at(document, "data.items")
    assert [("nothing at rows", "data.items", outline)] == [
        (entry["event"], entry["rows"], entry["reply"]) for entry in logs
    ]
