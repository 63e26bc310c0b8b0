"""A service's contract: its WSDL loaded once, the port that is called, and its operations."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import zeep
import zeep.exceptions
from lxml import etree
from zeep.proxy import AsyncServiceProxy
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding

from connectors.base import ConnectorError
from connectors.soap.addresses import ContractLoader
from connectors.wording import backend_words
from hub.config.connectors import SoapConnector as SoapConfig
from hub.config.connectors import web_address
from hub.config.wording import nearest
from hub.domain.customer import Problem

# zeep is typed in part: these calls are not.
_Client: Any = zeep.Client
_Proxy: Any = AsyncServiceProxy
_Document: Any = Document

SETTINGS = zeep.Settings(
    strict=True,
    raw_response=True,
    forbid_dtd=True,
    forbid_entities=True,
    # Which addresses may be loaded is decided by the ContractLoader, which knows the map of them.
    forbid_external=False,
    force_https=False,
    xml_huge_tree=False,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Contract:
    """`binding` is zeep's; `address` is where calls go; `version` is 1.1 or 1.2."""

    document: Any
    binding: Any
    address: str
    version: str

    @property
    def operations(self) -> list[str]:
        return sorted(self.binding.all())

    def operation(self, name: str) -> Any:
        """Return zeep's operation. Raises ConnectorError with the nearest right name."""
        if name not in self.binding.all():
            raise ConnectorError(Problem.FAULT, f"the WSDL has no operation {name!r}{nearest(name, self.operations)}")
        return self.binding.get(name)

    def proxy(self, transport: Any, wsse: Any) -> Any:
        client = _Client(self.document, wsse=wsse, transport=transport, settings=SETTINGS)
        return _Proxy(client, self.binding, address=self.address)


def load_contract(config: SoapConfig, loader: ContractLoader) -> Contract:
    """Read the WSDL and what it imports; takes long, to be called in a thread. Raises ConnectorError."""
    location = config.wsdl if config.wsdl_is_remote else str(Path(config.wsdl).resolve())
    try:
        document = _Document(location, loader, settings=SETTINGS)
    except (zeep.exceptions.DTDForbidden, zeep.exceptions.EntitiesForbidden):
        raise ConnectorError(Problem.MALFORMED, "the WSDL holds a DTD: that is refused") from None
    except (zeep.exceptions.Error, etree.LxmlError, LookupError, ValueError, TypeError, AttributeError) as error:
        # zeep meets a broken document with whatever its own code runs into.
        reason = backend_words(str(error)) if str(error) else type(error).__name__
        raise ConnectorError(Problem.MALFORMED, f"the WSDL can't be read: {reason}") from error
    except NotImplementedError as error:
        raise ConnectorError(Problem.MALFORMED, f"the WSDL asks for what is not supported: {error}") from error
    return _chosen(document, config)


def _chosen(document: Any, config: SoapConfig) -> Contract:
    services = document.services
    if not services:
        raise ConnectorError(Problem.MALFORMED, "the WSDL describes no service: is it the right document?")
    if config.service and config.service not in services:
        known = sorted(services)
        raise ConnectorError(
            Problem.FAULT, f"the WSDL has no service {config.service!r}{nearest(config.service, known)}"
        )
    service = services[config.service] if config.service else next(iter(services.values()))
    ports = {name: port for name, port in service.ports.items() if isinstance(port.binding, SoapBinding)}
    if not ports:
        raise ConnectorError(Problem.MALFORMED, "the service has no port that speaks SOAP over HTTP")
    if config.port and config.port not in ports:
        raise ConnectorError(
            Problem.FAULT, f"the service has no port {config.port!r}{nearest(config.port, sorted(ports))}"
        )
    port = ports[config.port] if config.port else next(iter(ports.values()))
    address = config.url or (port.binding_options or {}).get("address") or ""
    try:
        web_address(address)
    except ValueError:
        raise ConnectorError(Problem.FAULT, "the WSDL names no usable address of the service: give its `url`") from None
    if config.wsdl.startswith("https:") and address.startswith("http:") and not config.url:
        # Passwords and customers would go in the clear where the configuration says TLS.
        message = f"the WSDL, read by https, has calls go to {address} without TLS: give the address as `url`"
        raise ConnectorError(Problem.REFUSED, message)
    return Contract(document, port.binding, address, "1.2" if isinstance(port.binding, Soap12Binding) else "1.1")
