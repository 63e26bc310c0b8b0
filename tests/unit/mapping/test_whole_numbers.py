"""Whole numbers, as what is written back has them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.domain.writeback import WriteBack, WriteKind
from hub.mapping.errors import MappingRunError
from hub.mapping.mapping import load_mapping


@pytest.fixture
def mapped(tmp_path: Path) -> Any:
    """Map one value to the seconds of something that is written back."""

    def run(rule: str, value: Any) -> WriteBack:
        file = tmp_path / "calls.yaml"
        file.write_text(f"source: x\nversion: 1\ntarget: write_back\nfields: {{duration_s: {rule}}}\n")
        return load_mapping(file).run_write_back(
            {"v": value}, entry_id="1", kind=WriteKind.NOTE, customer="", region="DE"
        )

    return run


@pytest.mark.parametrize(
    ("value", "expected"),
    [(60, 60), ("060", 60), ("-5", -5), (Decimal("60.00"), 60), (60.0, 60), ("", None), (None, None)],
)
def test_what_is_one(mapped: Any, value: Any, expected: int | None) -> None:
    """However the system writes it; what is empty is missing."""
    assert expected == mapped("v", value).duration_s


@pytest.mark.parametrize("value", ["1:05", "60.5", True, 10**30, "1e3", {"a": 1}])
def test_what_is_none(mapped: Any, value: Any) -> None:
    """Told by its field, without the value."""
    with pytest.raises(MappingRunError) as raised:
        mapped("v", value)
    assert "duration_s" == raised.value.field
    assert str(value) not in raised.value.message


def test_codes_are_translated(mapped: Any) -> None:
    """By a table, with a default for what it lacks."""
    rule = "{from: v, table: {short: 60}, default: 5}"
    assert [60, 5] == [mapped(rule, code).duration_s for code in ("short", "long")]
