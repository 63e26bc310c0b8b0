"""What the page on routing shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.config.conditions import Comparison
from hub.config.routing import DEFAULT_VARIABLES, OWN_VARIABLES, Outcome, RoutingSection
from hub.domain.routing import CustomerFacts, Decision, Facts
from tests.unit.cli.conftest import CONFIG, Ctihub

PAGE = Path(__file__).parents[3] / "hub/telephony/fastagi/README.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_rules_that_are_shown_pass_lint(ctihub: Ctihub, tmp_path: Path) -> None:
    """Added to any configuration; and what is shown as their test passes."""
    rules, cases = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    (tmp_path / "ctihub.yaml").write_text(f"{CONFIG}\n{rules}", encoding="utf-8")
    linted = ctihub("lint", environment={"AMI_SECRET": "s3cret-ami"})
    assert (0, "1 file checked, nothing wrong\n") == (linted.returncode, linted.stdout)
    (tmp_path / "routing.test.yaml").write_text(cases, encoding="utf-8")
    tested = ctihub("test", "routing.test.yaml")
    assert (0, "1 passed, 0 failed\n") == (tested.returncode, tested.stdout)


@pytest.mark.parametrize(
    "name",
    [
        *Facts.__struct_fields__,
        *CustomerFacts.__struct_fields__,
        *(name for name in Decision.__struct_fields__ if name != "rules"),
        *(name for name in Comparison.model_fields if name != "eq"),  # `FACT: value` says it
        *Outcome.model_fields,
        *DEFAULT_VARIABLES,
        *OWN_VARIABLES,
        *RoutingSection.model_fields,
    ],
)
def test_every_name_is_told_of(name: str) -> None:
    """Facts, comparisons, outcomes and variables: whoever reads the page has seen all there is."""
    assert re.search(rf"\b{name}\b", TEXT)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", TEXT))
def test_what_the_page_links_to_is_there(link: str) -> None:
    """No link leads nowhere."""
    assert (PAGE.parent / link).exists()
