"""From an XML element of a reply to plain values, led by the schema and forgiving where a reply says more than it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from connectors.base import ConnectorError
from connectors.soap.schema import Book, Content, Shape
from hub.domain.customer import Problem

MAX_DEPTH = 64
MAX_REPETITION = 4
"""Times the reply's own size that may be read of values it refers to: each may be used twice, not refer on and on."""
_LEAST = 1_000
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NIL, _TYPE = f"{{{_XSI}}}nil", f"{{{_XSI}}}type"
# Attributes of the protocol, which say nothing of the customer.
_PROTOCOL = ("{http://www.w3.org/2001/XMLSchema-instance}", "{http://schemas.xmlsoap.org/soap/", "{http://www.w3.org/")
_MULTIREF = "href"
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_ZONED_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class Reader:
    """Reads the elements of one reply.

    An element becomes its text, or an object of the elements below it by their names; a list where the schema allows
    several, or several came. Where it has attributes as well, they are there as `@name`, and the text is `#text`.
    `$type` names the type that the reply chose (xsi:type). What is empty or nil is None.
    """

    __slots__ = ("_book", "_left", "_referred", "_sizes")

    def __init__(self, book: Book, body: etree._Element) -> None:
        self._book = book
        # RPC/encoded replies (SOAP 1.1, 5.2.1) put values that are used twice beside the reply, under an id.
        self._referred: Mapping[str, etree._Element] = (
            {str(one.get("id")): one for one in body if one.get("id")} if len(body) > 1 else {}
        )
        self._sizes: dict[str, int] = {}
        self._left = _LEAST + MAX_REPETITION * _size(body) if self._referred else 0

    def value(self, element: etree._Element, shape: Shape | None, depth: int = 0) -> Any:
        """Return an element's value. Raises ConnectorError for one that is nested too deeply."""
        if depth > MAX_DEPTH:
            raise ConnectorError(Problem.MALFORMED, f"the reply is nested too deeply: at most {MAX_DEPTH} levels")
        attributes: dict[str, Any] | None = None
        if element.attrib:
            target = self._target(element) if self._referred else None
            if target is not None and target is not element:
                return self.value(target, shape, depth + 1)
            if element.get(_NIL) in {"true", "1"}:
                return None
            shape, attributes = self._named(element, shape)
        if not len(element):
            return _with(attributes, self._leaf(element, shape))
        if shape is not None and shape.item is not None:
            return [self.value(child, shape.item, depth + 1) for child in element.iterchildren(etree.Element)]
        return self._children(element, shape, attributes, depth)

    def _target(self, element: etree._Element) -> etree._Element | None:
        """Return the value that an element refers to. Raises ConnectorError where few values would become very many."""
        name = str(element.get(_MULTIREF, "")).removeprefix("#")
        target = self._referred.get(name)
        if target is not None:
            size = self._sizes.get(name)
            if size is None:
                size = self._sizes[name] = _size(target)
            self._left -= size
            if self._left < 0:
                raise ConnectorError(
                    Problem.MALFORMED, "the reply refers to its values (href) over and over: it would become too large"
                )
        return target

    def _leaf(self, element: etree._Element, shape: Shape | None) -> Any:
        if shape is not None and shape.item is not None:
            return []
        text = element.text
        if not text:
            return None
        return text if shape is None or shape.content is None else plain_value(text, shape.content)

    def _named(self, element: etree._Element, shape: Shape | None) -> tuple[Shape | None, dict[str, Any] | None]:
        """Return the type that the reply itself names, and the attributes that say something."""
        found: dict[str, Any] = {}
        for name, value in element.attrib.items():
            if name == _TYPE:
                shape, named = self._chosen(element, str(value), shape)
                if named:
                    found["$type"] = named
            elif not (str(name).startswith(_PROTOCOL) or (self._referred and name == "id")):
                found["@" + str(name).rpartition("}")[2]] = str(value)
        return shape, found or None

    def _chosen(self, element: etree._Element, name: str, shape: Shape | None) -> tuple[Shape | None, str]:
        prefix, _, local = name.rpartition(":")
        chosen = self._book.type_of(f"{{{element.nsmap.get(prefix or None)}}}{local}")
        if chosen is None or (shape is not None and shape.item is not None):
            return shape, ""
        return chosen, local if chosen.content is None and chosen is not shape else ""

    def _children(
        self, element: etree._Element, shape: Shape | None, attributes: dict[str, Any] | None, depth: int
    ) -> dict[str, Any]:
        result: dict[str, Any] = attributes or {}
        repeated: set[str] = set()
        by_tag = shape.by_tag if shape is not None else {}
        inner: Shape | None
        for child in element:
            field = by_tag.get(child.tag)
            if field is not None:
                name, inner, many = field.name, field.shape, field.many
            else:
                name = str(child.tag).rpartition("}")[2]
                # A wrong namespace, an element of `any`, or one that the WSDL doesn't know yet.
                named = (shape.by_name.get(name) if shape is not None else None) or self._book.element(child.tag)
                inner = None if named is None else named.shape
                many = named is not None and named.many
            # Most of what a reply holds is text alone.
            if inner is not None and inner.content is Content.TEXT and not child.attrib and not len(child):
                value: Any = child.text or None
            else:
                value = self.value(child, inner, depth + 1)
            if name not in result:
                result[name] = ([] if value is None else [value]) if many else value
                continue
            if not (many or name in repeated):
                # The schema allows one, and another came.
                repeated.add(name)
                result[name] = [] if result[name] is None else [result[name]]
            if value is not None:
                result[name].append(value)
        return result


def _size(element: etree._Element) -> int:
    return sum(1 for _ in element.iter())


def _with(attributes: dict[str, Any] | None, text: Any) -> Any:
    if attributes is None:
        return text
    if text is not None:
        attributes["#text"] = text
    return attributes


def plain_value(text: str, content: Content) -> Any:
    """Return an element's text as what it stands for; as text where it does not look like that (nothing is lost)."""
    if content is Content.TEXT:
        return text
    stripped = text.strip()
    match content:
        case Content.BOOLEAN:
            return _TRUTH.get(stripped, text)
        case Content.INTEGER:
            return int(stripped) if _WHOLE.fullmatch(stripped) else text
        case Content.NUMBER:
            return _decimal(stripped, text)
        case Content.DATE:
            zoned = _ZONED_DATE.fullmatch(stripped)
            return zoned[1] if zoned else stripped
        case _:
            return stripped


def _decimal(stripped: str, text: str) -> Any:
    try:
        number = Decimal(stripped)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
