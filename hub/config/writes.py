"""What a connector writes back, and how the backend gets each interaction once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hub.config.operations import ODataStep, RestStep, SoapStep, StepBase, check_order
from hub.config.placed import PlacedError
from hub.config.request import PathText
from hub.config.section import Section
from hub.domain.writeback import WriteBack

ENTRY_FIELDS = tuple(name for name in WriteBack.__struct_fields__ if name != "kind")
EntryField = Literal[
    "customer", "phone", "subject", "note", "disposition", "outcome", "started_at", "ended_at", "agent", "queue", "case"
]


class WriteOperationBase(Section):
    """Steps that write one thing, read from `entry`; they run one after the other.

    A repetition must not write twice: each step that changes something stands behind a step that looks for the
    interaction's id (`unless: STEP`), or is `idempotent: true` because the backend keeps the id itself. `id` says
    where the backend's id of what was written stands, the first that has a value. Without what `needs` names nothing
    is written, and that is told.
    """

    id: PathText | tuple[PathText, ...] = ()
    needs: tuple[EntryField, ...] = ()

    def check_steps(self, steps: Sequence[StepBase]) -> None:
        """Raise ValueError if a step reads what no earlier step gives, or could write twice."""
        known = check_order(steps, "entry", ENTRY_FIELDS, "what is written")
        for index, step in enumerate(steps):
            if not (step.only_looks or step.writes_once or step.unless):
                raise PlacedError(
                    ("steps", index),
                    f"step {step.name!r} would write again what is there already: look for entry.id in a step before "
                    "it and say `unless: THAT STEP`, or say `idempotent: true` if the backend keeps it once by itself",
                )
        for path in self.ids:
            if path.partition(".")[0].partition("[")[0] not in known:
                raise PlacedError(("id",), f"{path!r} is in none of the steps")

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id,) if isinstance(self.id, str) else self.id


class RestWrite(WriteOperationBase):
    steps: Annotated[tuple[RestStep, ...], Field(max_length=12)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        self.check_steps(self.steps)
        return self


class ODataWrite(WriteOperationBase):
    steps: Annotated[tuple[ODataStep, ...], Field(max_length=12)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        self.check_steps(self.steps)
        return self


class SoapWrite(WriteOperationBase):
    steps: Annotated[tuple[SoapStep, ...], Field(max_length=12)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        self.check_steps(self.steps)
        return self
