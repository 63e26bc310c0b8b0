"""The rules of proposals, compiled once, and what they propose for a customer. Pure; today is given."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import structlog

from hub.config.anticipation import ProposalRule
from hub.config.conditions import EXPRESSION
from hub.config.proposal_text import Fact, IfKnown, Part, parts_of, paths_of
from hub.context.anticipation.facts import OF_CONTACTS, known_customer, plain
from hub.context.conditions import MAX_STEPS, Condition, compiled
from hub.domain.anticipation import KnownCustomer
from hub.domain.budget import Budget
from hub.domain.customer import Customer
from hub.domain.interaction import Interaction, Repeat
from hub.domain.path import Path
from hub.domain.phone import clean_text
from hub.domain.proposal import Proposal, ProposalKind

log = structlog.get_logger(__name__)

MAX_FILLED: Final = 100
"""Characters of what is filled into a text."""
NOT_KNOWN: Final = "-"
MAX_ITEMS: Final = 500
_OF_CUSTOMER: Final = re.compile(r"\bcustomer\.\"?(\w+)")
_OF_RECORD: Final = {"language_spoken": "language"}
_ORDER: Final = {ProposalKind.STOP: 0, ProposalKind.ATTENTION: 1, ProposalKind.OFFER: 2}


class _Text:
    """A text with places to be filled; what is filled in is taken as it is, whatever it looks like."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = [_ready(part) for part in parts]
        self._paths = [part for part in self._parts if isinstance(part, Path)]

    def is_known(self, record: Mapping[str, Any]) -> bool:
        return all(_first(path, record) for path in self._paths)

    def filled(self, record: Mapping[str, Any]) -> str:
        return "".join(_filled(part, record) for part in self._parts)


def _ready(part: Part) -> str | Path | _Text:
    match part:
        case Fact(path=path):
            return Path(path)
        case IfKnown(parts=parts):
            return _Text(parts)
    return part


def _filled(part: str | Path | _Text, record: Mapping[str, Any]) -> str:
    match part:
        case Path():
            return _first(part, record) or NOT_KNOWN
        case _Text():
            return part.filled(record) if part.is_known(record) else ""
    return part


class _Compiled(NamedTuple):
    name: str
    rule: ProposalRule
    conditions: Sequence[Condition]
    text: Mapping[str, _Text]
    reason: Mapping[str, _Text]
    about: Path | None
    fields: tuple[str, ...]
    looks_at_contacts: bool


class Standing:
    """What was made of one customer on one day that no contact changes: filled where it is first asked for."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.proposals: dict[str, Sequence[Proposal]] = {}
        """Of the rules that look at no contact, by name."""


class Anticipation:
    """All rules that are on, the more important first.

    What must not be done stands before what is overdue, and that before what can be offered; where something must not
    be done, nothing is offered.
    """

    def __init__(self, rules: Mapping[str, ProposalRule], *, languages: Collection[str] = (), at_most: int = 5) -> None:
        self._rules = sorted((_compiled(name, rule) for name, rule in rules.items()), key=lambda one: _rank(one.rule))
        self._languages = frozenset(languages)
        self._at_most = at_most
        self._failed: set[str] = set()

    def propose(
        self,
        customer: Customer,
        *,
        today: date,
        repeats: Sequence[Repeat] = (),
        interactions: Sequence[Interaction] = (),
        standing: Standing | None = None,
    ) -> tuple[Proposal, ...]:
        """Return what is proposed to who talks with this customer, the most important first.

        `standing` is what was made of this very customer today; it is added to.
        """
        if not (self._rules and self._at_most):
            return ()
        known = known_customer(customer, repeats, interactions, self._languages, today=today)
        return self.propose_for(known, today=today, standing=standing)

    def propose_for(
        self, customer: KnownCustomer, *, today: date, standing: Standing | None = None
    ) -> tuple[Proposal, ...]:
        """Do the same with what is known of a customer already gathered."""
        standing = standing or Standing()
        if standing.facts:
            standing.facts |= plain(customer, OF_CONTACTS)
        else:
            standing.facts = plain(customer)
        facts: dict[str, Any] = {"today": today.isoformat(), "customer": standing.facts}
        made: dict[tuple[str, ...], Proposal] = {}
        is_stopped = False
        for one in self._rules:
            if one.rule.kind is ProposalKind.OFFER and is_stopped:
                break  # the offers are last
            if len(made) >= self._at_most:
                break  # what comes now is less important than all of these
            try:
                for proposal in _standing(one, facts, standing):
                    is_stopped |= proposal.kind is ProposalKind.STOP
                    made.setdefault((proposal.rule, proposal.about, *proposal.reason.values()), proposal)
            except Exception as error:  # noqa: BLE001 - whatever it is costs the rule, never the pop; see `_tell`
                is_stopped |= one.rule.kind is ProposalKind.STOP
                self._tell(one.name, error)
        return tuple(made.values())[: self._at_most]

    def _tell(self, rule: str, error: Exception) -> None:
        """Say once that a rule failed, and not on what: that is the customer's."""
        if rule not in self._failed:
            self._failed.add(rule)
            log.warning("rule_of_proposals_failed", rule=rule, error=type(error).__name__)


def _rank(rule: ProposalRule) -> int:
    return _ORDER[rule.kind]


def _compiled(name: str, rule: ProposalRule) -> _Compiled:
    return _Compiled(
        name,
        rule,
        [compiled(path, asked) for path, asked in rule.when.items()],
        {language: _Text(parts_of(text)) for language, text in rule.text.items()},
        {language: _Text(parts_of(text)) for language, text in rule.reason.items()},
        Path(rule.about) if rule.about else None,
        _fields(rule),
        _looks_at_contacts(rule),
    )


def _paths(rule: ProposalRule) -> list[str]:
    texts = [*rule.text.values(), *rule.reason.values()]
    return [*rule.when, rule.about, *(path for text in texts for path in paths_of(parts_of(text)))]


def _looks_at_contacts(rule: ProposalRule) -> bool:
    """Whether contacts may change what a rule proposes; an expression may look at anything."""
    if EXPRESSION in rule.when or rule.each in OF_CONTACTS:
        return True
    for path in _paths(rule):
        names = Path(path).names if path else ("",)
        if not names or (names[0] == "customer" and (len(names) == 1 or names[1] in OF_CONTACTS)):
            return True
    return False


def _fields(rule: ProposalRule) -> tuple[str, ...]:
    """Return the fields of a customer's record that a rule looks at, whatever it does with them."""
    paths = [*_paths(rule), *(asked for asked in rule.when.values() if isinstance(asked, str))]
    named = {name for path in paths for name in _OF_CUSTOMER.findall(path)}
    if rule.each:
        named.add(rule.each)
    return tuple(sorted({_OF_RECORD.get(name, name) for name in named}))


def _standing(one: _Compiled, facts: Mapping[str, Any], standing: Standing) -> Sequence[Proposal]:
    if one.looks_at_contacts:
        return _proposals(one, facts)
    if one.name not in standing.proposals:
        standing.proposals[one.name] = _proposals(one, facts)
    return standing.proposals[one.name]


def _proposals(one: _Compiled, facts: Mapping[str, Any]) -> Sequence[Proposal]:
    rule = one.rule
    items: Sequence[Any] = facts["customer"][rule.each][:MAX_ITEMS] if rule.each else (None,)
    made: list[Proposal] = []
    budget = Budget(MAX_STEPS)
    for item in items:
        if len(made) >= rule.at_most:
            break
        record = facts if item is None else {**facts, "item": item}
        if all(condition(record, budget) for condition in one.conditions):
            made.append(
                Proposal(
                    rule=one.name,
                    kind=rule.kind,
                    text={language: text.filled(record) for language, text in one.text.items()},
                    reason={language: text.filled(record) for language, text in one.reason.items()},
                    about=_first(one.about, record) if one.about else "",
                    fields=one.fields,
                )
            )
    return made


def _first(path: Path, record: Mapping[str, Any]) -> str:
    """Return the first value at a path, as people read it; "" if there is none."""
    found = next((value for value in path.read_all(record) if value is not None and value != ""), None)
    if found is None or isinstance(found, dict | list):
        return ""
    return clean_text(" ".join(str(found).split()), MAX_FILLED)
