"""How an OData service could be asked for a customer by telephone number: at once, or entity set by entity set."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.odata.metadata import Metadata
from connectors.shapes import Field, section
from hub.cli.new_candidates import Candidate, number_forms
from hub.cli.new_mapping import propose
from hub.cli.new_names import email_score, is_foreign, is_generic, means, phone_score, speaks_of_customers

MAX_STEPS = 4
MAX_EXPANDED = 6


def odata_candidates(metadata: Metadata) -> Iterator[Candidate]:
    """Yield an entity set each that holds numbers, with the way from there to the customers."""
    customers = {
        name: _customer_score(name, entity, metadata.keys.get(name, ()))
        for name, entity in metadata.entity_sets.items()
    }
    for name, entity in metadata.entity_sets.items():
        best = max(_numbers(entity, metadata.version), default=(0, ""))
        if not best[0] or not entity.many:
            continue
        way = _way(name, metadata, customers)
        if way is None:
            yield Candidate(name, best[0] - 5, best[1], (), (), None, "no way from there to a customer")
            continue
        target = metadata.entity_sets[way[-1]]
        expand = tuple(_expanded(target))
        proposal = propose(_with_expanded(target, expand), metadata.keys.get(way[-1], ()))
        steps = tuple(_steps(way, best[1], metadata, expand))
        score = best[0] + customers[way[-1]] - (len(way) - 1)
        about = f"then {', then '.join(way[1:])}" if len(way) > 1 else ""
        yield Candidate(name, score, best[1], number_forms(best[1]), steps, proposal, about)


def _numbers(entity: Field, version: str) -> Iterator[tuple[int, str]]:
    """Yield the properties that hold numbers, as conditions name them, and what their names say.

    Of several numbers in one property only V4 can ask for any.
    """
    for field in entity.fields.values():
        place = f"{field.name}[]" if field.many else field.name
        if field.linked or (field.many and version == "v2"):
            continue
        if not field.is_section:
            yield phone_score(field.name), place
        for inner in field.fields.values():
            if not inner.is_section and not inner.many and not inner.linked:
                own = phone_score(inner.name) or (is_generic(inner.name) and phone_score(field.name))
                yield max(0, own - 1), f"{place}/{inner.name}"


def _customer_score(name: str, entity: Field, keys: Sequence[str]) -> int:
    """Return how much an entity set looks like that of the customers: by its name, its key and what it holds."""
    named = any(
        means(field.name, part)
        for field in entity.fields.values()
        for part in ("name.full", "name.surname", "organization")
    )
    if not named or not speaks_of_customers(name):
        return 0
    # What joins two things has several keys; what belongs to a customer has a longer name.
    longer = max(0, len(name.removeprefix("A_").rstrip("s")) - 15) // 4
    return max(1, 4 + 3 * (len(keys) == 1) - longer)


def _way(start: str, metadata: Metadata, customers: Mapping[str, int]) -> list[str] | None:
    """Return the entity sets from numbers to the best customers that keys lead to."""
    ways: dict[str, list[str]] = {start: [start]}
    # Of several ways the plainest: entity sets with few keys and short names are the main ones.
    plain = sorted(metadata.entity_sets, key=lambda name: (len(metadata.keys.get(name, ())), len(name)))
    level = [start]
    for _ in range(MAX_STEPS - 1):
        below: list[str] = []
        for name in level:
            for other in plain:
                if other not in ways and _joint(name, other, metadata):
                    ways[other] = [*ways[name], other]
                    below.append(other)
        level = below
    reached = [name for name in ways if customers[name] > 0]
    return ways[max(reached, key=lambda name: customers[name] - 2 * len(ways[name]))] if reached else None


def _joint(one: str, other: str, metadata: Metadata) -> str:
    """Return the property that leads from one entity set to another: a part of the one's key, and of the other's.

    Or the other's whole key, which the one holds.
    """
    fields, others = metadata.entity_sets[one].fields, metadata.entity_sets[other].fields
    keys, other_keys = metadata.keys.get(one, ()), metadata.keys.get(other, ())
    if len(other_keys) == 1 and other_keys[0] in fields and not fields[other_keys[0]].is_section:
        return other_keys[0]
    shared = [name for name in keys if name in other_keys and name in others]
    # Of a key of several parts the first is what the entity belongs to.
    return shared[0] if shared and shared[0] == keys[0] else ""


def _steps(way: list[str], asked: str, metadata: Metadata, expand: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    names = ["customers" if index == len(way) - 1 else f"found{index + 1}" for index in range(len(way))]
    for index, entity in enumerate(way):
        if index == 0:
            where: dict[str, Any] = {asked: {"from": "query.numbers"}}
        else:
            joint = _joint(way[index - 1], entity, metadata)
            where = {joint: {"from": f"{names[index - 1]}.{joint}", **_typed(metadata.entity_sets[entity], joint)}}
        step: dict[str, Any] = {"name": names[index], "entity": entity, "where": where}
        if index < len(way) - 1:
            step["select"] = list(
                dict.fromkeys(
                    [_joint(entity, way[index + 1], metadata), asked.partition("[]")[0] if index == 0 else ""]
                )
            )
            step["select"] = [name for name in step["select"] if name]
        elif expand:
            step["expand"] = list(expand)
        yield step


def _typed(entity: Field, name: str) -> dict[str, str]:
    kind = entity.fields[name].kind
    return {"type": kind} if kind in {"guid", "number"} else {}


def _expanded(entity: Field) -> Iterator[str]:
    """Yield navigations behind which numbers, e-mail addresses or postal addresses are, two levels down at most."""
    found = 0
    for name, field in entity.fields.items():
        is_another = field.fields.keys() == entity.fields.keys()  # a manager, a partner: of the same type
        if not field.linked or found >= MAX_EXPANDED or is_foreign(name) or is_another:
            continue
        below = [
            f"{name}/{inner.name}" for inner in field.fields.values() if inner.linked and _has_number_or_mail(inner)
        ]
        if _has_contact_data(field) or (below and "address" in name.lower()):
            found += 1
            yield name
            if "address" in name.lower():
                yield from below[:MAX_EXPANDED]


def _has_contact_data(field: Field) -> bool:
    return _has_number_or_mail(field) or any(means(inner.name, "locality") for inner in field.fields.values())


def _has_number_or_mail(field: Field) -> bool:
    return any(
        phone_score(inner.name) or email_score(inner.name) for inner in field.fields.values() if not inner.is_section
    )


def _with_expanded(entity: Field, expand: tuple[str, ...]) -> Field:
    """Return an entity as it comes: its own properties, and what is expanded."""
    fields = {name: field for name, field in entity.fields.items() if not field.linked}
    for name in dict.fromkeys(path.split("/")[0] for path in expand):
        deeper = tuple(path.partition("/")[2] for path in expand if path.startswith(f"{name}/"))
        fields[name] = dataclasses.replace(
            _with_expanded(entity.fields[name], deeper), name=name, many=entity.fields[name].many
        )
    return section(fields, name=entity.name, many=True)
