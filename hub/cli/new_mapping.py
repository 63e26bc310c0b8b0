"""A first mapping of a record that a contract describes, with a sample of such a record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connectors.shapes import Field
from hub.cli.new_names import (
    email_score,
    id_score,
    is_foreign,
    is_generic,
    label_of,
    means,
    phone_score,
    speaks_of_customers,
)

MAX_DEPTH = 4
MAX_FIELDS = 4_000
"""Below one record; of hostile types, which hold one another, there would be no end."""
MAX_SCORED = 400
"""Fields that say whether a section is a record."""
MAX_PHONES = 6

_PLAIN_NAME = re.compile(r"[^\W\d][\w$:#-]*|[@$#][\w:-]+")
_SAMPLES = {
    "name.full": "Petra Vogt",
    "name.given": "Petra",
    "name.surname": "Vogt",
    "organization": "Vogt GmbH",
    "language": "de",
    "title": "Head of Purchasing",
    "street": "Invalidenstr. 10",
    "postcode": "10115",
    "locality": "Berlin",
    "country": "DE",
    "number": "+49351123456",
    "address": "petra.vogt@example.com",
}
_LEAST_SCORE = 5
_SAMPLE_ID = "1001"


class Leaf(NamedTuple):
    """A plain field below a record, and the sections that hold it, from the outermost."""

    names: tuple[str, ...]
    field: Field
    holders: tuple[Field, ...]

    @property
    def name(self) -> str:
        """The name that says what it is: that of the element around a bare text."""
        return self.names[-2] if self.names[-1] == "#text" and len(self.names) > 1 else self.names[-1]

    @property
    def text_names(self) -> tuple[str, ...]:
        return self.names[:-1] if self.names[-1] == "#text" else self.names


class Proposal(NamedTuple):
    """`fields` is the mapping's section, `record` a sample of what it is made of."""

    fields: dict[str, Any]
    record: dict[str, Any]


def leaves(record: Field, *, depth: int = MAX_DEPTH, most: int = MAX_FIELDS) -> list[Leaf]:
    """Return the plain fields below a record, the nearest first; `most` fields are looked at.

    Attributes count where they stand beside elements; those of a text say something of the text.
    """
    found: list[Leaf] = []
    seen = 0
    level: list[tuple[tuple[str, ...], tuple[Field, ...], Field]] = [((), (), record)]
    for _ in range(depth + 1):
        below: list[tuple[tuple[str, ...], tuple[Field, ...], Field]] = []
        for names, holders, section in level:
            for name, field in section.fields.items():
                seen += 1
                if seen > most:
                    return found
                if field.is_section:
                    if any(_is_same(field, holder) for holder in (record, *holders)):
                        continue  # a type that holds itself: a parent, a subordinate
                    below.append(((*names, name), (*holders, field), field))
                elif name != "$type" and field.kind != "binary" and not _is_about_text(name, section):
                    found.append(Leaf((*names, name), field, holders))
        level = below
    return found


def _is_about_text(name: str, section: Field) -> bool:
    return _is_attribute(name) and "#text" in section.fields


def _is_attribute(name: str) -> bool:
    return name.startswith("@")


def _is_same(one: Field, other: Field) -> bool:
    return bool(one.fields) and one.fields.keys() == other.fields.keys()


def record_score(record: Field) -> int:
    """Return how much a section looks like a customer's record; 0: it could not be one."""
    every = leaves(record, depth=2, most=MAX_SCORED)
    if not any(len(leaf.text_names) == 1 and id_score(leaf.name) for leaf in every):
        return 0
    # Below a further level stand other things: a name there counts less than one of the record's own.
    near = [leaf for leaf in every if len(leaf.text_names) <= 2]  # noqa: PLR2004 - the record's own, or one below
    score = 3
    score += 4 * any(_is_name(leaf.name) for leaf in near)
    score += 3 * any(phone_score(leaf.name) for leaf in every)
    score += any(email_score(leaf.name) for leaf in every)
    return score + 2 * speaks_of_customers(record.name) + record.many


def _is_name(name: str) -> bool:
    return any(means(name, part) for part in ("name.full", "name.given", "name.surname", "organization"))


def propose(record: Field, keys: Sequence[str] = ()) -> Proposal | None:
    """Return a mapping of the record; None if nothing in it could be the customer's id.

    `keys` are the names of the record's key, where the contract tells it.
    """
    every = leaves(record)
    identity = _identity(every, keys)
    if identity is None:
        return None
    fields: dict[str, Any] = {"id": _rule(identity)}
    sample = _Sample()
    sample.put(identity, _SAMPLE_ID)
    for part in ("name.full", "name.given", "name.surname", "organization", "title", "language"):
        leaf = _best([one for one in every if not _lists(one)], part)
        if leaf is not None and leaf.names != identity.names:
            fields[part] = _rule(leaf)
            sample.put(leaf, _SAMPLES[part])
    phones = list(_several(every, phone_score, {"number": {"phone": True}}, sample))
    if phones:
        fields["phones"] = phones[0] if len(phones) == 1 else phones
    emails = list(_several(every, email_score, {"address": {"case": "lower"}}, sample))
    if emails:
        fields["emails"] = emails[0] if len(emails) == 1 else emails
    address = _address(every, sample)
    if address:
        fields["addresses"] = address
    return Proposal(fields, sample.record)


def _identity(every: Sequence[Leaf], keys: Sequence[str]) -> Leaf | None:
    own = [leaf for leaf in every if len(leaf.text_names) == 1]
    for key in keys:
        for leaf in own:
            if leaf.name == key:
                return leaf
    # An attribute `id` may be what the message's own references are by: an element says it better.
    scored = [
        (not _is_attribute(leaf.name), id_score(leaf.name), -index, leaf)
        for index, leaf in enumerate(own)
        if id_score(leaf.name)
    ]
    best = max(scored, default=None, key=lambda one: one[:3])
    return best[3] if best else None


def _best(every: Sequence[Leaf], part: str) -> Leaf | None:
    return next((leaf for leaf in every if means(leaf.name, part) and leaf.field.kind == "text"), None)


def _lists(leaf: Leaf) -> int:
    """Return up to which name the last list is met, 0 if there is none."""
    marks = [index + 1 for index, holder in enumerate((*leaf.holders, leaf.field)) if holder.many]
    return marks[-1] if marks else 0


def _several(
    every: Sequence[Leaf], score: Callable[[str], int], rule: Mapping[str, Any], sample: _Sample
) -> Iterator[dict[str, Any]]:
    """Yield a section for each place where numbers, or addresses, stand: one of a list's items each, the best."""
    [(target, change)] = rule.items()
    seen: set[tuple[str, ...]] = set()
    count = 0
    own = [leaf for leaf in every if not any(is_foreign(holder.name) for holder in leaf.holders)]
    for leaf in sorted(own, key=lambda leaf: (len(leaf.names), -_said(leaf, score))):
        if _said(leaf, score) <= _LEAST_SCORE or leaf.field.kind not in {"text", "number"}:
            continue
        split = _lists(leaf)
        place = leaf.names[:split] if split else leaf.names
        if place in seen or count >= MAX_PHONES:
            continue
        seen.add(place)
        count += 1
        sample.put(leaf, _SAMPLES[target])
        inner: dict[str, Any] = {target: {"from": _rule(leaf, split), **change}}
        label = label_of(leaf.name) or (label_of(leaf.names[split - 1]) if split else "")
        if label:
            inner["label"] = {"const": label}
        yield {"each": _path(leaf.names[:split]), "fields": inner} if split else {"fields": inner}


def _said(leaf: Leaf, score: Callable[[str], int]) -> int:
    """Return what a field's name says, or that of the next section around it that says something."""
    own = score(leaf.name)
    if own or not is_generic(leaf.name):
        return own
    around = next((name for name in reversed(leaf.text_names[:-1]) if not is_generic(name)), "")
    return max(0, score(around) - 1)


def _address(every: Sequence[Leaf], sample: _Sample) -> dict[str, Any] | None:
    """Return the section of the nearest place that has a town, and of what stands beside it."""
    towns = [leaf for leaf in every if means(leaf.name, "locality")]
    towns = [leaf for leaf in towns if not any(is_foreign(holder.name) for holder in leaf.holders)]
    for town in towns:
        holder = town.text_names[:-1]
        beside = [leaf for leaf in every if leaf.text_names[:-1] == holder]
        split = _lists(town)
        fields: dict[str, Any] = {}
        for part in ("street", "postcode", "locality", "country"):
            leaf = _best(beside, part)
            if leaf is not None:
                fields[part] = _rule(leaf, split)
                sample.put(leaf, _SAMPLES[part])
        if len(fields) > 1:
            return {"each": _path(town.names[:split]), "fields": fields} if split else {"fields": fields}
    return None


def _rule(leaf: Leaf, split: int = 0) -> Any:
    """Return the path, or where attributes may stand beside a text, both ways in which it may come."""
    path = _path(leaf.text_names[split:]) or "@"
    return [_path(leaf.names[split:]), path] if leaf.names[-1] == "#text" else path


def _path(names: Sequence[str]) -> str:
    return ".".join(name if _PLAIN_NAME.fullmatch(name) else f'"{name}"' for name in names)


class _Sample:
    """A record that grows by what is mapped."""

    def __init__(self) -> None:
        self.record: dict[str, Any] = {}

    def put(self, leaf: Leaf, value: str) -> None:
        node: dict[str, Any] = self.record
        names = leaf.text_names
        for name, holder in zip(names[:-1], leaf.holders, strict=False):
            node = node.setdefault(name, [{}])[0] if holder.many else node.setdefault(name, {})
        fitting = _fitting(leaf.field, value)
        is_list = leaf.field.many or (leaf.names != names and leaf.holders[-1].many)
        node.setdefault(names[-1], [fitting] if is_list else fitting)


def _fitting(field: Field, value: str) -> Any:
    """Return a sample value that the contract allows."""
    if field.values:
        return field.values[0]
    if field.kind == "number":
        digits = re.sub(r"\D", "", value)
        return int(digits) if digits else 1
    if field.kind == "guid":
        return "0f8fad5b-d9cb-469f-a165-70867728950e"
    return value if field.max_length is None else value[: field.max_length]
