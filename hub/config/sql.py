"""The kind `sql`: a database, and the statements that look up and write back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from hub.config.connector_base import ConnectorBase, OperationName
from hub.config.http_access import BasicAuth
from hub.config.operations import OperationBase, StepBase
from hub.config.paths import from_folder
from hub.config.placed import PlacedError
from hub.config.request import Argument, Found
from hub.config.sql_address import SqlAddress
from hub.config.sql_text import SqlText
from hub.config.wording import nearest
from hub.config.writes import WriteOperationBase
from hub.domain.writeback import WriteKind


class SqlStep(StepBase):
    """One statement. Each `:name` in it is a bound parameter that `values` gives; `IN (:name)` takes several.

    Nothing that is found for an `optional` value is NULL. A statement that changes rows gives one row
    `{changed: NUMBER}`, or none if it changed none, unless it returns rows itself.
    """

    statement: Annotated[str, Field(min_length=1, max_length=20_000)]
    values: dict[str, Found] = {}

    @cached_property
    def text(self) -> SqlText:
        return SqlText.read(self.statement)

    @model_validator(mode="after")
    def _bound(self) -> Self:
        try:
            asked = self.text.values
        except ValueError as error:
            raise PlacedError(("statement",), str(error)) from None
        if missing := sorted(set(asked) - set(self.values)):
            message = f"the value :{missing[0]} has no entry under `values`{nearest(missing[0], list(self.values))}"
            raise PlacedError(("statement",), message)
        if unused := sorted(set(self.values) - set(asked)):
            raise PlacedError(
                ("values", unused[0]), f"the statement has no :{unused[0]}{nearest(unused[0], list(asked))}"
            )
        if self.rows:
            raise PlacedError(("rows",), "a statement gives rows by itself: take `rows` out")
        return self

    def inputs(self) -> Iterator[Argument]:
        yield dict(self.values)

    @property
    def only_looks(self) -> bool:
        return self.text.only_looks


class SqlOperation(OperationBase):
    steps: Annotated[tuple[SqlStep, ...], Field(max_length=12)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        for index, step in enumerate(self.steps):
            try:
                step.text.check_only_looks()
            except ValueError as error:
                raise PlacedError(("steps", index, "statement"), str(error)) from None
        self.check_steps(self.steps)
        return self


class SqlWrite(WriteOperationBase):
    """All steps are one transaction: what one can't do, none has done."""

    steps: Annotated[tuple[SqlStep, ...], Field(max_length=12)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        self.check_steps(self.steps)
        return self


class SqlConnector(ConnectorBase):
    """A database: SQLite, PostgreSQL or Oracle.

    User and password stand in the `url`, or in `auth`, where they are written as they are. With `tls` the connection
    is encrypted and the database's certificate checked. `max_concurrent` is how many connections are held at most.
    """

    kind: Literal["sql"]
    url: SecretStr
    auth: BasicAuth | None = None
    operations: Annotated[dict[OperationName, SqlOperation], Field(min_length=1)]
    writes: dict[WriteKind, SqlWrite] = {}

    @field_validator("url")
    @classmethod
    def _address(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        address = SqlAddress.read(url.get_secret_value())
        if address.kind != "sqlite":
            return url
        return SecretStr("sqlite:///" + from_folder(address.name, info))

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.headers:
            raise PlacedError(("headers",), "a database takes no HTTP headers: take them out")
        address = SqlAddress.read(self.url.get_secret_value())
        if address.kind == "sqlite" and (self.auth is not None or "tls" in self.model_fields_set):
            raise ValueError("a SQLite file has no users and no connection: take `auth` and `tls` out")
        if self.auth is not None and (address.username or address.password):
            raise ValueError("user and password stand in the url and in `auth`: keep one of them")
        self.check_mappings(self.operations)
        return self

    @property
    def address(self) -> SqlAddress:
        read = SqlAddress.read(self.url.get_secret_value())
        if self.auth is None:
            return read
        return read._replace(username=self.auth.username, password=self.auth.password.get_secret_value())
