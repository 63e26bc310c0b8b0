"""The XML schema of the hub's own messages and of its answers, generated from the domain types."""

from __future__ import annotations

from functools import cache
from typing import Final

from lxml import etree

from hub.bus.soap.faults import MAX_DETAILS
from hub.bus.soap.names import PUSH, XSD
from hub.bus.soap.own_types import (
    MAX_ITEMS,
    MESSAGE_ID,
    OWN_MESSAGES,
    Choice,
    Entries,
    Member,
    OwnMessage,
    Shape,
    Simple,
)

_TYPES: Final = {
    Simple.TEXT: "xs:string",
    Simple.FLAG: "xs:boolean",
    Simple.DAY: "hub:Day",
    Simple.MOMENT: "hub:Moment",
    Simple.DECIMAL: "xs:decimal",
}
_PATTERNS: Final = {
    "Day": ("xs:date", r"\d{4}-\d{2}-\d{2}"),
    # Without a zone nobody knows when it was.
    "Moment": ("xs:dateTime", r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+\-]\d{2}:\d{2})"),
}


@cache
def own_schema() -> etree._Element:
    """Return the schema with messages and answers; copy it before it becomes part of another document."""
    schema = _schema()
    for name, (base, pattern) in _PATTERNS.items():
        restriction = _restricted(schema, name, base)
        _add(restriction, "pattern", value=pattern)
    _add(_restricted(schema, "Token", "xs:token"), "minLength", value="1")
    known: dict[str, Shape | Choice] = {}
    for message in OWN_MESSAGES:
        _add_message(schema, message)
        _collect(message.shape, known)
    for name, kind in sorted(known.items()):
        if isinstance(kind, Choice):
            restriction = _restricted(schema, name, "xs:string")
            for word in kind.words:
                _add(restriction, "enumeration", value=word)
        else:
            _add_members(_add(_add(schema, "complexType", name=name), "sequence"), kind.members)
    _add_answers(schema, [message.name for message in OWN_MESSAGES])
    return schema


def answers_schema(operations: list[str]) -> etree._Element:
    """Return a schema with the answers to these operations alone."""
    schema = _schema()
    _add_answers(schema, operations)
    return schema


def _schema() -> etree._Element:
    schema = etree.Element(f"{{{XSD}}}schema", nsmap={"xs": XSD, "hub": PUSH})
    schema.set("targetNamespace", PUSH)
    schema.set("elementFormDefault", "qualified")
    return schema


def _collect(shape: Shape, known: dict[str, Shape | Choice]) -> None:
    """Find every type that is used below a message; the message's own is within its element."""
    for member in shape.members:
        if isinstance(member.kind, Shape | Choice) and member.kind.name not in known:
            known[member.kind.name] = member.kind
            if isinstance(member.kind, Shape):
                _collect(member.kind, known)


def _add_message(schema: etree._Element, message: OwnMessage) -> None:
    element = _add(schema, "element", name=message.name)
    sequence = _add(_add(element, "complexType"), "sequence")
    _add(sequence, "element", name=MESSAGE_ID, type="hub:Token", minOccurs="0")
    if message.inside:
        inside = _add(sequence, "element", name=message.inside)
        sequence = _add(_add(inside, "complexType"), "sequence")
    _add_members(sequence, message.shape.members)


def _add_members(sequence: etree._Element, members: tuple[Member, ...]) -> None:
    for member in members:
        element = _add(sequence, "element", name=member.tag)
        if not member.required:
            element.set("minOccurs", "0")
        if member.many:
            element.set("maxOccurs", str(MAX_ITEMS))
        match member.kind:
            case Entries(key):
                extension = _add(_add(_add(element, "complexType"), "simpleContent"), "extension", base="hub:Token")
                _add(extension, "attribute", name=key, type="hub:Token", use="required")
            case Shape(name=name) | Choice(name=name):
                element.set("type", f"hub:{name}")
            case Simple() as simple:
                text = "hub:Token" if member.required or member.many else "xs:string"
                element.set("type", text if simple is Simple.TEXT else _TYPES[simple])
        if not member.required and not member.many and isinstance(member.kind, Simple | Choice):
            element.set("nillable", "true")


def _add_answers(schema: etree._Element, operations: list[str]) -> None:
    for name in operations:
        _add(schema, "element", name=f"{name}Response", type="hub:Acknowledgement")
    _add(schema, "element", name="Refusal", type="hub:Refusal")
    acknowledgement = _add(_add(schema, "complexType", name="Acknowledgement"), "sequence")
    for count in ("recorded", "duplicates", "dead"):
        _add(acknowledgement, "element", name=count, type="xs:int")
    _add(acknowledgement, "element", name="event", type="xs:string", minOccurs="0", maxOccurs="unbounded")
    _add(acknowledgement, "element", name="refused", type="hub:Refused", minOccurs="0", maxOccurs="unbounded")
    refusal = _add(_add(schema, "complexType", name="Refusal"), "sequence")
    _add(refusal, "element", name="problem", type="hub:Problem", minOccurs="0", maxOccurs=str(MAX_DETAILS))
    _add(refusal, "element", name="refused", type="hub:Refused", minOccurs="0", maxOccurs=str(MAX_DETAILS))
    problem = _add(_add(schema, "complexType", name="Problem"), "sequence")
    for name, kind in (("line", "xs:int"), ("element", "xs:string"), ("reason", "xs:string")):
        _add(problem, "element", name=name, type=kind)
    refused = _add(_add(schema, "complexType", name="Refused"), "sequence")
    _add(refused, "element", name="deadLetter", type="xs:string")
    for name in ("part", "field"):
        _add(refused, "element", name=name, type="xs:string", minOccurs="0")
    _add(refused, "element", name="reason", type="xs:string")


def _restricted(schema: etree._Element, name: str, base: str) -> etree._Element:
    return _add(_add(schema, "simpleType", name=name), "restriction", base=base)


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{XSD}}}{tag}", attrib=attributes)
