"""How much of a backend's bad times a connector takes on itself, and how long its answers are kept."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from hub.config.placed import PlacedError
from hub.config.section import Section


class RetrySection(Section):
    """What is tried again within `timeout_s`: a connection that failed, a server that is busy. `attempts` counts all.

    Before each repetition a random part of a time is waited that doubles from `wait_s` to `max_wait_s`, or what the
    backend asks for (Retry-After) if that is over in time.
    """

    attempts: Annotated[int, Field(ge=1, le=6)] = 2
    wait_s: Annotated[float, Field(gt=0, le=30)] = 0.1
    max_wait_s: Annotated[float, Field(gt=0, le=60)] = 2.0

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.max_wait_s < self.wait_s:
            raise PlacedError(("max_wait_s",), f"must be at least wait_s, which is {self.wait_s:g}")
        return self


class BreakerSection(Section):
    """When a backend is left alone: once `failures` of its last `of` answers failed, for `open_s` seconds.

    Then one lookup is let through; if it fails too, the time doubles, up to `max_open_s`.
    """

    failures: Annotated[int, Field(ge=1, le=100)] = 6
    of: Annotated[int, Field(ge=1, le=200)] = 10
    open_s: Annotated[float, Field(gt=0, le=3_600)] = 5.0
    max_open_s: Annotated[float, Field(gt=0, le=3_600)] = 60.0

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.failures > self.of:
            raise PlacedError(("failures",), f"must be at most `of`, which is {self.of}: else it is never reached")
        if self.max_open_s < self.open_s:
            raise PlacedError(("max_open_s",), f"must be at least open_s, which is {self.open_s:g}")
        return self


class AnswerCacheSection(Section):
    """How long a backend's answers are kept, in seconds; what is not said comes from `context`.

    For `fresh_s` an answer is taken as it is. For `stale_s` after that it is shown at once, with its age, while the
    backend is asked again; it stays if the backend can't be asked. `negative_s` is how long nobody stays nobody.
    """

    fresh_s: Annotated[float, Field(ge=0, le=86_400)] | None = None
    stale_s: Annotated[float, Field(ge=0, le=604_800)] | None = None
    negative_s: Annotated[float, Field(ge=0, le=86_400)] | None = None
