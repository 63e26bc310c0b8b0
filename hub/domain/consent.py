"""What customers have forbidden."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hub.domain.customer import Consent, Customer, CustomerContext, CustomerRecord


def refused_purposes(consents: Iterable[Consent], today: date) -> frozenset[str]:
    """Return the purposes that a customer refuses on all channels, and still does; one refusal counts, whoever has it.

    Of a channel alone nothing follows for what is kept or written.
    """
    return frozenset(one.purpose for one in consents if _is_refusal(one, today))


def refused_by(known: CustomerContext | Customer | CustomerRecord, today: date) -> frozenset[str]:
    """Return what the customer refuses, by a record, by all of them, or by what is known of a call's other party."""
    match known:
        case CustomerRecord():
            return refused_purposes(known.consents, today)
        case Customer():
            return refused_purposes((one.value for one in known.consents), today)
        case CustomerContext():
            customer = known.customer
            return refused_by(customer, today) if customer is not None else frozenset()


def _is_refusal(consent: Consent, today: date) -> bool:
    is_over = consent.valid_until is not None and consent.valid_until < today
    return not consent.granted and not consent.channel and not is_over
