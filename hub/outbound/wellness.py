"""Whether it is the thing that a backend refuses, or the backend that is unwell and refuses everything."""

from __future__ import annotations

from connectors.base import Connector, ConnectorError
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.phone import parse_number


class Wellness:
    """Remembers a customer of whom something could be written: a backend that is well answers a question for them."""

    def __init__(self) -> None:
        self._answered = CustomerQuery()

    def wrote(self, phone: str, region: str) -> None:
        """Take in that something was written for the customer with this number."""
        if phone:
            self._answered = CustomerQuery(phone=parse_number(phone, region))

    async def is_unwell(self, connector: Connector, refusal: ConnectorError) -> bool:
        """Whether the backend fails at harmless questions, too: then nothing is wrong with what it refused.

        What could be asked before must be answered. The connector's check counts only if it fails as the refusal did:
        it may be one that never worked.
        """
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
