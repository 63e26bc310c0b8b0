"""From the arguments of a step to XML, in the schema's order, checked against it."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.base import ConnectorError
from connectors.soap.schema import XSD, Book, Content, Field, Shape
from hub.config.wording import nearest
from hub.domain.customer import Problem

XSI = "http://www.w3.org/2001/XMLSchema-instance"
SOAP_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?")
_WHOLE = re.compile(r"[+-]?\d{1,40}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?")
_FORMS = {
    Content.INTEGER: _WHOLE,
    Content.NUMBER: _NUMBER,
    Content.DATE: _DATE,
    Content.MOMENT: _MOMENT,
    Content.BOOLEAN: re.compile("true|false|0|1"),
}
_XSD_NAMES: Mapping[type, str] = {bool: "boolean", int: "int", float: "double", Decimal: "decimal"}


def escaped(text: str) -> str:
    """Return text as it stands between tags or in double quotes. Raises ConnectorError for what no XML can hold."""
    if text.isascii() and text.isalnum():
        return text
    if _NO_XML.search(text):
        raise ConnectorError(Problem.INTERNAL, "a value to be sent holds control characters, which XML can't hold")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    # A parser would make a line feed of it.
    return text.replace("\r", "&#13;")


class Writer:
    """Writes one message; `prefixes` are the namespaces that it used, for the envelope to declare."""

    def __init__(self, book: Book, *, encoded: bool = False) -> None:
        self._book = book
        self._encoded = encoded
        self.prefixes: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self.parts: list[str] = []

    def prefix(self, namespace: str) -> str:
        return self.prefixes.setdefault(namespace, f"n{len(self.prefixes)}")

    def name(self, tag: str) -> str:
        """Return {namespace}name as prefix:name."""
        known = self._names.get(tag)
        if known is None:
            namespace, _, local = tag.rpartition("}")
            known = self._names[tag] = f"{self.prefix(namespace[1:])}:{local}" if namespace else local
        return known

    def element(self, tag: str, shape: Shape, value: Any, path: str, *, nillable: bool = True) -> None:
        """Write one element. Raises ConnectorError that names the element's path."""
        name = self.name(tag)
        if value is None:
            if nillable:
                self.parts.append(f'<{name} {self.prefix(XSI)}:nil="true"/>')
            return
        if isinstance(value, Mapping) and "$type" in value:
            shape = self._chosen(value["$type"], shape, path)
            attributes = self._type_attribute(shape)
        else:
            if self._book.is_abstract(shape):
                raise _misfit(path, f"has an abstract type: name one with $type{nearest('', self._choices(shape))}")
            attributes = self._type_attribute(shape) if self._encoded else ""
        if shape.item is not None:
            self._array(name, shape, value, path)
        elif isinstance(value, Mapping):
            self._section(name, shape, value, path, attributes)
        elif isinstance(value, list | tuple):
            raise _misfit(path, "has its place once, and a list is given")
        else:
            self._leaf(name, shape, value, path, attributes)

    def _leaf(self, name: str, shape: Shape, value: Any, path: str, attributes: str) -> None:
        if shape.content is None:
            if not shape.is_open or shape.fields:
                if value != "":
                    raise _misfit(path, f"is a section{nearest('', list(shape.by_name))}")
                # An empty element, as a query by example wants for what it is to return.
                self._section(name, shape, {}, path, attributes)
                return
            text, kind = _open_text(value)
            if not attributes:
                attributes = self._xsi_type(f"{{{XSD}}}{kind}")
        else:
            self._need(shape, {}, path)
            text = self._text(value, shape.content, path)
        self.parts.append(f"<{name}{attributes}>{escaped(text)}</{name}>" if text else f"<{name}{attributes}/>")

    def _text(self, value: Any, content: Content, path: str) -> str:
        match value:
            case bool():
                text = "true" if value else "false"
            case str():
                text = value
            case dt.datetime() | dt.date():
                text = value.isoformat()
            case int() | float() | Decimal():
                text = format(value, "f") if isinstance(value, Decimal) else str(value)
            case bytes():
                return base64.b64encode(value).decode()
            case _:
                raise _misfit(path, f"has to be {content.value}")
        form = _FORMS.get(content)
        # Empty, it asks a query by example to return this field.
        if form is not None and text and not form.fullmatch(text):
            raise _misfit(path, f"has to be {content.value}")
        if content is Content.BINARY:
            return base64.b64encode(text.encode()).decode()
        return text

    def _section(self, name: str, shape: Shape, value: Mapping[str, Any], path: str, attributes: str) -> None:
        given = dict(value)
        given.pop("$type", None)
        text = given.pop("#text", None)
        opening = f"<{name}{attributes}{self._attributes(shape, given, path)}"
        if shape.content is not None or text is not None:
            if given:
                raise _misfit(f"{path}.{next(iter(given))}", f"can't be: {path} holds text alone, given as '#text'")
            written = escaped("" if text is None else self._text(text, shape.content or Content.TEXT, path))
            self.parts.append(f"{opening}>{written}</{name}>")
            return
        self.parts.append(f"{opening}>")
        begun = len(self.parts)
        self.fields(shape, given, path)
        if len(self.parts) == begun:
            self.parts[-1] = f"{opening}/>"
        else:
            self.parts.append(f"</{name}>")

    def fields(self, shape: Shape, given: Mapping[str, Any], path: str) -> None:
        """Write the elements below one, in the schema's order. Raises ConnectorError for one that can't be there."""
        left = dict(given)
        for field in shape.fields:
            value = left.pop(field.name, _MISSING)
            if value is _MISSING:
                if field.required:
                    raise _misfit(_below(path, field.name), "is missing, and the WSDL demands it")
                continue
            self._field(field, value, _below(path, field.name))
        for name, value in left.items():
            self._further(shape, name, value, path)

    def _field(self, field: Field, value: Any, path: str) -> None:
        if not isinstance(value, list | tuple) or field.shape.item is not None:
            self.element(field.tag, field.shape, value, path, nillable=field.nillable)
            return
        if not field.many and len(value) > 1:
            raise _misfit(path, f"has its place once, and {len(value)} values are given")
        for index, one in enumerate(value):
            self.element(field.tag, field.shape, one, f"{path}[{index}]", nillable=field.nillable)

    def _further(self, shape: Shape, name: str, value: Any, path: str) -> None:
        """Write what stands where the schema says `any`: {namespace}name, a global element if there is one."""
        field = self._book.element(name) if shape.is_open else None
        if field is not None:
            self._field(field, value, _below(path, name))
        elif shape.is_open and (name.startswith("{") or not shape.fields):
            for one in value if isinstance(value, list | tuple) else [value]:
                self._free(name, one, _below(path, name))
        else:
            where = f" in {path}" if path else ""
            hint = nearest(name, [*shape.by_name, *(f"@{one}" for one in shape.attributes)])
            raise ConnectorError(Problem.INTERNAL, f"{_MISFIT}: there is no element {name!r}{where}{hint}")

    def _free(self, tag: str, value: Any, path: str) -> None:
        """Write what no schema describes."""
        name = self.name(tag)
        if not isinstance(value, Mapping):
            self.parts.append(
                f"<{name}>{escaped(_open_text(value)[0])}</{name}>" if value is not None else f"<{name}/>"
            )
            return
        self.parts.append(f"<{name}>")
        for key, inner in value.items():
            for one in inner if isinstance(inner, list | tuple) else [inner]:
                self._free(key, one, _below(path, key))
        self.parts.append(f"</{name}>")

    def _array(self, name: str, shape: Shape, value: Any, path: str) -> None:
        """Write an array of SOAP's encoding (SOAP 1.1, 5.4.2), which says its type and size even where it is empty."""
        item = shape.item
        if item is None or isinstance(value, Mapping):
            raise _misfit(path, "is an array: give a list")
        values = list(value) if isinstance(value, list | tuple) else [value]
        kind = self.name(item.tag or f"{{{XSD}}}anyType")
        encoding = self.prefix(SOAP_ENCODING)
        self.parts.append(
            f'<{name} {self.prefix(XSI)}:type="{encoding}:Array" {encoding}:arrayType="{kind}[{len(values)}]">'
        )
        for index, one in enumerate(values):
            self.element(shape.item_tag, item, one, f"{path}[{index}]")
        self.parts.append(f"</{name}>")

    def _attributes(self, shape: Shape, given: dict[str, Any], path: str) -> str:
        """Return the attributes among what is given, and take them out of it."""
        self._need(shape, given, path)
        written = []
        for key in [key for key in given if key.startswith("@")]:
            value = given.pop(key)
            tag, _ = shape.attributes.get(key[1:], (key[1:], False))
            if key[1:] not in shape.attributes and not shape.is_open:
                known = [f"@{name}" for name in shape.attributes]
                raise ConnectorError(
                    Problem.INTERNAL, f"{_MISFIT}: {path} has no attribute {key!r}{nearest(key, known)}"
                )
            if value is not None:
                written.append(f' {self.name(tag)}="{escaped(self._text(value, Content.TEXT, f"{path}.{key}"))}"')
        return "".join(written)

    def _need(self, shape: Shape, given: Mapping[str, Any], path: str) -> None:
        for name, (_, required) in shape.attributes.items():
            if required and f"@{name}" not in given:
                raise _misfit(f"{path}.@{name}", "is missing, and the WSDL demands it")

    def _chosen(self, name: Any, declared: Shape, path: str) -> Shape:
        chosen = self._book.named_type(str(name), declared)
        if chosen is None:
            raise _misfit(
                f"{path}.$type", f"the WSDL has no type {name!r}{nearest(str(name), self._choices(declared))}"
            )
        return chosen

    def _choices(self, shape: Shape) -> list[str]:
        return [tag.rpartition("}")[2] for tag in self._book.derived_names(shape)]

    def _type_attribute(self, shape: Shape) -> str:
        return self._xsi_type(shape.tag) if shape.tag and shape.item is None else ""

    def _xsi_type(self, tag: str) -> str:
        return f' {self.prefix(XSI)}:type="{self.name(tag)}"'


_MISSING = object()
_MISFIT = "the arguments do not fit the WSDL"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _misfit(path: str, what: str) -> ConnectorError:
    return ConnectorError(Problem.INTERNAL, f"{_MISFIT}: {path} {what}")


def _open_text(value: Any) -> tuple[str, str]:
    """Return a value of no declared type as text, and XML Schema's name for what it is."""
    kind = _XSD_NAMES.get(type(value), "string")
    if isinstance(value, bool):
        return ("true" if value else "false"), kind
    if isinstance(value, dt.datetime):
        return value.isoformat(), "dateTime"
    if isinstance(value, dt.date):
        return value.isoformat(), "date"
    return format(value, "f") if isinstance(value, Decimal) else str(value), kind
