"""The two versions of SOAP, and the namespaces of what travels with it."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from lxml import etree

PUSH: Final = "urn:ctihub:push:1"
"""The hub's own messages, acknowledgements and refusals."""

DEFAULT_PUSH: Final[Any] = {None: PUSH}
"""Declares it as the default namespace; the stubs know of no such."""

XSD: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
WSDL_SOAP_11: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
WSDL_SOAP_12: Final = "http://schemas.xmlsoap.org/wsdl/soap12/"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
ADDRESSING: Final = ("http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing")


@dataclasses.dataclass(frozen=True, slots=True)
class SoapVersion:
    """`sender` and `receiver` are what the fault codes for "your mistake" and "ours" are called."""

    namespace: str
    media_type: str
    sender: str
    receiver: str
    fault_status: int
    """HTTP status of the sender's mistakes (SOAP 1.1, 6.2; SOAP 1.2 part 2, 7.5.2.2)."""
    retry_status: int
    """HTTP status of what is worth sending again."""

    def name(self, local: str) -> str:
        return f"{{{self.namespace}}}{local}"


SOAP_11: Final = SoapVersion("http://schemas.xmlsoap.org/soap/envelope/", "text/xml", "Client", "Server", 500, 500)
SOAP_12: Final = SoapVersion(
    "http://www.w3.org/2003/05/soap-envelope", "application/soap+xml", "Sender", "Receiver", 400, 503
)
VERSIONS: Final = (SOAP_11, SOAP_12)


def local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def namespace_of(tag: str) -> str:
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def tag_of(element: etree._Element) -> str:
    """Return an element's name as text; the stubs allow for bytes."""
    return str(element.tag)
