"""A service's contract: its WSDL loaded once, the ports that are called, and their operations."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import zeep
import zeep.exceptions
from lxml import etree
from yarl import URL
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding

from connectors.base import ConnectorError
from connectors.soap.addresses import ContractLoader
from connectors.soap.call import Call, make_call
from connectors.soap.forgotten import Forgotten
from connectors.soap.schema import Book
from connectors.wording import backend_words
from hub.config.addresses import web_address
from hub.config.soap import SoapContract
from hub.config.wording import nearest
from hub.domain.customer import Problem

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# zeep is typed in part: these calls are not.
_Document: Any = Document

SETTINGS = zeep.Settings(
    strict=True,
    forbid_dtd=True,
    forbid_entities=True,
    # Which addresses may be loaded is decided by the ContractLoader, which knows the map of them.
    forbid_external=False,
    force_https=False,
    xml_huge_tree=False,
)


class LeadsElsewhereError(ConnectorError):
    """The address that a WSDL names is not one that it may choose; the WSDL itself can be read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Contract:
    """`bindings` are zeep's, of the ports that speak SOAP, each with the address or what is wrong with it.

    `address` is where calls to the first go, `version` its SOAP: 1.1 or 1.2.
    """

    document: Any
    bindings: tuple[tuple[Any, str | ConnectorError], ...]
    book: Book
    encoded: frozenset[tuple[str, str]]
    calls: dict[str, Call] = dataclasses.field(default_factory=dict)

    @property
    def binding(self) -> Any:
        return self.bindings[0][0]

    @property
    def address(self) -> str:
        return _usable(self.bindings[0][1])

    @property
    def version(self) -> str:
        return _version(self.binding)

    @property
    def operations(self) -> list[str]:
        return sorted({name for binding, _ in self.bindings for name in binding.all()})

    def operation(self, name: str) -> Any:
        """Return zeep's operation. Raises ConnectorError with the nearest right name."""
        return self._place(name)[0].get(name)

    def _place(self, name: str) -> tuple[Any, str | ConnectorError]:
        for binding, address in self.bindings:
            if name in binding.all():
                return binding, address
        raise ConnectorError(Problem.FAULT, f"the WSDL has no operation {name!r}{nearest(name, self.operations)}")

    def call(self, name: str) -> Call:
        """Return how an operation is called, made when it is first asked for. Raises ConnectorError."""
        known = self.calls.get(name)
        if known is None:
            binding, _ = self._place(name)
            encoded = (binding.name.localname, name) in self.encoded
            known = self.calls[name] = make_call(binding.get(name), self.book, _version(binding), encoded=encoded)
        return known

    def address_of(self, name: str) -> str:
        """Return where an operation is called. Raises ConnectorError."""
        return _usable(self._place(name)[1])


def _usable(address: str | ConnectorError) -> str:
    if isinstance(address, ConnectorError):
        raise address.within("this port")
    return address


def _version(binding: Any) -> str:
    return "1.2" if isinstance(binding, Soap12Binding) else "1.1"


def load_contract(config: SoapContract, loader: ContractLoader) -> Contract:
    """Read the WSDL and what it imports; takes long, to be called in a thread. Raises ConnectorError."""
    location = config.wsdl if config.wsdl_is_remote else str(Path(config.wsdl).resolve())
    forgotten = Forgotten()
    try:
        document = _Document(location, loader, settings=SETTINGS)
        forgotten.note(loader.documents())
    except (zeep.exceptions.DTDForbidden, zeep.exceptions.EntitiesForbidden):
        raise ConnectorError(Problem.MALFORMED, "the WSDL holds a DTD: that is refused") from None
    except (zeep.exceptions.Error, etree.LxmlError, LookupError, ValueError, TypeError, AttributeError) as error:
        # zeep meets a broken document with whatever its own code runs into.
        reason = backend_words(str(error)) if str(error) else type(error).__name__
        raise ConnectorError(Problem.MALFORMED, f"the WSDL can't be read: {reason}") from error
    except (NotImplementedError, AssertionError) as error:
        raise ConnectorError(Problem.MALFORMED, f"the WSDL asks for what is not supported: {error}") from error
    except RecursionError:
        raise ConnectorError(Problem.MALFORMED, "the WSDL's documents or types hold one another without end") from None
    book = Book(document, frozenset(forgotten.abstract))
    ports = tuple(_ports(document, config))
    if isinstance(ports[0][1], ConnectorError) and not isinstance(ports[0][1], LeadsElsewhereError):
        raise ports[0][1]
    return Contract(document, ports, book, frozenset(forgotten.encoded))


def _ports(document: Any, config: SoapContract) -> list[tuple[Any, str | ConnectorError]]:
    services = document.services
    if not services:
        raise ConnectorError(Problem.MALFORMED, "the WSDL describes no service: is it the right document?")
    if config.service and config.service not in services:
        hint = nearest(config.service, sorted(services))
        raise ConnectorError(Problem.FAULT, f"the WSDL has no service {config.service!r}{hint}")
    chosen = [services[config.service]] if config.service else list(services.values())
    # In the document's order: an operation is called at the first port that has it.
    ports = [port for service in chosen for port in service.ports.values() if isinstance(port.binding, SoapBinding)]
    if not ports:
        raise ConnectorError(Problem.MALFORMED, "the service has no port that speaks SOAP over HTTP")
    if config.port:
        names = sorted({port.name for port in ports})
        ports = [port for port in ports if port.name == config.port]
        if not ports:
            raise ConnectorError(Problem.FAULT, f"the service has no port {config.port!r}{nearest(config.port, names)}")
    return [(port.binding, _address(port, config)) for port in ports]


def _address(port: Any, config: SoapContract) -> str | ConnectorError:
    """Return where a port is called, or why it can't be."""
    address = config.url or (port.binding_options or {}).get("address") or ""
    try:
        web_address(address)
    except ValueError:
        return ConnectorError(Problem.FAULT, "the WSDL names no usable address of the service: give its `url`")
    if config.wsdl.startswith("https:") and address.startswith("http:") and not config.url:
        # Passwords and customers would go in the clear where the configuration says TLS.
        message = f"the WSDL, read by https, has calls go to {address} without TLS: give the address as `url`"
        return ConnectorError(Problem.REFUSED, message)
    if config.wsdl_is_remote and not config.url and not _is_same_host(config.wsdl, address):
        # Who answers for the WSDL would have passwords and customers sent to wherever it likes.
        message = f"the WSDL has calls go to {address}, another host than its own: if that is right, give it as `url`"
        return LeadsElsewhereError(Problem.REFUSED, message)
    return str(address)


def _is_same_host(one: str, other: str) -> bool:
    hosts = {(URL(address).host or "").lower().rstrip(".") for address in (one, other)}
    return len(hosts) == 1 or hosts <= _LOOPBACK
