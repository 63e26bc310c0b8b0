"""Whatever record comes, mapping it ends soon, and the same way each time."""

import time
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config.expressions import ExpressionError, ExpressionFailedError, compile_expression
from hub.domain.path import Path as RecordPath
from hub.mapping.errors import FieldProblemError, MappingRunError, ValueProblemError
from hub.mapping.mapping import Mapping, load_mapping
from hub.mapping.rules import single
from hub.mapping.values import to_text
from tests.unit.mapping.conftest import HEAD, MapOne

SLOWEST_S = 3.0
"""For one record at its worst, on a machine that has other things to do; it takes some tenths of a second."""

EVERYTHING = (
    HEAD
    + """\
  id: {from: [id, a.id, "a[0].b"], default: none}
  kind: {from: k, table: {P: individual, C: org}, default: individual}
  name.full: {join: [a, b.c, {expr: "not_null(d, e)"}], with: ", "}
  name.given: a.b.c
  organization: {from: b, case: title}
  language: {from: "a[].b[].c", case: lower}
  tier: {expr: "sort_by(to_array(a), &b)[0].c"}
  phones: {each: a, where: {b: {not: x}}, fields: {number: {from: [b, "@"], phone: true}, label: $.b}}
  emails: {each: "a[].b", fields: {address: {from: "@", email: true}}}
  products: {from: "b[]"}
  orders:
    each: {expr: "to_array(c)[?a != `1`]"}
    fields: {id: a, ordered_on: b, due_on: {from: c, date: ["%d.%m.%y", unix]}, amount: {sum: [d, e, "b[]"]}, open: f}
  cases: {each: "c[0]", fields: {id: "@", opened_on: {from: d, date: {formats: compact, zone: Europe/Berlin}}}}
  extra.total: {sum: "a[].b"}
  extra.half: {expr: "divide(a, b)"}
  ids.x: "d[-1].e"
"""
)

NAMES = st.sampled_from(["id", "a", "b", "c", "d", "e", "f", "k", "#text", "_value_1"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=20)
    | st.sampled_from(
        ["0000-00-00", "0001-01-01", "9999-12-31T23:59:59-12:00", "31.02.26", "20260231", "0800-FLOWERS", "call Bob"]
    )
    | st.sampled_from(["1.234,50", "1,234.50", "12.10-", "X", "", " ", "1e999999", "+49351" + "5" * 40, "\ud800"])
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=4)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=30
)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    """Return a mapping that uses all that there is."""
    file = tmp_path_factory.mktemp("mappings") / "all.yaml"
    file.write_text(EVERYTHING)
    return load_mapping(file)


def outcome(mapping: Mapping, record: Any, left_out: list[FieldProblemError] | None = None) -> object:
    try:
        made = mapping.run_customer(record, system="crm", region="DE", left_out=left_out)
        return msgspec.json.decode(msgspec.json.encode(made))
    except MappingRunError as error:
        return str(error)


@settings(max_examples=400, deadline=None)
@given(record=VALUES)
def test_any_record(everything: Mapping, record: Any) -> None:
    """Whatever comes becomes a customer or a MappingRunError that names mapping and field; each time the same."""
    found = outcome(everything, record)
    assert isinstance(found, dict) or found.startswith(f"mapping {everything.name}, field ")  # type: ignore[attr-defined]  # the message
    assert found == outcome(everything, record)


@settings(max_examples=200, deadline=None)
@given(record=st.dictionaries(NAMES, VALUES, max_size=8))
def test_what_is_left_out_costs_only_itself(everything: Mapping, record: dict[str, Any]) -> None:
    """Where wrong values are left out, every record becomes a customer: the id has a default."""
    left_out: list[FieldProblemError] = []
    found = outcome(everything, record, left_out)
    assert isinstance(found, dict) or "field id" in str(found)
    if not left_out:
        assert found == outcome(everything, record)


PATHS = ("a", "a.b", "a.b.c", "a[0].b", "a[0].b[1].c", "a[].b", "b[].c[]", "a.b[-1]", "d[0]", "e.f")


@pytest.fixture(scope="module")
def by_paths(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    """Return a mapping that reads each path as a text, as the first of two, as a part and as a code."""
    file = tmp_path_factory.mktemp("mappings") / "paths.yaml"
    rules = "".join(
        f"  extra.text{number}: {path!r}\n"
        f"  extra.first{number}: {{from: [{path!r}, missing.too]}}\n"
        f"  extra.joined{number}: {{join: [{path!r}, {path!r}], with: '|'}}\n"
        f"  extra.coded{number}: {{from: {path!r}, table: {{X: word, '': x}}}}\n"
        for number, path in enumerate(PATHS)
    )
    file.write_text(HEAD + "  id: {const: x}\n" + rules)
    return load_mapping(file)


@settings(max_examples=300, deadline=None)
@given(record=st.dictionaries(NAMES, VALUES, max_size=6))
def test_short_ways_lead_to_the_same(by_paths: Mapping, record: dict[str, Any]) -> None:
    """However a path is read at run time, it gives what the path itself finds."""
    made = by_paths.run_customer(record, system="crm", region="DE", left_out=[]).extra
    for number, path in enumerate(PATHS):
        found = single(RecordPath(path).read(record))
        try:
            text = to_text(found)
        except ValueProblemError:
            text = None
        assert text == made.get(f"text{number}"), path
        assert text == made.get(f"first{number}"), path
        assert (None if text is None else f"{text}|{text}") == made.get(f"joined{number}"), path
        empty = "x" if text is None and isinstance(found, str) else None
        assert ("word" if text == "X" else text or empty) == made.get(f"coded{number}"), path


FLAT = {"a": [{"id": number, "b": number % 7, "c": str(number)} for number in range(5_000)]}
NESTED = {"a": [{"b": [{"c": [1] * 30} for _ in range(30)]} for _ in range(30)]}
TEN_MB = {"a": "9" * 10_000_000, "b": ["x" * 10_000_000] * 50}


@pytest.mark.parametrize(
    ("rule", "record"),
    [
        ('{expr: "a[?length(to_array(b)) > `0`].{x: id, y: b, z: c}[?x == `4999`].c | [0]"}', FLAT),
        ('{expr: "a[].[a[].id, @][] | [0]"}', FLAT),
        ('{expr: "map(&map(&[@, @], [@, @, @, @]), a) | [0][0][0].c"}', FLAT),
        ('{expr: "sort_by(a, &sort_by([@, @, @], &b)[0].b)[0].c"}', FLAT),
        ("{expr: \"a[?contains(map(&b, [@, @]), `3`)] | [?contains(keys(@), 'c')] | [0].c\"}", FLAT),
        (f'{{expr: "{"[@, @] | " * 45}to_string(@)"}}', FLAT),
        (f'{{expr: "{"[@, @] | [] | " * 30}length(@)"}}', FLAT),
        (f'{{expr: "({"[@, @] | " * 20}@) == ({"[@, @] | " * 20}@)"}}', FLAT),
        (f"{{expr: \"contains({'[@, @] | ' * 30}@, ['x'])\"}}", FLAT),
        ('{expr: "a[].b[].c[].[@, @, @] | [0][0] | to_string(@)"}', NESTED),
        ("{expr: \"join('', b)\"}", TEN_MB),
        ('{expr: "join(a, b)"}', TEN_MB),
        ('{expr: "to_number(a)"}', TEN_MB),
        ('{expr: "to_string(b)"}', TEN_MB),
        ('{expr: "reverse(a)"}', TEN_MB),
        ("{join: [a, 'b[]', 'b[1]'], case: title}", TEN_MB),
        ("{from: a, phone: true}", TEN_MB),
        ("{from: 'b[]', email: true}", TEN_MB),
        ("{from: a, date: ['%d.%m.%Y %H:%M:%S', '%A %B %d %Y', unix]}", TEN_MB),
        ("{sum: ['b[]', a]}", TEN_MB),
        ("'a[].b[].c[]'", NESTED),
    ],
)
def test_time_is_bounded(map_one: MapOne, rule: str, record: dict[str, Any]) -> None:
    """The worst that a rule can do to a large record ends soon, in a value or an error that says where."""
    began = time.process_time()
    try:
        assert len(map_one(f"title: {rule}", record).title) <= 4_000
    except MappingRunError as error:
        assert error.field == "title"  # noqa: PT017 - either will do
    assert time.process_time() - began < SLOWEST_S


@pytest.mark.parametrize(
    "fields",
    [
        "orders: {each: a, where: {$.a.b: x}, fields: {id: id, status: $.a.c}}",
        "orders: {each: a, fields: {id: {from: [$.a.x, $.a.y, id]}}}",
        "products: {each: a, where: {c: {present: true}}, from: $.a.c}",
        "orders:\n" + "  - {each: a, where: {b: 3}, fields: {id: id}}\n" * 90,
    ],
)
def test_lists_within_lists_are_bounded(map_one: MapOne, fields: str) -> None:
    """A path from the whole record, read for each of its items, ends soon as well."""
    began = time.process_time()
    with pytest.raises(MappingRunError, match=r"field (orders|products)[a-z.]*: takes too much work on this record"):
        map_one(fields, FLAT)
    assert time.process_time() - began < SLOWEST_S


def test_what_is_usual_is_within_the_limits(map_one: MapOne) -> None:
    """Filtering and sorting 5,000 items is not too much."""
    record = map_one(
        """
        orders: {each: {expr: "a[?b == `3` && starts_with(c, '1')]"}, fields: {id: id}}
        title: {expr: "max_by(a, &id).c"}
        tier: {sum: "a[].id"}
        """,
        FLAT,
    )
    assert (160, "4999", "12497500") == (len(record.orders), record.title, record.tier)


def test_an_expression_that_works_too_much_says_so(map_one: MapOne) -> None:
    """The message names the field, and what can be done."""
    with pytest.raises(MappingRunError, match=r"field title: the expression takes too much work on this record: ask"):
        map_one(f'title: {{expr: "{"[@, @] | [] | " * 25}length(@)"}}', FLAT)


@pytest.mark.parametrize("text", ["(" * 499, "[" * 499, "!" * 499])
def test_an_expression_nested_too_deeply(text: str) -> None:
    """Brackets within brackets can't exhaust the stack of who reads them."""
    with pytest.raises(ExpressionError, match="nested too deeply"):
        compile_expression(text)


@pytest.mark.parametrize(
    ("expression", "record"),
    [
        ("ceil(a)", {"a": Decimal("1E+999999999")}),
        ("to_string(a)", {"a": Decimal("1E+999999999")}),
        ("sum([a, a])", {"a": Decimal("1E-999999999")}),
        ("multiply(a, a)", {"a": 10**4_000}),
        ("round(a, `2`)", {"a": Decimal("NaN")}),
        ("round(a, `99`)", {"a": 1}),
        ("a[::0]", {"a": [1]}),
        ("sort_by(a, &b)", {"a": [{"b": 1}, {"b": "x"}]}),
    ],
)
def test_numbers_that_nobody_can_write(expression: str, record: dict[str, Any]) -> None:
    """A number with a billion digits is refused before it is written or calculated with."""
    with pytest.raises(ExpressionFailedError, match="can't be applied"):
        compile_expression(expression)(record)
