"""Whether what the mapping of an outbound rule reads is in one of the events that the rule is `on`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from hub.config.document import Place, read_document
from hub.config.outbound import OutboundRule
from hub.config.problem import Problem
from hub.domain.event import Event, data_type_of
from hub.domain.fields import has_names
from hub.mapping.sources import sources_of


def rule_problems(
    rule: OutboundRule, mapping: Path, problem: Callable[[Place, str], Problem], place: Place
) -> Iterator[Problem]:
    """Find paths of a rule's mapping (one that loads) that none of its events has; `place` is where it is named."""
    for source in sources_of(read_document(mapping)):
        names = source.names
        if not names or _is_there(names, rule):
            continue
        message = (
            f"mapping {rule.mapping!r} reads {source.path!r} for the field {source.field!r}, but no event that "
            "the rule is `on` has that: see `ctihub schema events`"
        )
        yield problem(place, message)


def _is_there(names: tuple[str, ...], rule: OutboundRule) -> bool:
    if names[0] != "data":
        return len(names) == 1 and names[0] in Event.__struct_fields__
    return any(has_names(data_type_of(kind), names[1:]) for kind in rule.types)
