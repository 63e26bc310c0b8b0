"""Operations of a connector: by which key they look up, and the steps that find and complete the records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from hub.config.header_name import HeaderName
from hub.config.paging import Paging
from hub.config.patterned import patterned
from hub.config.placed import PlacedError
from hub.config.reply_signs import ReplySign, ReplySigns
from hub.config.request import (
    HOLE,
    AddressPart,
    Argument,
    Arguments,
    Conditions,
    DelimitedRows,
    FieldName,
    Filters,
    Found,
    PathText,
    check_holes,
    found_in,
    optional_fields_in,
    parse_argument,
    place_in,
)
from hub.config.section import Section
from hub.config.wording import nearest
from hub.domain.path import compiled

OrderBy = Annotated[str, patterned(r"[A-Za-z_][A-Za-z0-9_./]{0,199}( asc| desc)?", "a property, as in Due or Due desc")]
StepName = Annotated[
    str, patterned(r"[a-z][a-z0-9_]{0,31}", "small letters, digits and _, beginning with a letter, at most 32")
]
NumberForm = Annotated[
    str,
    patterned(
        r"e164|digits|double_zero|national|significant|subscriber|display|(last|reversed)([4-9]|1[0-5])",
        "one of e164, digits, double_zero, national, significant, subscriber, display, last4 to last15, reversed4 to "
        "reversed15 (the last digits, from the end)",
    ),
]
ALWAYS_THERE = ("session", "settings", "credentials")
"""What every step can read beside its own: the session of a connector that has one, and what the site has set."""
RESERVED = frozenset({"query", "entry", "item", *ALWAYS_THERE})
QUERY_FIELDS: dict[str, tuple[str, ...]] = {
    "phone": ("numbers", "e164", "digits", "double_zero", "national", "significant", "subscriber", "display"),
    "email": ("email", "email_lower", "email_upper"),
    "id": ("id",),
}
"""What stands in `query`, by what an operation looks up by; with a phone also the forms that it names."""


class StepBase(Section):
    """One request. `each` repeats it for every value found, `first` until one of them finds something.

    It is left out if the step `unless` found something, or the step `when` found nothing. In what is written back,
    `find: true` says that a step only looks, and `idempotent: true` that doing it twice changes nothing more.

    Of the rows found, `keep` leaves those for which all its conditions hold, for a backend that can't be asked so
    exactly. `same_number` names fields with telephone numbers: a row stays if one of them may be the number asked for,
    or none is whole, for a backend that compares the last digits. `failed` is the field in which a row says what went
    wrong, for a backend whose calls succeed even then.
    """

    name: StepName
    each: PathText | None = None
    first: PathText | None = None
    rows: PathText | None = None
    unless: StepName | None = None
    when: StepName | None = None
    find: bool = False
    idempotent: bool = False
    keep: Conditions = {}
    same_number: Annotated[tuple[PathText, ...], Field(max_length=10)] = ()
    failed: PathText | None = None

    @model_validator(mode="after")
    def _repeat(self) -> Self:
        if self.each and self.first:
            raise ValueError("give `each` or `first`, not both")
        if self.name in RESERVED:
            raise ValueError(f"a step can't be named {self.name!r}: that is what every step can read already")
        return self

    def inputs(self) -> Iterator[Argument]:
        """Yield everything that may hold a `from`."""
        return iter(())

    @property
    def only_looks(self) -> bool:
        """Whether the request changes nothing in the backend, by the protocol or by declaration."""
        return self.find

    @property
    def writes_once(self) -> bool:
        """Whether a repetition changes nothing more in the backend."""
        return self.idempotent

    def sources(self) -> list[str]:
        """Return the paths that the step reads, without those into `item`."""
        paths = [self.each or self.first, self.unless, self.when, *self._found()]
        return [path for path in paths if path and compiled(path).first != "item"]

    def place_of(self, source: str) -> tuple[str | int, ...]:
        """Return where in the step a path stands that it reads; nothing if that can't be told."""
        for key in ("each", "first", "unless", "when"):
            if getattr(self, key) == source:
                return (key,)
        return place_in(self, source)

    def reads_item(self) -> bool:
        return any(compiled(source).first == "item" for source in self._found())

    def _found(self) -> Iterator[str]:
        for part in (*self.inputs(), *(condition.value for condition in self.keep.values())):
            yield from (found.source for found in found_in(part))


class RestStep(StepBase):
    """`path` is appended to the connector's url; a hole `{name}` takes one path segment, escaped.

    `body` goes as `json`, as `form` (each entry a field; a section or list in it as JSON text) or as `xml` (one entry:
    the outermost element; `@name` are attributes, `#text` is text beside them). `headers` win over the connector's.
    `if_match` and `if_none_match` make a change depend on the ETag that was read (`STEP."@etag"`, or "*").

    `reply_headers` and `reply_cookies` put headers and cookies of the reply into its one record: field to name.

    `absent` are statuses, or signs in the reply, that mean: there is none (404 when the path has a hole, else nothing).
    `exists` are those by which the backend refuses to make again what is there already: the write is done then.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: AddressPart
    values: dict[str, Found] = {}
    params: Arguments = {}
    headers: Annotated[dict[HeaderName, Annotated[Any, BeforeValidator(parse_argument)]], Field(max_length=20)] = {}
    send: Literal["json", "form", "xml"] = "json"
    body: Arguments | None = None
    if_match: Annotated[Any, BeforeValidator(parse_argument)] = None
    if_none_match: Annotated[Any, BeforeValidator(parse_argument)] = None
    paging: Paging | None = None
    reply_headers: Annotated[dict[FieldName, HeaderName], Field(max_length=10)] = {}
    reply_cookies: Annotated[dict[FieldName, HeaderName], Field(max_length=10)] = {}
    absent: ReplySigns | None = None
    exists: ReplySigns = ()

    @model_validator(mode="after")
    def _request(self) -> Self:
        check_holes(self.path, self.values)
        if self.body is not None and self.method in {"GET", "DELETE"}:
            raise ValueError(f"a {self.method} has no `body`: use method: POST, or `params`")
        if self.send == "xml" and self.body is not None and len(self.body) != 1:
            raise ValueError("a `body` that is sent as XML has one entry: its outermost element")
        if self.send == "xml" and self.body is not None:
            check_elements(self.body)
        if self.exists and self.only_looks:
            raise ValueError("`exists` is for a step that makes something")
        return self

    def inputs(self) -> Iterator[Argument]:
        yield dict(self.values)
        yield self.params
        yield self.headers
        yield self.body
        yield self.if_match
        yield self.if_none_match

    @property
    def optional_fields(self) -> dict[str, tuple[str, ...]]:
        """The fields that the step can do without, by what they are fields of."""
        return optional_fields_in([self.params, self.body])

    @property
    def only_looks(self) -> bool:
        return self.find or self.method == "GET"

    @property
    def writes_once(self) -> bool:
        return self.idempotent or bool(self.exists)

    @property
    def absent_signs(self) -> tuple[ReplySign, ...]:
        if self.absent is not None:
            return self.absent
        return (ReplySign(statuses=(404,)),) if HOLE.search(self.path) else ()


_JOINED = ", ".join(f"`{name}`" for name in ALWAYS_THERE)


class RestCheck(RestStep):
    """The harmless request that a check makes, for a backend that has nothing to GET: it reads what a session gave."""

    name: StepName = "check"

    @model_validator(mode="after")
    def _by_itself(self) -> Self:
        for source in self.sources():
            if compiled(source).first not in ALWAYS_THERE:
                raise ValueError(f"reads {source!r}: a check has no caller, and reads {_JOINED} alone")
        if self.reads_item():
            raise ValueError("reads `item`, which a check has none of")
        return self


_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,199}")


def check_elements(body: Argument, path: tuple[str | int, ...] = ("body",)) -> None:
    """See that all names in a body can be those of elements or attributes. Raises PlacedError."""
    if isinstance(body, list):
        for index, item in enumerate(body):
            check_elements(item, (*path, index))
    if isinstance(body, dict):
        for name, inner in body.items():
            if name != "#text" and not _ELEMENT.fullmatch(name.removeprefix("@")):
                raise PlacedError((*path, name), "no name of an XML element, nor of an attribute (@name)")
            check_elements(inner, (*path, name))


class Expansion(Section):
    """What is read of the entities behind a navigation (OData V4): fields, conditions, order, how many."""

    select: tuple[FieldName, ...] = ()
    where: Filters = {}
    order: tuple[OrderBy, ...] = ()
    top: Annotated[int, Field(ge=1, le=500)] | None = None


class ODataStep(StepBase):
    """A query of one entity set. All conditions of `where` must hold, and one of `any_of`.

    `service` is appended to the url.

    With a `key` it reads that one entity: a value, or {name: value} for keys of several parts and alternate keys.
    `expand_options` says what is read behind one of the paths of `expand` (OData V4). `absent` are statuses that mean:
    there is none, for a service that not every site has. `optional_fields` are selected, too, until the service says
    that it has none of that name.

    In what is written back, `method` POST makes an entity of `body`; PATCH changes the one that `key` names, or in V4
    makes it if it isn't there (`create_only` leaves one that is there as it is). `exists` are signs by which a service
    refuses to make again what is there already: the write is done then. MERGE is PATCH for V2 services that know no
    other. `if_match` is the entity's ETag as read before (`STEP."@etag"`), or "*" for any.
    """

    service: Annotated[
        str,
        patterned(r"[A-Za-z0-9_./;=-]{0,200}", "a part of an address: letters, digits and _ . / ; = -, at most 200"),
    ] = ""
    entity: Annotated[
        str,
        patterned(
            r"[A-Za-z_][A-Za-z0-9_]{0,199}", "an entity set's name: letters, digits and _ (conditions go into `where`)"
        ),
    ]
    where: Filters = {}
    any_of: Filters = {}
    select: tuple[FieldName, ...] = ()
    optional_fields: tuple[FieldName, ...] = ()
    expand: tuple[FieldName, ...] = ()
    expand_options: dict[FieldName, Expansion] = {}
    order: tuple[OrderBy, ...] = ()
    top: Annotated[int, Field(ge=1, le=500)] = 50
    method: Literal["GET", "POST", "PATCH", "PUT", "MERGE"] = "GET"
    key: Annotated[Any, BeforeValidator(parse_argument)] = None
    body: Arguments | None = None
    create_only: bool = False
    if_match: Annotated[Any, BeforeValidator(parse_argument)] = None
    absent: tuple[Annotated[int, Field(ge=400, le=499)], ...] = ()
    exists: ReplySigns = ()

    @model_validator(mode="after")
    def _request(self) -> Self:
        if self.exists and self.only_looks:
            raise ValueError("`exists` is for a step that makes something")
        if (self.body is not None) != (self.method != "GET"):
            raise ValueError("a `body` goes with method: POST, PATCH, PUT or MERGE, and each of these has one")
        changes = self.method in {"PATCH", "PUT", "MERGE"}
        if changes and not self.has_key:
            raise ValueError(f"{self.method} changes one entity: name it with `key`")
        if self.method == "POST" and self.has_key:
            raise ValueError("POST makes a new entity: its key stands in the `body`")
        if self.has_key and (self.where or self.any_of):
            raise ValueError("a `key` names one entity: leave `where` out")
        if (self.create_only or self.if_match is not None) and not changes:
            raise ValueError("`create_only` and `if_match` go with method: PATCH, PUT or MERGE")
        if self.create_only and self.if_match is not None:
            raise ValueError("give `create_only` or `if_match`, not both")
        if unknown := sorted(set(self.expand_options) - set(self.expand)):
            raise ValueError(f"`expand_options` names {unknown[0]!r}, which `expand` does not")
        if any(condition.ignore_case for condition in (*self.where.values(), *self.any_of.values())):
            raise ValueError("`ignore_case` is for `keep`: in `where` the service compares by its own rules")
        return self

    @model_validator(mode="after")
    def _selects(self) -> Self:
        if self.optional_fields and not self.select:
            raise ValueError("`optional_fields` go with `select`: without it everything is there that may be read")
        return self

    @property
    def writes_once(self) -> bool:
        return self.idempotent or self.create_only or bool(self.exists)

    @property
    def has_key(self) -> bool:
        return self.key is not None and self.key != {}

    @property
    def only_looks(self) -> bool:
        return self.find or self.method == "GET"

    def inputs(self) -> Iterator[Argument]:
        for condition in (*self.where.values(), *self.any_of.values()):
            yield condition.value
        for expansion in self.expand_options.values():
            for condition in expansion.where.values():
                yield condition.value
        yield self.key
        yield self.body
        yield self.if_match


class SoapStep(StepBase):
    """A call of one operation of the WSDL. `delimited` reads rows that the reply holds as text.

    `contract` names one of the connector's further WSDLs; an `optional` step is left out where the site doesn't have
    that one. With `header` the reply's header is read as well: paths then begin with `header` or `body`. A fault that
    holds one of the texts of `absent` means that there is none.
    """

    operation: Annotated[str, Field(min_length=1, max_length=200)]
    contract: StepName | None = None
    optional: bool = False
    arguments: Arguments = {}
    delimited: DelimitedRows | None = None
    header: bool = False
    absent: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _rows(self) -> Self:
        if self.delimited and self.rows:
            raise ValueError("give `rows` or `delimited`, not both")
        if self.optional and self.contract is None:
            raise ValueError("`optional` is for a step that names a `contract`")
        if optional_fields_in(self.arguments):
            raise ValueError("`optional_fields` are for rest: a SOAP service's faults are not read for them")
        return self

    def inputs(self) -> Iterator[Argument]:
        yield self.arguments


def check_order(steps: Sequence[StepBase], root: str, fields: Sequence[str], what: str) -> list[str]:
    """Return `root` and the steps' names. Raises PlacedError if a step reads what no earlier one gives.

    `fields` are what stands under `root`, which messages call `what`.
    """
    if not steps:
        raise ValueError("an operation needs at least one step")
    known = [root]
    for index, step in enumerate(steps):
        place = ("steps", index)
        if step.name in known:
            raise PlacedError(place, f"two steps are named {step.name!r}")
        for source in step.sources():
            first, *inside = compiled(source).names or ("",)
            if first not in (*known, *ALWAYS_THERE):
                message = f"step {step.name!r} reads {source!r}: a step reads `{root}` and the steps before it"
                raise PlacedError((*place, *step.place_of(source)), f"{message}{nearest(first, known)}")
            if first == root and (not inside or inside[0] not in fields):
                message = f"step {step.name!r} reads {source!r}, which {what} does not have"
                near = nearest(inside[0] if inside else "", fields)
                raise PlacedError((*place, *step.place_of(source)), f"{message}{near}")
        if step.reads_item() and not (step.each or step.first):
            raise PlacedError(place, f"step {step.name!r} reads `item`, which only `each` or `first` give")
        known.append(step.name)
    return known


class OperationBase(Section):
    """`key` is what the operation looks up by; `system` names whose id it is, where the key is `id`.

    `forms` are the number's forms that steps find in `query.numbers`. `records` names the step or steps whose rows are
    the customers (the last one unless given). `attach` puts rows of other steps into each customer: step name to
    {its field: the customer's field}; empty means all rows. `unique` is the field that tells customers apart where a
    reply has several rows for one (a join): they become one record, with all its rows under `rows`.
    """

    key: Literal["phone", "email", "id"]
    system: str = ""
    forms: Annotated[tuple[NumberForm, ...], Field(min_length=1, max_length=8)] = ("e164",)
    records: StepName | tuple[StepName, ...] | None = None
    unique: PathText | None = None
    attach: dict[StepName, dict[PathText, PathText]] = {}
    mapping: str | None = None

    @property
    def record_steps(self) -> tuple[str, ...]:
        """The steps whose rows are the customers; none means the last one."""
        if self.records is None:
            return ()
        return (self.records,) if isinstance(self.records, str) else self.records

    def check_steps(self, steps: Sequence[StepBase]) -> None:
        """Raise ValueError if a step reads what no earlier step gives, or `records`/`attach` name none."""
        fields = list(dict.fromkeys((*QUERY_FIELDS[self.key], *(self.forms if self.key == "phone" else ()))))
        known = check_order(steps, "query", fields, f"a query by {self.key}")
        for name in self.record_steps:
            if name not in known[1:]:
                raise PlacedError(("records",), f"there is no step {name!r}{nearest(name, known[1:])}")
        for name in self.attach:
            if name not in known[1:]:
                raise PlacedError(("attach", name), f"there is no step {name!r}{nearest(name, known[1:])}")


class RestOperation(OperationBase):
    steps: Annotated[tuple[RestStep, ...], Field(max_length=12)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        self.check_steps(self.steps)
        return self


class ODataOperation(OperationBase):
    steps: Annotated[tuple[ODataStep, ...], Field(max_length=12)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        self.check_steps(self.steps)
        return self


class SoapOperation(OperationBase):
    steps: Annotated[tuple[SoapStep, ...], Field(max_length=12)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        self.check_steps(self.steps)
        return self
