"""`ctihub lint FOLDER`: the rules in a connector's quality.yaml, and whether they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli.connector_folders import HEADINGS, SYSTEM_RULES, connector_folders, folder_problems
from tests.unit.cli.conftest import Ctihub

ROOT = Path(__file__).parents[3]
PRESET = """\
kind: rest
url: https://crm.example.com
mapping: acme/customer
operations:
  by_phone: {key: phone, steps: [{name: found, path: /c, params: {p: {from: query.e164}}}]}
writes:
  note: {steps: [{name: made, method: POST, path: /n, idempotent: true, body: {a: {from: entry.note}}}]}
"""
MAPPING = (
    "source: a\nversion: 1\ntarget: customer\nfields: {id: no, name.full: a, phones: {fields: {number: b}}, tier: c}\n"
)
EXEMPT = "{exempt: the backend keeps nothing of the kind}"
DONE = ("find_by_phone", "details", "write_note", "throttling", "docs")
PAGE = "# Acme\n" + "".join(
    f"\n## {heading}\n" + ("```yaml\nconnectors:\n  a: {}\n```\n" if "configuration" in heading else "Text.\n")
    for heading in HEADINGS
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make the folder of a system in another package, as it should be."""
    system = tmp_path / "package/acme"
    (system / "mappings/acme").mkdir(parents=True)
    (system / "mappings/acme/customer.yaml").write_text(MAPPING)
    (system / "preset.yaml").write_text(PRESET)
    (system / "README.md").write_text(PAGE)
    write_rules(system)
    return system


def write_rules(folder: Path, **changes: str | None) -> None:
    rules: dict[str, str | None] = {rule: "done" if rule in DONE else EXEMPT for rule in SYSTEM_RULES}
    rules.update(changes)
    lines = [f"  {rule}: {answer}" for rule, answer in rules.items() if answer is not None]
    (folder / "quality.yaml").write_text("rules:\n" + "\n".join(lines) + "\n")


def problems(folder: Path) -> list[str]:
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in folder_problems(folder)]


def test_a_folder_as_it_should_be_passes(ctihub: Ctihub, folder: Path) -> None:
    """By itself, or with the folder of the package."""
    for path in (folder, folder.parent):
        done = ctihub("lint", str(path))
        assert (0, "1 file checked, nothing wrong\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"find_by_email": "done"}, "3:18: find_by_email: is not done: no operation of the preset has `key: email`"),
        ({"open_orders": "done"}, "6:16: open_orders: is not done: no mapping of the preset fills `orders`"),
        ({"write_case": "done"}, "10:15: write_case: is not done: the preset has no `writes: {case: ..}`"),
        ({"find_by_phone": EXEMPT}, "2:18: find_by_phone: is exempt here, but it is there: write `done`"),
        ({"open_cases": "{exempt: no}"}, "7:15: open_cases: an exemption needs its reason, in at least 20 characters"),
        ({"details": "yes"}, "5:12: details: must be `done` or {exempt: REASON}"),
        ({"details": None}, "1:1: rule 'details' is missing: done, or {exempt: ..}"),
        ({"detials": "done"}, "15:3: there is no rule 'detials' for a system; did you mean 'details'?"),
    ],
)
def test_a_rule_that_does_not_hold_is_told(folder: Path, changes: dict[str, str | None], expected: str) -> None:
    """What is done shows; what is exempt says why; no rule is left out or made up."""
    write_rules(folder, **changes)
    assert [expected] == problems(folder)


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_page_has_all_its_headings(folder: Path, heading: str) -> None:
    """Each is named that is missing."""
    (folder / "README.md").write_text(PAGE.replace(f"## {heading}", "## Other"))
    assert [f"14:9: docs: is not done: README.md has no heading `## {heading}`"] == problems(folder)


def test_a_folder_without_rules_is_told(ctihub: Ctihub, folder: Path) -> None:
    """A connector without quality.yaml answers for nothing."""
    (folder / "quality.yaml").unlink()
    done = ctihub("lint", str(folder))
    assert 1 == done.returncode
    assert f"{folder}:1:1: has no quality.yaml" in done.stdout


def test_mappings_are_no_connectors(tmp_path: Path) -> None:
    """A folder of mappings is linted as such."""
    assert [] == connector_folders(ROOT / "mappings")
    assert [] == connector_folders(tmp_path)


@pytest.mark.parametrize("folder", connector_folders(ROOT / "connectors"), ids=lambda folder: folder.name)
def test_each_shipped_connector_answers_for_its_rules(folder: Path) -> None:
    """Kinds and systems alike."""
    assert [] == problems(folder)
