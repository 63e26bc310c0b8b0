"""The schemas of events as they were published, in `hub/domain/schemas/`, beside those that the types make now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from hub.domain.data_schema import data_schema, file_name
from hub.domain.event import SCHEMA_VERSIONS, EventType, data_type_of, dataschema
from tests.schemas.compatibility import Change, changes

FOLDER = Path(__file__).parents[2] / "hub/domain/schemas"
TYPES = "types.json"
"""Which schema each type of event has."""


class Published(NamedTuple):
    """One file: its text as it should be now, and as it was published; None where it is new."""

    file: Path
    now: str
    before: str | None

    @property
    def changes(self) -> list[Change]:
        """What is different for who reads events."""
        if self.before is None:
            return []
        if self.file.name == TYPES:
            return _types_changes(json.loads(self.before), json.loads(self.now))
        return changes(json.loads(self.before), json.loads(self.now))

    @property
    def breaking(self) -> list[str]:
        return [f"{self.file.name}: {change}" for change in self.changes if change.breaks]


def published(folder: Path = FOLDER) -> list[Published]:
    """Return each file, as it is and as it should be."""
    wanted: dict[str, Any] = {file_name(kind): data_schema(kind) for kind in SCHEMA_VERSIONS}
    wanted[TYPES] = {str(kind): dataschema(data_type_of(kind)) for kind in sorted(EventType)}
    found = []
    for name, document in wanted.items():
        file = folder / name
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        found.append(Published(file, text, file.read_text() if file.exists() else None))
    return found


def _types_changes(before: dict[str, str], now: dict[str, str]) -> list[Change]:
    found = [Change(kind, "the type of event is gone", breaks=True) for kind in before if kind not in now]
    for kind, schema in now.items():
        if kind not in before:
            found.append(Change(kind, "the type of event is new", breaks=False))
        elif before[kind] != schema:
            is_raised = before[kind].rpartition(":")[0] == schema.rpartition(":")[0]
            found.append(Change(kind, f"its data has schema {schema}, not {before[kind]}", breaks=not is_raised))
    return found


def advice(breaking: list[str]) -> str:
    """Say what breaks whoever reads events, and what there is to do."""
    return "\n".join(
        (
            "These changes break who reads events:",
            *(f"  {one}" for one in breaking),
            "Keep what was there (a new field may stand beside it), or raise the major version of the data in",
            "SCHEMA_VERSIONS (hub/domain/event.py), which readers see as `dataschema`; then: make schemas",
        )
    )
