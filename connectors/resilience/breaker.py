"""Leaves a backend alone that does not answer, or asks for it; then lets one lookup find out whether it is back."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable

from connectors.base import ConnectorError
from hub.config.resilience import BreakerSection
from hub.domain.backend import BackendState
from hub.domain.customer import Problem


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """The permission to ask once. One that `is_probe` decides whether the others are let through again."""

    generation: int
    is_probe: bool


class LeftAloneError(Exception):
    """The backend is not asked now; `wait_s` says when it is tried again, `error` what was the last that it did."""

    def __init__(self, message: str, wait_s: float, error: ConnectorError) -> None:
        super().__init__(message)
        self.wait_s = wait_s
        self.error = error


class Breaker:
    """`admit` before asking, then exactly one of `answered`, `failed` and `taken_back`.

    `on_change(is_up, reason)` hears when the backend is given up, and when it answers again (also the first time).
    """

    def __init__(
        self,
        settings: BreakerSection,
        *,
        clock: Callable[[], float],
        on_change: Callable[[bool, str], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_change = on_change
        self._last: deque[bool] = deque(maxlen=settings.of)
        self._generation = 0
        self._left_alone_until: float | None = None
        self._span_s = settings.open_s
        self._cause: ConnectorError | None = None
        self._why = ""
        self._probe: Admission | None = None
        self._has_answered = False

    @property
    def state(self) -> BackendState:
        if self._cause is None:
            return BackendState.UP if self._has_answered else BackendState.UNKNOWN
        if self._probe is not None or self.wait_s <= 0:
            return BackendState.TRYING
        return BackendState.THROTTLED if self._is_throttled else BackendState.DOWN

    @property
    def wait_s(self) -> float:
        """Return for how long the backend is left alone yet; 0 if it may be asked."""
        return 0.0 if self._left_alone_until is None else max(0.0, self._left_alone_until - self._clock())

    def refuse_if_left_alone(self) -> None:
        """Raise LeftAloneError if nobody is let through now."""
        if self._cause is None or (self._probe is None and self.wait_s <= 0):
            return
        wait_s = self.wait_s
        when = f"it is tried again in {wait_s:.1f} s" if wait_s > 0 else "it is being tried again just now"
        raise LeftAloneError(f"the backend {self._why}; {when}", wait_s, self._cause)

    def admit(self) -> Admission:
        """Let one through. Raises LeftAloneError."""
        self.refuse_if_left_alone()
        admission = Admission(self._generation, is_probe=self._cause is not None)
        if admission.is_probe:
            self._probe = admission
        return admission

    def answered(self, admission: Admission) -> None:
        """Take in that the backend did its work; an error of the question's own counts as that, too."""
        if admission.generation != self._generation:
            return
        if admission.is_probe:
            self._close()
        self._last.append(True)
        if not self._has_answered:
            self._has_answered = True
            self._on_change(True, "")

    def failed(self, admission: Admission, error: ConnectorError) -> None:
        """Take in that the backend did not answer, did not let in, or had too much to do."""
        if error.problem is Problem.THROTTLED and error.retry_after_s is not None:
            self._leave_alone(error, error.retry_after_s, "asked to be left alone")
            return
        if admission.generation != self._generation:
            return
        if admission.is_probe:
            self._span_s = min(self._span_s * 2, self._settings.max_open_s)
            self._leave_alone(error, self._span_s, "is still not there")
            return
        self._last.append(False)
        failures = self._last.count(False)
        if failures >= self._settings.failures:
            why = f"is left alone, because {failures} of its last {len(self._last)} answers failed"
            self._leave_alone(error, self._span_s, why)

    def taken_back(self, admission: Admission) -> None:
        """Take in that whoever asked has gone, or never came to ask: nothing is known of the backend."""
        if self._probe is admission:
            self._probe = None

    @property
    def _is_throttled(self) -> bool:
        return self._cause is not None and self._cause.problem is Problem.THROTTLED

    def _leave_alone(self, error: ConnectorError, span_s: float, why: str) -> None:
        was_given_up = self._cause is not None and not self._is_throttled
        until = self._clock() + span_s
        self._left_alone_until = max(until, self._left_alone_until or until)
        self._cause, self._why, self._probe = error, why, None
        self._generation += 1
        if not self._is_throttled and not was_given_up:
            self._has_answered = False
            self._on_change(False, error.message)

    def _close(self) -> None:
        self._cause = self._probe = self._left_alone_until = None
        self._span_s = self._settings.open_s
        self._last.clear()
        self._generation += 1
