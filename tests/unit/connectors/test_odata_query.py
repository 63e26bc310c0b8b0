"""OData filters, expansions and addresses."""

from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.base import ConnectorError
from connectors.odata.query import expand_text, filters, query_string
from connectors.resolve import NothingToAskError
from hub.config.operations import ODataStep

SCOPE = {"query": {"numbers": ["+49351", "0351"], "id": "a'b"}, "rows": [{"id": "1"}, {"id": "2"}, {"id": "1"}]}


def step(**keys: Any) -> ODataStep:
    return ODataStep.model_validate({"name": "s", "entity": "E", **keys})


@pytest.mark.parametrize(
    ("where", "version", "expected"),
    [
        ({"A": {"from": "query.id"}}, "v2", "A eq 'a''b'"),
        ({"A": {"from": "query.numbers"}}, "v2", "(A eq '+49351' or A eq '0351')"),
        ({"A": {"from": "rows.id"}, "B": {"ne": "C"}}, "v2", "(A eq '1' or A eq '2') and B ne 'C'"),
        ({"B": {"ne": ["C", "D"]}}, "v2", "(B ne 'C' and B ne 'D')"),
        ({"A": {"contains": {"from": "query.id"}}}, "v2", "substringof('a''b',A)"),
        ({"A": {"contains": {"from": "query.id"}}}, "v4", "contains(A,'a''b')"),
        ({"A": {"startswith": "x"}, "N": {"ge": 5}}, "v4", "startswith(A,'x') and N ge 5"),
        ({"A": True}, "v2", "A eq true"),
        ({"A/B": {"endswith": "x"}}, "v2", "endswith(A/B,'x')"),
        ({"P[]/N": {"from": "query.id"}}, "v4", "P/any(one:one/N eq 'a''b')"),
        ({"P[]": {"from": "query.numbers"}}, "v4", "P/any(one:one eq '+49351' or one eq '0351')"),
        ({"P[]/N": {"ne": ["x", "y"]}, "A": 1}, "v4", "not P/any(one:one/N eq 'x' or one/N eq 'y') and A eq 1"),
        ({"A/P[]/N/O": {"contains": "x"}}, "v4", "A/P/any(one:contains(one/N/O,'x'))"),
        ({}, "v2", ""),
    ],
)
def test_filters(where: dict[str, Any], version: str, expected: str) -> None:
    """Conditions are joined by and, several values by or; text is always quoted."""
    assert [expected] == list(filters(step(where=where), SCOPE, version))


def test_many_values_take_several_requests() -> None:
    """No request grows past 20 alternatives, and no value is left out."""
    scope = {"rows": [{"id": str(number)} for number in range(45)]}
    texts = list(filters(step(where={"A": {"from": "rows.id"}, "B": {"ne": "C"}}), scope, "v2"))
    assert [20, 20, 5] == [text.count("A eq") for text in texts]
    assert all(text.endswith(" and B ne 'C'") for text in texts)


def test_too_many_values() -> None:
    """A step that finds more than anybody could be is told to be narrower."""
    with pytest.raises(ConnectorError, match="more than 100 different values"):
        list(filters(step(where={"A": {"from": "rows.id"}}), {"rows": [{"id": n} for n in range(101)]}, "v2"))


def test_nothing_found_is_nothing_asked() -> None:
    """Without a value there is no filter: an unfiltered request would give everybody."""
    for rows in ([], [{"id": None}], [{"id": ""}]):
        with pytest.raises(NothingToAskError):
            list(filters(step(where={"A": {"from": "rows.id"}}), {"rows": rows}, "v2"))


def test_address() -> None:
    """Every option is escaped: a plus stays a plus, an ampersand stays inside."""
    text = query_string(step(select=["A", "B"], order=["D desc"], top=7), "A eq '+49&x=1'", {"sap-client": "100"}, "v2")
    assert {
        "sap-client": ["100"],
        "$filter": ["A eq '+49&x=1'"],
        "$select": ["A,B"],
        "$orderby": ["D desc"],
        "$top": ["7"],
        "$format": ["json"],
    } == parse_qs(text)


def test_expand() -> None:
    """Nested navigations are paths in V2 and nested options in V4."""
    paths = ("to_A", "to_A/to_B", "to_A/to_C", "to_D")
    assert "to_A,to_A/to_B,to_A/to_C,to_D" == expand_text(paths, "v2")
    assert "to_A($expand=to_B,to_C),to_D" == expand_text(paths, "v4")
