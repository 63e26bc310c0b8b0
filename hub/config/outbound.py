"""What a backend is given of its own accord: which events are written back to it, and how long that is tried."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hub.config.patterned import patterned
from hub.config.request import PathText
from hub.config.section import Section
from hub.domain.writeback import WriteKind

Scalar = str | int | float | bool
EventPattern = Annotated[
    str,
    patterned(
        r"cti\.(call|interaction|order|case|customer)\.([a-z_]+|\*)",
        "an event type, as in cti.call.cleared or cti.interaction.*",
    ),
]


class OutboundRule(Section):
    """Events `on` which something is written, if all of `when` is so: a path in the event's data, its value or values.

    What is written is made from the event by itself, or by a `mapping` with `target: write_back`. The customer is the
    one that the call's context, or the event, or a lookup by its phone or e-mail names in that backend; without one, or
    with several, nothing is written, unless `without_customer: write`.
    """

    on: Annotated[tuple[EventPattern, ...], Field(min_length=1, max_length=50)]
    when: Annotated[dict[PathText, Scalar | tuple[Scalar, ...]], Field(max_length=50)] = {}
    write: WriteKind = WriteKind.ACTIVITY
    mapping: str = ""
    without_customer: Literal["skip", "write"] = "skip"


class OutboundSection(Section):
    """Events go to the backend in their order; while it is down they wait in the journal, and it gets all of them.

    It is tried again after `retry_min_s`, then less and less often up to `retry_max_s`. What it refuses for itself is
    tried `attempts` times and then put to the dead letters; so is what has waited for `give_up_after_h`.
    """

    rules: Annotated[tuple[OutboundRule, ...], Field(min_length=1, max_length=100)]
    retry_min_s: Annotated[float, Field(gt=0, le=3_600)] = 1.0
    retry_max_s: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    attempts: Annotated[int, Field(ge=1, le=100)] = 5
    give_up_after_h: Annotated[float, Field(gt=0, le=24 * 365)] = 7 * 24.0
