from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Ctihub

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


@pytest.fixture
def examples(tmp_path: Path) -> list[str]:
    """Write each YAML example to the file that its first line names."""
    found = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for name, content in found:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return [name for name, _ in found]


def test_the_examples_work(examples: list[str], ctihub: Ctihub) -> None:
    """Whoever copies them gets a configuration and a mapping that pass."""
    assert ["ctihub.yaml", "mappings/crm/customer.yaml", "mappings/crm/customer.test.yaml"] == examples
    linted = ctihub("lint", environment={"CRM_TOKEN": "s3cret-token"})
    assert (0, "2 files checked, nothing wrong\n") == (linted.returncode, linted.stdout)
    tested = ctihub("test")
    assert (0, "1 passed, 0 failed\n") == (tested.returncode, tested.stdout)


def test_the_files_it_names_are_there() -> None:
    """A guide to files that were moved is worse than none."""
    named = {name for name in re.findall(r"`([\w./-]+)`", TEXT) if "/" in name and name == name.lower()}
    examples = {"mappings/crm/customer.yaml"}
    missing = [name for name in named - examples if not (ROOT / name).exists() and name != ".venv/bin/pre-commit"]
    assert not missing


def test_the_make_targets_it_names_are_there() -> None:
    """Each `make ...` in the guide."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)", TEXT)) <= targets
