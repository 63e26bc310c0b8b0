"""The fields of a SOAP operation's request and reply, by the names that steps and mappings use for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from connectors.base import ConnectorError
from connectors.shapes import OPEN, ContractError, Field, Kind, section
from connectors.soap.addresses import ContractLoader, Fetch, address_map
from connectors.soap.contract import Contract, load_contract
from connectors.soap.schema import Content, Shape
from hub.config.soap import SoapContract
from hub.domain.customer import Problem

_KINDS: dict[Content, Kind] = {
    Content.BOOLEAN: "bool",
    Content.INTEGER: "number",
    Content.NUMBER: "number",
    Content.DATE: "date",
    Content.MOMENT: "time",
    Content.BINARY: "binary",
}


def contract_of(config: SoapContract, fetch: Fetch | None = None) -> Contract:
    """Load a WSDL, from files alone unless there is a `fetch`. Raises ContractError."""
    try:
        return load_contract(config, ContractLoader(config.wsdl, address_map(config), fetch or _never))
    except ConnectorError as error:
        raise ContractError(error.message) from error


def contract_in(wsdl: str, *, svcmap: str | None = None, fetch: Fetch | None = None) -> Contract:
    """Load a WSDL of which nothing is configured yet, a file or an address. Raises ContractError."""
    config = SoapContract.model_validate(
        {
            "wsdl": wsdl if "://" in wsdl else str(Path(wsdl).resolve()),
            # Where calls go is not asked yet; see `address_in`.
            "url": "https://unknown.invalid/",
            "svcmap": svcmap and str(Path(svcmap).resolve()),
        }
    )
    return contract_of(config, fetch)


def address_in(contract: Contract) -> str:
    """Return the address that the WSDL itself says calls go to, empty if it says none."""
    for service in contract.document.services.values():
        for port in service.ports.values():
            if port.binding is contract.binding:
                return str((port.binding_options or {}).get("address") or "")
    return ""


def _never(address: str) -> bytes:
    raise ConnectorError(Problem.REFUSED, f"{address} is not read from the network here")


class Described:
    """The fields of a contract's operations; raises ContractError for an operation that it lacks."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        # Types are used again and again, and hold one another: each is looked into once.
        self._known: dict[int, tuple[Shape, Mapping[str, Field]]] = {}
        self._open: dict[int, bool] = {}

    def request(self, operation: str) -> Field:
        """Return what an operation takes; its fields are the `arguments` of a step."""
        try:
            shape = self.contract.call(operation).request
        except ConnectorError as error:
            raise ContractError(error.message) from None
        return section({}) if shape is None else self._field("", shape)

    def reply(self, operation: str) -> Field:
        """Return what an operation answers: the fields inside the reply's own element."""
        try:
            shape = self.contract.call(operation).reply
        except ConnectorError as error:
            raise ContractError(error.message) from None
        # A reply that is one text or one list is put under its element's name, which the schema leaves open.
        return OPEN if shape is None or shape.content is not None or shape.item is not None else self._field("", shape)

    def _field(self, name: str, shape: Shape, *, many: bool = False, required: bool = False) -> Field:
        if shape.item is not None:
            return dataclasses.replace(self._field(name, shape.item), many=True, required=required)
        if shape.content is not None and not shape.attributes:
            return Field(name, _KINDS.get(shape.content, "text"), many=many, required=required)
        return Field(
            name,
            "section",
            many=many,
            required=required,
            is_open=self._is_open(shape),
            inside=lambda: self._inside(shape),
        )

    def _is_open(self, shape: Shape) -> bool:
        """Whether another type may come in its place (xsi:type), with more in it than is named."""
        book = self.contract.book
        if id(shape) not in self._open:
            self._open[id(shape)] = shape.is_open or book.is_abstract(shape) or bool(book.derived_names(shape))
        return self._open[id(shape)]

    def _inside(self, shape: Shape) -> Mapping[str, Field]:
        if id(shape) not in self._known:
            self._known[id(shape)] = (shape, self._fields_of(shape))
        return self._known[id(shape)][1]

    def _fields_of(self, shape: Shape) -> Mapping[str, Field]:
        found = {
            name: self._field(name, field.shape, many=field.many, required=field.required)
            for name, field in ((field.name, field) for field in shape.fields)
        }
        if shape.content is not None:
            found["#text"] = Field("#text", _KINDS.get(shape.content, "text"))
        for name, (_, required) in shape.attributes.items():
            found[f"@{name}"] = Field(f"@{name}", required=required)
        found.setdefault("$type", Field("$type"))
        return found
