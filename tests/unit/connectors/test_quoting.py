"""Values as literals: hostile ones stay values."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import ConnectorError
from connectors.query_languages import like_literal, roql_literal
from connectors.quoting import linked_address, odata_literal, path_segment, plain

_ODATA = re.compile(r"'(?:[^']|'')*'")
_ROQL = re.compile(r"'(?:[^'\\]|\\[\\'])*'")


@given(st.text(max_size=200))
def test_odata_text_is_one_literal(value: str) -> None:
    """Whatever the text, the literal ends where it should, and holds the text."""
    literal = odata_literal(value, "v2", None)
    assert _ODATA.fullmatch(literal)
    assert plain(value) == literal[1:-1].replace("''", "'")


@given(st.text(max_size=200))
def test_roql_text_is_one_literal(value: str) -> None:
    """Whatever the text, the literal ends where it should, and holds the text."""
    literal = roql_literal(value, None)
    assert _ROQL.fullmatch(literal)
    assert plain(value) == re.sub(r"\\(.)", r"\1", literal[1:-1])


@given(st.text(max_size=200))
def test_a_pattern_of_like_finds_the_text_alone(value: str) -> None:
    """Each % and _ of a value, and each backslash, has a backslash before it, and the text is whole."""
    pattern = like_literal(value, None)
    assert re.fullmatch(r"(?:[^%_\\]|\\[%_\\])*", pattern, re.DOTALL)
    assert plain(value) == re.sub(r"\\(.)", r"\1", pattern)


@given(st.text(min_size=1, max_size=200))
def test_path_segment_is_one_segment(value: str) -> None:
    """A segment never has a slash, a question mark or a fragment in it, and is never a step up."""
    try:
        segment = path_segment(value)
    except ConnectorError:
        assert plain(value) in {"", ".", ".."}
    else:
        assert re.fullmatch(r"[A-Za-z0-9_.~%-]+", segment)


@pytest.mark.parametrize(
    ("value", "version", "kind", "expected"),
    [
        ("O'Brien", "v2", None, "'O''Brien'"),
        (5, "v2", None, "5"),
        ("5", "v4", "number", "5"),
        (Decimal("12.10"), "v2", None, "12.10"),
        (True, "v4", None, "true"),
        ("true", "v2", "bool", "true"),
        ("01234567-89ab-cdef-0123-456789abcdef", "v2", "guid", "guid'01234567-89ab-cdef-0123-456789abcdef'"),
        ("01234567-89ab-cdef-0123-456789abcdef", "v4", "guid", "01234567-89ab-cdef-0123-456789abcdef"),
        (date(2026, 11, 21), "v2", "datetime", "datetime'2026-11-21'"),
        (datetime(2026, 11, 21, 8, tzinfo=UTC), "v4", None, "2026-11-21T08:00:00Z"),
    ],
)
def test_odata_types(value: Any, version: str, kind: str | None, expected: str) -> None:
    """Each type has the literal of its version."""
    assert expected == odata_literal(value, version, kind)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1 or 1 eq 1", "number"),
        ("1'", "guid"),
        ("2026-11-21' or 'a", "datetime"),
        ("1 eq 1", "bool"),
        (["a"], None),
        ({"a": 1}, None),
        ("x" * 501, None),
    ],
)
def test_what_does_not_fit_the_type_is_refused(value: Any, kind: str | None) -> None:
    """A value that is not of the type that was declared is not sent at all, and not shown."""
    with pytest.raises(ConnectorError) as raised:
        odata_literal(value, "v2", kind)
    assert str(value) not in raised.value.message


def test_roql_numbers() -> None:
    """A number stands bare only if it is one."""
    assert "1022" == roql_literal("1022", "number")
    assert "7" == roql_literal(7, None)
    with pytest.raises(ConnectorError):
        roql_literal("1 OR 1=1", "number")


@pytest.mark.parametrize(
    ("link", "sent"),
    [
        ("/people?page=2&name=%C3%BC", "/people?page=2&name=%C3%BC"),
        ("/people?name=M\u00fcller & Co", "/people?name=M%C3%BCller%20&%20Co"),
        ("/a HTTP/1.1\r\nX-Injected: 1", "/a%20HTTP/1.1%0D%0AX-Injected:%201"),
        ("\\\\evil.example\\x", "%5C%5Cevil.example%5Cx"),
    ],
)
def test_links_of_backends(link: str, sent: str) -> None:
    """What is escaped stays as it is; what isn't ends neither the address nor the request."""
    assert sent == str(linked_address(link))
