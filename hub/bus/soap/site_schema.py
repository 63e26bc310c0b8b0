"""An integrator's XML schema: the file with what it includes and imports from beside it, and nothing from elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

from lxml import etree

from hub.bus.soap.names import XSD, local_name
from hub.bus.soap.validation import Validator
from hub.bus.soap.xml import UnreadableXmlError, read_tree
from hub.config.problem import ConfigError, Problem
from hub.config.wording import nearest

MAX_DOCUMENTS: Final = 200
MAX_BYTES: Final = 16 * 1024 * 1024
_LINKS: Final = frozenset(f"{{{XSD}}}{name}" for name in ("include", "import", "redefine", "override"))


@dataclasses.dataclass(frozen=True, slots=True)
class SchemaDocument:
    """One file; `links` are the elements in it that name another, with the index of that.

    `namespace` is that of what it declares; a file without one has that of the file which includes it.
    """

    path: Path
    root: etree._Element
    namespace: str
    links: tuple[tuple[etree._Element, int], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class SiteSchema:
    """The documents, the file that was named first; `elements` (`{ns}local`) are the messages."""

    documents: tuple[SchemaDocument, ...]
    elements: tuple[str, ...]
    validator: Validator


def load_site_schema(path: Path, wanted: Sequence[str]) -> SiteSchema:
    """Read a schema and find the elements that are wanted, by `{ns}local` or a local name; none: all of the file.

    Raises ConfigError.
    """
    documents = _documents(path)
    root = documents[0].root
    if root.tag != f"{{{XSD}}}schema":
        raise _problem(path, root, "this is no XML schema: its outermost element has to be xs:schema")
    try:
        validator = Validator(etree.parse(str(path), _parser()))
    except etree.XMLSchemaParseError as error:
        lines = [one for one in error.error_log if one.line > 0]
        last = lines[0] if lines else None
        where, line = (last.filename if last else str(path)), (last.line if last else 1)
        raise ConfigError(
            [Problem(where, line, 1, f"the schema is not valid: {last.message if last else error}")]
        ) from None
    return SiteSchema(documents, tuple(_elements(path, documents, wanted)), validator)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)


def _documents(path: Path) -> tuple[SchemaDocument, ...]:
    folder = path.resolve().parent
    order, found = [path.resolve()], list[SchemaDocument]()
    includers = {order[0]: ""}
    while len(found) < len(order):
        here = order[len(found)]
        root = _read(here)
        namespace = root.get("targetNamespace") or includers[here]
        links: list[tuple[etree._Element, int]] = []
        for link in root:
            location = link.get("schemaLocation")
            if link.tag not in _LINKS or location is None:
                continue
            target = _target(here, link, location.strip(), folder)
            if target not in order:
                order.append(target)
                includers[target] = "" if link.tag == f"{{{XSD}}}import" else namespace
            links.append((link, order.index(target)))
        if len(order) > MAX_DOCUMENTS:
            raise ConfigError([Problem(str(path), 1, 1, f"the schema has more than {MAX_DOCUMENTS} files")])
        found.append(SchemaDocument(here, root, namespace, tuple(links)))
    return tuple(found)


def _read(path: Path) -> etree._Element:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigError([Problem(str(path), 1, 1, f"can't be read: {error.strerror}")]) from None
    if len(body) > MAX_BYTES:
        raise ConfigError([Problem(str(path), 1, 1, f"the schema has more than {MAX_BYTES} bytes")])
    try:
        return read_tree(body)
    except UnreadableXmlError as error:
        raise ConfigError([Problem(str(path), 1, 1, f"the schema {error}")]) from None


def _target(here: Path, link: etree._Element, location: str, folder: Path) -> Path:
    if "://" in location or location.startswith(("/", "\\")) or ":" in PurePosixPath(location).parts[0]:
        message = f"{location!r} is elsewhere: put that schema beside this one and name it here, nothing is fetched"
        raise _problem(here, link, message)
    target = (here.parent / unquote(location)).resolve()
    if not target.is_relative_to(folder):
        raise _problem(here, link, f"{location!r} is outside of the folder of the schema that the feed names")
    if not target.is_file():
        raise _problem(here, link, f"there is no file {location!r} beside this one")
    return target


def _elements(path: Path, documents: tuple[SchemaDocument, ...], wanted: Sequence[str]) -> Iterator[str]:
    declared = [tag for document in documents for tag in _declared(document)]
    if not wanted:
        declared = list(_declared(documents[0]))
        if not declared:
            raise _problem(path, documents[0].root, "the schema declares no element that could be a message")
    chosen = wanted or declared
    by_local: dict[str, str] = {}
    for name in chosen:
        fitting = sorted({tag for tag in declared if name in {tag, local_name(tag)}})
        if len(fitting) != 1:
            known = sorted({local_name(tag) for tag in declared})
            told = f"there are several: {', '.join(fitting)}" if fitting else f"there is none{nearest(name, known)}"
            raise _problem(path, documents[0].root, f"the element {name!r} that the feed names is not clear: {told}")
        (tag,) = fitting
        if by_local.setdefault(local_name(tag), tag) != tag:
            message = f"two elements are called {local_name(tag)!r}: as operations they need names of their own"
            raise _problem(path, documents[0].root, message)
        yield tag


def _declared(document: SchemaDocument) -> Iterator[str]:
    for element in document.root:
        if element.tag == f"{{{XSD}}}element" and element.get("abstract") not in {"true", "1"}:
            name = element.get("name") or ""
            yield f"{{{document.namespace}}}{name}" if document.namespace else name


def _problem(path: Path, element: etree._Element, message: str) -> ConfigError:
    return ConfigError([Problem(str(path), _line(element), 1, message)])


def _line(element: etree._Element) -> int:
    return element.sourceline if isinstance(element.sourceline, int) else 1
