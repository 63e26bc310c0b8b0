"""What rules propose tells of the fields that it is made from: who may not see these does not see it."""

from __future__ import annotations

from hub.config.privacy import PrivacySection
from hub.domain.customer import Customer, Invoice, Sourced
from hub.domain.proposal import Proposal, ProposalKind
from hub.privacy.visibility import PrivacyVisibility


def proposal(rule: str, *fields: str) -> Proposal:
    return Proposal(rule=rule, kind=ProposalKind.ATTENTION, text={"en": "x"}, reason={"en": "y"}, fields=fields)


CUSTOMER = Customer(
    ids={"crm": "1"},
    tier=Sourced(value="Gold", system="crm", record="1"),
    invoices=(Sourced(value=Invoice(id="R1"), system="crm", record="1"),),
    extra={"crm.points": Sourced(value="7", system="crm", record="1")},
    proposals=(proposal("bill", "invoices"), proposal("points", "extra", "tier"), proposal("case", "cases")),
)


def test_a_proposal_goes_with_its_field() -> None:
    """Supervisors alone may see bills and points: an agent is not told of them by another way."""
    fields = {"invoices": {"roles": ["supervisor"]}, "extra.points": {"roles": ["supervisor"]}}
    visibility = PrivacyVisibility(PrivacySection.model_validate({"fields": fields}))
    told = {role: visibility.customer_for(CUSTOMER, role).proposals for role in ("agent", "supervisor")}
    assert {"agent": ["case"], "supervisor": ["bill", "points", "case"]} == {
        role: [one.rule for one in proposals] for role, proposals in told.items()
    }
