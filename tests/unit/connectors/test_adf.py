"""Values in Oracle ADF's `q` parameter, a row-match expression or a query by example."""

from typing import Any

import pytest

from connectors.base import ConnectorError
from connectors.query_languages import adf_literal
from hub.domain.customer import Problem


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("petra@example.com", None, "'petra@example.com'"),
        ("O'Brien", None, "'O''Brien'"),
        ("' or PartyId > 0 or EmailAddress = '", None, "''' or PartyId > 0 or EmailAddress = '''"),
        ("''", None, "''''''"),
        ("'", None, "''''"),
        ('a" or "1"="1', None, '\'a" or "1"="1\''),
        ("a&q=b#c?d", None, "'a&q=b#c?d'"),
        ("{query.id} :bind", None, "'{query.id} :bind'"),
        ("名前' or '", None, "'名前'' or '''"),
        ("x\r\ny\x00z", None, "'xyz'"),
        (300100012, None, "300100012"),
        ("300100012", "number", "300100012"),
        ("0042", None, "'0042'"),
    ],
)
def test_a_value_stays_a_value(value: Any, kind: str | None, expected: str) -> None:
    """Text stands in single quotes, which are doubled in it; nothing in it ends the literal."""
    assert expected == adf_literal(value, kind)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("petra*", None),
        ("%", None),
        ("a;PartyId>0", None),
        ("a\\", None),
        ("\\' or PartyId > 0 --", None),
        ("1 or 1=1", "number"),
        ("1;2", "number"),
        ("x" * 501, None),
        (["a"], None),
    ],
)
def test_what_could_be_a_sign_of_the_query_is_refused(value: Any, kind: str | None) -> None:
    """Wildcards, separators and escapes of the older grammar aren't sent, nor what is no number where one is due."""
    with pytest.raises(ConnectorError) as raised:
        adf_literal(value, kind)
    assert Problem.INTERNAL is raised.value.problem
    assert "PartyId" not in raised.value.message
