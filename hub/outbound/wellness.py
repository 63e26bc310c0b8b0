"""Whether it is the thing that a backend refuses, or the backend that is unwell and refuses everything."""

from __future__ import annotations

from connectors.base import Connector, ConnectorError
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.phone import parse_number


class UnwellError(ConnectorError):
    """The backend fails at whatever it is asked, as it did when it refused something."""

    @property
    def is_of_backend(self) -> bool:
        return True


class Wellness:
    """Remembers a customer of whom something could be written: a backend that is well answers a question for them."""

    def __init__(self) -> None:
        self._answered = CustomerQuery()

    def wrote(self, phone: str, region: str) -> None:
        """Take in that something was written for the customer with this number."""
        if phone:
            self._answered = CustomerQuery(phone=parse_number(phone, region))

    async def make_sure(self, connector: Connector, refusal: ConnectorError) -> None:
        """Raise UnwellError if the backend fails at harmless questions, too: it is not the fault of what it refused.

        What could be asked before must be answered. The connector's check counts only if it fails as the refusal did:
        it may be one that never worked.
        """
        if await self._is_unwell(connector, refusal):
            raise UnwellError(refusal.problem, refusal.message, status=refusal.status)

    async def _is_unwell(self, connector: Connector, refusal: ConnectorError) -> bool:
        if refusal.problem is Problem.INTERNAL:
            return False  # the backend was not even asked
        try:
            await connector.check()
        except ConnectorError as error:
            if error.is_of_backend or (error.problem, error.status) == (refusal.problem, refusal.status):
                return True
        try:
            await connector.lookup(self._answered)
        except ConnectorError:
            return True
        return False
