"""The types of a WSDL in the form in which messages are written and read: small, flat, made when first needed."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import Any

from zeep.xsd import AnySimpleType, ComplexType, Element
from zeep.xsd.elements import Any as AnyElement
from zeep.xsd.elements import Attribute, Choice, Group
from zeep.xsd.elements.indicators import OrderIndicator
from zeep.xsd.types import builtins

MAX_FIELDS = 5_000
"""Elements of one type; the largest in the wild have some hundreds."""
XSD = "http://www.w3.org/2001/XMLSchema"


class Content(enum.Enum):
    """What the text of an element is."""

    TEXT = "text"
    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    NUMBER = "a number"
    DATE = "a date, as in 2026-11-22"
    MOMENT = "a date with a time, as in 2026-11-22T09:30:00Z"
    BINARY = "binary data"


# XML Schema 1.0, part 2: more special types come first, as they derive from the others.
_CONTENT: tuple[tuple[Any, Content], ...] = (
    (builtins.Boolean, Content.BOOLEAN),
    (builtins.Integer, Content.INTEGER),
    (builtins.Decimal, Content.NUMBER),
    (builtins.Float, Content.NUMBER),
    (builtins.Double, Content.NUMBER),
    (builtins.DateTime, Content.MOMENT),
    (builtins.Date, Content.DATE),
    (builtins.Base64Binary, Content.BINARY),
)


class Field:
    """An element below another. `tag` is its name as in lxml: {namespace}name, or the name alone."""

    __slots__ = ("_book", "_shape", "_type", "many", "name", "nillable", "required", "tag")

    def __init__(self, book: Book, element: Any, *, many: bool, required: bool) -> None:
        self.name: str = element.name
        self.tag: str = element.qname.text
        self.many = many
        self.required = required
        self.nillable = bool(element.nillable)
        self._book = book
        self._type = element.type
        self._shape: Shape | None = None

    @property
    def shape(self) -> Shape:
        if self._shape is None:
            self._shape = self._book.shape(self._type)
        return self._shape


class Shape:
    """A type: its text (`content`), or the elements below it (`fields`, in the order in which they are sent).

    `item` is set for arrays of SOAP's encoding. `is_open` types hold more than the schema names.
    """

    __slots__ = ("attributes", "by_name", "by_tag", "content", "fields", "is_open", "item", "item_tag", "tag")

    def __init__(self, tag: str | None) -> None:
        self.tag = tag
        self.content: Content | None = None
        self.fields: tuple[Field, ...] = ()
        self.by_name: Mapping[str, Field] = {}
        self.by_tag: Mapping[str, Field] = {}
        self.attributes: dict[Any, tuple[str, bool]] = {}
        """Name to {namespace}name and whether it has to be there."""
        self.is_open = False
        self.item: Shape | None = None
        self.item_tag = "item"


class Book:
    """All types of one WSDL; each becomes a `Shape` when it is first asked for."""

    def __init__(self, document: Any, abstract: frozenset[str]) -> None:
        self._types = document.types
        self._abstract = abstract
        self._shapes: dict[int, Shape] = {}
        self._elements: dict[str, Field | None] = {}
        self._by_tag: dict[str, Any] | None = None
        self._derived: dict[int, list[Any]] | None = None

    def shape(self, kind: Any) -> Shape:
        """Return the shape of zeep's type."""
        known = self._shapes.get(id(kind))
        if known is not None:
            return known
        tag = kind.qname.text if kind is not None and kind.qname is not None else None
        # Known before it is filled in: types may hold themselves.
        shape = self._shapes[id(kind)] = Shape(tag)
        if isinstance(kind, ComplexType):
            self._fill(shape, kind)
        elif isinstance(kind, AnySimpleType):
            shape.content = next((content for base, content in _CONTENT if isinstance(kind, base)), Content.TEXT)
        else:
            shape.is_open = True
        return shape

    def _fill(self, shape: Shape, kind: Any) -> None:
        for attribute in kind._attributes_unwrapped:  # noqa: SLF001 - the public list renames some
            if isinstance(attribute, Attribute):
                shape.attributes[attribute.name] = (attribute.qname.text, bool(attribute.required))
        array = kind._array_type  # noqa: SLF001 - zeep has no public way to arrays of SOAP's encoding
        particle = kind._element  # noqa: SLF001 - the public lists have lost what is a choice
        if array is not None:
            shape.attributes.clear()
            shape.item = self.shape(array.array_type)
            named = [field for field in self._flat(particle, many=False, required=False) if isinstance(field, Field)]
            if named:
                shape.item_tag = named[0].tag
            return
        if isinstance(particle, Element) and isinstance(particle.type, AnySimpleType):
            shape.content = self.shape(particle.type).content
            return
        fields: dict[str, Field] = {}
        for field in self._flat(particle, many=False, required=True):
            if field is None:
                shape.is_open = True
            elif len(fields) < MAX_FIELDS:
                other = fields.setdefault(field.tag, field)
                if other is not field:  # named twice, as in the branches of a choice
                    other.required = other.required and field.required
        shape.fields = tuple(fields.values())
        shape.by_tag = fields
        shape.by_name = {field.name: field for field in reversed(shape.fields)}

    def _flat(self, particle: Any, *, many: bool, required: bool) -> Iterator[Field | None]:
        """Yield the elements of a type in order, None for `any`."""
        if not particle:
            return
        many = many or bool(particle.accepts_multiple)
        required = required and not particle.is_optional
        match particle:
            case AnyElement():
                yield None
            case Element():
                yield Field(self, particle, many=many, required=required)
            case Group():
                yield from self._flat(particle.child, many=many, required=required)
            case OrderIndicator():
                for inner in list(particle):
                    yield from self._flat(inner, many=many, required=required and not isinstance(particle, Choice))

    def is_abstract(self, shape: Shape) -> bool:
        return shape.tag in self._abstract

    def named_type(self, name: str, declared: Shape) -> Shape | None:
        """Return the type with that name: `Name` (one derived from the declared first) or `{namespace}Name`."""
        if name.startswith("{"):
            kind = self._types_by_tag().get(name)
            return None if kind is None else self.shape(kind)
        candidates = [kind for tag, kind in self._types_by_tag().items() if tag.rpartition("}")[2] == name]
        names = set(self.derived_names(declared))
        candidates.sort(key=lambda kind: kind.qname.text not in names)
        return self.shape(candidates[0]) if candidates else None

    def derived_names(self, declared: Shape) -> list[str]:
        """Return the tags of the types that extend another, however deep."""
        kind = self._types_by_tag().get(declared.tag or "")
        if kind is None or not isinstance(kind, ComplexType):
            return []
        value_class = kind._value_class  # noqa: SLF001 - how zeep remembers what extends what
        return [
            tag for tag, other in self._types_by_tag().items() if value_class in getattr(other, "_extension_types", ())
        ]

    def type_of(self, tag: str) -> Shape | None:
        """Return the type of that {namespace}name, which a reply names with xsi:type."""
        kind = self._types_by_tag().get(tag)
        if kind is None and tag.startswith(f"{{{XSD}}}"):
            kind = self._types.get_type(tag, fail_silently=True)
        return None if kind is None else self.shape(kind)

    def _types_by_tag(self) -> dict[str, Any]:
        if self._by_tag is None:
            self._by_tag = {kind.qname.text: kind for kind in self._types.types if kind.qname is not None}
        return self._by_tag

    def element(self, tag: str) -> Field | None:
        """Return a global element, which may stand where the schema says `any`."""
        if tag not in self._elements:
            found = next((element for element in self._types.elements if element.qname.text == tag), None)
            self._elements[tag] = None if found is None else Field(self, found, many=False, required=False)
        return self._elements[tag]

    def message(self, element: Any) -> Field:
        """Return the field of a message's own element."""
        return Field(self, element, many=False, required=True)
