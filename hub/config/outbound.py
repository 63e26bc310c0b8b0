"""What a backend is given of its own accord: which events are written back to it, and how long that is tried."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hub.config.patterned import patterned
from hub.config.placed import PlacedError
from hub.config.request import PathText
from hub.config.section import Section
from hub.config.wording import nearest
from hub.domain.event import EventType, data_type_of
from hub.domain.fields import has_path, values_at
from hub.domain.path import Path
from hub.domain.writeback import WriteKind

Scalar = str | int | float | bool
EventPattern = Annotated[
    str,
    patterned(
        r"cti\.(call|interaction|order|case|customer)\.([a-z_]+|\*)",
        "an event type, as in cti.call.cleared or cti.interaction.*",
    ),
]
_ONLY_MAPPED = frozenset({EventType.CUSTOMER_CHANGED, EventType.CUSTOMER_CONTEXT_UPDATED})
"""Events of which the hub can't say by itself what is to be written."""


def event_types(pattern: str) -> frozenset[EventType]:
    """Return the types that a pattern of `on` means; none if there are no such events."""
    if pattern.endswith(".*"):
        return frozenset(kind for kind in EventType if kind.startswith(pattern[:-1]))
    return frozenset(kind for kind in EventType if kind == pattern)


class OutboundRule(Section):
    """Events `on` which something is written, if all of `when` is so: a path in the event's data, its value or values.

    What is not there is the empty text. What is written is made from the event by itself, or by a `mapping` with
    `target: write_back`. The customer is the one that the call's context, or the event, or a lookup by its phone or
    e-mail names in that backend; without one, or with several, nothing is written, unless `without_customer: write`.
    Of several rules that write the same kind of thing the first that fits counts. `purpose` is what it is written for,
    where that is another than the section's.
    """

    on: Annotated[tuple[EventPattern, ...], Field(min_length=1, max_length=50)]
    when: Annotated[dict[PathText, Scalar | tuple[Scalar, ...]], Field(max_length=50)] = {}
    write: WriteKind = WriteKind.ACTIVITY
    mapping: str = ""
    without_customer: Literal["skip", "write"] = "skip"
    purpose: Annotated[str, Field(max_length=100)] = ""

    @property
    def types(self) -> frozenset[EventType]:
        return frozenset(kind for pattern in self.on for kind in event_types(pattern))

    @model_validator(mode="after")
    def _events_are_such(self) -> Self:
        for index, pattern in enumerate(self.on):
            found = event_types(pattern)
            if not found:
                message = f"there are no events {pattern!r}{nearest(pattern, [kind.value for kind in EventType])}"
                raise PlacedError(("on", index), message)
            if not self.mapping and (kinds := sorted(found & _ONLY_MAPPED)):
                message = f"what is to be written on {kinds[0]} has to be said: give the rule a `mapping`"
                raise PlacedError(("on", index), message)
        structs = {data_type_of(kind) for kind in self.types}
        for text, wanted in self.when.items():
            having = [struct for struct in structs if has_path(struct, Path(text))]
            if not having:
                raise PlacedError(("when", text), f"no event that the rule is `on` has {text!r} in its data")
            known = [values_at(struct, Path(text)) for struct in having]
            _check_values(text, wanted if isinstance(wanted, tuple) else (wanted,), known)
        return self


def _check_values(text: str, wanted: tuple[Scalar, ...], known: list[frozenset[str] | None]) -> None:
    """Raise PlacedError for a value that never stands there, whatever happens; "" is what is not there."""
    possible = {""}
    for values in known:
        if values is None:
            return
        possible |= values
    for value in wanted:
        if str(value) not in possible:
            message = f"{value!r} is never at {text!r}{nearest(str(value), sorted(possible - {''}))}"
            raise PlacedError(("when", text), message)


class OutboundSection(Section):
    """Events go to the backend in their order; while it is down they wait in the journal, and it gets all of them.

    It is tried again after `retry_min_s`, then less and less often up to `retry_max_s`. What it refuses for itself is
    tried `attempts` times and then put to the dead letters; so is what has waited for `give_up_after_h`. Without
    `rules` it gets what an agent wrote down while it was down.

    `purpose` is what is written to it, by itself or by an agent, for: of a customer who has refused that purpose (a
    consent with `granted: false`) nothing is.
    """

    rules: Annotated[tuple[OutboundRule, ...], Field(max_length=100)] = ()
    purpose: Annotated[str, Field(max_length=100)] = ""
    retry_min_s: Annotated[float, Field(gt=0, le=3_600)] = 1.0
    retry_max_s: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    attempts: Annotated[int, Field(ge=1, le=100)] = 5
    give_up_after_h: Annotated[float, Field(gt=0, le=24 * 365)] = 7 * 24.0

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.retry_max_s < self.retry_min_s:
            raise PlacedError(("retry_max_s",), f"must be at least retry_min_s, which is {self.retry_min_s:g}")
        return self

    def check_writable(self, kinds: frozenset[str]) -> None:
        """Raise PlacedError if a rule writes what the backend can't be given; `kinds` are those that it can."""
        for index, rule in enumerate(self.rules):
            if rule.write not in kinds:
                has = f"only {', '.join(sorted(kinds))}" if kinds else "nothing"
                message = f"{rule.write} can't be written to this connector: it has {has} under `writes`"
                raise PlacedError(("rules", index, "write"), message)
