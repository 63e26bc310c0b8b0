"""Envelopes going out (signing in, header blocks) and coming back (parsed safely, faults told)."""

from __future__ import annotations

from typing import Any

import zeep.exceptions
from lxml import etree
from zeep.helpers import serialize_object
from zeep.loader import parse_xml
from zeep.wsse.username import UsernameToken

from connectors.base import ConnectorError
from connectors.documents import refuse_html
from connectors.http import Reply
from connectors.soap.contract import SETTINGS
from connectors.wording import backend_words
from hub.config.connectors import SoapHeader
from hub.config.http_access import HttpAuth, SoapAuth, WsseAuth
from hub.domain.customer import Problem

# zeep is typed in part: these calls are not, or too narrowly.
_UsernameToken: Any = UsernameToken
_serialize: Any = serialize_object
_parse_xml: Any = parse_xml

# Fault codes of WS-Security 1.1 (12) that mean: who calls is not known, or may not.
_SECURITY_FAULTS = frozenset({"FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken", "FailedCheck"})


def username_token(auth: SoapAuth | None) -> Any:
    """Return what signs an envelope with WS-Security, None if the backend is signed in to otherwise."""
    if isinstance(auth, WsseAuth):
        return _UsernameToken(auth.username, auth.password.get_secret_value(), use_digest=auth.digest)
    return None


def http_auth(auth: SoapAuth | None) -> HttpAuth | None:
    """Return the part that signs in by HTTP."""
    return None if isinstance(auth, WsseAuth) else auth


def header_blocks(headers: tuple[SoapHeader, ...]) -> list[etree._Element]:
    """Make the header elements of one request."""
    blocks = []
    for header in headers:
        block = etree.Element(header.element)
        namespace = etree.QName(header.element).namespace
        if header.text is not None:
            block.text = header.text.get_secret_value()
        for name, value in header.children.items():
            etree.SubElement(block, f"{{{namespace}}}{name}").text = value.get_secret_value()
        blocks.append(block)
    return blocks


def read_reply(operation: Any, reply: Reply, refused: tuple[str, ...]) -> Any:
    """Return a reply's content as plain dicts and lists, by the names of its elements.

    Raises ConnectorError: fault, refused, malformed.
    """
    envelope = _parsed(reply)
    namespace = etree.QName(envelope).namespace
    body = envelope.find(f"{{{namespace}}}Body")
    if etree.QName(envelope).localname != "Envelope" or body is None:
        raise ConnectorError(Problem.MALFORMED, f"the reply (HTTP {reply.status}) is XML, but no SOAP envelope")
    fault = body.find(f"{{{namespace}}}Fault")
    if fault is not None:
        raise fault_error(fault, refused)
    if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
        raise ConnectorError(Problem.FAULT, f"HTTP {reply.status} without a fault")
    if operation.output is None or len(body) == 0:
        return None
    _check_element(operation, body[0])
    try:
        return _serialize(operation.output._deserialize_body(body)["body"], dict)  # noqa: SLF001 - the public way takes away wrappers by rules of its own, so that paths would depend on the WSDL
    except (zeep.exceptions.Error, LookupError, ValueError, TypeError, AttributeError) as error:
        raise ConnectorError(
            Problem.MALFORMED, f"the reply does not fit the WSDL ({type(error).__name__}): is the WSDL up to date?"
        ) from error


def _check_element(operation: Any, element: etree._Element) -> None:
    """See that the reply is the one that the WSDL promises: zeep would read any element as if it were."""
    wanted = operation.output.body
    is_single = operation.style == "document" and not operation.output._is_body_wrapped  # noqa: SLF001 - see read_reply
    if is_single and wanted is not None and element.tag != wanted.qname.text:
        raise ConnectorError(
            Problem.MALFORMED,
            f"the reply does not fit the WSDL: it promises {wanted.qname.localname}, and another element came",
        )


def _parsed(reply: Reply) -> etree._Element:
    refuse_html(reply)
    if reply.media_type.startswith("multipart/"):
        raise ConnectorError(Problem.MALFORMED, "the reply has attachments (MTOM): have the backend send plain XML")
    if not reply.body.strip():
        raise ConnectorError(Problem.MALFORMED, f"the reply is empty (HTTP {reply.status})")
    try:
        parsed: etree._Element = _parse_xml(reply.body, None, settings=SETTINGS)
    except (zeep.exceptions.DTDForbidden, zeep.exceptions.EntitiesForbidden):
        raise ConnectorError(Problem.MALFORMED, "the reply holds a DTD: that is refused") from None
    except zeep.exceptions.XMLSyntaxError:
        kind = reply.media_type or "no media type"
        raise ConnectorError(
            Problem.MALFORMED, f"the reply is no well-formed XML (HTTP {reply.status}, {kind}, {len(reply.body)} bytes)"
        ) from None
    return parsed


def fault_error(fault: etree._Element, refused: tuple[str, ...]) -> ConnectorError:
    """Say what a fault of SOAP 1.1 (4.4) or 1.2 (5.4) says."""
    codes = [_local(element) for element in fault.iter("{*}faultcode", "{*}Value", "{*}exceptionCode")]
    texts = [element.text for element in fault.iter("{*}faultstring", "{*}Text", "{*}faultText") if element.text]
    words = backend_words(texts[0] if texts else None)
    code = next((code for code in reversed(codes) if code), "no code")
    if any(code in _SECURITY_FAULTS or code in refused for code in codes) or any(
        sign in text for sign in refused for text in texts
    ):
        return ConnectorError(Problem.REFUSED, f"the backend refuses to sign in ({code}): {words}; check `auth`")
    return ConnectorError(Problem.FAULT, f"SOAP fault {code}: {words}")


def _local(element: etree._Element) -> str:
    return backend_words((element.text or "").strip().rpartition(":")[2]) if element.text else ""
