"""`context.repeats`: from when on a matter comes up again and again."""

import pytest

from hub.domain.interaction import RepeatRule
from tests.unit.config.conftest import MINIMAL, Load, Problems


def test_it_is_as_the_site_says(load: Load) -> None:
    """Without a word twice within a week; else as it is said."""
    assert RepeatRule(days=7, contacts=2) == load(MINIMAL).context.repeats.rule
    said = load(MINIMAL + "context: {repeats: {days: 30, contacts: 3}}\n")
    assert RepeatRule(days=30, contacts=3) == said.context.repeats.rule


@pytest.mark.parametrize("wrong", ["days: 0", "days: 366", "contacts: 1", "contacts: many", "weeks: 1"])
def test_what_makes_no_sense_is_told_at_its_place(problems: Problems, wrong: str) -> None:
    """Once is not again, and nobody counts over years."""
    (problem,) = problems(MINIMAL + f"context:\n  repeats:\n    {wrong}\n")
    assert problem.startswith("8:")
