"""The hub's own messages, from XML to the domain: what a feed without a mapping understands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import msgspec
from lxml import etree

from hub.bus.formats.found import Found
from hub.bus.refusal import RefusedError
from hub.bus.soap.names import PUSH, XSI, local_name
from hub.bus.soap.own_schema import own_schema
from hub.bus.soap.own_types import OWN_MESSAGES, Entries, Member, OwnMessage, Shape, Simple, as_domain
from hub.bus.soap.validation import Validator
from hub.bus.soap.xml import UnreadableXmlError, read_tree
from hub.domain.event import FeedData, customer_of
from hub.domain.inbound import InboundMessage
from hub.domain.phone import parse_number
from hub.mapping.errors import MappingRunError

_BY_TAG: Final = {f"{{{PUSH}}}{message.name}": message for message in OWN_MESSAGES}
_NAME: Final = "ctihub/push"


class OwnReader:
    """Reads one of the hub's own messages, alone in a document, as `Reader` (`hub/bus/formats/found.py`)."""

    def __init__(self) -> None:
        self._validator = Validator(own_schema())

    def found(self, message: InboundMessage) -> Iterator[Found]:
        try:
            root = read_tree(message.body)
        except UnreadableXmlError as error:
            raise RefusedError(f"the message {error}") from None
        violations = self._validator.violations(root)
        if violations:
            first = violations[0]
            raise RefusedError(f"line {first.line}: {first.reason}", first.element)
        if root.tag not in _BY_TAG:
            raise RefusedError(f"{local_name(str(root.tag))!r} is none of the hub's own messages")
        yield Found("", message.body, root)

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        return self.found(msgspec.structs.replace(message, body=file.read()))


class OwnMessages:
    """Says what one of the hub's own messages means; in the place of a mapping."""

    label = f"{_NAME}@1"
    targets = frozenset({"customer", "order", "case", "interaction"})

    def run_feed(self, source: Any, *, system: str, region: str) -> FeedData:
        """Make the domain's type of a message that fits the schema. Raises MappingRunError."""
        message = _BY_TAG[source.tag]
        inside = source.find(f"{{{PUSH}}}{message.inside}") if message.inside else source
        values = _values(message.shape, inside, region, "")
        _say_whose(message, values, system)
        try:
            made = as_domain(message.shape.struct, values)
        except msgspec.ValidationError as error:
            raise MappingRunError(_NAME, "@", str(error)) from None
        if not customer_of(made).keys():
            raise MappingRunError(_NAME, "customer", "the message names no customer: no phone, e-mail or id")
        return made


def _say_whose(message: OwnMessage, values: dict[str, Any], system: str) -> None:
    match message.name:
        case "CustomerChanged":
            values["customer"] |= {"system": system, "mapping": OwnMessages.label}
        case "InteractionRecorded":
            values["source"] = system
        case _:
            values["system"] = system


def _values(shape: Shape, element: etree._Element, region: str, path: str) -> dict[str, Any]:
    by_tag = {f"{{{PUSH}}}{member.tag}": member for member in shape.members}
    values: dict[str, Any] = {}
    for child in element:
        member = by_tag.get(str(child.tag))
        if member is None or child.get(f"{{{XSI}}}nil") in {"true", "1"}:
            continue
        place = f"{path}.{member.tag}" if path else member.tag
        if isinstance(member.kind, Entries):
            values.setdefault(member.field, {})[(child.get(member.kind.key) or "").strip()] = _text(child)
        elif member.many:
            values.setdefault(member.field, []).append(_value(member, child, region, place))
        else:
            values[member.field] = _value(member, child, region, place)
    return values


def _value(member: Member, element: etree._Element, region: str, path: str) -> Any:
    if isinstance(member.kind, Shape):
        return _values(member.kind, element, region, path)
    text = _text(element)
    if member.field in {"phones", "number"} and member.kind is Simple.TEXT:
        number = parse_number(text, region)
        if not any(character.isdigit() for character in number.raw):
            raise MappingRunError(_NAME, path, "is no telephone number, as in +49 351 5550123")
        return number.e164 or number.raw  # what is no number of the plan stays readable, as a mapping leaves it
    return text


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()
