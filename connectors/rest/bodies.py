"""Request bodies: JSON, a form, XML."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from connectors.base import ConnectorError
from connectors.quoting import plain
from hub.domain.customer import Problem
from hub.domain.phone import clean_text

MAX_TEXT = 100_000
_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml; charset=utf-8",
}


def written_body(send: str, content: dict[str, Any]) -> tuple[bytes, str]:
    """Return a body and its media type; `content` has its values filled in. Raises ConnectorError."""
    match send:
        case "form":
            body = urlencode([(name, one) for name, value in content.items() for one in _form_values(value)]).encode()
        case "xml":
            body = _xml(content)
        case _:
            body = msgspec.json.encode(content)
    return body, _TYPES[send]


def text_of(value: Any) -> str:
    """Return a value as the text of a parameter; a statement may be longer than any value searched for."""
    return clean_text(value, MAX_TEXT) if isinstance(value, str) else plain(value)


def _form_values(value: Any) -> list[str]:
    """Return a field's texts: a list of plain values is the field repeated; what is deeper goes as JSON text."""
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return [_form_text(item) for item in value]
    if isinstance(value, dict | list):
        return [msgspec.json.encode(value).decode()]
    return [_form_text(value)]


def _form_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else plain(value)


def _xml(content: dict[str, Any]) -> bytes:
    from lxml import etree

    name, value = next(iter(content.items()))
    namespace = value.get("@xmlns") if isinstance(value, dict) else None
    try:
        default: Any = {None: namespace} if namespace else None  # the stubs know no default namespace
        root = etree.Element(_name(name, namespace), nsmap=default)
        _fill(root, value, namespace)
    except ValueError:
        message = "a value holds characters that no XML can hold, or `@xmlns` is no namespace"
        raise ConnectorError(Problem.INTERNAL, message) from None
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _fill(element: Any, value: Any, namespace: str | None) -> None:
    from lxml import etree

    if not isinstance(value, dict):
        element.text = _form_text(value)
        return
    for name, inner in value.items():
        if name == "@xmlns":
            continue
        if name.startswith("@"):
            element.set(name[1:], _form_text(inner))
        elif name == "#text":
            element.text = _form_text(inner)
        else:
            for item in inner if isinstance(inner, list) else [inner]:
                _fill(etree.SubElement(element, _name(name, namespace)), item, namespace)


def _name(name: str, namespace: str | None) -> str:
    return f"{{{namespace}}}{name}" if namespace else name
