"""Which events somebody wants to see."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

_PHONE = re.compile(r"\+[1-9]\d{6,14}")


@dataclasses.dataclass(frozen=True, slots=True)
class TappedEvent:
    """One event: its CloudEvent as it came, and decoded."""

    raw: str
    document: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class EventFilter:
    """`types` may end in *; what is empty is not asked for; `phone` is in E.164."""

    types: tuple[str, ...] = ()
    call: str = ""
    phone: str = ""
    pbx: str = ""

    @property
    def prefixes(self) -> str:
        """What the hub is told: the beginnings of the types, separated by commas."""
        return ",".join(one.rstrip("*") for one in self.types)

    def fits(self, event: TappedEvent) -> bool:
        """Whether all that is asked for fits; an unknown place never does."""
        document = event.document
        kind = str(document.get("type", ""))
        if self.types and not any(_fits_type(kind, one) for one in self.types):
            return False
        if self.call and self.call not in _ids(document):
            return False
        if self.pbx and self.pbx not in _pbxs(document):
            return False
        return not self.phone or self.phone in _numbers(document)


def _fits_type(kind: str, wanted: str) -> bool:
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted


def _ids(document: dict[str, Any]) -> set[str]:
    data = document.get("data")
    below = data if isinstance(data, dict) else {}
    call = below.get("call")
    named = [document.get("subject"), document.get("partitionkey"), below.get("call_id")]
    if isinstance(call, dict):
        named.append(call.get("id"))
    return {one for one in named if isinstance(one, str)}


def _pbxs(document: dict[str, Any]) -> set[str]:
    """Return the PBXs of an event: a call that goes from one to another is of both."""
    data = document.get("data")
    below = data if isinstance(data, dict) else {}
    call = below.get("call") if isinstance(below.get("call"), dict) else {}
    connections = call.get("connections") if isinstance(call, dict) else None
    named = [str(document.get("source", "")).removeprefix("/pbx/"), below.get("pbx"), (call or {}).get("pbx")]
    named += [one.get("pbx") for one in connections or () if isinstance(one, dict)]
    return {one for one in named if isinstance(one, str) and one}


def _numbers(node: Any) -> set[str]:
    """Return every E.164 number that stands by itself in an event, at any depth."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, str) and _PHONE.fullmatch(one.removeprefix("tel:")):
            found.add(one.removeprefix("tel:"))
    return found
