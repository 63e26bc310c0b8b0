"""Parts of the kind `odata` by themselves: literals, conditions, bodies, what is refused in the configuration."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.odata.body import entity_json
from connectors.odata.query import expand_text, filters, query_string
from connectors.odata.reply import plain_entity
from connectors.quoting import odata_literal
from connectors.resolve import resolve
from connectors.sifting import sifted
from hub.config.connectors import ODataConnector
from hub.config.operations import ODataStep
from hub.config.request import parse_argument

CET = timezone(timedelta(hours=1))


def step(**keys: Any) -> ODataStep:
    return ODataStep.model_validate({"name": "s", "entity": "E", **keys})


@pytest.mark.parametrize(
    ("value", "version", "kind", "expected"),
    [
        (datetime(2026, 11, 20, 10, 30, tzinfo=CET), "v2", None, "datetime'2026-11-20T09:30:00'"),
        (datetime(2026, 11, 20, 10, 30, tzinfo=CET), "v2", "datetimeoffset", "datetimeoffset'2026-11-20T09:30:00Z'"),
        (datetime(2026, 11, 20, 10, 30, tzinfo=CET), "v4", None, "2026-11-20T09:30:00Z"),
        ("12.50", "v2", "decimal", "12.50M"),
        ("12.50", "v4", "decimal", "12.50"),
        ("5000000000", "v2", "int64", "5000000000L"),
        ("5000000000", "v4", "int64", "5000000000"),
    ],
)
def test_literals(value: Any, version: str, kind: str | None, expected: str) -> None:
    """Each type has the literal of its version; a moment is one of UTC."""
    assert expected == odata_literal(value, version, kind)


def test_one_of_several_fields() -> None:
    """`any_of` joins fields by or, beside the conditions that must hold, in each request of many values."""
    scope = {"query": {"numbers": ["+49", "0"]}, "rows": [{"id": str(number)} for number in range(25)]}
    asked = step(where={"id": {"from": "rows.id"}}, any_of={"a": {"from": "query.numbers"}, "b": {"startswith": "x'"}})
    texts = list(filters(asked, scope, "v4"))
    assert 2 == len(texts)
    assert all(text.endswith(" and ((a eq '+49' or a eq '0') or startswith(b,'x'''))") for text in texts)
    assert ["(b eq 1)"] == list(filters(step(any_of={"b": 1}), {}, "v4"))


def test_options_of_an_expansion() -> None:
    """What is read behind a navigation stands in its parentheses, at any depth."""
    options = {"a": ["$select=x,y"], "a/b": ["$filter=c eq 'd;)'", "$top=3"]}
    assert "a($select=x,y;$expand=b($filter=c eq 'd;)';$top=3)),e" == expand_text(["a", "a/b", "e"], "v4", options)
    asked = step(expand=["a"], expand_options={"a": {"where": {"c": {"from": "query.id"}}, "order": ["c desc"]}})
    text = query_string(asked, "", {}, "v4", {"query": {"id": "x'y"}})
    assert "$expand=a%28%24filter%3Dc%20eq%20%27x%27%27y%27%3B%24orderby%3Dc%20desc%29&$top=50" == text


@pytest.mark.parametrize(
    ("value", "v2", "v4"),
    [
        (Decimal("12.10"), b'"12.10"', b"12.10"),
        (Decimal("1E+3"), b'"1E+3"', b"1000"),
        (2**31, b'"2147483648"', b"2147483648"),
        (-(2**31), b"-2147483648", b"-2147483648"),
        (True, b"true", b"true"),
        (None, b"null", b"null"),
        (date(1970, 1, 2), b'"/Date(86400000)/"', b'"1970-01-02"'),
        (datetime(1969, 12, 31, 23, 59, tzinfo=UTC), b'"/Date(-60000)/"', b'"1969-12-31T23:59:00Z"'),
        ('a"b\n', b'"a\\"b\\n"', b'"a\\"b\\n"'),
        ({"a": [Decimal("0.5")]}, b'{"a":["0.5"]}', b'{"a":[0.5]}'),
    ],
)
def test_bodies(value: Any, v2: bytes, v4: bytes) -> None:
    """Each version has its own way with decimals, long numbers and moments."""
    assert (v2, v4) == (entity_json(value, "v2"), entity_json(value, "v4"))


def test_annotations_of_a_vocabulary_stay() -> None:
    """What the protocol adds goes, what a vocabulary says of a field (its name for people) stays."""
    entity = {
        "@odata.etag": "x",
        "a": 1,
        "a@odata.type": "#Int32",
        "a@OData.Community.Display.V1.FormattedValue": "One",
    }
    assert {"a": 1, "a@OData.Community.Display.V1.FormattedValue": "One"} == plain_entity(entity)


def test_keys_made_of_an_id() -> None:
    """The same id makes the same key, another one another; the namespace tells kinds apart."""

    def key(text: str, **made: Any) -> str:
        return str(resolve(parse_argument({"from": "entry.id", **made}), {"entry": {"id": text}}))

    namespace = "11d95aad-2bd9-416c-9d3f-3df7104a826b"
    # RFC 9562, B.2 has the same for a name in the namespace of DNS.
    dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    assert "2ed6657d-e927-568b-95e1-2665a8aea6a2" == key("www.example.com", uuid=dns)
    assert key("main-1.1", uuid=namespace) == key("main-1.1", uuid=namespace)
    assert 3 == len({key("main-1.1", uuid=namespace), key("main-1.2", uuid=namespace), key("main-1.1", uuid=dns)})
    assert "ba7816bf8f01" == key("abc", digest=12)
    assert "N/ba7816bf" == key("abc", digest=8, within="N/{}")


def test_rows_kept_in_any_case() -> None:
    """`ignore_case` compares as people do, and nothing but the whole value counts."""
    rows: list[Any] = [{"a": "Petra@Example.com"}, {"a": "petra@example.community"}, {"a": None}]
    asked = step(keep={"a": {"eq": {"from": "query.email"}, "ignore_case": True}})
    assert rows[:1] == sifted(rows, asked, {"query": {"email": "petra@EXAMPLE.com"}}, "DE")
    assert [] == sifted(
        rows, step(keep={"a": {"from": "query.email"}}), {"query": {"email": "petra@example.com"}}, "DE"
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"method": "POST", "body": {"a": 1}, "key": "x"}, "its key stands in the `body`"),
        ({"method": "PATCH", "body": {"a": 1}}, "name it with `key`"),
        ({"key": "x", "where": {"a": 1}}, "leave `where` out"),
        ({"create_only": True}, "go with method: PATCH"),
        ({"if_match": "*"}, "go with method: PATCH"),
        ({"method": "PATCH", "body": {}, "key": "x", "create_only": True, "if_match": "*"}, "not both"),
        ({"expand": ["a"], "expand_options": {"b": {}}}, "names 'b'"),
        ({"where": {"a": {"eq": 1, "ignore_case": True}}}, "`ignore_case` is for `keep`"),
    ],
)
def test_steps_that_can_not_be_meant(keys: dict[str, Any], words: str) -> None:
    """A step that contradicts itself is refused with what to do."""
    with pytest.raises(ValidationError, match=words):
        step(**keys)


@pytest.mark.parametrize(
    ("version", "keys", "words"),
    [
        ("v2", {"expand": ["a"], "expand_options": {"a": {"select": ["b"]}}}, "`expand_options` are OData V4's"),
        ("v2", {"method": "PATCH", "body": {}, "key": "x", "create_only": True}, "`create_only` is OData V4's"),
        ("v2", {"where": {"Phones[]/Number": {"from": "query.id"}}}, "OData V2 can't ask for one of several"),
        ("v4", {"where": {"P[]/N) or (1 eq 1": "x"}}, "must be a property's name"),
        ("v4", {"where": {"P[0]/N": "x"}}, "must be a property's name"),
        ("v4", {"method": "MERGE", "body": {}, "key": "x"}, "MERGE is OData V2's"),
    ],
)
def test_steps_of_the_other_version(version: str, keys: dict[str, Any], words: str) -> None:
    """What only the other version of the protocol knows is refused."""
    config = {
        "kind": "odata",
        "version": version,
        "url": "https://x.example",
        "mapping": "m",
        "operations": {"by_id": {"key": "id", "steps": [{"name": "s", "entity": "E", **keys}]}},
    }
    with pytest.raises(ValidationError, match=words):
        ODataConnector.model_validate(config)
