"""Rules of proposals on the command line: as mappings are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import CONFIG, Ctihub
from tests.unit.context.anticipation.test_rule_files import CASES, RULE


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    """Write a rule of the site's own with its cases, and a configuration beside it."""
    file = tmp_path / "mappings" / "anticipation" / "own.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(RULE)
    file.with_suffix(".test.yaml").write_text(CASES)
    (tmp_path / "ctihub.yaml").write_text(CONFIG)
    return file


def test_lint_tells_a_mistake_in_a_rule(ctihub: Ctihub, rule: Path) -> None:
    """With the configuration that has it on, and by itself; its tests are looked at, too."""
    assert 0 == ctihub("lint").returncode
    rule.write_text(RULE.replace("customer.tier: Gold", "customer.teir: Gold"))
    told = "own.yaml:6:3: there is no fact 'customer.teir'; did you mean 'tier'?"
    for words in ([], ["mappings"]):
        done = ctihub("lint", *words)
        assert (1, 1) == (done.returncode, done.stdout.count(told))
    rule.write_text(RULE)
    rule.with_suffix(".test.yaml").write_text(CASES.replace("expect:", "expects:"))
    assert "own.test.yaml:5:5: unknown key 'expects'" in ctihub("lint", "mappings").stdout


@pytest.mark.parametrize(("target", "told"), [("proposl", "3:9: must be 'proposal'"), ("", "key 'target' is missing")])
def test_a_rule_is_known_by_its_folder(ctihub: Ctihub, rule: Path, target: str, told: str) -> None:
    """One that does not say what it is, or says it wrongly, is told that, and not what it lacks as a mapping."""
    rule.write_text(RULE.replace("target: proposal\n", f"target: {target}\n" if target else ""))
    for verb in ("lint", "test"):
        done = ctihub(verb)
        [line] = [line for line in done.stdout.splitlines() if "own.yaml" in line]
        assert (1, True) == (done.returncode, told in line)


def test_lint_tells_a_rule_that_is_not_there(ctihub: Ctihub, rule: Path, tmp_path: Path) -> None:
    """At its place in the configuration; the hub does not start with it."""
    assert rule.is_file()
    (tmp_path / "ctihub.yaml").write_text(f"{CONFIG}context:\n  anticipation:\n    rules: [own, onw]\n")
    done = ctihub("lint")
    assert (1, "ctihub.yaml:8:18: there is no rule 'onw'; did you mean 'own'?\n") == (done.returncode, done.stdout)
    refused = ctihub("run")
    assert (2, True) == (refused.returncode, "there is no rule 'onw'" in refused.stderr)


def test_cases_are_run(ctihub: Ctihub, rule: Path) -> None:
    """Passed and failed are counted together with those of mappings; a rule without cases has failed."""
    assert "1 passed, 0 failed\n" == ctihub("test").stdout
    rule.with_suffix(".test.yaml").write_text(CASES.replace("Thank Petra", "Thanks"))
    failed = ctihub("test", "mappings/anticipation/own.yaml")
    assert 1 == failed.returncode
    assert failed.stdout.startswith(
        "mappings/anticipation/own.test.yaml:2:5: case 'a golden one'\n  [0].text.en: expected"
    )
    rule.with_suffix(".test.yaml").unlink()
    assert "has no tests: write own.test.yaml beside it" in ctihub("test").stdout


def test_the_list_has_them(ctihub: Ctihub, rule: Path) -> None:
    """With whose they are."""
    assert rule.is_file()
    lines = [line.strip() for line in ctihub("list", "mappings").stdout.splitlines()]
    assert "anticipation/own: the site's own" in lines
    assert "anticipation/do_not_sell: shipped with ctihub" in lines
