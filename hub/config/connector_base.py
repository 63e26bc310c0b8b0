"""What every backend has in the configuration, whatever its kind; a kind from another package builds on it too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from hub.config.header_name import HeaderName
from hub.config.http_access import Trust, no_line_break
from hub.config.operations import OperationBase
from hub.config.outbound import OutboundSection
from hub.config.patterned import patterned
from hub.config.placed import PlacedError
from hub.config.presets import with_preset
from hub.config.resilience import AnswerCacheSection, BreakerSection, RetrySection
from hub.config.section import Section
from hub.config.session import SessionBase, fields_of
from hub.config.wording import nearest
from hub.config.writes import WriteOperationBase

OperationName = Annotated[
    str, patterned(r"[a-z][a-z0-9_]{0,63}", "small letters, digits and _, beginning with a letter, at most 64")
]


class ConnectorBase(Section):
    """What every backend has.

    `preset` names a system whose operations and mapping are shipped; keys written here win over it.
    `mapping` is a file under `mappings`, without .yaml, for operations that name none. `timeout_s` is what a lookup may
    take as a whole; `max_concurrent` lookups run at once, `max_waiting` more wait for their turn.
    """

    kind: str
    title: Annotated[str, Field(max_length=100)] = ""
    preset: str | None = None
    mapping: str | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    max_concurrent: Annotated[int, Field(ge=1, le=200)] = 10
    max_waiting: Annotated[int, Field(ge=0, le=10_000)] = 100
    retry: RetrySection = RetrySection()
    breaker: BreakerSection = BreakerSection()
    cache: AnswerCacheSection = AnswerCacheSection()
    max_reply_bytes: Annotated[int, Field(ge=1_024, le=64 * 1024 * 1024)] = 5 * 1024 * 1024
    max_records: Annotated[int, Field(ge=1, le=500)] = 50
    nothing: Annotated[
        tuple[str | int | bool, ...],
        Field(
            description="Values by which the backend says that there is none, as in [false, N/A]: read as if missing",
            max_length=20,
        ),
    ] = ()
    tls: Trust = Trust()
    headers: Annotated[dict[HeaderName, SecretStr], Field(description="HTTP headers sent with every request")] = {}
    settings: Annotated[
        dict[OperationName, str | int | bool],
        Field(description="What differs from site to site in a preset's steps, where they read `settings.NAME`"),
    ] = {}

    credentials: Annotated[
        dict[OperationName, SecretStr],
        Field(description="What a login, or each step, reads as `credentials.NAME`; shown nowhere", max_length=20),
    ] = {}

    outbound: Annotated[
        OutboundSection,
        Field(description="Which events are written to this backend of themselves, and how it is tried"),
    ] = OutboundSection()

    _lines = field_validator("headers")(
        lambda headers: {name: no_line_break(value) for name, value in headers.items()},
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, data: Any) -> Any:
        return with_preset(data) if isinstance(data, dict) and isinstance(data.get("preset"), str) else data

    def check_mappings(self, operations: dict[str, Any]) -> None:
        """Raise ValueError if an operation has no mapping, or two look up by the same key."""
        keys: dict[tuple[str, str], str] = {}
        for name, operation in operations.items():
            if not (operation.mapping or self.mapping):
                raise ValueError(f"operation {name!r} has no mapping: give `mapping`, here or in the operation")
            other = keys.setdefault((operation.key, operation.system), name)
            if other != name:
                raise ValueError(f"operations {other!r} and {name!r} both look up by {operation.key}: keep one")

    @model_validator(mode="after")
    def _session_fits(self) -> Self:
        session = self.logs_in
        if session is not None:
            try:
                session.check(list(self.credentials))
            except PlacedError as error:
                raise PlacedError(("session", *error.path), str(error)) from None
        elif self.session_fields():
            raise ValueError("a step reads `session`, and the connector has none: declare its `login`")
        read = fields_of("credentials", self._sources())
        if unknown := sorted(read - set(self.credentials)):
            hint = nearest(unknown[0], list(self.credentials))
            raise ValueError(f"a step reads 'credentials.{unknown[0]}', which `credentials` does not have{hint}")
        if self.credentials and session is None and not read:
            raise PlacedError(("credentials",), "no step reads them")
        return self

    @model_validator(mode="after")
    def _outbound_fits(self) -> Self:
        kinds = self.writable
        if kinds is not None:
            try:
                self.outbound.check_writable(kinds)
            except PlacedError as error:
                raise PlacedError(("outbound", *error.path), str(error)) from None
        for index, rule in enumerate(self.outbound.rules):
            written = self.written.get(rule.write)
            if rule.without_customer == "write" and written is not None and "customer" in written.needs:
                place = ("outbound", "rules", index, "without_customer")
                raise PlacedError(
                    place, f"`writes.{rule.write}` needs a customer: nothing would be written without one"
                )
        return self

    def session_fields(self) -> set[str]:
        """Return the names that steps and headers read of the session."""
        return fields_of("session", self._sources())

    def _sources(self) -> list[str]:
        session = self.logs_in
        operations = (*self.lookups.values(), *self.written.values())
        steps = (step for operation in operations for step in getattr(operation, "steps", ()))
        sources = [source for step in steps for source in step.sources()]
        own = session.sources() if session is not None else ()
        return [*sources, *own, *self.further_sources()]

    def further_sources(self) -> Iterable[str]:
        """Return what is read beside the steps, for a kind that has such things."""
        return ()

    @property
    def logs_in(self) -> SessionBase | None:
        """The session that all steps share, for a kind that has any."""
        return getattr(self, "session", None)

    @property
    def lookups(self) -> Mapping[str, OperationBase]:
        """The operations that look customers up; none for a kind that declares none."""
        return getattr(self, "operations", {})

    @property
    def written(self) -> Mapping[str, WriteOperationBase]:
        """How each kind of thing is written back, by its name (hub/domain/writeback.py)."""
        return getattr(self, "writes", {})

    @property
    def writable(self) -> frozenset[str] | None:
        """The kinds of things that can be written back; None for a kind whose code alone knows."""
        return frozenset(self.written) if "writes" in type(self).model_fields else None
