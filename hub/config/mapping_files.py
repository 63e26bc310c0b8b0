"""Where mapping files are looked for: the site's own folders first, then those that ctihub ships."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "mappings"

MAX_NAME = 200
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


def find_mapping(name: str, folders: Iterable[str | Path]) -> Path | None:
    """Return the file of the mapping `name` ("sap/business_partner"), or None. Never leaves the folders."""
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        return None
    for folder in (*folders, SHIPPED):
        path = Path(folder) / f"{name}.yaml"
        if path.is_file():
            return path
    return None


def mapping_names(folders: Iterable[str | Path]) -> list[str]:
    """Return the names of all mappings there are."""
    names = {
        path.relative_to(folder).with_suffix("").as_posix()
        for folder in map(Path, (*folders, SHIPPED))
        if folder.is_dir()
        for path in folder.rglob("*.yaml")
        if not path.name.endswith(".test.yaml")
    }
    return sorted(names)
