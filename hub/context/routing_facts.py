"""What the routing rules see of a customer's context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from hub.domain.customer import AnswerState, Customer, CustomerContext, Problem, Sourced
from hub.domain.phone import PhoneNumber
from hub.domain.routing import CallerFacts, CustomerFacts, Decision, Enquiry, EnquiryStatus, Facts

T = TypeVar("T")


def record_of(facts: Facts | Decision) -> dict[str, Any]:
    """Return the facts as paths and JMESPath read them: sections, lists and plain values."""
    record: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(facts))
    return record


def facts_of(enquiry: Enquiry, context: CustomerContext, *, last_agent: str) -> Facts:
    """Gather what is known at this moment; `last_agent` is an agent's id, or empty."""
    customers = () if _is_unreachable(context) else context.customers
    if context.customer is not None:
        customers = (context.customer,)
    return Facts(
        status=_status(context),
        caller=_caller(enquiry.caller),
        customer=_in_common([_customer(customer) for customer in customers]),
        customers=len(context.customers),
        contacts=len(context.interactions),
        last_agent=last_agent,
        complete=context.complete,
        dialled=enquiry.dialled,
        queue=enquiry.queue,
        pbx=enquiry.pbx,
        arguments=enquiry.arguments,
    )


def _status(context: CustomerContext) -> EnquiryStatus:
    if context.customers and not _is_unreachable(context):
        return EnquiryStatus.MANY if context.customer is None else EnquiryStatus.FOUND
    if any(answer.state is AnswerState.PENDING or answer.problem is Problem.TIMEOUT for answer in context.answers):
        return EnquiryStatus.TIMEOUT
    if _is_unreachable(context) or any(answer.state is AnswerState.FAILED for answer in context.answers):
        return EnquiryStatus.ERROR
    return EnquiryStatus.NOT_FOUND


def _is_unreachable(context: CustomerContext) -> bool:
    """Whether it was decided who is meant and that one's system does not say: then it is none of the others."""
    return context.chosen is not None and context.chosen.unreachable


def _caller(phone: PhoneNumber) -> CallerFacts:
    if phone.anonymous:
        return CallerFacts(anonymous=True)
    return CallerFacts(number=phone.e164 or phone.raw, region=phone.region or "")


def _customer(customer: Customer) -> CustomerFacts:
    cases = tuple(case.value for case in customer.cases if case.value.open)
    orders = tuple(order.value for order in customer.orders if order.value.open)
    invoices = tuple(invoice.value for invoice in customer.invoices if invoice.value.open)
    return CustomerFacts(
        id=next(iter(customer.ids.values()), ""),
        ids=customer.ids,
        kind=customer.kind,
        name=customer.display_name,
        organization=_text(customer.organization),
        department=_text(customer.department),
        title=_text(customer.title),
        language=_text(customer.language),
        segment=_text(customer.segment),
        tier=_text(customer.tier),
        value=customer.value.value.amount if customer.value else "",
        balance=customer.balances[0].value.amount if customer.balances else "",
        owner=_text(customer.owner),
        preferences={name: value.value for name, value in customer.preferences.items()},
        products=tuple(product.value.name for product in customer.products),
        open_cases=len(cases),
        open_orders=len(orders),
        open_invoices=len(invoices),
        cases=cases,
        orders=orders,
        invoices=invoices,
        extra={field: value.value for field, value in customer.extra.items()},
    )


def _text(value: Sourced[str] | None) -> str:
    return value.value if value else ""


def _in_common(customers: Sequence[CustomerFacts]) -> CustomerFacts:
    """Return the one customer; of several what is the same for all: nobody is led by what another one has."""
    if len(customers) <= 1:
        return customers[0] if customers else CustomerFacts()
    first, *others = customers

    def same(read: Callable[[CustomerFacts], T], otherwise: T) -> T:
        value = read(first)
        return value if all(read(other) == value for other in others) else otherwise

    return CustomerFacts(
        kind=same(lambda one: one.kind, ""),
        organization=same(lambda one: one.organization, ""),
        language=same(lambda one: one.language, ""),
        segment=same(lambda one: one.segment, ""),
        tier=same(lambda one: one.tier, ""),
        owner=same(lambda one: one.owner, ""),
        products=tuple(product for product in first.products if all(product in other.products for other in others)),
        preferences=_shared(first.preferences, [other.preferences for other in others]),
        extra=_shared(first.extra, [other.extra for other in others]),
    )


def _shared(first: dict[str, str], others: Sequence[dict[str, str]]) -> dict[str, str]:
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
