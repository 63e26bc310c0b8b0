"""`context.repeats`: from when on a matter counts as coming up again and again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.config.section import Section
from hub.domain.interaction import RepeatRule


class RepeatsSection(Section):
    """A matter that a customer was in touch about at least `contacts` times within the last `days` is marked."""

    days: Annotated[int, Field(ge=1, le=365)] = 7
    contacts: Annotated[int, Field(ge=2, le=100)] = 2

    @property
    def rule(self) -> RepeatRule:
        return RepeatRule(days=self.days, contacts=self.contacts)
