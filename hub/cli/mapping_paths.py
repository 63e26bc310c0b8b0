"""Mapping files named on the command line: single ones, or all in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from hub.cli.outcome import CannotRunError

_TEST = ".test.yaml"


def mapping_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the mapping files in `paths`, each once; a file of tests stands for its mapping."""
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise CannotRunError(f"{path}: there is no such file or folder")
        found = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        for file in found:
            mapping = file.with_name(file.name.removesuffix(_TEST) + ".yaml") if file.name.endswith(_TEST) else file
            if mapping not in seen:
                seen.add(mapping)
                yield mapping
