"""Every operation of the vendors' contracts: what is sent is what zeep would send, and is read as it was meant."""

from decimal import Decimal
from typing import Any

import pytest
import zeep
from lxml import etree

from connectors.soap.addresses import ContractLoader, address_map
from connectors.soap.contract import SETTINGS, Contract, load_contract
from connectors.soap.reading import Reader
from connectors.soap.schema import Book, Content, Shape
from hub.config.soap import SoapContract
from tests.conformance.test_contracts import contract, never

DEEP, TOO_DEEP = 3, 8
VALUES: dict[Content, Any] = {
    Content.TEXT: "a<b & c",
    Content.BOOLEAN: True,
    Content.INTEGER: 5,
    Content.NUMBER: Decimal("1.50"),
    Content.DATE: "2026-11-22",
    Content.MOMENT: "2026-11-22T09:30:00Z",
    Content.BINARY: b"ab",
}
WSDLS = {
    "oracle-service-cloud/RightNow.wsdl": "oracle-service-cloud/Reference.svcmap",
    "oracle-fusion/ContactService.wsdl": "oracle-fusion/Reference.svcmap",
    "oracle-siebel/http---siebel1.wsdl": None,
    "oracle-ebs/EBSMockSvc.wsdl": None,
    "sap-query-customer/QueryCustomerIn.wsdl": None,
}


@pytest.fixture(params=list(WSDLS))
def loaded(request: pytest.FixtureRequest) -> Contract:
    svcmap = WSDLS[request.param]
    config = SoapContract.model_validate(
        {
            "wsdl": str(contract(request.param)),
            "url": "https://backend.example/",
            **({"svcmap": str(contract(svcmap))} if svcmap else {}),
        }
    )
    return load_contract(config, ContractLoader(config.wsdl, address_map(config), never))


def sample(book: Book, shape: Shape, depth: int = 0) -> tuple[Any, Any]:
    """Return a value for a type, with all that it may hold some levels down: for us, and the same for zeep."""
    if shape.content is not None:
        value = VALUES[shape.content]
        return (value, {"_value_1": value}) if shape.attributes else (value, value)
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    for field in shape.fields:
        if (depth > DEEP and not field.required) or depth > TOO_DEEP:
            continue
        if book.is_abstract(field.shape) or (field.shape.is_open and not field.shape.fields):
            continue
        value, same = sample(book, field.shape, depth + 1)
        if value != {} or field.required:
            ours[field.name] = [value, value] if field.many else value
            theirs[field.name] = [same, same] if field.many else same
    return ours, theirs


def tree(element: etree._Element) -> Any:
    return element.tag, sorted(element.attrib.items()), [tree(child) for child in element] or element.text or ""


def test_messages_are_those_of_zeep(loaded: Contract) -> None:
    """With everything filled in, each operation's message is zeep's: names, namespaces, order, values."""
    make_client: Any = zeep.Client  # zeep is typed in part
    client = make_client(loaded.document, settings=SETTINGS)
    compared = 0
    for name in loaded.operations:
        call = loaded.call(name)
        assert call.request is not None
        ours, theirs = sample(loaded.book, call.request)
        service = client.create_service(str(loaded.operation(name).binding.name), "https://backend.example/")
        try:
            wanted = client.create_message(service, name, **theirs)
        except TypeError:
            continue  # several branches of a choice, of which zeep takes one
        written = etree.fromstring(call.envelope(ours))
        assert tree(wanted.find("{*}Body")[0]) == tree(written.find("{*}Body")[0])  # type: ignore[index]  # it is there
        compared += 1
    assert compared >= len(loaded.operations) - 1


def test_what_is_written_is_read_again(loaded: Contract) -> None:
    """Reading gives what was written, for every type that an operation takes."""
    for name in loaded.operations:
        call = loaded.call(name)
        assert call.request is not None
        ours, _ = sample(loaded.book, call.request)
        body = etree.fromstring(call.envelope(ours)).find("{*}Body")
        assert body is not None
        assert _as_read(ours) == Reader(loaded.book, body).value(body[0], call.request)


def _as_read(value: Any) -> Any:
    match value:
        case dict():
            return {key: _as_read(inner) for key, inner in value.items()} or None
        case list():
            kept = [_as_read(inner) for inner in value]
            return [inner for inner in kept if inner is not None]
        case bytes():
            return "YWI="
        case _:
            return value
