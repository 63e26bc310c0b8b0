from __future__ import annotations

import pytest

from hub.cli.call_values import nested
from hub.cli.outcome import CannotRunError


def test_places_are_put_together() -> None:
    """Names joined by dots, [0] where several may stand."""
    assert {"a": {"b": [{"c": "x", "d": "y"}, {"c": "z"}]}, "e": "="} == nested(
        {"a.b[0].c": "x", "a.b[0].d": "y", "a.b[1].c": "z", "e": "="}
    )


@pytest.mark.parametrize(
    "places", [["a[1]"], ["a", "a.b"], ["a.b", "a"], ["a..b"], ["[0]"], ["a[x]"], ["a" + ".b" * 30], ["a[999]"]]
)
def test_a_place_that_can_not_be_is_refused(places: list[str]) -> None:
    """In words, before anything is asked."""
    with pytest.raises(CannotRunError):
        nested(dict.fromkeys(places, "x"))
