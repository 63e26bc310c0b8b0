"""What zeep reads over in a WSDL and the messages need: which operations are encoded, which types are abstract."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from lxml import etree

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_BODIES = ("{http://schemas.xmlsoap.org/wsdl/soap/}body", "{http://schemas.xmlsoap.org/wsdl/soap12/}body")
_XSD = "{http://www.w3.org/2001/XMLSchema}"


@dataclasses.dataclass(slots=True)
class Forgotten:
    """`encoded` holds (binding, operation) by local names, `abstract` the {namespace}name of types."""

    encoded: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    abstract: set[str] = dataclasses.field(default_factory=set)

    def note(self, documents: Iterable[bytes]) -> None:
        """Read the documents once more where they hold something of it; they were parsed safely before."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        for document in documents:
            if b"encoded" in document or b"abstract" in document:
                tree = etree.fromstring(document, parser)
                self._bindings(tree)
                self._types(tree)

    def _bindings(self, tree: etree._Element) -> None:
        for binding in tree.iter(f"{_WSDL}binding"):
            for operation in binding.iterchildren(f"{_WSDL}operation"):
                asked = operation.find(f"{_WSDL}input")
                bodies = [] if asked is None else [body for tag in _BODIES for body in asked.iter(tag)]
                if any(body.get("use") == "encoded" for body in bodies):
                    self.encoded.add((str(binding.get("name")), str(operation.get("name"))))

    def _types(self, tree: etree._Element) -> None:
        for schema in tree.iter(f"{_XSD}schema"):
            namespace = schema.get("targetNamespace")
            for kind in schema.iterchildren(f"{_XSD}complexType"):
                if kind.get("abstract") in {"true", "1"}:
                    self.abstract.add(f"{{{namespace}}}{kind.get('name')}" if namespace else str(kind.get("name")))
