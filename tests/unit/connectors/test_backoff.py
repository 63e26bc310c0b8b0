"""What is tried again, and after which wait."""

from __future__ import annotations

import pytest

from connectors.base import ConnectorError
from connectors.resilience.backoff import wait_before_next
from hub.config.resilience import RetrySection
from hub.domain.customer import Problem

SETTINGS = RetrySection(attempts=6, wait_s=0.1, max_wait_s=1)


def waits(attempt: int, error: ConnectorError, left_s: float = 60) -> list[float]:
    found = [wait_before_next(SETTINGS, attempt, error, left_s) for _ in range(400)]
    return [wait for wait in found if wait is not None]


@pytest.mark.parametrize(
    "problem", [Problem.REFUSED, Problem.FAULT, Problem.MALFORMED, Problem.TOO_LARGE, Problem.INTERNAL]
)
def test_what_would_fail_again_is_not_repeated(problem: Problem) -> None:
    """A wrong password or a reply that can't be read is the same the second time; a locked account is worse."""
    assert [] == waits(1, ConnectorError(problem, "x"))


@pytest.mark.parametrize(("attempt", "most"), [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1.0)])
def test_the_span_doubles_and_any_part_of_it_is_waited(attempt: int, most: float) -> None:
    """Full jitter: spread over the whole span, so that those who failed together come back one by one."""
    found = waits(attempt, ConnectorError(Problem.UNREACHABLE, "x"))
    assert 400 == len(found)
    assert min(found) < most * 0.1
    assert most * 0.9 < max(found) <= most


def test_attempts_end() -> None:
    """After the last attempt there is no further wait."""
    assert [] == waits(6, ConnectorError(Problem.UNREACHABLE, "x"))


def test_what_the_backend_asks_for_is_waited_out() -> None:
    """Retry-After: never earlier, and somewhat later, so that not all come at once."""
    found = waits(1, ConnectorError(Problem.THROTTLED, "x", retry_after_s=3))
    assert 3 <= min(found) < max(found) <= 3.1


def test_a_wait_that_does_not_fit_is_not_begun() -> None:
    """Whoever waits for the answer is told at once in place of at the end of the time."""
    assert [] == waits(1, ConnectorError(Problem.THROTTLED, "x", retry_after_s=3), left_s=3)
