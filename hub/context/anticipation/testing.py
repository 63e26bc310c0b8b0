"""Tests beside a rule of proposals: `NAME.test.yaml` holds cases of a customer, and what is proposed for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
from pydantic import BeforeValidator, Field, ValidationError

from hub.config.anticipation import FOLDER, Language, load_rule, misread
from hub.config.document import Document, read_document
from hub.config.problem import ConfigError, Problem
from hub.config.section import Section
from hub.context.anticipation.facts import is_spoken
from hub.context.anticipation.proposals import Anticipation
from hub.context.cases import CaseResult, result_of, unknown_facts
from hub.domain.anticipation import KnownCustomer
from hub.domain.proposal import Proposal, ProposalKind

ALL = 50


def _day(text: Any) -> Any:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError):
        raise ValueError("must be a day, as in 2026-03-02") from None


class Expected(Section):
    """A proposal; of what is named here all has to be so, of texts those in the languages that are given."""

    kind: ProposalKind
    text: dict[Language, str] = {}
    reason: dict[Language, str] = {}
    about: str | None = None


class Case(Section):
    """`customer` is as the rules see it; `languages` are those that are spoken here."""

    name: Annotated[str, Field(min_length=1)]
    today: Annotated[date, BeforeValidator(_day)]
    languages: tuple[Language, ...] = ()
    customer: dict[str, Any]
    expect: tuple[Expected, ...]


class Cases(Section):
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]


def run_rule_tests(file: Path) -> list[CaseResult]:
    """Run the cases beside a rule. Raises ConfigError if the rule or the file of cases can't be used."""
    rule = load_rule(file)
    document = read_document(file.with_suffix(".test.yaml"))
    try:
        cases = Cases.model_validate(document.data).cases
    except ValidationError as error:
        raise ConfigError(misread(document, error, {0: Cases, 2: Case, 4: Expected})) from None
    problems = [problem for number, case in enumerate(cases) for problem in _unknown(document, number, case)]
    if problems:
        raise ConfigError(problems)
    rules = Anticipation({f"{FOLDER}/{file.stem}": rule}, at_most=ALL)
    return [
        result_of(document, number, case.name, list(_differences(case.expect, _made(case, rules))))
        for number, case in enumerate(cases)
    ]


def _unknown(document: Document, number: int, case: Case) -> Iterator[Problem]:
    place = ("cases", number, "customer")
    yield from unknown_facts(document, place, case.customer, KnownCustomer)
    try:
        _customer(case)
    except msgspec.ValidationError as error:
        yield document.problem(document.value_place(place), str(error))


def _customer(case: Case) -> KnownCustomer:
    known = msgspec.convert(case.customer, KnownCustomer, strict=False)
    if known.language_spoken is not None:
        return known
    return msgspec.structs.replace(known, language_spoken=is_spoken(known.language, case.languages))


def _made(case: Case, rules: Anticipation) -> Sequence[Proposal]:
    return rules.propose_for(_customer(case), today=case.today)


def _differences(expected: Sequence[Expected], made: Sequence[Proposal]) -> Iterator[str]:
    if len(expected) != len(made):
        texts = ", ".join(repr(proposal.text["en"]) for proposal in made) or "none"
        yield f"expected {len(expected)} proposals, got {len(made)}: {texts}"
        return
    for number, (wanted, got) in enumerate(zip(expected, made, strict=True)):
        if wanted.kind is not got.kind:
            yield f"[{number}].kind: expected {wanted.kind.value}, got {got.kind.value}"
        if wanted.about is not None and wanted.about != got.about:
            yield f"[{number}].about: expected {wanted.about!r}, got {got.about!r}"
        yield from _other_texts(f"[{number}].text", wanted.text, got.text)
        yield from _other_texts(f"[{number}].reason", wanted.reason, got.reason)


def _other_texts(place: str, expected: Mapping[str, str], got: Mapping[str, str]) -> Iterator[str]:
    for language, text in expected.items():
        if text != got.get(language):
            yield f"{place}.{language}: expected {text!r}, got {got.get(language)!r}"
