"""Which operations of a contract could look a customer up by telephone number, and how each would be configured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from connectors.shapes import ContractError, Field
from hub.cli.new_mapping import Leaf, Proposal, leaves, propose, record_score
from hub.cli.new_names import changes, limits, phone_score, reads, search_score, speaks_of_customers, words

if TYPE_CHECKING:
    from connectors.rest.openapi import Call, Service
    from connectors.soap.describe import Described

MAX_OPERATIONS = 2_000
CLEAR = 14
"""A score from which on an operation is taken without being named."""
MAX_LEVELS, MAX_SECTIONS = 6, 100
"""How far down a reply records are looked for, and in how many sections of each level."""
MAX_EMPTY = 4
"""Levels of sections that a contract demands and that are written empty."""

SOME_RECORDS = 20
"""So many are asked for where a contract demands a number of them."""

# What the vendors' global types want beside a value, so that it counts as `equal to` (SAP: included, single value).
_BESIDE = {"InclusionExclusionCode": "I", "IntervalBoundaryTypeCode": "1", "LOVLanguageMode": "LIC"}
_SIEBEL = "siebel"


class Candidate(NamedTuple):
    """`steps` find the customers' rows, by numbers in `forms`; `proposal` is None if the reply holds no customer."""

    name: str
    score: int
    asked_by: str
    forms: tuple[str, ...]
    steps: tuple[dict[str, Any], ...]
    proposal: Proposal | None
    about: str = ""

    @property
    def is_clear(self) -> bool:
        return self.score >= CLEAR and self.proposal is not None


def soap_candidates(described: Described) -> Iterator[Candidate]:
    """Yield an operation each, those first that are named first."""
    for name in described.contract.operations[:MAX_OPERATIONS]:
        try:
            request, reply = described.request(name), described.reply(name)
        except ContractError:
            continue
        asked = _asked_by(leaves(request), name)
        record = best_record(reply)
        proposal = propose(record[1]) if record else None
        namespace = str(described.contract.binding.name.namespace)
        if asked is None:
            yield Candidate(name, _merit(name, 0, record), "", (), (), proposal, _takes(request))
            continue
        leaf, merit = asked
        wanted = record[1] if record and _SIEBEL in namespace.lower() else None
        step: dict[str, Any] = {
            "name": "found",
            "first": "query.numbers",
            "operation": name,
            "arguments": _arguments(request, leaf, _SIEBEL in namespace.lower(), wanted),
        }
        if record and record[0]:
            step["rows"] = ".".join(record[0])
        yield Candidate(
            name, _merit(name, merit, record), ".".join(leaf.text_names), number_forms(leaf.name), (step,), proposal
        )


def _takes(request: Field) -> str:
    names = list(dict.fromkeys(leaf.text_names[-1] for leaf in leaves(request, depth=2)))[:6]
    return f"takes {', '.join(names)}" if names else "takes nothing"


def _merit(name: str, asked: int, record: tuple[tuple[str, ...], Field] | None) -> int:
    score = asked + 3 * reads(name) + 2 * speaks_of_customers(name)
    score += min(record_score(record[1]), 9) // 2 if record else 0
    return score - 20 if changes(name) else score


def _asked_by(every: Sequence[Leaf], operation: str) -> tuple[Leaf, int] | None:
    """Return the field that a number is asked by, and its merit; one for any words if there is none.

    The only text that an operation takes may have any name where the operation's own says what it is.
    """
    scored = [
        (max(phone_score(leaf.name), search_score(leaf.name)) - max(0, len(leaf.text_names) - 3), -index, leaf)
        for index, leaf in enumerate(every)
        if leaf.field.kind in {"text", "number"}
    ]
    best = max(scored, default=None, key=lambda one: one[:2])
    if best and best[0] > 0:
        return best[2], best[0]
    texts = [leaf for leaf in every if leaf.field.kind == "text" and not leaf.field.values]
    return (texts[0], phone_score(operation)) if len(texts) == 1 and phone_score(operation) else None


def number_forms(name: str) -> tuple[str, ...]:
    """Return the forms to try, by what the field's name says of what it holds."""
    said = words(name)
    if any(sign in said for sign in ("normali", "international", "e164", "e 164", "msisdn")):
        return ("e164",)
    if "raw" in said or "digits" in said:
        return ("digits", "national")
    return ("e164", "national", "double_zero", "display")


def best_record(reply: Field) -> tuple[tuple[str, ...], Field] | None:
    """Return where in a reply the customers' records are: the section that looks most like one."""
    best: tuple[int, int, tuple[str, ...], Field] | None = None
    level: list[tuple[tuple[str, ...], Field]] = [((), reply)]
    for depth in range(MAX_LEVELS):
        below: list[tuple[tuple[str, ...], Field]] = []
        for names, section in level[:MAX_SECTIONS]:
            score = record_score(section)
            if score and (best is None or score > best[0]):
                best = (score, depth, names, section)
            below += [((*names, name), field) for name, field in section.fields.items() if field.is_section]
        level = below
    return (best[2], best[3]) if best else None


def _arguments(request: Field, leaf: Leaf, is_siebel: bool, wanted: Field | None) -> dict[str, Any]:
    """Write the way down to a field, with what has to stand beside it."""
    value: Any = {"from": "item"}
    if is_siebel:
        value = {"text": "={number}", "quote": _SIEBEL, "values": {"number": value}}
    return _section(request, leaf.text_names, value, wanted)


def _section(field: Field, names: Sequence[str], value: Any, wanted: Field | None) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, inner in field.fields.items():
        if name == names[0]:
            below = value if len(names) == 1 else _section(inner, names[1:], value, wanted)
            made[name] = [below] if inner.many and len(names) > 1 else below
        elif name in _BESIDE and not inner.is_section:
            made[name] = _BESIDE[name]
        elif inner.required and not inner.linked:
            made[name] = _empty(inner)
        elif wanted is not None and len(names) == 1 and name in wanted.fields and not wanted.fields[name].is_section:
            # Query by example: what is to be answered is named, empty.
            made[name] = ""
    return made


def _empty(field: Field, depth: int = 0) -> Any:
    if field.is_section and "#text" not in field.fields:
        inner = {
            name: _empty(one, depth + 1) for name, one in field.fields.items() if one.required and depth < MAX_EMPTY
        }
        return [inner] if field.many else inner
    if field.values:
        return field.values[0]
    if field.kind == "number" and limits(field.name):
        return SOME_RECORDS
    return {"number": 0, "bool": False}.get(field.kind, "")


def rest_candidates(service: Service) -> Iterator[Candidate]:
    """Yield a call each: reading ones, and those whose path says that they search."""
    for call in service.calls[:MAX_OPERATIONS]:
        if "{" in call.path or call.method not in {"GET", "POST"}:
            continue
        if call.method == "POST" and not reads(call.path.replace("/", " ")):
            continue
        yield _rest_candidate(call)


def _rest_candidate(call: Call) -> Candidate:
    inputs = [
        Leaf((one.name,), one.field, ()) for one in call.parameters if one.place == "query" and not one.field.is_section
    ]
    body = leaves(call.body) if call.method == "POST" else []
    record = best_record(call.reply)
    proposal = propose(record[1]) if record else None
    said = call.path.replace("/", " ")
    asked = _asked_by([*inputs, *body], said)
    if asked is None:
        takes = ", ".join(leaf.name for leaf in inputs) or "nothing"
        return Candidate(call.name, _merit(said, 0, record), "", (), (), proposal, f"takes {takes}")
    leaf, merit = asked
    step: dict[str, Any] = {"name": "found", "first": "query.numbers", "path": call.path}
    headers = {one.name: _empty(one.field) for one in call.parameters if one.is_needed_header}
    if headers:
        step["headers"] = headers
    if leaf in inputs:
        needed = {one.name: _empty(one.field) for one in call.parameters if one.place == "query" and one.required}
        step["params"] = {**needed, leaf.name: {"from": "item"}}
    else:
        step |= {"method": "POST", "body": _section(call.body, leaf.text_names, {"from": "item"}, None)}
    if record and record[0]:
        step["rows"] = ".".join(record[0])
    score = _merit(said, merit, record) + (3 if call.method == "GET" else 0)
    return Candidate(call.name, score, leaf.name, number_forms(leaf.name), (step,), proposal, call.title)


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return those that could do, the best first."""
    return sorted(candidates, key=lambda one: (-(one.proposal is not None and one.score > 0), -one.score, one.name))


def clear_choice(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the one that is to be taken without asking, None if there is none, or two are as good."""
    best = ranked([one for one in candidates if one.is_clear and one.asked_by])
    if not best or (len(best) > 1 and best[1].score == best[0].score and best[1].steps != best[0].steps):
        return None
    return best[0]
