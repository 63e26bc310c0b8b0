"""What a WSDL may bring with it, and which of its services and ports are called."""

from pathlib import Path

import pytest

from connectors.base import ConnectorError
from connectors.soap import addresses
from connectors.soap.addresses import MAX_DOCUMENT, MAX_DOCUMENTS
from tests.unit.connectors.soap.wsdls import NS, document, load, wsdl

BOTH = '<x:element name="Ask" type="x:string"/><x:element name="Answer" type="x:string"/>'
PARTS = {"asks": '<w:part name="p" element="t:Ask"/>', "answers": '<w:part name="p" element="t:Answer"/>'}


def schema(inside: str) -> str:
    return f'<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:o">{inside}</x:schema>'


def importing(location: str) -> str:
    return document(f'<x:import namespace="urn:o" schemaLocation="{location}"/>{BOTH}')


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:1/private.xsd",
        "http://169.254.169.254/latest/meta-data/",
        "https://schemas.example/other.xsd",
        "file:///etc/passwd",
        "/etc/passwd",
        "../outside.xsd",
    ],
)
def test_imports_from_elsewhere(tmp_path: Path, location: str) -> None:
    """A WSDL in a file imports from its own folder alone: no host, no other folder."""
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "outside.xsd").write_text(schema(""))
    with pytest.raises(ConnectorError, match="addresses") as raised:
        load(folder, importing(location))
    assert Path(location).name in raised.value.message


def test_mapped_imports(tmp_path: Path) -> None:
    """An address that is mapped to a local file is read from there, and from nowhere else."""
    (tmp_path / "local.xsd").write_text(schema('<x:complexType name="T"/>'))
    contract = load(
        tmp_path,
        importing("https://dead.example/x.xsd"),
        addresses={"https://dead.example/x.xsd": str(tmp_path / "local.xsd")},
    )
    assert ["Do"] == contract.operations


def test_imports_in_a_circle(tmp_path: Path) -> None:
    """Schemas that import one another are read once each."""
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.xsd").write_text(
            f'<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:{name}">'
            f'<x:import namespace="urn:{other}" schemaLocation="{other}.xsd"/><x:complexType name="T"/></x:schema>'
        )
    text = document(f'<x:import namespace="urn:a" schemaLocation="a.xsd"/>{BOTH}')
    assert ["Do"] == load(tmp_path, text).operations


def test_imports_without_end(tmp_path: Path) -> None:
    """A chain of imports ends at a limit, with words for it."""
    for number in range(MAX_DOCUMENTS + 5):
        (tmp_path / f"{number}.xsd").write_text(
            f'<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:n{number}">'
            f'<x:import namespace="urn:n{number + 1}" schemaLocation="{number + 1}.xsd"/></x:schema>'
        )
    with pytest.raises(ConnectorError, match=r"imports more than|without end"):
        load(tmp_path, document(f'<x:import namespace="urn:n0" schemaLocation="0.xsd"/>{BOTH}'))


def test_a_schema_of_twenty_megabytes(tmp_path: Path) -> None:
    """A document that is too large is refused before it is parsed."""
    (tmp_path / "huge.xsd").write_text(schema(" " * 20_000_000))
    with pytest.raises(ConnectorError, match=f"huge.xsd is too large: at most {MAX_DOCUMENT} bytes"):
        load(tmp_path, importing("huge.xsd"))


def test_all_documents_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The documents of a contract have a limit together, too."""
    monkeypatch.setattr(addresses, "MAX_ALL", 5_000)
    (tmp_path / "large.xsd").write_text(schema(" " * 5_000))
    with pytest.raises(ConnectorError, match="have more than 5000 bytes"):
        load(tmp_path, importing("large.xsd"))


@pytest.mark.parametrize(
    "dtd",
    ['<!DOCTYPE x [<!ENTITY a "b">]>', '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">', "<!DOCTYPE x>"],
)
def test_a_dtd_in_what_is_imported(tmp_path: Path, dtd: str) -> None:
    """A DTD is refused in every document of a contract."""
    (tmp_path / "dtd.xsd").write_text(dtd + schema(""))
    with pytest.raises(ConnectorError, match="holds a DTD"):
        load(tmp_path, importing("dtd.xsd"))


def test_types_that_hold_themselves(tmp_path: Path) -> None:
    """A type may hold itself; messages go as deep as they are given."""
    tree = (
        '<x:complexType name="Node"><x:sequence><x:element name="Name" type="x:string"/>'
        '<x:element name="Below" type="t:Node" minOccurs="0" maxOccurs="unbounded"/></x:sequence></x:complexType>'
        '<x:element name="Ask" type="t:Node"/><x:element name="Answer" type="t:Node"/>'
    )
    call = load(tmp_path, document(tree)).call("Do")
    message = call.envelope({"Name": "a", "Below": [{"Name": "b", "Below": [{"Name": "c"}]}]}).decode()
    assert 3 == message.count(":Name>") // 2
    with pytest.raises(ConnectorError, match=r"no element 'Nme' in Below\[0\]"):
        call.envelope({"Name": "a", "Below": [{"Name": "b", "Nme": "c"}]})


def two_services() -> str:
    """Return a WSDL with a second service, whose binding is SOAP 1.2 and has an operation of its own."""
    text = wsdl(BOTH, **PARTS)
    second = (
        '<w:portType name="Q"><w:operation name="Undo"><w:input message="t:In"/><w:output message="t:Out"/>'
        '</w:operation></w:portType><w:binding name="C" type="t:Q" xmlns:z="http://schemas.xmlsoap.org/wsdl/soap12/">'
        '<z:binding transport="http://schemas.xmlsoap.org/soap/http"/><w:operation name="Undo">'
        '<z:operation soapAction="undo"/><w:input><z:body use="literal"/></w:input><w:output><z:body use="literal"/>'
        '</w:output></w:operation></w:binding><w:service name="U"><w:port name="Q" binding="t:C">'
        '<z:address xmlns:z="http://schemas.xmlsoap.org/wsdl/soap12/" location="https://y.example/"/></w:port>'
        "</w:service></w:definitions>"
    )
    return text.replace("</w:definitions>", second)


def test_an_operation_of_another_service(tmp_path: Path) -> None:
    """Where no service is named an operation is called at the first port that has it, in that port's version."""
    contract = load(tmp_path, two_services())
    assert ["Do", "Undo"] == contract.operations
    assert ("1.1", "https://x.example/") == (contract.call("Do").version, contract.address_of("Do"))
    assert ("1.2", "https://y.example/") == (contract.call("Undo").version, contract.address_of("Undo"))
    assert 'action="undo"' in contract.call("Undo").headers["Content-Type"]


def test_a_named_service(tmp_path: Path) -> None:
    """A service or port that is named is the only one; a wrong name is told with the right one."""
    assert ["Undo"] == load(tmp_path, two_services(), service="U").operations
    assert ["Undo"] == load(tmp_path, two_services(), port="Q").operations
    with pytest.raises(ConnectorError, match="no operation 'Do'"):
        load(tmp_path, two_services(), service="U").call("Do")
    with pytest.raises(ConnectorError, match="no service 'V'; known here: S, U"):
        load(tmp_path, two_services(), service="V")
    with pytest.raises(ConnectorError, match="no port 'R'; known here: P, Q"):
        load(tmp_path, two_services(), port="R")


def test_a_port_that_can_not_be_called(tmp_path: Path) -> None:
    """An address that can't be called is told where that port is asked, and doesn't keep the others from working."""
    text = two_services().replace("https://y.example/", "C:\\\\service")
    contract = load(tmp_path, text)
    assert "https://x.example/" == contract.address_of("Do")
    with pytest.raises(ConnectorError, match="names no usable address"):
        contract.address_of("Undo")
    with pytest.raises(ConnectorError, match="names no usable address"):
        load(tmp_path, text, service="U")


def test_the_standards_own_schemas(tmp_path: Path) -> None:
    """The schemas of SOAP's encoding and of XML's own attributes are at hand, though nothing is fetched."""
    text = document(
        '<x:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>'
        '<x:element name="Ask"><x:complexType><x:simpleContent><x:extension base="c:string">'
        '<x:attribute ref="xml:lang"/></x:extension></x:simpleContent></x:complexType></x:element>'
        '<x:element name="Answer" type="x:string"/>'
    )
    message = load(tmp_path, text).call("Do").envelope({"#text": "x"}).decode()
    assert f'xmlns:n0="{NS}"' in message
    assert "<n0:Ask>x</n0:Ask>" in message
