"""The kind `csv`: a file of customers, reread when it changes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from hub.config.connector_base import ConnectorBase, OperationName
from hub.config.operations import OperationBase, StepBase
from hub.config.paths import ConfigPath
from hub.config.placed import PlacedError
from hub.config.section import Section
from hub.config.wording import nearest
from hub.domain.encodings import wire_encoding

Column = Annotated[str, Field(min_length=1, max_length=200)]


def text_encoding(name: str) -> str:
    """Check the name of an encoding of text. Raises ValueError."""
    try:
        return wire_encoding(name)
    except LookupError:
        raise ValueError(f"no encoding is named {name!r}: write utf-8, utf-16, latin-1, cp1252, gb18030, ...") from None


class CsvStep(StepBase):
    """The one step of an operation: the rows in which one of the `columns` holds the key."""

    key: Literal["phone", "email", "id"]
    columns: tuple[Column, ...]


class CsvOperation(OperationBase):
    """`columns` are those that are looked in: a phone number in any form, an e-mail in any case, an id as it is."""

    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=20)]

    @property
    def steps(self) -> tuple[CsvStep, ...]:
        return (CsvStep(name="rows", key=self.key, columns=self.columns),)

    @model_validator(mode="after")
    def _one_step(self) -> Self:
        for key in ("attach", "records"):
            if getattr(self, key):
                raise PlacedError((key,), "a file has no further steps: take it out")
        return self


class CsvLimits(Section):
    """Beyond these the file is refused, and what was read before stays."""

    file_bytes: Annotated[int, Field(ge=1_024, le=1024 * 1024 * 1024)] = 64 * 1024 * 1024
    rows: Annotated[int, Field(ge=1, le=5_000_000)] = 500_000


class CsvConnector(ConnectorBase):
    """A file with a customer a row. `columns` names them where the file has no first row that does.

    Every `reread_s` the file's time and size are looked at.
    """

    kind: Literal["csv"]
    file: ConfigPath
    encoding: Annotated[str, AfterValidator(text_encoding)] = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(max_length=1)] = '"'
    columns: Annotated[tuple[Column, ...], Field(max_length=500)] = ()
    reread_s: Annotated[float, Field(ge=0.05, le=3_600)] = 2.0
    limits: CsvLimits = CsvLimits()
    operations: Annotated[dict[OperationName, CsvOperation], Field(min_length=1)]

    @field_validator("delimiter", "quote")
    @classmethod
    def _separates(cls, sign: str) -> str:
        if sign.isalnum() or sign in {"\r", "\n", " "}:
            raise ValueError("must be a sign such as , ; | or a tab, neither letter nor digit")
        return sign

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.headers:
            raise PlacedError(("headers",), "a file takes no HTTP headers: take them out")
        if "tls" in self.model_fields_set:
            raise PlacedError(("tls",), "a file has no connection: take it out")
        if self.delimiter == self.quote:
            raise PlacedError(("quote",), "must be another sign than the delimiter")
        if len(set(self.columns)) < len(self.columns):
            raise PlacedError(("columns",), "two columns have the same name")
        for name, operation in self.operations.items():
            for index, column in enumerate(operation.columns):
                if self.columns and column not in self.columns:
                    place = ("operations", name, "columns", index)
                    raise PlacedError(place, f"there is no column {column!r}{nearest(column, self.columns)}")
        self.check_mappings(self.operations)
        return self

    @property
    def writable(self) -> frozenset[str]:
        return frozenset()
