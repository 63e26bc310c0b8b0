"""What is wrong with a mapping file, told with its place and all at once."""

import importlib.resources
from pathlib import Path

import pytest

from hub.config.mapping_files import SHIPPED, find_mapping
from hub.mapping.errors import MappingError
from hub.mapping.mapping import load_mapping
from tests.unit.mapping.conftest import HEAD, Problems


def test_all_problems_at_once(problems: Problems) -> None:
    """Every problem of a file is told, in the order of the file."""
    assert [
        "3:9: must be one of customer, interaction, order, case, write_back; did you mean 'customer'?",
    ] == problems("source: x\nversion: 1\ntarget: custmer\nfields: {id: a}\n")
    found = problems(
        """\
        source: x
        version: 1
        target: customer
        colour: red
        fields:
          id: a
          nmae: b
          name.ful: c
          title: {frm: d}
          phones: {each: p, fields: {numbr: n}}
          tier: {from: t, case: lowr}
        """
    )
    assert [
        "4:1: unknown key 'colour'; known here: fields, source, target, version",
        "7:3: the target has no field 'nmae'; did you mean 'name'?",
        "8:3: the target has no field 'name.ful'; did you mean 'full'?",
        "9:3: a rule says where its value comes from by one of from, expr, const, join, sum: none is here",
        "9:11: unknown key 'frm'; did you mean 'from'?",
        "10:21: the field 'number' is required: say where it comes from",
        "10:30: the target has no field 'phones.numbr'; did you mean 'number'?",
        "11:25: must be one of lower, upper, title; did you mean 'lower'?",
    ] == found


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("title: 'a..b'", "can't read the path 'a..b' from character 2"),
        ("title: {expr: 'a['}", "not a JMESPath expression"),
        (
            'title: {expr: "a[?k=b]"}',
            "not a JMESPath expression: unknown token '=' (character 5); text is written 'text'",
        ),
        ('title: {expr: "not_null(sum(a), totl(b[?contian(c, d)]))"}', "JMESPath has no function 'totl'; "),
        ('title: {expr: "a[?contians(c, d)]"}', "JMESPath has no function 'contians'; did you mean 'contains'?"),
        ("title: {from: a, date: '%d.%m.%Q'}", "%Q is nothing that a date's pattern may hold"),
        ("title: {from: a, date: '%d.%'}", "% is nothing that a date's pattern may hold"),
        (f"title: {{from: a, date: '{'%d' * 26}'}}", "a date's pattern has at most 50 characters"),
        (
            "title: {from: a, date: DD.MM.YYYY}",
            "a date's format is a name or a pattern as in %d.%m.%Y; known here: iso",
        ),
        ("title: {from: a, const: b}", "not both from and const"),
        ("title: {const: [a]}", "must be one plain value, not a list"),
        ("title: {from: a, with: '-'}", "`with` is the separator of `join`"),
        ("title: {from: a, date: '%x %d'}", "names one part of the date twice"),
        ("title: {from: a, date: '%d.%d'}", "names one part of the date twice"),
        (f"title: {{from: [{', '.join('a' * 51)}]}}", "too many: at most 50"),
        (f"title: {{join: [{', '.join('a' * 51)}]}}", "too many: at most 50"),
        (f"title: {{sum: [{', '.join('a' * 51)}]}}", "too many: at most 50"),
        (f"title: {{join: [a], with: '{'-' * 51}'}}", "too long: at most 50 characters"),
        ("title: {sum: [a, {frm: b}]}", "unknown key 'frm'; did you mean 'from'?"),
        ('title: {expr: "a / b"}', "not a JMESPath expression: unknown token / (character 3)"),
        ("title: {join: a}", "must be a list of what is joined"),
        ("title: [a, b]", "must be a section of keys, not a list"),
        ("title: null", "must be a section of keys, not nothing"),
        ("title.x: a", "'title' has no parts"),
        ("title: {from: a, date: [isoo]}", "did you mean 'iso'?"),
        ("title: {from: a, date: {zone: Mars/Base}}", "there is no time zone 'Mars/Base'"),
        ("title: {from: a, phone: de}", "must be true or a country code in capitals"),
        ("kind: {from: a, date: true}", "this field holds no date"),
        ("kind: {const: person}", "needs one of individual, org"),
        ("kind: {from: a, table: {'1': person}}", "needs one of individual, org"),
        ("kind: {from: a, default: person}", "needs one of individual, org"),
        ("kind: {from: a, table: [x]}", "must be a section of keys, not a list"),
        ("tier: {from: a, table: {x: [1]}}", "must be one plain value, not a list"),
        ("name: full", "must be a section of keys, not text"),
        ("addresses: x", "must be a section of keys, not text"),
        ("consents: {from: x}", "unknown key 'from'"),
        ("phones: {from: x, fields: {number: '@'}}", "unknown key 'from'"),
        ("phones: {from: x, fieldz: {}}", "unknown key 'fieldz'"),
        ("value.currency: x", "the field 'amount' is required"),
        ("preferences: x", "must be a section of keys, not text"),
        ("orders: {each: x}", "give `fields`"),
        ("orders: {each: x, fields: {id: a}, wher: {}}", "did you mean 'where'?"),
        ("orders: {each: x, where: {a: {nott: b}}, fields: {id: a}}", "did you mean 'not'?"),
        ("orders: {each: x, where: {a: [[b]]}, fields: {id: a}}", "must be a plain value or a list of them"),
        ("orders: {each: x, where: {'a..b': 1}, fields: {id: a}}", "can't read the path"),
        ("emails: {each: x, fields: {address: {from: a, email: maybe}}}", "must be true or false, not text"),
        ("system: a", "the hub fills 'system' itself"),
        ("mapping: a", "the hub fills 'mapping' itself"),
        (f"title: {{expr: '{'a' * 501}'}}", "too long: at most 500 characters"),
        (f"extra.{'x' * 65}: a", "too long: at most 64 characters"),
        ("name: {full: a}\n  name.given: b", "given both as a whole and by its parts"),
        ("id: b", "stands twice"),
        ("title: !!python/object/apply:os.system [ls]", "tag"),
        ("title: '{{ 7*7 }}'", "can't read the path"),
    ],
)
def test_what_is_wrong_in_a_field(problems: Problems, field: str, expected: str) -> None:
    """Each mistake in a rule has its message."""
    found = problems(f"{HEAD}  id: a\n  {field}\n")
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1: "),
        ("a: [", "1:"),
        ("- a\n", "must be a section of keys, not a list"),
        ("source: x\nversion: 1\ntarget: customer\n", "1:1: key 'fields' is missing"),
        ("source: x\nversion: 1\ntarget: customer\nfields: {title: a}\n", "the field 'id' is required"),
        ("source: x\nversion: 1\ntarget: interaction\nfields: {id: a}\n", "the field 'at' is required"),
        ("source: [x]\nversion: 1\ntarget: customer\nfields: {id: a}\n", "1:9: must be text, not a list"),
        ("x: &a [1,1]\ny: &b [*a,*a,*a]\n" + "z: [*b]\n", "unknown key"),
    ],
)
def test_what_is_wrong_with_a_file(problems: Problems, text: str, expected: str) -> None:
    """A file that is no mapping at all is told too."""
    found = problems(text)
    assert any(expected in problem for problem in found), found


def test_limits(problems: Problems) -> None:
    """Files, fields, tables and aliases are bounded."""
    many = "".join(f"  extra.f{n}: a\n" for n in range(10))
    assert [] == problems(f"{HEAD}  id: a\n{many}")
    table = ", ".join(f"'{n}': x" for n in range(1_001))
    assert any(
        "at most 1000 entries" in problem for problem in problems(f"{HEAD}  id: {{from: a, table: {{{table}}}}}\n")
    )
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)
    )
    assert any("expand to too much" in problem for problem in problems(bomb))
    fields = "".join("    - {fields: {id: a, status: a, description: b}}\n" for _ in range(150))
    assert any("too many fields" in problem for problem in problems(f"{HEAD}  id: a\n  orders:\n{fields}"))


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is a MappingError as well."""
    with pytest.raises(MappingError, match="no such file"):
        load_mapping(tmp_path / "none.yaml")


def test_shipped_mappings_are_found_by_name(tmp_path: Path) -> None:
    """A site's folder comes first, then what ctihub ships; a name can't leave the folders."""
    assert SHIPPED / "sap_s4hana" / "business_partner.yaml" == find_mapping("sap_s4hana/business_partner", [tmp_path])
    own = tmp_path / "sap_s4hana"
    own.mkdir()
    (own / "business_partner.yaml").write_text("x: y")
    assert own / "business_partner.yaml" == find_mapping("sap_s4hana/business_partner", [tmp_path])
    for name in ("../../etc/passwd", "/etc/passwd", "sap_s4hana/../../x", "a\\b", ""):
        assert find_mapping(name, [tmp_path]) is None
    assert SHIPPED == Path(str(importlib.resources.files("mappings")))
