"""Which system is believed where several say different things of a customer: `context.merge`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, field_validator

from hub.config.names import Name
from hub.config.placed import PlacedError
from hub.config.section import Section
from hub.config.wording import meant, nearest

SYSTEM_ORDER: Final = "system_order"
NEWEST: Final = "newest"
MOST_COMPLETE: Final = "most_complete"
_WAYS: Final = (SYSTEM_ORDER, NEWEST, MOST_COMPLETE)

MERGED_FIELDS: Final = (
    "kind", "name", "birth_date", "organization", "department", "title", "language", "segment", "tier", "value",
    "owner", "preferences", "consents", "products", "phones", "emails", "addresses", "orders", "cases", "invoices",
    "balances", "urls", "extra",
)  # fmt: skip
"""Fields of a merged customer that several systems may fill."""

_WITH_PARTS: Final = ("preferences.", "extra.")


def _rule(given: Any) -> Any:
    if isinstance(given, str) and given not in _WAYS:
        raise ValueError(f"must be {', '.join(_WAYS)} or a list of systems{meant(given, _WAYS)}")
    if isinstance(given, list):
        if not given:
            raise ValueError("must name a system at least")
        for index, system in enumerate(given):
            if system in given[:index]:
                raise PlacedError((index,), f"{system!r} stands here twice")
    elif not isinstance(given, str | tuple):
        raise ValueError(f"must be {', '.join(_WAYS)} or a list of systems")  # noqa: TRY004 - as pydantic wants it
    return given


MergeRule = Annotated[
    Literal["system_order", "newest", "most_complete"] | Annotated[tuple[Name, ...], Field(max_length=100)],
    BeforeValidator(_rule),
]


class MergeSection(Section):
    """By which rule a field's values are ranked, the first of them shown before the others.

    `system_order` is the order of `connectors`; a list of systems comes before those that it does not name; `newest` is
    by when the record last changed in its system, else by when it was fetched; `most_complete` by how much of the value
    is there. Values that are ranked alike keep the systems' order. Fields are a customer's, `preferences.NAME`,
    `extra.SYSTEM` and `extra.SYSTEM.FIELD`; `default` is for the others. Without a rule of their own, of `consents` the
    newest is believed, and a refusal where that is not known.
    """

    default: MergeRule = "system_order"
    fields: Annotated[dict[str, MergeRule], Field(max_length=300)] = {}

    @field_validator("fields")
    @classmethod
    def _are_fields(cls, fields: Mapping[str, MergeRule]) -> Mapping[str, MergeRule]:
        for name in fields:
            if name not in MERGED_FIELDS and not (name.startswith(_WITH_PARTS) and all(name.split("."))):
                known = [*MERGED_FIELDS, "preferences.NAME", "extra.SYSTEM.FIELD"]
                raise PlacedError((name,), f"there is no field {name!r} that systems share{nearest(name, known)}")
        return fields

    def rule_of(self, field: str) -> MergeRule:
        """Return the rule of a field, as in `extra.crm.points`: its own, that of what it is a part of, the default."""
        while field:
            if field in self.fields:
                return self.fields[field]
            field = field.rpartition(".")[0]
        return self.default
