from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Ctihub
from tests.unit.cli.test_lint import MAPPING

CASES = """\
cases:
  - name: an order
    input: {number: "4711", at: "2026-01-02T03:04:05Z", text: shoes, phone: "+49711123456"}
    expect: {subject: shoes}
  - name: another
    input: {number: "4712", at: "2026-01-02T03:04:05Z", text: boots, phone: "+49711123456"}
    expect: {subject: shoes}
"""


def test_passed_and_failed_are_counted(ctihub: Ctihub, tmp_path: Path) -> None:
    """A case that fails is told with its place and what differs."""
    (tmp_path / "mappings/shop").mkdir(parents=True)
    (tmp_path / "mappings/shop/orders.yaml").write_text(MAPPING)
    (tmp_path / "mappings/shop/orders.test.yaml").write_text(CASES)
    for words in ([], ["mappings"], ["mappings/shop/orders.test.yaml"]):
        done = ctihub("test", *words)
        lines = done.stdout.splitlines()
        assert 1 == done.returncode
        assert "mappings/shop/orders.test.yaml:5:5: case 'another'" == lines[0]
        assert "shoes" in lines[1]
        assert "boots" in lines[1]
        assert "1 passed, 1 failed" == lines[-1]


def test_what_is_shipped_passes(ctihub: Ctihub) -> None:
    """Without mappings of one's own, those that come with ctihub are tested."""
    done = ctihub("test")
    assert 0 == done.returncode
    assert done.stdout.endswith(" passed, 0 failed\n")
    assert not done.stdout.startswith("0 ")


def test_a_mapping_without_tests_has_failed(ctihub: Ctihub, tmp_path: Path) -> None:
    """Untested is not passed."""
    (tmp_path / "orders.yaml").write_text(MAPPING)
    done = ctihub("test", "orders.yaml")
    assert (1, "orders.yaml:1:1: has no tests: write orders.test.yaml beside it\n0 passed, 1 failed\n") == (
        done.returncode,
        done.stdout,
    )


def test_a_mapping_that_can_not_be_loaded_has_failed(ctihub: Ctihub, tmp_path: Path) -> None:
    """With its problems in the form that lint uses."""
    (tmp_path / "orders.yaml").write_text("source: x\n")
    (tmp_path / "orders.test.yaml").write_text(CASES)
    done = ctihub("test", "orders.yaml")
    assert 1 == done.returncode
    assert "orders.yaml:1:1: key 'target' is missing" in done.stdout
    assert done.stdout.endswith("0 passed, 1 failed\n")


def test_nothing_to_test_could_not_run(ctihub: Ctihub, tmp_path: Path) -> None:
    """A wrong path is not a success."""
    (tmp_path / "empty").mkdir()
    assert 2 == ctihub("test", "empty").returncode
    assert 2 == ctihub("test", "nix").returncode
