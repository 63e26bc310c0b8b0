"""Envelopes: read from what HTTP brought, and written with what goes back."""

from __future__ import annotations

import dataclasses
import uuid
from email.message import Message
from functools import lru_cache
from typing import Final

from lxml import etree

from hub.bus.soap.faults import FaultCode, SoapFault, fault_action, has_headers, write_fault, write_fault_headers
from hub.bus.soap.names import (
    ADDRESSING,
    SOAP_11,
    SOAP_12,
    VERSIONS,
    WSSE,
    SoapVersion,
    local_name,
    namespace_of,
    tag_of,
)
from hub.bus.soap.xml import UnreadableXmlError, read_tree

MAX_MESSAGE_ID: Final = 500
_ANONYMOUS: Final = frozenset(
    {
        "http://www.w3.org/2005/08/addressing/anonymous",
        "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous",
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Addressing:
    """What WS-Addressing says of a request; `namespace` is that of the edition that it is in."""

    namespace: str
    message_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class MediaType:
    """A Content-Type header: which version of SOAP it stands for, and what it says beside."""

    version: SoapVersion
    charset: str | None
    action: str


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """A request: the blocks of its header, and the one element in its body."""

    version: SoapVersion
    blocks: tuple[etree._Element, ...]
    payload: etree._Element


@lru_cache(maxsize=256)
def media_type(content_type: str) -> MediaType | None:
    """Read a Content-Type header; None where it is not one of SOAP's."""
    header = Message()
    header["Content-Type"] = content_type
    version = next((one for one in VERSIONS if one.media_type == header.get_content_type()), None)
    if version is None:
        return None
    action = header.get_param("action", "")
    return MediaType(version, header.get_content_charset(), action if isinstance(action, str) else "")


def read_envelope(body: bytes, media: MediaType) -> Envelope:
    """Read a request. Raises SoapFault."""
    try:
        root = read_tree(body, media.charset)
    except UnreadableXmlError as error:
        raise SoapFault(FaultCode.SENDER, f"The message {error}.") from None
    version = media.version
    if local_name(tag_of(root)) != "Envelope" or namespace_of(tag_of(root)) not in {one.namespace for one in VERSIONS}:
        if local_name(tag_of(root)) == "Envelope":
            raise SoapFault(FaultCode.VERSION_MISMATCH, "This envelope is of no version of SOAP that is known here.")
        raise SoapFault(FaultCode.SENDER, f"The message is no SOAP envelope: its outermost element is {root.tag!r}.")
    if namespace_of(tag_of(root)) != version.namespace:
        raise SoapFault(
            FaultCode.VERSION_MISMATCH,
            f"The envelope is of another version of SOAP than {version.media_type} announces:"
            f" SOAP 1.1 goes as {SOAP_11.media_type}, SOAP 1.2 as {SOAP_12.media_type}.",
        )
    header, bodies = root.find(version.name("Header")), root.findall(version.name("Body"))
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise SoapFault(FaultCode.SENDER, "The envelope needs one Body with one element in it, the message.")
    return Envelope(version, () if header is None else tuple(header), bodies[0][0])


def check_understood(envelope: Envelope) -> None:
    """Raise a MustUnderstand fault for headers that are meant for us, have to be understood and are not."""
    missed = [
        tag_of(block)
        for block in envelope.blocks
        if _has_to_be_understood(block, envelope.version) and not _is_known(block)
    ]
    if missed:
        names = ", ".join(missed)
        raise SoapFault(
            FaultCode.MUST_UNDERSTAND,
            f"These headers have to be understood and are not: {names}",
            not_understood=missed,
        )


def addressing(envelope: Envelope) -> Addressing | None:
    """Read WS-Addressing, where it is used. Raises SoapFault where the reply should go elsewhere than back."""
    found = next((one for one in ADDRESSING if _texts(envelope, one, "MessageID")), None)
    for namespace in ADDRESSING:
        for name in ("ReplyTo", "FaultTo"):
            for block in envelope.blocks:
                if block.tag == f"{{{namespace}}}{name}":
                    address = (block.findtext(f"{{{namespace}}}Address") or "").strip()
                    if address and address not in _ANONYMOUS:
                        raise SoapFault(
                            FaultCode.SENDER, f"{name} has to be anonymous: the reply goes back on the connection."
                        )
    if found is None:
        return None
    ids = _texts(envelope, found, "MessageID")
    if len(ids) > 1 or len(ids[0]) > MAX_MESSAGE_ID:
        raise SoapFault(FaultCode.SENDER, f"A message has one MessageID of at most {MAX_MESSAGE_ID} characters.")
    return Addressing(found, ids[0])


def write_reply(version: SoapVersion, payload: etree._Element, to: Addressing | None, action: str) -> bytes:
    """Write an envelope with what answers a request."""
    envelope, body = _envelope(version, to, action)
    body.append(payload)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def write_fault_reply(version: SoapVersion, fault: SoapFault, to: Addressing | None) -> bytes:
    """Write an envelope with a fault."""
    envelope, body = _envelope(version, to, fault_action(to.namespace) if to else "")
    if has_headers(version, fault):
        header = envelope.find(version.name("Header"))
        if header is None:
            header = etree.Element(version.name("Header"))
            envelope.insert(0, header)
        write_fault_headers(header, version, fault)
    write_fault(body, version, fault)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _envelope(version: SoapVersion, to: Addressing | None, action: str) -> tuple[etree._Element, etree._Element]:
    envelope = etree.Element(version.name("Envelope"), nsmap={"soap": version.namespace})
    if to is not None:
        header = etree.SubElement(envelope, version.name("Header"), nsmap={"wsa": to.namespace})
        etree.SubElement(header, f"{{{to.namespace}}}Action").text = action
        etree.SubElement(header, f"{{{to.namespace}}}MessageID").text = f"urn:uuid:{uuid.uuid4()}"
        etree.SubElement(header, f"{{{to.namespace}}}RelatesTo").text = to.message_id
    return envelope, etree.SubElement(envelope, version.name("Body"))


def _texts(envelope: Envelope, namespace: str, name: str) -> list[str]:
    found = (block.text or "" for block in envelope.blocks if block.tag == f"{{{namespace}}}{name}")
    return [text.strip() for text in found if text.strip()]


def _has_to_be_understood(block: etree._Element, version: SoapVersion) -> bool:
    if (block.get(version.name("mustUnderstand")) or "").strip() not in {"1", "true"}:
        return False
    if version is SOAP_11:
        return (block.get(version.name("actor")) or "").strip() in {
            "",
            "http://schemas.xmlsoap.org/soap/actor/next",
        }
    role = (block.get(version.name("role")) or "").strip()
    return role in {"", *(f"{version.namespace}/role/{name}" for name in ("next", "ultimateReceiver"))}


def _is_known(block: etree._Element) -> bool:
    namespace, local = namespace_of(tag_of(block)), local_name(tag_of(block))
    if namespace in ADDRESSING:
        return local in {"To", "Action", "MessageID", "ReplyTo", "FaultTo", "From", "RelatesTo"}
    return is_security(block)


def is_security(block: etree._Element) -> bool:
    """Whether a header block is WS-Security's, which is looked into in `security.py`."""
    return block.tag == f"{{{WSSE}}}Security"
