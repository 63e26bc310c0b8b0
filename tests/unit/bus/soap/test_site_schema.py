"""An integrator's schema: what is read of it, and what is told where it can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from hub.bus.soap.site_schema import load_site_schema
from hub.config.problem import ConfigError

HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a" xmlns="urn:a">'


def schema(folder: Path, text: str, name: str = "main.xsd") -> Path:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def problem(path: Path, *elements: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_site_schema(path, elements)
    (found,) = caught.value.problems
    return f"{Path(found.file).name}:{found.line}: {found.message}"


def test_elements_are_found_by_either_name(tmp_path: Path) -> None:
    """By the local name, by the whole one, or all of the file that are not abstract."""
    path = schema(
        tmp_path,
        f'{HEAD}<xs:element name="A" type="xs:int"/><xs:element name="B"/>'
        '<xs:element name="C" abstract="true"/></xs:schema>',
    )
    assert ("{urn:a}B",) == load_site_schema(path, ["B"]).elements
    assert ("{urn:a}B", "{urn:a}A") == load_site_schema(path, ["{urn:a}B", "A"]).elements
    found = load_site_schema(path, [])
    assert ("{urn:a}A", "{urn:a}B") == found.elements
    assert 1 == len(found.validator.violations(etree.fromstring('<A xmlns="urn:a">x</A>')))


def test_files_that_name_each_other_are_read_once(tmp_path: Path) -> None:
    """Circles are common in vendors' schemas."""
    include = '<xs:include schemaLocation="{}"/>'
    path = schema(tmp_path, HEAD + include.format("sub/b.xsd") + '<xs:element name="A" type="B"/></xs:schema>')
    schema(
        tmp_path,
        HEAD + include.format("../main.xsd") + '<xs:complexType name="B"/></xs:schema>',
        "sub/b.xsd",
    )
    found = load_site_schema(path, [])
    assert ["main.xsd", "b.xsd"] == [document.path.name for document in found.documents]
    assert [[1], [0]] == [[index for _, index in document.links] for document in found.documents]


def test_a_file_without_a_namespace_has_that_of_who_includes_it(tmp_path: Path) -> None:
    """As the schema's own rules have it (XML Schema 1.0 part 1, 4.2.1)."""
    path = schema(tmp_path, HEAD + '<xs:include schemaLocation="b.xsd"/></xs:schema>')
    bare = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="A" type="xs:int"/></xs:schema>'
    schema(tmp_path, bare, "b.xsd")
    found = load_site_schema(path, ["A"])
    assert ("{urn:a}A",) == found.elements
    assert () == found.validator.violations(etree.fromstring('<A xmlns="urn:a">1</A>'))


@pytest.mark.parametrize(
    ("body", "elements", "expected"),
    [
        (
            '<xs:import namespace="urn:x" schemaLocation="http://x/y.xsd"/>',
            (),
            "main.xsd:2: 'http://x/y.xsd' is elsewhere",
        ),
        ('<xs:include schemaLocation="file:///etc/passwd"/>', (), "main.xsd:2: 'file:///etc/passwd' is elsewhere"),
        ('<xs:include schemaLocation="/etc/passwd"/>', (), "main.xsd:2: '/etc/passwd' is elsewhere"),
        ('<xs:include schemaLocation="../out.xsd"/>', (), "main.xsd:2: '../out.xsd' is outside"),
        ('<xs:include schemaLocation="%2e%2e/out.xsd"/>', (), "main.xsd:2: '%2e%2e/out.xsd' is outside"),
        ('<xs:include schemaLocation="none.xsd"/>', (), "main.xsd:2: there is no file 'none.xsd'"),
        ('<xs:element name="A" type="Nope"/>', (), "main.xsd:2: the schema is not valid"),
        ("", (), "main.xsd:1: the schema declares no element"),
        ('<xs:element name="Order"/>', ("Ordre",), "did you mean 'Order'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, body: str, elements: tuple[str, ...], expected: str
) -> None:
    """File and line; nothing is fetched, and nothing read outside of the schema's folder."""
    schema(tmp_path, HEAD + "</xs:schema>", "out.xsd")
    (tmp_path / "in").mkdir()
    assert expected in problem(schema(tmp_path, f"{HEAD}\n{body}</xs:schema>", "in/main.xsd"), *elements)


def test_two_elements_of_one_name_are_told(tmp_path: Path) -> None:
    """As operations they would be the same; by their whole names neither is another's."""
    path = schema(
        tmp_path,
        HEAD + '<xs:import namespace="urn:b" schemaLocation="b.xsd"/><xs:element name="A"/></xs:schema>',
    )
    schema(tmp_path, HEAD.replace("urn:a", "urn:b") + '<xs:element name="A"/></xs:schema>', "b.xsd")
    assert "there are several: {urn:a}A, {urn:b}A" in problem(path, "A")
    assert "two elements are called 'A'" in problem(path, "{urn:a}A", "{urn:b}A")
    assert ("{urn:b}A",) == load_site_schema(path, ["{urn:b}A"]).elements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a", "main.xsd:1: the schema is no XML"),
        ("<a/>", "main.xsd:1: this is no XML schema"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "/etc/passwd">]><a>&b;</a>', "document type"),
    ],
)
def test_what_is_no_schema_is_told(tmp_path: Path, text: str, expected: str) -> None:
    """A file that is something else, and one with a DTD."""
    assert expected in problem(schema(tmp_path, text))


def test_a_document_type_in_an_included_file_is_told(tmp_path: Path) -> None:
    """Every file that belongs to the schema is looked at before it is compiled."""
    path = schema(tmp_path, HEAD + '<xs:include schemaLocation="b.xsd"/></xs:schema>')
    schema(tmp_path, "<!DOCTYPE a []>" + HEAD + "</xs:schema>", "b.xsd")
    assert "b.xsd:1: the schema holds a document type (DTD), which is refused" == problem(path)
