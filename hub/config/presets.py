"""What is typical for a system, shipped as data: `connectors/presets/<system>.yaml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from hub.config.document import read_document
from hub.config.wording import nearest

PRESETS = Path(__file__).resolve().parents[2] / "connectors" / "presets"


def preset_names() -> list[str]:
    return sorted(file.stem for file in PRESETS.glob("*.yaml"))


@lru_cache(maxsize=32)
def load_preset(name: str) -> dict[str, Any]:
    """Return a preset's keys. Raises ValueError for a name that is not shipped."""
    known = preset_names()
    if name not in known:
        raise ValueError(f"no preset is named {name!r}{nearest(name, known)}")
    data = read_document(PRESETS / f"{name}.yaml").data
    if not isinstance(data, dict):
        raise ValueError(f"the preset {name!r} is not a section of keys")  # noqa: TRY004 - pydantic reports ValueError
    return data


def with_preset(data: dict[str, Any]) -> dict[str, Any]:
    """Fill in what the preset gives; the site's own keys win, operations, headers and params name by name."""
    preset = load_preset(data["preset"])
    if preset.get("kind") != data.get("kind"):
        raise ValueError(
            f"the preset {data['preset']!r} is of kind {preset.get('kind')!r}: write kind: {preset.get('kind')}"
        )
    merged = {**preset, **data}
    for key in ("operations", "headers", "params"):
        if isinstance(preset.get(key), dict) and isinstance(data.get(key), dict):
            merged[key] = {**preset[key], **data[key]}
    return merged
