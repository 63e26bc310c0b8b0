"""Whether the schemas of SOAP services can be read, and have what the feeds' mappings read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from hub.bus.soap.site_schema import SiteSchema, load_site_schema
from hub.config.document import Document, read_document
from hub.config.inbound import InboundFeed
from hub.config.mapping_files import find_mapping
from hub.config.model import Config
from hub.config.problem import ConfigError, Problem
from hub.config.wording import nearest
from hub.mapping.errors import MappingError
from hub.mapping.mapping import load_mapping
from hub.mapping.sources import sources_of

_CAN_BE_ANYTHING = ("any", "anyAttribute", "element")
_XSD = "{http://www.w3.org/2001/XMLSchema}"


def soap_schema_problems(config: Config, file: Path) -> Iterator[Problem]:
    """Find what is wrong with the schemas of `config`, loaded from `file`, and with the mappings beside them."""
    site = read_document(file)
    for name, feed in config.inbound.items():
        if feed.soap is None or feed.soap.xsd is None:
            continue
        try:
            schema = load_site_schema(Path(feed.soap.xsd), feed.soap.elements)
        except ConfigError as error:
            yield from error.problems
            continue
        is_the_only_way = not (feed.http or feed.folder or feed.queue)
        mapping = find_mapping(feed.mapping, config.hub.mappings)
        if is_the_only_way and mapping is not None:
            yield from _unknown_names(name, feed, mapping, schema, site)


def _unknown_names(
    name: str, feed: InboundFeed, mapping: Path, schema: SiteSchema, site: Document
) -> Iterator[Problem]:
    known = _declared(schema)
    try:
        load_mapping(mapping)
    except MappingError:
        return  # which is told where its own problems are
    if known is None:
        return
    place = site.value_place(("inbound", name, "mapping"))
    for source in sources_of(read_document(mapping)):
        for part in source.names or ():
            if part not in known and not part.startswith("#"):
                what = "attribute" if part.startswith("@") else "element"
                message = (
                    f"mapping {feed.mapping!r} reads {source.path!r} for the field {source.field!r}, but the "
                    f"schema has no {what} {part!r}{nearest(part, sorted(known))}"
                )
                yield site.problem(place, message)
                break


def _allows_anything(node: etree._Element) -> bool:
    """Whether it is a wildcard, or an element without a type, which is xs:anyType (XML Schema 1.0, 3.3.2)."""
    if node.tag != f"{_XSD}element":
        return True
    kind = node.get("type")
    if kind is not None:
        return kind.rpartition(":")[2] == "anyType"
    has_kind = node.find(f"{_XSD}complexType") is not None or node.find(f"{_XSD}simpleType") is not None
    return not (has_kind or node.get("ref") or node.get("substitutionGroup"))


def _declared(schema: SiteSchema) -> set[str] | None:
    """Return the names of all elements and attributes (as @name); None where the schema allows any."""
    roots = [document.root for document in schema.documents]
    found = set()
    for root in roots:
        if any(_allows_anything(one) for one in root.iter(*(f"{_XSD}{tag}" for tag in _CAN_BE_ANYTHING))):
            return None
        found |= {element.get("name", "") for element in root.iter(f"{_XSD}element")}
        found |= {f"@{attribute.get('name', '')}" for attribute in root.iter(f"{_XSD}attribute")}
    return found - {"", "@"}
