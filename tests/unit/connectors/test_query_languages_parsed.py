"""Whatever is put into a query of Salesforce or NetSuite is, when the query is read again, one value and the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import ConnectorError
from connectors.query_languages import LANGUAGES
from hub.config.request import Quote
from hub.domain.phone import clean_text
from tests.conformance.behaviour import HOSTILE
from tests.conformance.systems.servers.small_query import SOQL, SUITEQL, Dialect, Query
from tests.conformance.systems.servers.sosl import read_find

HOSTILE_TEXT = st.sampled_from(HOSTILE) | st.text(
    alphabet=st.sampled_from("ab 1'\"\\()[]{}*?%_&|!^~:+-,;=\n\t#/<>. OR AND --/*'' \\' é漏"), min_size=1, max_size=30
)


def sent(value: str) -> str:
    """Return what is left of a value before it is quoted."""
    return clean_text(value, 1_000)


@pytest.mark.parametrize(("quote", "dialect"), [("soql", SOQL), ("suiteql", SUITEQL)])
@given(value=HOSTILE_TEXT)
def test_one_literal(quote: Quote, dialect: Dialect, value: str) -> None:
    """A value is one literal of SOQL and of SuiteQL, and the condition behind it still stands."""
    literal = LANGUAGES[quote].literal(value, None)
    read = Query(f"SELECT Id FROM Contact WHERE Email = {literal} AND Kind = 'x'", dialect).select()
    assert ("and", ("=", ("name", "Email"), ("value", sent(value))), ("=", ("name", "Kind"), ("value", "x"))) == (
        read.where
    )


@given(value=HOSTILE_TEXT)
def test_one_search_term(value: str) -> None:
    """A value is one term of SOSL that finds nothing but itself, or it is refused before it is sent."""
    try:
        term = LANGUAGES["sosl"].literal(value, None)
    except ConnectorError as error:
        assert "neither letter nor digit" in error.message  # noqa: PT017 - either will do
        return
    found = read_find(f"FIND {{{term} OR 123}} IN PHONE FIELDS RETURNING Contact(Id)")
    assert [re.compile(re.escape(sent(value)), re.IGNORECASE | re.DOTALL).pattern, "123"] == [
        pattern.pattern for pattern in found.terms
    ]
