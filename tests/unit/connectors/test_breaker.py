"""When a backend is left alone, and how it is found out that it is back; the clock is the test's."""

from __future__ import annotations

import pytest

from connectors.base import ConnectorError
from connectors.resilience.breaker import Breaker, LeftAloneError
from hub.config.resilience import BreakerSection
from hub.domain.backend import BackendState
from hub.domain.customer import Problem

GONE = ConnectorError(Problem.UNREACHABLE, "crm, operation by_phone: no connection")


class Place:
    """A breaker, its clock, and what it told."""

    def __init__(self, **settings: float) -> None:
        self.now = 1000.0
        self.told: list[tuple[bool, str]] = []
        self.breaker = Breaker(
            BreakerSection.model_validate({"failures": 3, "of": 6, "open_s": 5, "max_open_s": 15, **settings}),
            clock=lambda: self.now,
            on_change=lambda is_up, reason: self.told.append((is_up, reason)),
        )

    def answers(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.answered(self.breaker.admit())

    def fails(self, times: int = 1, error: ConnectorError = GONE) -> None:
        for _ in range(times):
            self.breaker.failed(self.breaker.admit(), error)

    def is_left_alone(self) -> bool:
        try:
            self.breaker.refuse_if_left_alone()
        except LeftAloneError:
            return True
        return False


def test_one_failure_or_two_change_nothing() -> None:
    """A lookup that fails now and then is no backend that is down: nothing is told, everybody is let through."""
    place = Place()
    assert [] == place.told
    for _ in range(10):
        place.answers(2)
        place.fails()
    assert BackendState.UP == place.breaker.state
    assert [(True, "")] == place.told


def test_failures_in_a_row_open_it_and_are_told_once() -> None:
    """After the third failure nobody is let through; who asks hears why, and when it is tried next."""
    place = Place()
    place.answers(6)
    place.fails(3)
    assert BackendState.DOWN == place.breaker.state
    with pytest.raises(LeftAloneError) as refused:
        place.breaker.admit()
    assert "3 of its last 6 answers failed" in str(refused.value)
    assert "tried again in 5.0 s" in str(refused.value)
    assert GONE is refused.value.error
    assert [(True, ""), (False, GONE.message)] == place.told


def test_a_backend_that_flaps_is_left_alone_too() -> None:
    """Every second answer a failure: three of the last six are as good as three in a row."""
    place = Place()
    for _ in range(2):
        place.answers()
        place.fails()
    assert not place.is_left_alone()
    place.answers()
    place.fails()
    assert place.is_left_alone()


def test_one_probe_decides_for_all() -> None:
    """When the time is over one is let through, the others are refused until it is back; its answer closes."""
    place = Place()
    place.fails(3)
    place.now += 5
    probe = place.breaker.admit()
    assert probe.is_probe
    with pytest.raises(LeftAloneError, match="being tried again just now"):
        place.breaker.admit()
    place.breaker.answered(probe)
    assert BackendState.UP == place.breaker.state
    assert not place.breaker.admit().is_probe
    assert [(False, GONE.message), (True, "")] == place.told


def test_each_failed_probe_doubles_the_time_up_to_a_limit() -> None:
    """5, 10, 15, 15 seconds; told as down only once. After it was up it begins with 5 again."""
    place = Place()
    place.fails(3)
    spans = []
    for _ in range(4):
        spans.append(place.breaker.wait_s)
        place.now += place.breaker.wait_s
        place.fails()
    assert [5, 10, 15, 15] == spans
    assert [(False, GONE.message)] == place.told
    place.now += 15
    place.answers()
    place.fails(3)
    assert 5 == place.breaker.wait_s


def test_a_probe_that_is_taken_back_leaves_the_place_to_the_next() -> None:
    """A caller who hangs up during the probe has found out nothing."""
    place = Place()
    place.fails(3)
    place.now += 5
    place.breaker.taken_back(place.breaker.admit())
    assert place.breaker.admit().is_probe


def test_answers_from_before_count_no_more() -> None:
    """A lookup that was under way when it opened neither closes it nor makes it worse."""
    place = Place()
    late, later = place.breaker.admit(), place.breaker.admit()
    place.fails(3)
    place.breaker.answered(late)
    place.breaker.failed(later, GONE)
    assert BackendState.DOWN == place.breaker.state
    assert 5 == place.breaker.wait_s


def test_who_asks_to_be_left_alone_is_for_that_long() -> None:
    """Retry-After holds for everybody at once, is no failure of the backend, and is not told as down."""
    place = Place()
    place.answers()
    busy = ConnectorError(Problem.THROTTLED, "crm: too many requests", retry_after_s=17)
    place.fails(error=busy)
    assert (BackendState.THROTTLED, 17) == (place.breaker.state, place.breaker.wait_s)
    place.now += 16.9
    assert place.is_left_alone()
    place.now += 0.2
    place.answers()
    assert BackendState.UP == place.breaker.state
    assert [(True, "")] == place.told


def test_a_shorter_wish_does_not_shorten_a_longer_one() -> None:
    """Two requests refused side by side: the longer time holds."""
    place = Place()
    first, second = place.breaker.admit(), place.breaker.admit()
    place.breaker.failed(first, ConnectorError(Problem.THROTTLED, "crm: busy", retry_after_s=30))
    place.breaker.failed(second, ConnectorError(Problem.THROTTLED, "crm: busy", retry_after_s=2))
    assert 30 == place.breaker.wait_s


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (ConnectorError(Problem.UNREACHABLE, "x"), True),
        (ConnectorError(Problem.TIMEOUT, "x"), True),
        (ConnectorError(Problem.THROTTLED, "x"), True),
        (ConnectorError(Problem.REFUSED, "x", status=401), True),
        (ConnectorError(Problem.REFUSED, "x", status=403), False),
        (ConnectorError(Problem.FAULT, "x"), False),
        (ConnectorError(Problem.MALFORMED, "x"), False),
        (ConnectorError(Problem.TOO_LARGE, "x"), False),
        (ConnectorError(Problem.INTERNAL, "x"), False),
    ],
)
def test_only_the_backends_own_failures_count(error: ConnectorError, counts: bool) -> None:
    """One customer's record that can't be read, or may not be, says nothing of the next customer."""
    assert counts is error.is_of_backend
