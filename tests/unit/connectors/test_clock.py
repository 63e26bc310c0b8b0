"""The difference between two clocks, from what a backend says of its own."""

from __future__ import annotations

import pytest

from connectors.clock import clock_words


@pytest.mark.parametrize(
    "date", ["", "soon", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 99 Jan 2026 0:0:0"]
)
def test_a_date_that_is_none(date: str) -> None:
    """What is no date says nothing of the clocks, and harms nobody."""
    assert "" == clock_words({"Date": date}, "crm.example")


def test_clocks_that_differ() -> None:
    """A date long ago is told with the host's name."""
    assert "ahead of that of crm.example" in clock_words({"Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, "crm.example")
