"""Whether a site's own fields (`extra.<field>`) that the configuration speaks of are filled by a mapping.

Nothing else would tell: a field that is misspelt under `context.privacy` is hidden from nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.config.document import Document, KeyPath, read_document
from hub.config.mapping_files import find_mapping
from hub.config.model import Config
from hub.config.problem import ConfigError, Problem
from hub.config.wording import nearest

_EXTRA = "extra."


def extra_problems(config: Config, file: Path) -> list[Problem]:
    """Return the fields under `context.merge` and `context.privacy` that no mapping of `config` fills."""
    names: list[tuple[KeyPath, str]] = [
        *((("context", "merge", "fields", name), name) for name in config.context.merge.fields),
        *((("context", "privacy", "fields", name), name) for name in config.context.privacy.fields),
    ]
    if not any(name.startswith(_EXTRA) for _, name in names):
        return []
    filled = _filled(config)
    return list(_problems(read_document(file), names, filled)) if filled is not None else []


def _problems(document: Document, names: list[tuple[KeyPath, str]], filled: dict[str, set[str]]) -> Iterator[Problem]:
    whole = {f"{_EXTRA}{system}.{field}" for system, fields in filled.items() for field in fields}
    short = {f"{_EXTRA}{field}" for fields in filled.values() for field in fields}
    systems = {f"{_EXTRA}{system}" for system in filled}
    for path, name in names:
        # Which system's it is, is all that precedence is about; of privacy, a field has a purpose in any of them.
        known = whole | (systems if path[1] == "merge" else short)
        if name.startswith(_EXTRA) and name not in known:
            message = f"no mapping fills {name!r}{nearest(name, sorted(known))}"
            yield document.problem(document.key_place(path), message)


def _filled(config: Config) -> dict[str, set[str]] | None:
    """Return the own fields of each system's customers; None where some come without a mapping that can be read."""
    sources: list[tuple[str, str]] = []
    for name, connector in config.connectors.items():
        mappings = [connector.mapping, *(steps.mapping for steps in connector.lookups.values())]
        sources += [(name, mapping) for mapping in mappings if mapping]
        if not any(mappings):
            return None
    for name, feed in config.inbound.items():
        if feed.mapping:
            sources.append((feed.system or name, feed.mapping))
        elif feed.soap is not None:
            return None  # the hub's own messages: what stands in them is the sender's to say
    filled: dict[str, set[str]] = {}
    for system, mapping in sources:
        file = find_mapping(mapping, config.hub.mappings)
        try:
            data: Any = read_document(file).data if file else None
        except ConfigError:
            data = None
        if not isinstance(data, dict) or not isinstance(data.get("fields"), dict):
            return None
        fields = filled.setdefault(system, set())
        if data.get("target") == "customer":
            own = data["fields"].get("extra")
            fields.update(own if isinstance(own, dict) else ())
            fields.update(key.removeprefix(_EXTRA) for key in data["fields"] if key.startswith(_EXTRA))
    return filled
