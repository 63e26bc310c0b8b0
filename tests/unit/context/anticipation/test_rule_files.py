"""Files of rules: those that are shipped, a site's own, and every mistake told at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.anticipation import AnticipationSection, is_rule_file, load_rules, rule_names
from hub.config.mapping_files import SHIPPED
from hub.config.problem import ConfigError
from hub.context.anticipation.testing import run_rule_tests

RULES = sorted(file for file in (SHIPPED / "anticipation").glob("*.yaml") if not file.name.endswith(".test.yaml"))
RULE = """\
rule: Who has been a customer for long
version: 1
target: proposal
kind: offer
when:
  customer.tier: Gold
text: {en: Thank {customer.name}}
reason: {en: "Tier {customer.tier}"}
""".replace("{en: Thank {customer.name}}", '{en: "Thank {customer.name}"}')
CASES = """\
cases:
  - name: a golden one
    today: "2026-03-02"
    customer: {tier: gold, name: Petra}
    expect: [{kind: offer, text: {en: Thank Petra}}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a rule of the site's own, with a case."""
    own = tmp_path / "anticipation" / "own.yaml"
    own.parent.mkdir()
    own.write_text(RULE)
    own.with_suffix(".test.yaml").write_text(CASES)
    return own


@pytest.mark.parametrize("shipped", RULES, ids=lambda file: file.stem)
def test_shipped_rules_pass_their_tests(shipped: Path) -> None:
    """Each has cases beside it, and speaks the languages of the desk."""
    results = run_rule_tests(shipped)
    assert [] == [str(result.problem) for result in results if result.problem]
    assert len(results) >= 1
    assert is_rule_file(shipped)
    (rule,) = load_rules(AnticipationSection(rules=(shipped.stem,)), []).values()
    assert {"en", "zh"} <= rule.text.keys()


def test_a_sites_own_rules_are_on_and_win(tmp_path: Path, file: Path) -> None:
    """Unless the configuration names those that are on, in its order."""
    assert file.is_relative_to(tmp_path)
    (tmp_path / "anticipation" / "warranty_ends.yaml").write_text(RULE)
    rules = load_rules(AnticipationSection(), [tmp_path])
    assert {"own", "warranty_ends", "do_not_sell"} <= rules.keys()
    assert rules["own"] == rules["warranty_ends"]
    section = AnticipationSection(rules=("warranty_ends", "own"))
    assert ["warranty_ends", "own"] == list(load_rules(section, [tmp_path])) == rule_names(section, [tmp_path])


def test_a_rule_that_is_not_there_is_told(file: Path) -> None:
    """With the name that may be meant."""
    with pytest.raises(ConfigError, match="there is no rule 'onw'; did you mean 'own'"):
        load_rules(AnticipationSection(rules=("onw",)), [file.parent.parent])


@pytest.mark.parametrize(
    ("was", "becomes", "place", "reason"),
    [
        ("kind: offer", "kind: offre", "4:7", "must be one of 'stop', 'attention', 'offer'"),
        ("kind: offer", "kind: offer\neach: order", "5:7", "must be one of 'consents'"),
        ("customer.tier: Gold", "customer.teir: Gold", "6:3", "there is no fact 'customer.teir'; did you mean 'tier'?"),
        ("customer.tier: Gold", "item.id: 1", "6:3", "there is no fact 'item'"),
        ("customer.tier: Gold", "customer.tier: {within: 3}", "6:19", "unknown comparison 'within'"),
        ("customer.tier: Gold", "customer.birth_date: {within_days: -1}", "6:25", "at least 0"),
        ("customer.tier: Gold", "expr: 'customer.tier =='", "6:3", "not a JMESPath expression"),
        ("{customer.name}", "{customer.nmae}", "7:8", "did you mean 'name'?"),
        ("{customer.name}", "{customer.name", "7:8", "a { begins the path of a fact"),
        ("{customer.name}", "[{customer.name}", "7:8", "there is no ] behind it"),
        ("{customer.name}", "{customer.name}]", "7:8", "there is no [ before it"),
        ("{customer.name}", "{customer.name}[ !]", "7:8", "a fact in it is not known: there is none in it"),
        ("{customer.name}", "[{customer.nmae}]", "7:8", "did you mean 'name'?"),
        ('{en: "Thank', '{zh: "Thank', "7:7", "in English (en) at least"),
        ('{en: "Tier', '{zh: x, en: "Tier', "8:1", "zh is not"),
        ("version: 1\n", "", "1:1", "key 'version' is missing"),
        ("version: 1", "version: 1\nwehn: {}", "3:1", "unknown key 'wehn'; did you mean 'when'?"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_place(file: Path, was: str, becomes: str, place: str, reason: str) -> None:
    """Line and column, what is wrong, and what may be meant."""
    assert was in RULE
    file.write_text(RULE.replace(was, becomes))
    with pytest.raises(ConfigError) as caught:
        run_rule_tests(file)
    told = [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]
    assert [one for one in told if one.startswith(f"{place}: ") and reason in one], told


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("Thank Petra", "Thanks", "text.en: expected 'Thanks', got 'Thank Petra'"),
        ("kind: offer", "kind: stop", "kind: expected stop, got offer"),
        ("tier: gold", "tier: silver", "expected 1 proposals, got 0: none"),
        ("{kind: offer,", "{kind: offer, about: x,", "about: expected 'x', got ''"),
    ],
)
def test_what_differs_is_told(file: Path, was: str, becomes: str, told: str) -> None:
    """At the place of the case."""
    file.with_suffix(".test.yaml").write_text(CASES.replace(was, becomes))
    (result,) = run_rule_tests(file)
    assert result.problem is not None
    assert (2, 5) == (result.problem.line, result.problem.column)
    assert told in result.problem.message


@pytest.mark.parametrize(
    ("was", "becomes", "place", "reason"),
    [
        ("tier: gold", "teir: gold", "4:16", "there is no fact 'teir'; did you mean 'tier'?"),
        ("tier: gold", "cases: [{nr: 1}]", "4:25", "there is no fact 'cases.nr'"),
        ("tier: gold", "cases: [{subject: x}]", "4:15", "missing required field `id`"),
        ('"2026-03-02"', "soon", "3:12", "must be a day"),
        ("expect:", "expects:", "5:5", "unknown key 'expects'; did you mean 'expect'?"),
    ],
)
def test_a_case_that_tests_nothing_is_told(file: Path, was: str, becomes: str, place: str, reason: str) -> None:
    """What it names has to be there."""
    tests = file.with_suffix(".test.yaml")
    tests.write_text(CASES.replace(was, becomes))
    with pytest.raises(ConfigError) as caught:
        run_rule_tests(file)
    told = [str(problem).removeprefix(f"{tests}:") for problem in caught.value.problems]
    assert [one for one in told if one.startswith(f"{place}: ") and reason in one], told
