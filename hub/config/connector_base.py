"""What every backend has in the configuration, whatever its kind; a kind from another package builds on it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator, model_validator

from hub.config.http_access import HeaderName, Trust, no_line_break
from hub.config.operations import OperationBase
from hub.config.patterned import patterned
from hub.config.presets import with_preset
from hub.config.section import Section
from hub.config.writes import WriteOperationBase

OperationName = Annotated[
    str, patterned(r"[a-z][a-z0-9_]{0,63}", "small letters, digits and _, beginning with a letter, at most 64")
]


class ConnectorBase(Section):
    """What every backend has.

    `preset` names a system whose operations and mapping are shipped; keys written here win over it.
    `mapping` is a file under `mappings`, without .yaml, for operations that name none.
    """

    kind: str
    title: Annotated[str, Field(max_length=100)] = ""
    preset: str | None = None
    mapping: str | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    max_concurrent: Annotated[int, Field(ge=1, le=200)] = 10
    max_reply_bytes: Annotated[int, Field(ge=1_024, le=64 * 1024 * 1024)] = 5 * 1024 * 1024
    max_records: Annotated[int, Field(ge=1, le=500)] = 50
    tls: Trust = Trust()
    headers: Annotated[dict[HeaderName, SecretStr], Field(description="HTTP headers sent with every request")] = {}

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

    @property
    def lookups(self) -> Mapping[str, OperationBase]:
        """The operations that look customers up; none for a kind that declares none."""
        return getattr(self, "operations", {})

    @property
    def written(self) -> Mapping[str, WriteOperationBase]:
        """How each kind of thing is written back, by its name (hub/domain/writeback.py)."""
        return getattr(self, "writes", {})
