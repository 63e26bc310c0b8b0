"""Messages as they are written and read, by the schema."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zeep
from lxml import etree

from connectors.base import ConnectorError
from connectors.soap.call import Call
from tests.unit.connectors.soap.wsdls import ENVELOPE, NS, body_of, document, load, read, tree, wsdl

SHOP = """
<x:element name="Ask"><x:complexType><x:sequence>
  <x:element name="Name" type="x:string"/>
  <x:element name="Since" type="x:date" minOccurs="0"/>
  <x:element name="At" type="x:dateTime" minOccurs="0"/>
  <x:element name="Limit" type="x:int" minOccurs="0"/>
  <x:element name="Price" type="x:decimal" minOccurs="0"/>
  <x:element name="Open" type="x:boolean" minOccurs="0" nillable="true"/>
  <x:element name="Tag" type="x:string" minOccurs="0" maxOccurs="unbounded"/>
  <x:choice minOccurs="0"><x:element name="Phone" type="x:string"/><x:element name="Mail" type="x:string"/></x:choice>
  <x:element name="Who" type="t:Party" minOccurs="0"/>
  <x:element name="Amount" type="t:Amount" minOccurs="0"/>
  <x:element name="More" type="t:Anything" minOccurs="0"/>
  <x:element name="Value" type="x:anyType" minOccurs="0"/>
</x:sequence><x:attribute name="size" type="x:int"/></x:complexType></x:element>
<x:element name="Extra" type="t:Person"/>
<x:complexType name="Party" abstract="true"><x:sequence><x:element name="Id" type="x:string"/></x:sequence>
</x:complexType>
<x:complexType name="Person"><x:complexContent><x:extension base="t:Party"><x:sequence>
  <x:element name="Surname" type="x:string" minOccurs="0"/></x:sequence></x:extension></x:complexContent>
</x:complexType>
<x:complexType name="Firm"><x:complexContent><x:extension base="t:Party"><x:sequence>
  <x:element name="Form" type="x:string"/></x:sequence></x:extension></x:complexContent></x:complexType>
<x:complexType name="Amount"><x:simpleContent><x:extension base="x:decimal">
  <x:attribute name="currency" type="x:string" use="required"/></x:extension></x:simpleContent></x:complexType>
<x:complexType name="Anything"><x:sequence><x:any minOccurs="0" maxOccurs="unbounded" processContents="lax"/>
  </x:sequence></x:complexType>
<x:element name="Answer"><x:complexType><x:sequence>
  <x:element name="Customer" minOccurs="0" maxOccurs="unbounded"><x:complexType><x:sequence>
    <x:element name="Id" type="x:string" minOccurs="0"/><x:element name="Number" type="x:int" minOccurs="0"/>
    <x:element name="Born" type="x:date" minOccurs="0"/><x:element name="Open" type="x:boolean" minOccurs="0"/>
    <x:element name="Sum" type="t:Amount" minOccurs="0"/><x:element name="Party" type="t:Party" minOccurs="0"/>
    <x:element name="Value" type="x:anyType" minOccurs="0"/>
  </x:sequence><x:attribute name="kind" type="x:string"/></x:complexType></x:element>
  <x:any namespace="##other" minOccurs="0" maxOccurs="unbounded" processContents="lax"/>
</x:sequence></x:complexType></x:element>
"""


@pytest.fixture
def call(tmp_path: Path) -> Call:
    return load(tmp_path, document(SHOP)).call("Do")


def asked(call: Call, **arguments: Any) -> Any:
    return tree(body_of(call, arguments)[0])


def test_elements_stand_in_the_schemas_order(call: Call) -> None:
    """Whatever order the arguments have, the message has the schema's, and lists repeat their element."""
    written = asked(call, Tag=["b", "a"], Limit=5, **{"@size": 3}, Phone="1", Name="x")
    inside = [("Name", "x"), ("Limit", "5"), ("Tag", "b"), ("Tag", "a"), ("Phone", "1")]
    assert ("Ask", {"size": "3"}, inside) == written


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Since", date(2026, 11, 22), "2026-11-22"),
        ("Since", "2026-11-22", "2026-11-22"),
        ("Since", "", ""),
        ("At", datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "2026-11-22T09:30:00+00:00"),
        ("At", "2026-11-22T09:30:00Z", "2026-11-22T09:30:00Z"),
        ("Limit", "7", "7"),
        ("Price", Decimal("12.10"), "12.10"),
        ("Price", "1e3", "1e3"),
        ("Open", True, "true"),
        ("Open", "false", "false"),
        ("Tag", "a<b>&\"'\r\n]]>", "a<b>&\"'\r\n]]>"),
        ("Tag", "漏油 \U0001f4a7", "漏油 \U0001f4a7"),
    ],
)
def test_values(call: Call, name: str, value: Any, text: str) -> None:
    """Values are written as XML Schema wants them, and come out of a parser as they were."""
    assert ("Ask", [("Name", "x"), (name, text)]) == asked(call, Name="x", **{name: value})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "Name is missing"),
        ({"Name": "x", "Phoen": "1"}, "there is no element 'Phoen'; did you mean 'Phone'?"),
        ({"Name": "x", "Limit": "many"}, "Limit has to be a whole number"),
        ({"Name": "x", "Limit": "5</Limit><x/>"}, "Limit has to be a whole number"),
        ({"Name": "x", "Since": "22.11.2026"}, "Since has to be a date"),
        ({"Name": "x", "At": "today"}, "At has to be a date with a time"),
        ({"Name": "x", "Open": "yes"}, "Open has to be true or false"),
        ({"Name": ["a", "b"]}, "Name has its place once, and 2 values are given"),
        ({"Name": {"First": "x"}}, "Name.First can't be"),
        ({"Name": "x", "Who": {"Id": "1"}}, "Who has an abstract type: name one with $type; known here: Person, Firm"),
        ({"Name": "x", "Who": {"$type": "Persn", "Id": "1"}}, "no type 'Persn'; did you mean 'Person'?"),
        ({"Name": "x", "Who": {"$type": "Firm", "Id": "1"}}, "Who.Form is missing"),
        ({"Name": "x", "Who": {"$type": "Person", "Id": "1", "Srname": "y"}}, "in Who; did you mean 'Surname'?"),
        ({"Name": "x", "Amount": "12"}, "Amount.@currency is missing"),
        ({"Name": "x", "Amount": {"#text": "12", "@currencies": "EUR"}}, "Amount.@currency is missing"),
        ({"Name": "x", "@sise": 1}, "no attribute '@sise'; did you mean '@size'?"),
        ({"Name": "x", "Tag": "\x00"}, "control characters"),
        ({"Name": "x", "Tag": ["a", "\ud800"]}, "control characters"),
        ({"Name": "x", "Who": {"$type": "Person", "Id": {"a": 1}}}, "Who.Id.a can't be"),
    ],
)
def test_arguments_that_do_not_fit(call: Call, arguments: dict[str, Any], words: str) -> None:
    """What the WSDL can't take is told with its path and the nearest right name, before anything is sent."""
    with pytest.raises(ConnectorError) as raised:
        call.envelope(arguments)
    assert words in raised.value.message


def test_nil_and_left_out(call: Call) -> None:
    """Null is nil where the schema allows it, and leaves the element out where it doesn't."""
    assert ("Ask", [("Name", "x"), ("Open", {"nil": "true"}, "")]) == asked(call, Name="x", Open=None, Limit=None)


def test_a_type_by_name(call: Call) -> None:
    """$type names the concrete type, by its name or with its namespace, and its own elements may be given."""
    for name in ("Person", f"{{{NS}}}Person"):
        written = asked(call, Name="x", Who={"$type": name, "Surname": "Vogt", "Id": "1"})
        assert ("Ask", [("Name", "x"), ("Who", {"type": "Person"}, [("Id", "1"), ("Surname", "Vogt")])]) == written


def test_text_with_attributes(call: Call) -> None:
    """An element with text and attributes takes its text as #text."""
    written = asked(call, Name="x", Amount={"#text": Decimal("12.10"), "@currency": "EUR"})
    assert ("Ask", [("Name", "x"), ("Amount", {"currency": "EUR"}, "12.10")]) == written


def test_any(call: Call) -> None:
    """Where the schema says any, a global element is checked like all others, and another one written as it is."""
    written = asked(call, Name="x", More={f"{{{NS}}}Extra": {"Id": "1"}, "{urn:o}Free": {"{urn:o}a": [1, 2]}})
    free = ("{urn:o}Free", [("{urn:o}a", "1"), ("{urn:o}a", "2")])
    assert ("Ask", [("Name", "x"), ("More", [("Extra", [("Id", "1")]), free])]) == written
    with pytest.raises(ConnectorError, match=r"Extra\.Id is missing"):
        asked(call, Name="x", More={f"{{{NS}}}Extra": {}})


@pytest.mark.parametrize(("value", "kind"), [("a", "string"), (True, "boolean"), (5, "int"), (Decimal(2), "decimal")])
def test_values_of_no_declared_type(call: Call, value: Any, kind: str) -> None:
    """A value for anyType says what it is."""
    assert kind == asked(call, Name="x", Value=value)[1][1][1]["type"]


def test_reading(call: Call) -> None:
    """Numbers, truth values and dates come as such, leading zeros stay, and several come as a list."""
    content = (
        '<t:Answer><t:Customer kind="a"><t:Id>0042</t:Id><t:Number>7</t:Number><t:Born>1970-01-01+01:00</t:Born>'
        '<t:Open>1</t:Open><t:Sum currency="EUR">12.10</t:Sum></t:Customer></t:Answer>'
    )
    customer = {
        "@kind": "a",
        "Id": "0042",
        "Number": 7,
        "Born": "1970-01-01",
        "Open": True,
        "Sum": {"@currency": "EUR", "#text": Decimal("12.10")},
    }
    assert {"Customer": [customer]} == read(call, content)


def test_reading_what_the_schema_does_not_say(call: Call) -> None:
    """Odd values stay text, other namespaces are read, and what the WSDL doesn't know yet comes along."""
    content = (
        "<t:Answer><Customer><t:Number>007</t:Number><t:Born>0000-00-00</t:Born><t:Open>maybe</t:Open><t:New>1</t:New>"
        "<t:New>2</t:New><t:Id/></Customer><t:Customer/><o:Free xmlns:o='urn:o'><o:a>1</o:a></o:Free></t:Answer>"
    )
    customer = {"Number": "007", "Born": "0000-00-00", "Open": "maybe", "New": ["1", "2"], "Id": None}
    assert {"Customer": [customer], "Free": {"a": "1"}} == read(call, content)


def test_reading_a_type_that_the_reply_chose(call: Call) -> None:
    """xsi:type gives the elements of the chosen type, and its name as $type; nil is nothing."""
    content = (
        '<t:Answer><t:Customer><t:Party i:type="t:Person"><t:Id>1</t:Id><t:Surname>Vogt</t:Surname></t:Party>'
        '<t:Value i:type="x:int">5</t:Value><t:Id i:nil="true"/></t:Customer></t:Answer>'
    )
    namespaces = (
        f'xmlns:t="{NS}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://www.w3.org/2001/XMLSchema"'
    )
    customer = {"Party": {"$type": "Person", "Id": "1", "Surname": "Vogt"}, "Value": 5, "Id": None}
    assert {"Customer": [customer]} == read(call, content, namespaces=namespaces)


def test_another_element_than_promised(call: Call) -> None:
    """A reply of another operation is not read as if it were this one's."""
    with pytest.raises(ConnectorError, match="promises Answer"):
        read(call, "<t:Other/>")


def test_a_reply_that_nests_too_deeply(call: Call) -> None:
    """Depth is bounded."""
    with pytest.raises(ConnectorError, match="nested too deeply"):
        read(call, "<t:Answer>" + "<a>" * 90 + "</a>" * 90 + "</t:Answer>")


PARTS = '<w:part name="id" type="x:string"/><w:part name="tags" type="t:Strings"/>'
ROWS = '<w:part name="result" type="t:Rows"/><w:part name="count" type="x:int"/>'
ARRAYS = """
<x:complexType name="Row"><x:all><x:element name="name" type="x:string"/></x:all></x:complexType>
<x:complexType name="Strings"><x:complexContent><x:restriction base="c:Array">
  <x:attribute ref="c:arrayType" w:arrayType="x:string[]"/></x:restriction></x:complexContent></x:complexType>
<x:complexType name="Rows"><x:complexContent><x:restriction base="c:Array">
  <x:attribute ref="c:arrayType" w:arrayType="t:Row[]"/></x:restriction></x:complexContent></x:complexType>
"""


@pytest.fixture
def encoded(tmp_path: Path) -> Call:
    text = wsdl(ARRAYS, asks=PARTS, answers=ROWS, style="rpc", use="encoded")
    return load(tmp_path, text).call("Do")


def test_rpc_encoded(encoded: Call) -> None:
    """The operation's element holds the parts without a namespace, each with its type, arrays with their size."""
    written = tree(body_of(encoded, {"id": "1", "tags": ["a", "b"]})[0])
    name, attributes, inside = written
    assert ("Do", "//schemas.xmlsoap.org/soap/encoding/") == (name, attributes["encodingStyle"])
    assert ("id", {"type": "string"}, "1") == inside[0]
    items = [("item", {"type": "string"}, "a"), ("item", {"type": "string"}, "b")]
    assert ("tags", {"type": "Array", "arrayType": "string[2]"}, items) == inside[1]


def test_an_empty_array_is_there(encoded: Call) -> None:
    """Encoded services refuse a call that lacks a parameter: an empty array is written with its size."""
    inside = tree(body_of(encoded, {"id": "1", "tags": []})[0])[2]
    assert ("tags", {"type": "Array", "arrayType": "string[0]"}, "") == inside[1]


def test_reading_rpc_encoded(encoded: Call) -> None:
    """Arrays come as lists, empty ones too, and values that stand beside the reply are put in their place."""
    rows = '<result c:arrayType="t:Row[1]"><item><name>Vogt</name></item></result><count>1</count>'
    namespaces = f'xmlns:t="{NS}" xmlns:c="http://schemas.xmlsoap.org/soap/encoding/"'
    wanted = {"result": [{"name": "Vogt"}], "count": 1}
    assert wanted == read(encoded, f"<t:DoResponse>{rows}</t:DoResponse>", namespaces=namespaces)
    assert {"result": [], "count": 0} == read(encoded, "<t:DoResponse><result/><count>0</count></t:DoResponse>")
    referred = (
        '<t:DoResponse><result><item href="#r1"/></result><count>1</count></t:DoResponse>'
        '<multiRef id="r1"><name>Vogt</name></multiRef>'
    )
    assert wanted == read(encoded, referred)


def test_references_in_a_circle(encoded: Call) -> None:
    """Values that refer to each other are refused, not followed for ever."""
    circle = '<t:DoResponse><result href="#a"/></t:DoResponse><m id="a" href="#b"/><m id="b" href="#a"/>'
    with pytest.raises(ConnectorError, match="nested too deeply"):
        read(encoded, circle)


def test_references_that_multiply(encoded: Call) -> None:
    """A few values that each refer to the next ten times would become 10^20: that is refused, and at once."""
    values = "".join(f'<m id="a{n}">' + f'<v href="#a{n + 1}"/>' * 10 + "</m>" for n in range(20))
    with pytest.raises(ConnectorError, match=r"refers to its values .* over and over"):
        read(encoded, f'<t:DoResponse><result href="#a0"/></t:DoResponse>{values}<m id="a20">x</m>')


def test_many_values_that_are_referred_to(encoded: Call) -> None:
    """Each record beside the reply, two of whose values are shared by all: as services of that time answer."""
    items = "".join(f'<item href="#r{n}"/>' for n in range(3_000))
    records = "".join(f'<m id="r{n}"><name href="#n{n % 2}"/></m>' for n in range(3_000))
    shared = '<m id="n0">Vogt</m><m id="n1">Berg</m>'
    found = read(encoded, f"<t:DoResponse><result>{items}</result></t:DoResponse>{records}{shared}")
    assert [{"name": "Vogt"}, {"name": "Berg"}] * 1_500 == found["result"]


def test_rpc_literal(tmp_path: Path) -> None:
    """Without encoding the parts bear no types."""
    text = wsdl("", asks='<w:part name="id" type="x:string"/>', answers=ROWS.replace("t:Rows", "x:string"), style="rpc")
    call = load(tmp_path, text).call("Do")
    assert ("Do", [("id", "1")]) == tree(body_of(call, {"id": "1"})[0])
    assert {"result": "x", "count": 2} == read(call, "<t:DoResponse><result>x</result><count>2</count></t:DoResponse>")


def test_bare_parts(tmp_path: Path) -> None:
    """A message of several elements has them side by side in the body, named by their elements."""
    schema = '<x:element name="A" type="x:string"/><x:element name="B" type="x:int"/>'
    parts = '<w:part name="a" element="t:A"/><w:part name="b" element="t:B"/>'
    call = load(tmp_path, wsdl(schema, asks=parts, answers=parts)).call("Do")
    assert [("A", "x"), ("B", "5")] == [tree(child) for child in body_of(call, {"B": 5, "A": "x"})]
    assert {"A": "y", "B": 6} == read(call, "<t:A>y</t:A><t:B>6</t:B>")


def test_a_bare_value(tmp_path: Path) -> None:
    """A message that is one element of text takes #text, and its reply comes under the element's name."""
    call = load(tmp_path, document('<x:element name="Ask" type="x:int"/><x:element name="Answer" type="x:int"/>')).call(
        "Do"
    )
    assert ("Ask", "5") == tree(body_of(call, {"#text": 5})[0])
    assert {"Answer": 6} == read(call, "<t:Answer>6</t:Answer>")


def test_as_zeep_writes_it(tmp_path: Path) -> None:
    """The same arguments give the same message as zeep's own."""
    contract = load(tmp_path, document(SHOP))
    arguments = {
        "Name": "x",
        "Since": date(2026, 11, 22),
        "Limit": 5,
        "Price": Decimal("12.10"),
        "Tag": ["a", "b"],
        "Mail": "m",
    }
    make_client: Any = zeep.Client  # zeep is typed in part
    client = make_client(str(tmp_path / "test.wsdl"))
    theirs = client.create_message(client.service, "Do", **arguments).find(f"{{{ENVELOPE}}}Body")
    assert tree(theirs[0]) == asked(contract.call("Do"), **arguments)


def test_what_is_written_is_valid(tmp_path: Path) -> None:
    """A validating parser takes the message."""
    contract = load(tmp_path, document(SHOP))
    definitions = etree.parse(str(tmp_path / "test.wsdl"))
    found = definitions.find("{*}types/{*}schema")
    assert found is not None
    found.remove(found[0])
    schema = etree.XMLSchema(etree.fromstring(etree.tostring(found)))
    arguments = {
        "Name": "x",
        "Who": {"$type": "Person", "Id": "1"},
        "Amount": {"#text": "1.5", "@currency": "EUR"},
        "Open": None,
        "Value": 5,
        "More": {f"{{{NS}}}Extra": {"Id": "2"}},
    }
    schema.assertValid(etree.fromstring(etree.tostring(body_of(contract.call("Do"), arguments)[0])))
