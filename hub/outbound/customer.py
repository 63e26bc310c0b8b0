"""Whose it is: the customer's id in one backend, from what is known of the event, or by asking that backend."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import NamedTuple

from hub.domain.call import Call, CallEvent
from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.customer import AnswerState, CustomerContext, CustomerQuery, CustomerRecord
from hub.domain.event import Event, customer_of
from hub.domain.interaction import CustomerRef, Interaction
from hub.domain.phone import parse_number
from hub.domain.ports import CallArchive

MAX_ASKED = 8
"""Numbers and addresses of one event that a backend is asked for."""

Lookup = Callable[[CustomerQuery], Awaitable[Sequence[CustomerRecord]]]


class Whose(enum.StrEnum):
    """`one`: the id is known. Else there is `nobody` in that backend, or `several` that it may be.

    `refused`: the customer has refused what it is written for.
    """

    ONE = "one"
    NOBODY = "nobody"
    SEVERAL = "several"
    REFUSED = "refused"


class Owner(NamedTuple):
    """`record` is what the backend said of the customer, where it had to be asked."""

    whose: Whose
    id: str = ""
    record: CustomerRecord | None = None


_NOBODY = Owner(Whose.NOBODY)
_SEVERAL = Owner(Whose.SEVERAL)


class Customers:
    """Finds the customer of an event in the backend `connector`."""

    def __init__(self, connector: str, *, archive: CallArchive, region: str) -> None:
        self._connector = connector
        self._archive = archive
        self._region = region

    async def owner(self, event: Event, lookup: Lookup) -> Owner:
        """Return whose the event is. Raises ConnectorError, if the backend had to be asked, and StoreError."""
        match event.data:
            case CallEvent(call=call):
                return await self._of_call(call, lookup)
            case CustomerContext() as context:
                return await self._of_context(context, lookup)
            case Interaction() | OrderChange() | CaseChange() | CustomerChange() as data:
                return await self._of_reference(customer_of(data), lookup)
            case _:
                return _NOBODY

    async def by_phone(self, number: str, lookup: Lookup) -> Owner:
        """Ask the backend for a number. Raises ConnectorError."""
        return await self._of_reference(CustomerRef(phones=(number,)), lookup)

    async def _of_call(self, call: Call, lookup: Lookup) -> Owner:
        context = await self._archive.context_of(call.id)
        if context is None:
            # It ended before every backend had answered: what was known by then is nowhere.
            number = call.customer_number.e164
            return await self.by_phone(number, lookup) if number else _NOBODY
        return await self._of_context(context, lookup)

    async def _of_context(self, context: CustomerContext, lookup: Lookup) -> Owner:
        customer = context.customer
        if customer is None and (context.customers or context.chosen is not None):
            return _SEVERAL
        if customer is not None and (known := customer.ids.get(self._connector)):
            return Owner(Whose.ONE, known)
        if len(context.customers) > 1:
            return _NOBODY  # the number is others', too: the backend can't be asked by it
        said = {answer.connector: answer.state for answer in context.answers}.get(self._connector)
        if said in {AnswerState.FOUND, AnswerState.NOT_FOUND} or not context.phone.e164:
            return _NOBODY
        return await self.by_phone(context.phone.e164, lookup)

    async def _of_reference(self, reference: CustomerRef, lookup: Lookup) -> Owner:
        if known := reference.ids.get(self._connector):
            return Owner(Whose.ONE, known)
        for query in self._queries(reference):
            found = {record.id: record for record in await lookup(query)}
            if found:
                return Owner(Whose.ONE, *found.popitem()) if len(found) == 1 else _SEVERAL
        return _NOBODY

    def _queries(self, reference: CustomerRef) -> Iterator[CustomerQuery]:
        for phone in reference.phones[:MAX_ASKED]:
            number = parse_number(phone, self._region)
            if number.e164:
                yield CustomerQuery(phone=number)
        for email in reference.emails[:MAX_ASKED]:
            yield CustomerQuery(email=email)
