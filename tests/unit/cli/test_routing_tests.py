"""`ctihub test` runs the cases of the routing rules, without a secret and without a PBX."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import CONFIG, Ctihub

RULES = """\
routing:
  rules:
    - name: gold
      when: {customer.tier: Gold}
      then: {queue: vip, priority: 10, agent: [last_agent, alice]}
"""
CASES = """\
cases:
  - name: gold goes ahead
    facts: {customer: {tier: gold, extra: {sap.x: "1"}}, queue: support}
    expect: {queue: vip, priority: 10, agent: alice, rules: [gold], variables: {CTI_AGENT_DEVICE: PJSIP/1001}}
  - name: others wait
    facts: {customer: {tier: Silver}, queue: support, status: timeout}
    expect: {queue: support, priority: 0, agent: "", rules: []}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Have a configuration with rules, and no mappings but an empty folder."""
    (tmp_path / "ctihub.yaml").write_text(CONFIG + RULES)
    (tmp_path / "mappings").mkdir()
    return tmp_path


def test_cases_that_pass_are_counted(ctihub: Ctihub, folder: Path) -> None:
    """Found beside the configuration, or named."""
    (folder / "routing.test.yaml").write_text(CASES)
    for words in ([], ["routing.test.yaml"]):
        done = ctihub("test", *words)
        assert (0, "2 passed, 0 failed\n") == (done.returncode, done.stdout)


def test_a_case_that_fails_is_told_with_its_place(ctihub: Ctihub, folder: Path) -> None:
    """And with what differs, each thing in a line of its own."""
    cases = CASES.replace("priority: 0", "priority: 3").replace("queue: vip, p", "queue: gold, p")
    (folder / "routing.test.yaml").write_text(cases)
    done = ctihub("test")
    assert 1 == done.returncode
    assert [
        "routing.test.yaml:2:5: case 'gold goes ahead'",
        "  queue: expected 'gold', got 'vip'",
        "routing.test.yaml:5:5: case 'others wait'",
        "  priority: expected 3, got 0",
        "0 passed, 2 failed",
    ] == done.stdout.splitlines()


def test_who_is_ready_is_a_matter_of_the_case(ctihub: Ctihub, folder: Path) -> None:
    """Nobody who is not ready is offered."""
    ready = CASES.replace(
        "queue: support}\n    expect: {queue: vip", "queue: support}\n    ready: []\n    expect: {queue: vip"
    )
    (folder / "routing.test.yaml").write_text(ready)
    assert "agent: expected 'alice', got ''" in ctihub("test").stdout


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("tier: gold", "teir: gold", "3:24: there is no fact 'customer.teir'; did you mean 'tier'?"),
        ("queue: support}", "ready: [a]}", "3:58: there is no fact 'ready'"),
        ("priority: 10", "priorty: 10", "4:26: unknown key 'priorty'; did you mean 'priority'?"),
        ("status: timeout", "status: late", "6:12: Invalid enum value 'late'"),
        ("priority: 10", "priority: ten", "4:26: must be a whole number"),
        ("  - name: others wait\n", "  - title: others wait\n", "5:5: key 'name' is missing"),
    ],
)
def test_a_case_that_can_not_be_meant(ctihub: Ctihub, folder: Path, before: str, after: str, problem: str) -> None:
    """A fact that there isn't would test nothing: it is told as a mistake, with its place."""
    (folder / "routing.test.yaml").write_text(CASES.replace(before, after, 1))
    done = ctihub("test")
    assert 1 == done.returncode
    assert any(line.startswith(f"routing.test.yaml:{problem}") for line in done.stdout.splitlines()), done.stdout


def test_without_rules_there_is_nothing_to_test(ctihub: Ctihub, folder: Path) -> None:
    """The configuration is the one beside the cases."""
    (folder / "routing.test.yaml").write_text(CASES)
    (folder / "ctihub.yaml").write_text(CONFIG)
    assert "ctihub.yaml:1:1: has no `routing:` for routing.test.yaml to test" in ctihub("test").stdout


def test_rules_that_are_wrong_are_linted_first(ctihub: Ctihub, folder: Path) -> None:
    """`ctihub lint` has the place and the words for each mistake."""
    (folder / "routing.test.yaml").write_text(CASES)
    (folder / "ctihub.yaml").write_text((CONFIG + RULES).replace("customer.tier", "customer.teir"))
    assert "ctihub.yaml:6:1: the rules can't be used: `ctihub lint` tells" in ctihub("test").stdout
