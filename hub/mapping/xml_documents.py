"""Reads XML as plain sections, lists and text, as JSON would be: no DTD, no entities, bounded in depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

MAX_DEPTH = 64
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"


class XmlError(ValueError):
    """What came is no XML that may be read; said in words that go behind "the reply"."""


def read_xml(body: bytes, charset: str | None = None) -> dict[str, Any]:
    """Return what stands inside the outermost element. Raises XmlError.

    Elements go by their names without namespaces, repeated ones become lists, attributes are `@name`, an element's own
    text beside attributes or elements is `#text`. An element with nothing in it is None. `charset` is what the
    transport says; it counts more than what the document says (RFC 7303, 3).
    """
    builder = XmlBuilder()
    try:
        etree.fromstring(body, xml_parser(builder, charset))
    except etree.XMLSyntaxError as error:
        raise XmlError(f"is no XML (line {error.lineno})") from None
    except LookupError:
        raise XmlError(f"is not in the encoding that it names ({(charset or '')[:20]!r})") from None
    except ValueError as error:
        raise error if isinstance(error, XmlError) else XmlError("is no XML") from None
    return builder.record


def xml_parser(target: Any, charset: str | None) -> etree.XMLParser:
    """Return a parser that tells `target` of elements and text, and of nothing else; `charset` overrides all."""
    return etree.XMLParser(
        target=target,  # the stubs want a method for comments, too, which the parser leaves out
        encoding=charset,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def local_name(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition("}")[2]


class _Element:
    __slots__ = ("content", "is_nil", "texts")

    def __init__(self, content: dict[str, Any], *, is_nil: bool) -> None:
        self.content = content
        self.is_nil = is_nil
        self.texts: list[str] = []

    def value(self) -> Any:
        if self.is_nil:
            return None
        text = "".join(self.texts).strip()
        if not self.content:
            return text or None
        return {**self.content, "#text": text} if text else self.content


class XmlBuilder:
    """What lxml tells of a document, or of an element in it, put together."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._found: Any = None

    @property
    def record(self) -> dict[str, Any]:
        """What stands inside the element."""
        if isinstance(self._found, dict):
            return self._found
        return {} if self._found is None else {"#text": self._found}

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise XmlError("holds a document type (DTD), which is refused")

    def start(self, _tag: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise XmlError(f"is nested too deeply: at most {MAX_DEPTH} levels")
        if not attributes:
            self._open.append(_Element({}, is_nil=False))
            return
        content: dict[str, Any] = {
            f"@{local_name(name)}": value for name, value in attributes.items() if not name.startswith(_INSTANCE)
        }
        self._open.append(_Element(content, is_nil=attributes.get(f"{_INSTANCE}nil") in {"true", "1"}))

    def data(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def end(self, tag: str) -> None:
        value = self._open.pop().value()
        if not self._open:
            self._found = value
            return
        siblings = self._open[-1].content
        name = local_name(tag)
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]

    def close(self) -> None:
        return
