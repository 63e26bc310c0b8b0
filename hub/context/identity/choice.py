"""A finished call's context as it is once somebody has said whom the call was with, or has taken that back."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hub.context.identity.standing import Standing
from hub.domain.customer import Customer, CustomerContext
from hub.domain.customer_keys import records_of
from hub.domain.identity import Chosen, IdentityDecision
from hub.domain.interaction import CustomerRef


def with_choice(context: CustomerContext, decisions: Iterable[IdentityDecision]) -> CustomerContext:
    """Return it with the customer first who is meant by what people decided of its number; else as it is.

    Nobody is asked again: the customers are those that were shown in the call.
    """
    if len(context.customers) < 2 and context.chosen is None:  # noqa: PLR2004 - there is nobody to choose from
        return context
    number = context.phone.e164
    keys = CustomerRef(phones=(number,)).keys() if number else ()
    standing = Standing(decisions)
    for decision in standing.meant(keys):
        for customer in context.customers:
            if (chosen := _as(customer, decision, standing)) is not None:
                others = (one for one in context.customers if one is not customer)
                return _revised(context, msgspec.structs.replace(context, customers=(customer, *others), chosen=chosen))
        if context.chosen is not None and context.chosen.decision == decision.id:
            return context
    return _revised(context, msgspec.structs.replace(context, chosen=None))


def _as(customer: Customer, decision: IdentityDecision, standing: Standing) -> Chosen | None:
    """Return how the decision names this customer, None if it doesn't."""
    meant = decision.records[0]
    own = records_of(customer)
    found = meant if meant in own else next((one for one in own if standing.same(one, meant)), None)
    if found is None:
        return None
    return Chosen(decision=decision.id, record=found, by=decision.by, at=decision.at, call_id=decision.call_id)


def _revised(before: CustomerContext, now: CustomerContext) -> CustomerContext:
    return before if now == before else msgspec.structs.replace(now, revision=before.revision + 1)
