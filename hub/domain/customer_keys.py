"""By which index keys (`CustomerRef.keys`) what belongs to a customer is found."""

from __future__ import annotations

from hub.domain.customer import Customer, CustomerContext
from hub.domain.identity import RecordRef
from hub.domain.interaction import CustomerRef


def records_of(customer: Customer) -> tuple[RecordRef, ...]:
    """Return the records that the customer was put together from, as far as they are named."""
    named = [RecordRef(system=system, id=record) for system, record in sorted(customer.ids.items())]
    matched = [record for match in customer.matches for record in (match.one, match.other)]
    return tuple(dict.fromkeys((*named, *matched)))


def keys_of_customer(customer: Customer) -> tuple[str, ...]:
    """Return ids and addresses of one customer; no numbers, which may be a switchboard's, and no shared addresses."""
    addresses = tuple(one.value.address for one in customer.emails if not one.value.shared)
    records = tuple(record.key for record in records_of(customer))
    return tuple(dict.fromkeys((*CustomerRef(emails=addresses).keys(), *records)))


def is_shared(context: CustomerContext) -> bool:
    """Whether others than the one customer who is meant are reached at the context's number, too."""
    customer = context.customer
    if customer is None:
        return False
    number = context.phone.e164
    return len(context.customers) > 1 or any(
        phone.value.shared for phone in customer.phones if phone.value.number == number
    )


def keys_of_context(context: CustomerContext) -> tuple[str, ...]:
    """Return the keys of the one customer who is meant, with the number unless it is others', too.

    Where there are several and nobody has chosen, or nobody is known, the number is all there is.
    """
    number = context.phone.e164
    numbers = CustomerRef(phones=(number,)).keys() if number and not is_shared(context) else ()
    customer = context.customer
    return numbers if customer is None else (*numbers, *keys_of_customer(customer))


def keys_of_call(context: CustomerContext) -> tuple[str, ...]:
    """Return under which keys the call of a context is filed: the number unless it is others', too, and the ids."""
    number = context.phone.e164
    numbers = CustomerRef(phones=(number,)).keys() if number and not is_shared(context) else ()
    customer = context.customer
    return numbers if customer is None else (*numbers, *(record.key for record in records_of(customer)))
