"""The rules of identity in the configuration: what is wrong is told with its place, what is right counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.identity import DEFAULT_RULES, IdentityRule, IdentitySection
from hub.config.load import load_config
from hub.config.problem import ConfigError
from hub.domain.identity import Sign

HEAD = """\
hub: {region: DE}
pbx:
  main: {host: 127.0.0.1, username: hub, secret: s3cret-ami}
context:
  identity:
"""


def test_the_rules_need_no_configuration() -> None:
    """Every sign is in one of them, none of their names is there twice, and a wrong merge costs ten misses."""
    assert set(Sign) == {sign for rule in DEFAULT_RULES for sign in rule.signs}
    assert len(DEFAULT_RULES) == len({rule.name for rule in DEFAULT_RULES})
    assert IdentitySection().same >= 10 / 11
    assert DEFAULT_RULES == IdentitySection().all_rules


def test_a_sites_rules_are_laid_over_the_others() -> None:
    """One of the same name takes that one's place and stays about the same; a new one goes before all."""
    own = IdentityRule(name="email", signs=(Sign.EMAIL,), adds=10)
    new = IdentityRule(name="card", about="id", signs=(Sign.ID, Sign.NAME_SAME), adds=90)
    rules = IdentitySection(rules=(own, new)).all_rules
    assert ["card", "external id"] == [rule.name for rule in rules[:2]]
    [email] = [rule for rule in rules if rule.name == "email"]
    assert (10, "email") == (email.adds, email.topic)
    assert len(DEFAULT_RULES) + 1 == len(rules)


@pytest.mark.parametrize(
    ("lines", "place", "message"),
    [
        ("    same: 0.4", "6:11", "more than 0.5"),
        ("    maybe: 0.95", "6:5", "must be less than `same`, which is 0.92"),
        ('    shared_numbers: ["0711 4711"]', "6:22", "a number in international form"),
        ("    rules:\n      - {name: mail, signs: [emial], adds: 3}", "7:30", "did you mean 'email'?"),
        ("    rules:\n      - {name: mail, signs: [email], adds: 201}", "7:44", "at most 200"),
        (
            "    rules:\n      - {name: house, about: adress, signs: [address], adds: 3}",
            "7:23",
            "no other rule is about 'adress'; did you mean 'address'?",
        ),
        ("    rules:\n      - {name: mail, signs: [], adds: 3}", "7:29", "must not be empty"),
        (
            "    rules:\n      - {name: mail, signs: [email], adds: 3}\n      - {name: mail, signs: [phone], adds: 4}",
            "8:10",
            "two rules are called 'mail'",
        ),
        ("    rules:\n      - {name: mail, sign: [email], adds: 3}", "7:22", "unknown key"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, lines: str, place: str, message: str) -> None:
    """File, line and column of the very value."""
    path = tmp_path / "ctihub.yaml"
    path.write_text(HEAD + lines + "\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    told = [str(problem) for problem in caught.value.problems]
    assert [True] == [f"{path}:{place}: " in one and message in one for one in told], told


def test_the_page_for_integrators_lists_the_rules_as_they_count() -> None:
    """With what each is about, its signs and what it adds."""
    page = (Path(__file__).parents[3] / "hub/context/README.md").read_text(encoding="utf-8")
    for rule in DEFAULT_RULES:
        signs = ", ".join(f"`{sign.value}`" for sign in rule.signs)
        assert f"| {rule.topic} | {rule.name} | {signs} | {rule.adds:+g} |" in page
