"""The contract between the hub and a backend: one question, the records that answer it, or one error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from hub.domain.customer import CustomerQuery, CustomerRecord, Problem
from hub.domain.writeback import WriteBack, WriteKind, WriteResult

_FORBIDDEN = 403
_NO_WORD = frozenset({Problem.UNREACHABLE, Problem.MALFORMED, Problem.INTERNAL})


class ConnectorError(Exception):
    """A backend gave no usable answer.

    `problem` is the kind (the desk has a sentence for it), `message` says to the integrator what went wrong,
    where (operation, field) and what to do. Never holds a secret or the caller's data. `retry_after_s` is what the
    backend asked to be left alone for, `status` the HTTP status where there was one. What is not `is_repeatable` may be
    under way in the backend: it is not asked again by itself.
    """

    is_repeatable = True

    def __init__(
        self,
        problem: Problem,
        message: str,
        *,
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message
        self.retry_after_s = retry_after_s
        self.status = status

    @property
    def is_of_backend(self) -> bool:
        """Whether the backend, and not the question, is what went wrong."""
        match self.problem:
            case Problem.UNREACHABLE | Problem.TIMEOUT | Problem.THROTTLED:
                return True
            case Problem.REFUSED:
                # What this user may not read says nothing of other customers.
                return self.status != _FORBIDDEN
            case _:
                return False

    @property
    def is_unsure(self) -> bool:
        """Whether the backend may still be at what it was asked: it has not said that it did it, or that it won't."""
        return self.problem is Problem.TIMEOUT or (not self.is_repeatable and self.problem in _NO_WORD)

    def within(self, where: str) -> ConnectorError:
        """Return the same error, told as having happened in `where`."""
        return self._told(f"{where}: {self.message}")

    def hiding(self, secrets: Iterable[str]) -> ConnectorError:
        """Return the same error without these texts, should a backend have repeated them."""
        message = self.message
        for secret in secrets:
            message = message.replace(secret, "***") if secret else message
        return self._told(message)

    def not_repeatable(self) -> ConnectorError:
        """Return the same error as one after which nobody knows what the backend has done."""
        told = self._told(self.message)
        told.is_repeatable = False
        return told

    def _told(self, message: str) -> ConnectorError:
        told = ConnectorError(self.problem, message, retry_after_s=self.retry_after_s, status=self.status)
        told.is_repeatable = self.is_repeatable
        return told


class Connector(Protocol):
    """One configured backend. Made once, used by many calls at the same time, cancellable at any await."""

    @property
    def name(self) -> str:
        """The key under `connectors:` in the configuration."""

    @property
    def title(self) -> str:
        """What the agent reads above this backend's card."""

    async def start(self) -> None:
        """Open what is needed (session, contract). A backend that is down is no error here: lookups tell."""

    def answers(self, query: CustomerQuery) -> bool:
        """Whether there is an operation for anything that the query names; a backend without one is not asked."""

    async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
        """Return all customers that the query fits, none if nobody does. Raises ConnectorError only."""

    @property
    def writes(self) -> frozenset[WriteKind]:
        """What can be written back to this backend."""

    async def write(self, entry: WriteBack) -> WriteResult:
        """Write it once: with the same id and kind a second time, the backend keeps what it has.

        Raises ConnectorError only; also for a kind that is not in `writes`.
        """

    async def check(self) -> str:
        """Connect, sign in, make one harmless call; return a short fact ("SOAP 1.1, 25 operations").

        Raises ConnectorError with what is wrong in plain words.
        """

    async def close(self) -> None: ...


@runtime_checkable
class LeavesOut(Protocol):
    """A connector that asks for some fields only as long as its backend gives them."""

    @property
    def left_out(self) -> Sequence[str]:
        """The fields that the backend has refused so far, each with what it is a field of."""


class WritesNothing:
    """The part of a `Connector` that only looks up."""

    name: str

    @property
    def writes(self) -> frozenset[WriteKind]:
        return frozenset()

    async def write(self, entry: WriteBack) -> WriteResult:
        raise ConnectorError(Problem.INTERNAL, f"{self.name}: an {entry.kind} can't be written back to this backend")
