"""Paths into records."""

from typing import Any

import pytest

from hub.domain.path import Path, PathError

RECORD: dict[str, Any] = {
    "id": "0042",
    "name": {"first name": "Petra", "@type": "person"},
    "orders": [{"id": "1", "items": [{"sku": "a"}, {"sku": None}]}, {"id": None}, {"id": "3", "items": None}],
    "single": {"id": "9"},
    "none": None,
    "0": "zero",
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("@", RECORD),
        ("id", "0042"),
        ('name."first name"', "Petra"),
        ("name.@type", "person"),
        ("orders[0].id", "1"),
        ("orders[-1].id", "3"),
        ("orders[9].id", None),
        ("orders[].id", ["1", "3"]),
        ("orders.id", ["1", "3"]),
        ("orders[].items[].sku", ["a"]),
        ("single[].id", ["9"]),
        ("single[0].id", "9"),
        ("single[1].id", None),
        ("none.x.y", None),
        ("id.x", None),
        ("missing", None),
        ("0", "zero"),
    ],
)
def test_what_a_path_finds(path: str, expected: Any) -> None:
    """Names go down, indexes take one, brackets take all; what is not there is None."""
    assert expected == Path(path).read(RECORD)


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a b", "a[1", "__import__('os')", "a;b", "[0]x", "a" * 501]
)
def test_what_is_no_path(text: str) -> None:
    """A path that can't be read is told, with where it stops making sense."""
    with pytest.raises(PathError):
        Path(text)


def test_all_values_of_a_path() -> None:
    """One value, several or none come as a list without missing ones."""
    assert ["0042"] == Path("id").read_all(RECORD)
    assert ["1", "3"] == Path("orders.id").read_all(RECORD)
    assert [] == Path("none").read_all(RECORD)


def test_first_name() -> None:
    """The first name tells which step a path reads."""
    assert ("orders", "a b", None, None) == tuple(
        Path(text).first for text in ("orders[0].id", '"a b".c', "@", "[0].x")
    )
