"""How long to wait before the same thing is tried again."""

from __future__ import annotations

import random

from connectors.base import ConnectorError
from hub.config.resilience import RetrySection
from hub.domain.customer import Problem

_REPEATED = frozenset({Problem.UNREACHABLE, Problem.TIMEOUT, Problem.THROTTLED})


def wait_before_next(settings: RetrySection, attempt: int, error: ConnectorError, left_s: float) -> float | None:
    """Return the seconds to wait after that many attempts; None if there is to be no further one.

    A random part of a span that doubles each time ("full jitter"), so that callers who failed together don't come back
    together. What the backend asks for comes on top; what doesn't fit into the `left_s` that remain is not tried.
    """
    if attempt >= settings.attempts or error.problem not in _REPEATED or not error.is_repeatable:
        return None
    span_s = min(settings.wait_s * 2 ** (attempt - 1), settings.max_wait_s)
    wait_s = (error.retry_after_s or 0.0) + random.uniform(0, span_s)  # noqa: S311 - spreads load, hides nothing
    return wait_s if wait_s < left_s else None
