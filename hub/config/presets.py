"""What is typical for a system, shipped as data: `connectors/<system>/preset.yaml`.

Where a system is reached in a second way, `preset: <system>/<way>` is `connectors/<system>/<way>.preset.yaml`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from hub.config.document import read_document
from hub.config.wording import nearest

PRESETS = Path(__file__).resolve().parents[2] / "connectors"

_SUFFIX = ".preset.yaml"


def preset_names() -> list[str]:
    first = [file.parent.name for file in PRESETS.glob("*/preset.yaml")]
    further = [f"{file.parent.name}/{file.name.removesuffix(_SUFFIX)}" for file in PRESETS.glob(f"*/*{_SUFFIX}")]
    return sorted(first + further)


def preset_file(name: str) -> Path:
    """Return where the preset of that name is, whether it is there or not."""
    system, _, way = name.partition("/")
    return PRESETS / system / (f"{way}{_SUFFIX}" if way else "preset.yaml")


@lru_cache(maxsize=32)
def load_preset(name: str) -> dict[str, Any]:
    """Return a preset's keys. Raises ValueError for a name that is not shipped."""
    known = preset_names()
    if name not in known:
        raise ValueError(f"no preset is named {name!r}{nearest(name, known)}")
    data = read_document(preset_file(name)).data
    if not isinstance(data, dict):
        raise ValueError(f"the preset {name!r} is not a section of keys")  # noqa: TRY004 - pydantic reports ValueError
    return data


def with_preset(data: dict[str, Any]) -> dict[str, Any]:
    """Fill in what the preset gives; the site's own keys win, operations, headers, params and settings name by name.

    `NAME: null` takes one of the preset's out, as a kind of `writes` that the site does not have.
    """
    preset = load_preset(data["preset"])
    if preset.get("kind") != data.get("kind"):
        raise ValueError(
            f"the preset {data['preset']!r} is of kind {preset.get('kind')!r}: write kind: {preset.get('kind')}"
        )
    merged = {**preset, **data}
    for key in ("operations", "writes", "headers", "params", "settings"):
        if isinstance(preset.get(key), dict) and isinstance(data.get(key), dict):
            merged[key] = {name: value for name, value in {**preset[key], **data[key]}.items() if value is not None}
    return merged
