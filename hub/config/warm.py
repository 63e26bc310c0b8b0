"""Customers who are often in touch, and whose backends are asked before they call: `context.warm`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.config.section import Section


class WarmSection(Section):
    """Whose answers are asked for again shortly before they get stale, in the background.

    The `customers` (0: nobody) who called or wrote most often within the last `days`, each at least `contacts` times.
    Never more than `at_once` and `per_minute` requests, none while a call's lookup is under way, none to a backend that
    does not answer.
    """

    customers: Annotated[int, Field(ge=0, le=5_000)] = 50
    days: Annotated[int, Field(ge=1, le=365)] = 30
    contacts: Annotated[int, Field(ge=1, le=10_000)] = 3
    at_once: Annotated[int, Field(ge=1, le=20)] = 2
    per_minute: Annotated[int, Field(ge=1, le=6_000)] = 60
