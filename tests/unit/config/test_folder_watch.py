"""What a configuration can't say of a watched folder, told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.conftest import MINIMAL, Load, Problems


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ('pattern: "orders/*.csv"', "`pattern` is about the names of files in `path` itself: no /"),
        ("marker: done/x", "`marker` is about the names of files in `path` itself: no /"),
        ("done: .", "`done` has to be another folder than `path`: its files would be new again"),
        ("failed: ../in", "`failed` has to be another folder than `path`: its files would be new again"),
        ("failed: ./done", "`done` and `failed` have to be two folders"),
    ],
)
def test_what_can_not_be_meant(problems: Problems, tmp_path: Path, settings: str, expected: str) -> None:
    """Each at its key."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/orders.yaml").write_text("x: 1\n")
    text = MINIMAL + f"inbound:\n  erp: {{mapping: orders, folder: {{path: in, {settings}}}}}\n"
    (told,) = problems(text)
    assert told.endswith(expected)
    assert told.startswith("7:")


def test_paths_are_taken_from_the_configurations_folder(load: Load, tmp_path: Path) -> None:
    """As everywhere; `done` and `failed` are below the folder unless said."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/orders.yaml").write_text("x: 1\n")
    feed = load(MINIMAL + "inbound:\n  erp: {mapping: orders, folder: {path: in}}\n").inbound["erp"]
    assert feed.folder is not None
    assert (str(tmp_path / "in"), "done", "failed") == (feed.folder.path, feed.folder.done, feed.folder.failed)
