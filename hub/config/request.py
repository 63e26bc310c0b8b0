"""What an operation sends: literals, values found in the query or an earlier step, and quoted statements."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, field_validator, model_validator

from hub.config.patterned import patterned
from hub.config.placed import PlacedError
from hub.config.section import Section
from hub.config.wording import nearest, wording
from hub.domain.path import Path

HOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
MAX_ARGUMENT_DEPTH = 12


def path_text(text: str) -> str:
    """Check a path of the mapping language. Raises ValueError."""
    Path(text)
    return text


def known_zone(name: str) -> str:
    """Check a time zone's name, as in Europe/Berlin. Raises ValueError."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone is named {name!r}: write it as in Europe/Berlin") from None
    return name


def _one_place(within: str) -> str:
    if within.count("{}") != 1:
        raise ValueError('must hold {} once, where the value goes, as in "Call {}"')
    return within


Within = Annotated[str, Field(max_length=200), AfterValidator(_one_place)]
PathText = Annotated[str, BeforeValidator(lambda value: path_text(value) if isinstance(value, str) else value)]


class Found(Section):
    """`{from: PATH}`: a value from `query`, `item` or an earlier step, put in quoted for the protocol.

    `type: number` sends it as a number, and refuses what is none. Where one value has its place and several are
    found, nothing is sent, unless `many: true` says that the place takes a list.

    Where nothing is found nothing is sent at all, unless there is a `default`, or `optional: true` leaves just this
    field out. `table` turns codes into the backend's (an unknown one becomes `default`, or is refused), `date` writes a
    time as `iso` (2026-11-22T09:30:00Z), `date` (2026-11-22), `odata` (/Date(1795339800000)/), `unix`, `unix_ms`, or by
    a form as in "%d.%m.%Y %H:%M", in `zone` (UTC). `max` cuts text that the backend would find too long.

    `uuid: NAMESPACE` makes a UUID of the text that is always the same for the same text (RFC 9562, version 5), for a
    backend that lets its caller choose the key; `digest: N` the first N hexadecimal digits of its SHA-256, for a field
    that is too short for the text itself.
    """

    source: Annotated[PathText, Field(alias="from")]
    type: Literal["text", "number", "guid"] | None = None
    many: bool = False
    default: str | int | float | bool | None = None
    optional: bool = False
    table: dict[str, str | int | bool] | None = None
    date: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    max: Annotated[int, Field(ge=1, le=100_000)] | None = None
    within: Within | None = None
    uuid: UUID | None = None
    digest: Annotated[int, Field(ge=8, le=64)] | None = None


Quote = Literal["plain", "odata", "roql", "soql", "sosl", "suiteql", "adf", "siebel", "like"]
"""The languages in which a value can be put in quoted; `plain` is for text that is no language at all."""


FieldName = Annotated[
    str, patterned(r"[A-Za-z_][A-Za-z0-9_./]{0,199}", "a property's name, or a path as in Owner/Name")
]


class Statement(Section):
    """`{text: "... {name} ...", quote: roql, values: {name: {from: PATH}}}`: each hole takes quoted literals.

    `encode: base64` sends the whole text so, where a backend takes its long texts as bytes (UTF-8). `within` puts what
    has come out into a further text, as in "Session {}".

    `optional_fields` are holes for the names of fields that not every site's user may read, as in
    `{text: "SELECT Id{Contact} FROM Contact", optional_fields: {Contact: [Birthdate]}}`: a comma goes before each, and
    one that the backend refuses (`unknown_fields`) is left out from then on.
    """

    text: Annotated[str, Field(min_length=1, max_length=8_000)]
    quote: Quote
    values: dict[str, Found] = {}
    optional_fields: Annotated[dict[str, tuple[FieldName, ...]], Field(max_length=10)] = {}
    encode: Literal["base64"] | None = None
    within: Within | None = None

    @model_validator(mode="after")
    def _holes(self) -> Statement:
        if both := sorted(self.values.keys() & self.optional_fields):
            raise ValueError(f"{both[0]!r} stands under `values` and under `optional_fields`: it is one hole")
        check_holes(self.text, [*self.values, *self.optional_fields])
        return self


def check_holes(text: str, values: Collection[str]) -> None:
    """Each hole needs its value and each value its hole. Raises ValueError."""
    holes = set(HOLE.findall(text))
    if missing := sorted(holes - set(values)):
        raise ValueError(f"the hole {{{missing[0]}}} has no entry under `values`")
    if unused := sorted(set(values) - holes):
        raise ValueError(f"the value {unused[0]!r} has no hole {{{unused[0]}}} in the text")


Argument = Any
"""A scalar, `Found`, `Statement`, or a list or dict of these."""


def parse_argument(value: Any) -> Argument:
    """Turn `{from: ...}` and `{text: ..., quote: ...}` at any depth into their models. Raises PlacedError."""
    return _parsed(value, ())


def _parsed(value: Any, path: tuple[str | int, ...]) -> Argument:
    if len(path) > MAX_ARGUMENT_DEPTH:
        raise PlacedError(path, f"arguments are nested too deeply: at most {MAX_ARGUMENT_DEPTH} levels")
    if isinstance(value, Found | Statement):
        return value
    if isinstance(value, dict):
        model = Found if "from" in value else Statement if {"text", "quote"} <= value.keys() else None
        if model is not None:
            try:
                return model.model_validate(value)
            except ValidationError as error:
                raise _misread(model, error, path) from None
        return {str(key): _parsed(inner, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_parsed(inner, (*path, index)) for index, inner in enumerate(value)]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise PlacedError(path, "only text, numbers, true, false, lists and sections can be sent")


def _misread(model: type[Section], error: ValidationError, path: tuple[str | int, ...]) -> PlacedError:
    finding = error.errors(include_url=False)[0]
    inner = finding["loc"]
    match finding["type"]:
        case "extra_forbidden" if len(inner) == 1:
            known = [field.alias or name for name, field in model.model_fields.items()]
            message = f"unknown key {inner[0]!r}{nearest(str(inner[0]), known)}"
        case "extra_forbidden":
            message = f"unknown key {inner[-1]!r}"
        case "missing":
            message = f"key {inner[-1]!r} is missing"
        case _:
            message = wording(finding)
    return PlacedError((*path, *inner), message)


Arguments = dict[str, Annotated[Any, BeforeValidator(parse_argument)]]


def found_in(argument: Argument) -> Iterator[Found]:
    """Yield every `from` inside an argument."""
    if isinstance(argument, Found):
        yield argument
    elif isinstance(argument, Statement):
        yield from argument.values.values()
    elif isinstance(argument, dict):
        for inner in argument.values():
            yield from found_in(inner)
    elif isinstance(argument, list):
        for inner in argument:
            yield from found_in(inner)


def optional_fields_in(argument: Argument) -> dict[str, tuple[str, ...]]:
    """Return the optional fields of all statements inside an argument, by the names of their holes."""
    if isinstance(argument, Statement):
        return dict(argument.optional_fields)
    if not isinstance(argument, dict | list):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for inner in argument.values() if isinstance(argument, dict) else argument:
        for name, fields in optional_fields_in(inner).items():
            found[name] = (*found.get(name, ()), *fields)
    return found


_MANNERS = frozenset({"type", "ignore_case"})


class Condition(Section):
    """One condition of an OData `$filter`, or of a step's `keep`. Exactly one comparison; a list means any of them.

    `ignore_case` compares without regard to capitals, in `keep` only: a service has its own rules for that.
    """

    eq: Annotated[Any, BeforeValidator(parse_argument)] = None
    ne: Annotated[Any, BeforeValidator(parse_argument)] = None
    gt: Annotated[Any, BeforeValidator(parse_argument)] = None
    ge: Annotated[Any, BeforeValidator(parse_argument)] = None
    lt: Annotated[Any, BeforeValidator(parse_argument)] = None
    le: Annotated[Any, BeforeValidator(parse_argument)] = None
    startswith: Annotated[Any, BeforeValidator(parse_argument)] = None
    endswith: Annotated[Any, BeforeValidator(parse_argument)] = None
    contains: Annotated[Any, BeforeValidator(parse_argument)] = None
    type: Literal["text", "number", "bool", "guid", "datetime", "datetimeoffset", "decimal", "int64"] | None = None
    ignore_case: bool = False

    @model_validator(mode="after")
    def _one(self) -> Condition:
        if len(self.model_fields_set - _MANNERS) != 1:
            raise ValueError("give exactly one of eq, ne, gt, ge, lt, le, startswith, endswith, contains")
        return self

    @property
    def operator(self) -> str:
        return next(iter(self.model_fields_set - _MANNERS))

    @property
    def value(self) -> Argument:
        return getattr(self, self.operator)


def parse_condition(value: Any) -> Any:
    """`Field: X` and `Field: {from: PATH}` are short for `Field: {eq: ...}`."""
    if isinstance(value, dict) and "from" not in value:
        return value
    return value if isinstance(value, Condition) else {"eq": value}


def place_in(node: Any, source: str) -> tuple[str | int, ...]:
    """Return where inside a step or an argument `{from: source}` stands; nothing if it can't be told."""
    inner: Iterable[tuple[str | int, Any]]
    match node:
        case Condition():
            # Which may be written without its `eq`.
            return place_in(node.value, source)
        case Section():
            inner = [(name, getattr(node, name)) for name in node.model_fields_set]
        case dict():
            inner = node.items()
        case list() | tuple():
            inner = enumerate(node)
        case _:
            return ()
    for key, value in inner:
        if isinstance(value, Found | Condition) and any(one.source == source for one in _sources_of(value)):
            return (key,)
        if below := place_in(value, source):
            return (key, *below)
    return ()


def _sources_of(value: Found | Condition) -> Iterator[Found]:
    return found_in(value.value if isinstance(value, Condition) else value)


AddressPart = Annotated[
    str,
    patterned(
        r'[!"$-~]{0,2000}', "as it stands in an address: no spaces, no #, other characters as in %20, at most 2000"
    ),
]
Conditions = dict[FieldName, Annotated[Condition, BeforeValidator(parse_condition)]]
FilterName = Annotated[
    str,
    patterned(
        r"[A-Za-z_][A-Za-z0-9_./]{0,199}(\[\](/[A-Za-z_][A-Za-z0-9_./]{0,199})?)?",
        "a property's name, or a path as in Owner/Name, or Phones[]/Number for any of several",
    ),
]
Filters = dict[FilterName, Annotated[Condition, BeforeValidator(parse_condition)]]
"""Conditions of a `$filter`; in OData V4 `Phones[]/Number` means that of any item of the collection."""


class DelimitedRows(Section):
    """Rows that a reply holds as delimited text (Oracle Service Cloud's QueryCSV): names in one text, rows in many."""

    columns: PathText
    rows: PathText
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","

    @field_validator("delimiter")
    @classmethod
    def _printable(cls, delimiter: str) -> str:
        if delimiter.isalnum() or delimiter in '"\r\n':
            raise ValueError("must be a separator such as , ; | or a tab")
        return delimiter
