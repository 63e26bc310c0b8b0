"""Which events a backend is given: the rules of its configuration, compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from hub.config.outbound import OutboundRule, Scalar
from hub.domain.call import Call, CallEvent, CallEventKind
from hub.domain.call_activity import was_rung_into_another
from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.event import Event, EventData, EventType, is_wrap_up
from hub.domain.interaction import Interaction
from hub.domain.path import Path
from hub.domain.writeback import WriteKind
from hub.mapping.mapping import Mapping
from hub.outbound.plain import plain

LoadMapping = Callable[[str], Mapping]


class Condition:
    """What stands at a path is one of these values; what is not there is the empty text."""

    def __init__(self, path: str, wanted: Scalar | tuple[Scalar, ...]) -> None:
        self._path = Path(path)
        self._wanted = wanted if isinstance(wanted, tuple) else (wanted,)

    def holds(self, data: Any, *, is_open: bool = False) -> bool:
        """Whether it is so; while the matter `is_open`, what is not there yet may still become so."""
        found = [value for value in self._path.read_all(data) if value != ""]
        if not found:
            return is_open or "" in self._wanted
        return any(_same(value, wanted) for value in found for wanted in self._wanted)


class Rule:
    """One rule: `types` are looked at before an event is even decoded."""

    def __init__(self, section: OutboundRule, mapping: Mapping | None) -> None:
        self.types = section.types
        self.kind = section.write
        self.mapping = mapping
        self.without_customer = section.without_customer == "write"
        self.purpose = section.purpose
        self._conditions = [Condition(path, wanted) for path, wanted in section.when.items()]

    def fits(self, kind: EventType, data: Any, *, is_open: bool = False) -> bool:
        """Whether an event of that type with that data (as made by `plain`) is to be written."""
        return kind in self.types and all(one.holds(data, is_open=is_open) for one in self._conditions)


class Rules:
    """All rules of one backend, in their order."""

    def __init__(self, connector: str, rules: Sequence[Rule]) -> None:
        self._connector = connector
        self._rules = rules
        self.types: frozenset[str] = frozenset(kind for rule in rules for kind in rule.types)

    @classmethod
    def compiled(cls, connector: str, sections: Iterable[OutboundRule], load: LoadMapping) -> Rules:
        """Compile them. Raises MappingError."""
        return cls(connector, [Rule(one, load(one.mapping) if one.mapping else None) for one in sections])

    def fitting(self, event: Event) -> Sequence[Rule]:
        """Return the rules by which the event is to be written: of each kind of thing the first that fits."""
        if event.type not in self.types or is_echo(event, self._connector) or _has_its_own_way(event):
            return ()
        data = plain(event.data)
        first: dict[WriteKind, Rule] = {}
        for rule in self._rules:
            if rule.kind not in first and rule.fits(event.type, data):
                first[rule.kind] = rule
        return tuple(first.values())

    def writes_activity_of(self, call: Call, *, is_over: bool) -> bool:
        """Whether a call's activity is written by a rule once it is over; before that, whether it may yet be."""
        if not is_over:
            call = msgspec.structs.replace(call, outcome=None, cause=None, ended_at=None, hangup_code=None)
        happened = CallEvent(kind=CallEventKind.CLEARED, time=call.started_at, call=call)
        data = plain(happened)
        return any(
            rule.kind is WriteKind.ACTIVITY and rule.fits(EventType.CALL_CLEARED, data, is_open=not is_over)
            for rule in self._rules
        )


def is_echo(event: Event, connector: str) -> bool:
    """Whether the backend itself has brought this: it is not told what it said."""
    return connector in {event.source.removeprefix("/feed/"), _system(event.data)}


def _system(data: EventData) -> str:
    match data:
        case Interaction(source=system) | OrderChange(system=system) | CaseChange(system=system):
            return system
        case CustomerChange(customer=customer):
            return customer.system
        case _:
            return ""


def _has_its_own_way(event: Event) -> bool:
    """Whether it is what an agent wrote down, which goes to backends without a rule, or the end of a call's part."""
    match event.data:
        case CallEvent(kind=CallEventKind.CLEARED, call=call):
            return was_rung_into_another(call)
        case _:
            return is_wrap_up(event)


def _same(value: Any, wanted: Scalar) -> bool:
    """Compare as YAML means it: true is not 1, and "1" is neither."""
    return isinstance(value, bool) is isinstance(wanted, bool) and bool(value == wanted)
