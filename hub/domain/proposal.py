"""What the hub proposes to an agent who talks with a customer, by rule, with the reason."""

from __future__ import annotations

import enum

import msgspec


class ProposalKind(enum.StrEnum):
    """`stop` is what must not be done, `attention` what is overdue, `offer` what can be done for the customer."""

    STOP = "stop"
    ATTENTION = "attention"
    OFFER = "offer"


class Proposal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """`rule` is the rule's name. `text` is the proposal, `reason` why, each by language (`en`, `zh`).

    `about` is what it is about: the number of a case or an order, a product's name. `fields` are those of a customer's
    record that it is made from: who may not see one of them gets no proposal that tells of it.
    """

    rule: str
    kind: ProposalKind
    text: dict[str, str]
    reason: dict[str, str]
    about: str = ""
    fields: tuple[str, ...] = ()
