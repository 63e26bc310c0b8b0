"""Values in Siebel's queries by example."""

import re

import pytest

from connectors.base import ConnectorError
from connectors.query_languages import LANGUAGES, siebel_literal

OPERATORS = (
    "x' OR Id LIKE '",
    "' OR 1=1 --",
    "IS NULL",
    "x OR y",
    "[Id] > 0",
    "~LIKE",
    'a"b',
    "a,b;c",
    "''",
    "<>",
)


@pytest.mark.parametrize("value", OPERATORS)
def test_operators_stay_within_the_quotes(value: str) -> None:
    """Whatever a value holds, the literal is one equals sign and one quoted text, which reads as the value."""
    literal = siebel_literal(value, None)
    quoted = re.fullmatch(r"='((?:[^']|'')*)'", literal)
    assert quoted is not None
    assert value == quoted[1].replace("''", "'")


@pytest.mark.parametrize("value", ["a*", "?", "a\\*", "\\", "%*%"])
def test_wildcards_are_refused(value: str) -> None:
    """A wildcard would find others: it is not sent, quoted or not."""
    with pytest.raises(ConnectorError, match="signs of the query"):
        siebel_literal(value, None)


def test_numbers_are_bare() -> None:
    """A number is compared as one, and what is none is refused."""
    assert "=42" == siebel_literal("42", "number")
    with pytest.raises(ConnectorError, match="has to be a number"):
        siebel_literal("42 OR 1", "number")


def test_several_values_are_alternatives() -> None:
    """A list is asked for as one value or another."""
    assert " OR " == LANGUAGES["siebel"].joint
