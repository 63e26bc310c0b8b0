"""What the routing rules see of a customer."""

from typing import TypeVar

from hub.context.routing_facts import facts_of
from hub.domain.customer import Customer, CustomerContext, Invoice, Money, Product, Sourced
from hub.domain.phone import PhoneNumber
from hub.domain.routing import CustomerFacts, Enquiry

T = TypeVar("T")
PHONE = PhoneNumber(raw="1", e164="+493515550123")


def from_crm(value: T) -> Sourced[T]:
    return Sourced(value=value, system="crm", record="1")


def facts(*customers: Customer) -> CustomerFacts:
    enquiry = Enquiry(call_id="c-1", pbx="main", caller=PHONE, queue="sales")
    return facts_of(enquiry, CustomerContext(call_id="c-1", phone=PHONE, customers=customers), last_agent="").customer


def test_the_customers_worth_and_debts() -> None:
    """Segment, value, balance, preferences; products by name; of the invoices those that are open."""
    seen = facts(
        Customer(
            ids={"crm": "1"},
            segment=from_crm("business"),
            value=from_crm(Money(amount="1200.50", currency="EUR")),
            department=from_crm("Purchasing"),
            preferences={"channel": from_crm("email")},
            products=(from_crm(Product(name="Fibre", serial_number="S-1")),),
            invoices=(from_crm(Invoice(id="1", remaining="12")), from_crm(Invoice(id="2", open=False))),
            balances=(from_crm(Money(amount="12")), from_crm(Money(amount="30"))),
        )
    )
    assert ("business", "1200.50", "12", "Purchasing") == (seen.segment, seen.value, seen.balance, seen.department)
    assert ({"channel": "email"}, ("Fibre",)) == (seen.preferences, seen.products)
    assert (1, ("1",)) == (seen.open_invoices, tuple(invoice.id for invoice in seen.invoices))


def test_of_several_customers_what_they_share() -> None:
    """Nobody is led by what another one has: what one owes or is worth is not told of all."""
    one = Customer(
        ids={"crm": "1"},
        segment=from_crm("retail"),
        value=from_crm(Money(amount="5")),
        preferences={"channel": from_crm("email"), "time": from_crm("evenings")},
        balances=(from_crm(Money(amount="5")),),
    )
    other = Customer(
        ids={"crm": "2"},
        segment=from_crm("retail"),
        value=from_crm(Money(amount="5")),
        preferences={"channel": from_crm("phone"), "time": from_crm("evenings")},
        balances=(from_crm(Money(amount="5")),),
    )
    seen = facts(one, other)
    assert ("retail", {"time": "evenings"}) == (seen.segment, seen.preferences)
    assert ("", "", ()) == (seen.value, seen.balance, seen.invoices)
