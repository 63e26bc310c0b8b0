"""What an OData service says of itself in `$metadata`: CSDL 2.0/3.0 (OData V2, V3) and 4.01 (V4), in XML."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial

from lxml import etree

from connectors.shapes import OPEN, ContractError, Field, Kind

MAX_TYPES = 20_000
MAX_BASES = 20

# OData 2.0, "Primitive Data Types"; CSDL 4.01, 4.4.
_KINDS: dict[str, Kind] = {
    "Boolean": "bool",
    "Byte": "number",
    "SByte": "number",
    "Int16": "number",
    "Int32": "number",
    "Int64": "number",
    "Decimal": "number",
    "Single": "number",
    "Double": "number",
    "Date": "date",
    "DateTime": "time",
    "DateTimeOffset": "time",
    "Guid": "guid",
    "Binary": "binary",
    "Stream": "binary",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Metadata:
    """`entity_sets` hold the fields of one entity each; `keys` the names of each set's key."""

    version: str
    namespace: str
    entity_sets: Mapping[str, Field]
    keys: Mapping[str, tuple[str, ...]]


def read_metadata(content: bytes) -> Metadata:
    """Read an EDMX document. Raises ContractError."""
    return _Reader(_parsed(content)).metadata()


def _parsed(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ContractError(f"the metadata is no well-formed XML: {error.msg}") from None
    except ValueError:
        raise ContractError("the metadata is no XML") from None
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise ContractError("the metadata holds a DTD: that is refused")
    if etree.QName(root).localname != "Edmx":
        raise ContractError(f"this is no OData metadata: its element is {etree.QName(root).localname}, not Edmx")
    return root


class _Reader:
    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._types: dict[str, etree._Element] = {}
        self._ends: dict[str, dict[str, tuple[str, bool]]] = {}
        # Types are used again and again, and hold one another: each is looked into once.
        self._known: dict[etree._Element, dict[str, Field]] = {}
        self._schemas = list(root.iter("{*}Schema"))
        for schema in self._schemas:
            for prefix in filter(None, (schema.get("Namespace"), schema.get("Alias"))):
                self._read_schema(schema, prefix)
        self._bases = {element.get("BaseType") for element in self._types.values()}
        if len(self._types) > MAX_TYPES:
            raise ContractError(f"the metadata has too many types: at most {MAX_TYPES}")

    def _read_schema(self, schema: etree._Element, prefix: str) -> None:
        for element in schema.iterchildren():
            if not isinstance(element.tag, str):
                continue
            name = f"{prefix}.{element.get('Name')}"
            match etree.QName(element).localname:
                case "EntityType" | "ComplexType" | "EnumType" | "TypeDefinition":
                    self._types[name] = element
                case "Association":
                    self._ends[name] = {
                        end.get("Role", ""): (end.get("Type", ""), end.get("Multiplicity") == "*")
                        for end in element.iterchildren("{*}End")
                    }

    def metadata(self) -> Metadata:
        sets: dict[str, Field] = {}
        keys: dict[str, tuple[str, ...]] = {}
        for container in self._root.iter("{*}EntityContainer"):
            for entity_set in container.iterchildren("{*}EntitySet"):
                name, kind = entity_set.get("Name", ""), entity_set.get("EntityType", "")
                sets[name] = dataclasses.replace(self._of_type(name, kind), many=True)
                keys[name] = self._key(kind)
            for single in container.iterchildren("{*}Singleton"):
                sets[single.get("Name", "")] = self._of_type(single.get("Name", ""), single.get("Type", ""))
        if not sets:
            raise ContractError("the metadata names no entity set: is it the right document?")
        version = "v4" if self._root.get("Version", "").startswith("4") else "v2"
        return Metadata(version, self._schemas[0].get("Namespace", "") if self._schemas else "", sets, keys)

    def _of_type(self, name: str, kind: str, *, many: bool = False, required: bool = False, depth: int = 0) -> Field:
        """Return the field of a type's name, as in Edm.String, NS.Address, or Collection(NS.Phone)."""
        if kind.startswith("Collection(") and depth <= MAX_BASES:
            return self._of_type(name, kind.removeprefix("Collection(").rstrip(")"), many=True, depth=depth + 1)
        if kind.startswith("Edm."):
            return Field(name, _KINDS.get(kind.removeprefix("Edm."), "text"), many=many, required=required)
        element = self._types.get(kind) if depth <= MAX_BASES else None
        if element is None:
            # Of another document, which is not fetched, or made of itself without end.
            return dataclasses.replace(OPEN, name=name, many=many)
        match etree.QName(element).localname:
            case "EnumType":
                values = tuple(member.get("Name", "") for member in element.iterchildren("{*}Member"))
                return Field(name, "text", many=many, required=required, values=values)
            case "TypeDefinition":
                under = element.get("UnderlyingType", "Edm.String")
                return self._of_type(name, under, many=many, required=required, depth=depth + 1)
        # A derived type may come in its place, with more in it.
        is_open = kind in self._bases or any(one.get("OpenType") == "true" for one in self._ancestry(element))
        return Field(
            name,
            "section",
            many=many,
            required=required,
            is_open=is_open,
            inside=partial(self._properties, element),
        )

    def _ancestry(self, element: etree._Element | None) -> list[etree._Element]:
        """Return a type and those it is derived from."""
        found: list[etree._Element] = []
        while element is not None and element not in found and len(found) < MAX_BASES:
            found.append(element)
            element = self._types.get(element.get("BaseType", ""))
        return found

    def _key(self, kind: str) -> tuple[str, ...]:
        for element in self._ancestry(self._types.get(kind)):
            names = tuple(ref.get("Name", "") for ref in element.iterfind("{*}Key/{*}PropertyRef"))
            if names:
                return names
        return ()

    def _properties(self, element: etree._Element) -> dict[str, Field]:
        if element not in self._known:
            self._known[element] = self._read_properties(element)
        return self._known[element]

    def _read_properties(self, element: etree._Element) -> dict[str, Field]:
        found: dict[str, Field] = {}
        for owner in reversed(self._ancestry(element)):
            for child in owner.iterchildren("{*}Property"):
                name = child.get("Name", "")
                field = self._of_type(name, child.get("Type", "Edm.String"), required=child.get("Nullable") == "false")
                length = child.get("MaxLength", "")
                found[name] = dataclasses.replace(field, max_length=int(length) if length.isdecimal() else None)
            for child in owner.iterchildren("{*}NavigationProperty"):
                name = child.get("Name", "")
                found[name] = dataclasses.replace(self._navigation(name, child), linked=True)
        return found

    def _navigation(self, name: str, child: etree._Element) -> Field:
        if child.get("Type"):
            return self._of_type(name, child.get("Type", ""))
        # V2: the relationship's end says type and number (CSDL 2.0, 2.1.4).
        kind, many = self._ends.get(child.get("Relationship", ""), {}).get(child.get("ToRole", ""), ("", False))
        return self._of_type(name, kind, many=many)
