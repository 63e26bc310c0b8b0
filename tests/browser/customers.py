"""Customers of whom several systems know a great deal, for what the page shows of the whole customer."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.domain.callback import Callback
from hub.domain.customer import (
    Case,
    Conflict,
    Consent,
    Customer,
    CustomerContext,
    Invoice,
    Money,
    Name,
    Phone,
    Product,
    Sourced,
)
from hub.domain.identity import Reason, RecordMatch, RecordRef
from hub.domain.interaction import Channel, CustomerRef, Interaction, Note, Repeat
from hub.domain.proposal import Proposal, ProposalKind
from tests.browser import callers

SAP_RECORD = RecordRef(system="sap", id="17100001")
SERVICE_RECORD = RecordRef(system="service", id="50012")
CASE = "240321-000007"


def told(value: Any, system: str = "sap") -> Sourced[Any]:
    record = SAP_RECORD.id if system == "sap" else SERVICE_RECORD.id
    return Sourced(value=value, system=system, record=record, at=callers.ago(2))


def proposals() -> tuple[Proposal, ...]:
    """Return one proposal of each kind and a fourth, the least urgent first."""
    return (
        Proposal(
            rule="warranty_ends",
            kind=ProposalKind.OFFER,
            text={"en": "Offer to extend the warranty", "zh": "推荐延长保修"},
            reason={"en": "Warranty of the X500 ends in 12 days", "zh": "X500 的保修还剩 12 天"},
            about="X500",
        ),
        Proposal(
            rule="case_over_target",
            kind=ProposalKind.ATTENTION,
            text={"en": "Apologise: the case is over its target", "zh": "致歉：工单已超出目标时间"},
            reason={"en": f"Case {CASE} should have been solved 2 days ago", "zh": f"工单 {CASE} 应于 2 天前解决"},
            about=CASE,
        ),
        Proposal(
            rule="no_marketing",
            kind=ProposalKind.STOP,
            text={"en": "Do not sell anything", "zh": "请勿推销"},
            reason={"en": "No consent to marketing since March", "zh": "自三月起不同意营销"},
        ),
        Proposal(
            rule="language",
            kind=ProposalKind.OFFER,
            text={"en": "Speak German"},
            reason={"en": "The customer's language is German"},
        ),
    )


def whole() -> Customer:
    """Return a customer of whom everything is known that the page has a place for."""
    return msgspec.structs.replace(
        callers.maria(),
        birth_date=told(callers.days(-15000)),
        department=told("Purchasing", "service"),
        segment=told("Machine builders"),
        value=told(Money(amount="184500.00", currency="EUR")),
        preferences={"channel": told("E-mail", "service"), "time": told("mornings", "service")},
        consents=(
            told(Consent(purpose="profiling", granted=True, given_on=callers.days(-400)), "service"),
            told(Consent(purpose="marketing", granted=False, channel="phone", given_on=callers.days(-200)), "service"),
        ),
        products=(
            told(Product(name="Lathe L2", id="P2", bought_on=callers.days(-2000), warranty_until=callers.days(-900))),
            told(Product(name="Milling centre", id="P1", model="X500", serial_number="SN-77120",
                         bought_on=callers.days(-718), bought_from="Web shop", warranty_until=callers.days(12))),
            told(Product(name="Service contract", id="P3", ends_on=callers.days(90))),
        ),
        phones=(
            told(Phone(number="+49 711 9999", label="old", valid_until=callers.days(-30))),
            told(Phone(number="+49 711 58012345", label="work", verified=True)),
            told(Phone(number="+49 711 55500", label="office", shared=True), "service"),
        ),
        cases=(
            told(Case(id="240317-000021", subject="Invoice shows the wrong VAT number", status="Waiting",
                      priority="Normal", opened_on=callers.days(-6)), "service"),
            told(Case(id=CASE, subject="Machine stands still after update", status="In progress", priority="High",
                      opened_on=callers.days(-5), target_on=callers.days(-2), owner="Jonas", product="X500"),
                 "service"),
        ),
        invoices=(
            told(Invoice(id="9000412", issued_on=callers.days(-40), due_on=callers.days(-10), amount="1200.00",
                         remaining="200.00", currency="EUR")),
            told(Invoice(id="9000455", due_on=callers.days(20), amount="88.20", currency="EUR")),
            told(Invoice(id="9000001", amount="10.00", currency="EUR", open=False)),
        ),
        balances=(told(Money(amount="288.20", currency="EUR")),),
        conflicts=(
            Conflict(field="language", values=(told("de"), told("fr", "service"))),
            Conflict(field="name.full", values=(told("Maria Huber", "service"), told("M. Huber-Lang"))),
            Conflict(field=f"cases.{CASE}.status", values=(told("In progress", "service"), told("Closed"))),
        ),
        matches=(
            RecordMatch(
                one=SAP_RECORD,
                other=SERVICE_RECORD,
                score=0.93,
                reasons=(
                    Reason(rule="verified phone", score=21, detail="+49 711 58012345"),
                    Reason(rule="same name", score=10, detail="Maria Huber"),
                ),
            ),
        ),
        proposals=proposals(),
    )  # fmt: skip


def history() -> tuple[Interaction, ...]:
    """Return what happened on six channels, three contacts about one case among them."""
    who = CustomerRef(phones=("+4971158012345",))
    return (
        Interaction(id="1", channel=Channel.WEB, at=callers.ago(240), subject="Support: X500 stands still",
                    customer=who, source="shop", url="https://shop.example/support/x500"),
        Interaction(id="2", channel=Channel.EMAIL, at=callers.ago(30_000), subject="Still no answer", customer=who,
                    source="mail", direction="inbound", reference=CASE, agent="bob",
                    text="Dear all,\n\nour machine has been standing still for three days now and nobody calls back.\n"
                         "We were promised somebody would come on Monday. Please tell us when.\n\nMaria Huber"),
        Interaction(id="3", channel=Channel.CASE, at=callers.ago(50_000), subject="Case in progress", customer=who,
                    source="service", status="In progress", reference=CASE),
        Interaction(id="4", channel=Channel.PHONE, at=callers.ago(90_000), subject="Support", customer=who,
                    direction="inbound", status="answered", duration_s=192.0, agent="bob", reference=CASE,
                    notes=(Note(at=callers.ago(89_000), agent="bob", text="Promised a visit on Monday",
                                disposition="Call back"),)),
        Interaction(id="5", channel=Channel.CHAT, at=callers.ago(200_000), subject="Chat about the update",
                    customer=who, source="chat", reference=CASE),
        Interaction(id="6", channel=Channel.PHONE, at=callers.ago(300_000), subject="", customer=who,
                    direction="inbound", status="abandoned", duration_s=41.0),
        Interaction(id="7", channel=Channel.ORDER, at=callers.ago(900_000), subject="Order 4500001688 delayed",
                    customer=who, source="sap", reference="4500001688"),
    )  # fmt: skip


def callback(**fields: Any) -> Callback:
    """Make one that was asked for four minutes ago from a page about a product."""
    values: dict[str, Any] = {
        "id": "cb-1",
        "site": "shop",
        "phone": "+4971158012345",
        "customer": CustomerRef(phones=("+4971158012345",)),
        "requested_at": callers.ago(245),
        "at": callers.ago(5),
        "queue": "Support",
        "topic": "Machine stands still",
        "url": "https://shop.example/support/x500",
        "page": "X500 - Support",
    }
    return Callback(**{**values, **fields})


def whole_context(call_id: str = "main-1", revision: int = 5) -> CustomerContext:
    """Both systems have answered, and everything is there."""
    return msgspec.structs.replace(
        callers.known(call_id, revision),
        customers=(whole(),),
        interactions=history(),
        has_older=True,
        repeats=(
            Repeat(
                reference=CASE, contacts=3, since=callers.ago(6.5 * 86_400), channels=(Channel.EMAIL, Channel.PHONE)
            ),
        ),
    )


def namesake() -> Customer:
    """Return another customer with the same number."""
    return Customer(
        ids={"service": "50077"},
        name=Sourced(value=Name(full="Josef Huber"), system="service", record="50077", at=callers.ago(2)),
        birth_date=Sourced(value=callers.days(-12000), system="service", record="50077"),
    )
