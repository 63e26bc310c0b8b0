"""`inbound:`: legacy systems that hand messages to the hub, in what format and by which ways."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hub.config.header_name import HeaderName
from hub.config.mailbox import EmailFormat, ImapMailbox
from hub.config.names import Name, Seconds
from hub.config.paths import ConfigPath, ExistingFile
from hub.config.placed import PlacedError
from hub.config.request import PathText
from hub.config.section import Section
from hub.config.web_feed import WebFeed
from hub.config.wording import nearest
from hub.domain.encodings import wire_encoding
from hub.domain.path import PathError, compiled

MEBIBYTE = 1024 * 1024
Format = Literal["json", "json_lines", "xml", "csv", "fixed_width", "idoc", "cloudevents", "email"]


def _encoding(name: str) -> str:
    try:
        return wire_encoding(name)
    except LookupError:
        raise ValueError(
            f"there is no encoding {name[:40]!r}: as in utf-8, gb18030, shift_jis, latin-1, cp037"
        ) from None


Encoding = Annotated[str, AfterValidator(_encoding)]
_Character = Annotated[str, Field(min_length=1, max_length=1)]
Secret = Annotated[SecretStr, Field(min_length=8)]


def _records(text: str) -> str:
    if text == "$":
        return text
    try:
        names = compiled(text).names
    except PathError as error:
        raise ValueError(str(error)) from None
    if not names or len(names) != len(compiled(text).every_name) or "[" in text:
        raise ValueError("names alone, joined by dots, as in orders.order; or $ for a list as a whole")
    return text


RecordsPath = Annotated[str, AfterValidator(_records)]


class CsvFormat(Section):
    """`header: true` takes the columns' names from the first line, which must have them all if `columns` are given too.

    Every line has as many fields as there are columns; one that has not is refused.
    """

    delimiter: _Character = ","
    quote: _Character | None = '"'
    header: bool = True
    columns: Annotated[tuple[str, ...], Field(max_length=2_000)] = ()
    skip_lines: Annotated[int, Field(ge=0, le=1_000, description="Lines before the header, as some reports have")] = 0

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not (self.header or self.columns):
            raise PlacedError(("columns",), "without a header line the columns have to be named here")
        if len(set(self.columns)) < len(self.columns):
            raise PlacedError(("columns",), "each column needs a name of its own")
        return self


class FixedField(Section):
    """`start` counts from 1, as layouts on paper do; positions are characters, or bytes with `unit: bytes`."""

    start: Annotated[int, Field(ge=1, le=100_000)]
    length: Annotated[int, Field(ge=1, le=100_000)]


class FixedWidthFormat(Section):
    """Lines of fixed columns; `record_length`, in bytes, where records have no line ends (as mainframes send them).

    With `only` and `pass_over` each record is either wanted or known to be none, as headers and totals are. One that is
    neither, as where the columns are shifted, is refused: passed over without a word it would be lost.
    """

    fields: Annotated[dict[Name, FixedField], Field(min_length=1, max_length=2_000)]
    unit: Literal["characters", "bytes"] = "characters"
    record_length: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    only: Annotated[dict[Name, str], Field(description="Fields that a record has with these values")] = {}
    pass_over: Annotated[
        dict[Name, tuple[str, ...]],
        Field(description="Headers, totals: fields with one of these values each, as in {kind: [H, T]}"),
    ] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for key, name, value in (
            *(("only", name, value) for name, value in self.only.items()),
            *(("pass_over", name, value) for name, values in self.pass_over.items() for value in values),
        ):
            if name not in self.fields:
                raise PlacedError((key, name), f"there is no field {name!r}{nearest(name, list(self.fields))}")
            if len(value.strip()) > self.fields[name].length:
                message = f"no record has that: the field's length is {self.fields[name].length}"
                raise PlacedError((key, name), message)
        for name, field in self.fields.items():
            end = field.start + field.length - 1
            # A character takes a byte at least.
            if self.record_length is not None and end > self.record_length:
                unit = self.unit.removesuffix("s")
                message = f"the field ends at {unit} {end}, the record at byte {self.record_length}"
                raise PlacedError(("fields", name), message)
        return self


class HmacSignature(Section):
    """The sender signs what it sends with a shared secret (RFC 2104).

    Signed is `{timestamp}.{body}` if there is a `timestamp_header` (Unix seconds), else the body alone; with an
    `id_header` here the message's id stands before that (`{id}.{timestamp}.{body}`). What is older than `tolerance_s`,
    or was taken before, is refused as replayed.
    """

    secret: Secret
    algorithm: Literal["sha256", "sha512"] = "sha256"
    header: HeaderName = "X-Signature"
    prefix: Annotated[str, Field(max_length=40, description='What stands before the signature, as "sha256="')] = ""
    encoding: Literal["hex", "base64"] = "hex"
    timestamp_header: HeaderName | None = "X-Timestamp"
    tolerance_s: Seconds = 300.0
    id_header: HeaderName | None = None


class BasicLogin(Section):
    username: Annotated[str, Field(min_length=1, max_length=200)]
    password: Secret

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        if ":" in self.username:
            raise PlacedError(("username",), "a user's name has no colon in HTTP basic (RFC 7617): take another name")
        return self


class HttpPush(Section):
    """`POST /api/v1/inbound/FEED` with credentials of the feed's own; bearer tokens that may publish do, too."""

    hmac: HmacSignature | None = None
    basic: BasicLogin | None = None
    id_header: Annotated[HeaderName | None, Field(description="Holds the message's id, as in X-Message-Id")] = None

    @model_validator(mode="after")
    def _has_credentials(self) -> Self:
        if (self.hmac is None) == (self.basic is None):
            raise PlacedError((), "either `hmac` or `basic`; for bearer tokens see auth.tokens, and leave `http` out")
        return self


class FolderWatch(Section):
    """Files in `path` that fit `pattern`, the oldest first; each is moved to `done` or `failed` when it is through.

    A file is complete when it has not grown for `settle_s`, or when its marker is there: `marker: .done` waits for
    `orders.csv.done` beside `orders.csv`. What is being written under another name and then renamed is complete at once
    with `settle_s: 0`.
    """

    path: ConfigPath
    pattern: Annotated[str, Field(min_length=1, max_length=200)] = "*"
    marker: Annotated[str, Field(max_length=40)] = ""
    settle_s: Annotated[float, Field(ge=0, le=3_600)] = 2.0
    every_s: Annotated[float, Field(ge=0.1, le=3_600)] = 1.0
    done: Annotated[str, Field(min_length=1, description="Folder, from `path`")] = "done"
    failed: Annotated[str, Field(min_length=1, description="Folder, from `path`")] = "failed"

    @model_validator(mode="after")
    def _apart(self) -> Self:
        for key in ("pattern", "marker"):
            if "/" in getattr(self, key):
                raise PlacedError((key,), f"`{key}` is about the names of files in `path` itself: no /")
        places = {key: os.path.normpath(Path(self.path, getattr(self, key))) for key in ("done", "failed")}
        for key, place in places.items():
            if place == os.path.normpath(self.path):
                raise PlacedError((key,), f"`{key}` has to be another folder than `path`: its files would be new again")
        if places["done"] == places["failed"]:
            raise PlacedError(("failed",), "`done` and `failed` have to be two folders")
        return self


class SoapPush(Section):
    """The feed as a SOAP service (1.1 and 1.2) at `/api/v1/inbound/FEED`, its WSDL at `?wsdl`.

    Without a `schema` it takes the hub's own messages (a customer, an order, a case changed; an interaction), which
    need no mapping. With one (XSD) it takes the `elements` of that, each a message for the feed's mapping. Senders
    sign in with `login`, by HTTP basic or as a WS-Security UsernameToken, or with a bearer token that may publish.
    """

    xsd: Annotated[ExistingFile | None, Field(alias="schema")] = None
    elements: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    login: BasicLogin | None = None


class InboundFeed(Section):
    """A legacy system that hands messages to the hub.

    With a `bus` its queue is `ctihub.inbound.<feed>` unless named; `http`, `folder` and `soap` are further ways, and
    with one of them it has a queue only if one is named. Whose customers, orders and cases it brings is `system`, the
    feed's own name unless said: a feed writes no other's.

    `records` says where in a message of several the records stand: names in JSON (or `$` for a list as a whole), names
    of elements in XML (`orders.order`, with or without the outermost). `id` is the path of a record's own id, by which
    one that comes again is known; without it that is the message's, but an IDoc's number and a CloudEvent's source and
    id, which are their own. `encoding` is for messages that do not say theirs. `broker_user` is who alone may publish
    to the queue; the broker vouches for it.
    """

    format: Format = "json"
    mapping: Annotated[str, Field(description="Mapping file under `mappings`, without .yaml")] = ""
    system: Name | None = None
    title: Annotated[
        str, Field(max_length=100, description="What the agent reads above what the system told, as of a connector's")
    ] = ""
    encoding: Encoding = "utf-8"
    records: RecordsPath | None = None
    id: PathText | None = None
    csv: CsvFormat = CsvFormat()
    fixed_width: FixedWidthFormat | None = None
    schemas: Annotated[
        tuple[str, ...], Field(description="Of CloudEvents: the `dataschema` values that the mapping knows; empty: any")
    ] = ()
    queue: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    broker_user: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    http: HttpPush | None = None
    folder: FolderWatch | None = None
    soap: SoapPush | None = None
    web: WebFeed | None = None
    email: EmailFormat = EmailFormat()
    imap: ImapMailbox | None = None
    attempts: Annotated[int, Field(ge=1, le=100, description="How often a message is tried that the hub fails on")] = 5
    max_bytes: Annotated[int, Field(ge=1_024, le=64 * MEBIBYTE, description="Of a message")] = MEBIBYTE
    max_file_bytes: Annotated[int, Field(ge=1_024, le=16 * 1024 * MEBIBYTE, description="Of a file in a folder")] = (
        256 * MEBIBYTE
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.fixed_width is None) != (self.format != "fixed_width"):
            raise PlacedError(("fixed_width",), "`format: fixed_width` and the `fixed_width:` section belong together")
        if self.records is not None and self.format not in {"json", "xml"}:
            raise PlacedError(("records",), f"`records` is for json and xml: {self.format} has its own")
        if self.records == "$" and self.format == "xml":
            raise PlacedError(("records",), "in XML the records are elements: the names that lead to them, or one")
        for key, form in (("csv", "csv"), ("schemas", "cloudevents"), ("email", "email"), ("imap", "email")):
            if key in self.model_fields_set and self.format != form:
                raise PlacedError((key,), f"`{key}` is for `format: {form}`")
        if self.web is not None:
            self._complete_web()
        elif not self.mapping and (self.soap is None or self.soap.xsd is not None):
            raise PlacedError(("mapping",), "a feed needs a mapping: the file under `mappings`, without .yaml")
        if self.soap is not None:
            self._complete_soap(self.soap)
        return self

    def _complete_soap(self, soap: SoapPush) -> None:
        if soap.xsd is not None:
            return
        if soap.elements:
            raise PlacedError(("soap", "elements"), "`elements` are those of a `schema`: name the file, too")
        if self.mapping:
            raise PlacedError(
                ("mapping",), "the hub's own messages need no mapping: leave it out, or give `soap` a `schema`"
            )
        if self.queue or self.folder or self.id or self.records:
            message = (
                "without a `schema` a feed takes the hub's own messages, by SOAP alone: no queue, folder, id or records"
            )
            raise PlacedError(("soap",), message)

    def _complete_web(self) -> None:
        for key in ("mapping", "queue", "http", "folder", "soap", "imap", "format", "id", "records"):
            if key in self.model_fields_set:
                raise PlacedError((key,), f"what visitors of a web site send needs no `{key}`: leave it out")

    def system_of(self, name: str) -> str:
        """Return whose records the feed called `name` brings."""
        return self.system or name

    def queue_of(self, name: str) -> str | None:
        """Return the queue of the feed called `name`, where there is a broker; None if it has none."""
        has_another_way = self.http or self.folder or self.soap or self.imap or self.web
        return self.queue or (None if has_another_way else f"ctihub.inbound.{name}")
