"""Depth of documents from outside."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.nesting import is_deeper_than


@pytest.mark.parametrize(
    ("document", "depth"),
    [(1, 0), ([], 1), ({"a": 1}, 1), ([[], {"a": [1]}], 3), ({"a": {"b": {}}, "c": []}, 3)],
)
def test_lists_and_objects_are_counted(document: Any, depth: int) -> None:
    """Plain values add no level, and the deepest branch counts."""
    assert [depth > levels for levels in range(1, 5)] == [is_deeper_than(document, levels) for levels in range(1, 5)]


def test_depth_costs_no_stack() -> None:
    """A document deeper than Python's own recursion goes is measured, too."""
    document: Any = []
    for _ in range(100_000):
        document = [document]

    assert is_deeper_than(document, 64)
    # Taken apart from the outside, since freeing it as a whole would go as deep.
    while document:
        document = document.pop()
