"""`ctihub lint` of a site's own fields: one that no mapping fills would be hidden from nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import CONFIG, Ctihub

MAPPING = """\
source: CRM
version: 1
target: customer
fields:
  id: number
  extra.points: points
"""
FEED = "inbound:\n  shop: {mapping: shop/customer, system: crm, http: {basic: {username: a, password: long-enough}}}\n"


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """Write a mapping that fills a field of the site's own."""
    file = tmp_path / "mappings" / "shop" / "customer.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(MAPPING)
    return file


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("privacy: {fields: {extra.points: {roles: [supervisor]}}}", ""),
        ("privacy: {fields: {extra.crm.points: {roles: [supervisor]}}}", ""),
        (
            "privacy: {fields: {extra.pionts: {roles: [supervisor]}}}",
            "8:30: no mapping fills 'extra.pionts'; did you mean 'extra.points'?",
        ),
        (
            "privacy: {fields: {extra.cmr.points: {roles: [supervisor]}}}",
            "8:30: no mapping fills 'extra.cmr.points'; did you mean 'extra.crm.points'?",
        ),
        ("merge: {fields: {extra.crm: newest, extra.crm.points: newest}}", ""),
        (
            "merge: {fields: {extra.shop.points: newest}}",
            "8:28: no mapping fills 'extra.shop.points'; did you mean 'extra.crm.points'?",
        ),
    ],
)
def test_a_field_that_no_mapping_fills(ctihub: Ctihub, tmp_path: Path, mapping: Path, section: str, told: str) -> None:
    """It is told at its place, with the nearest one that there is."""
    assert mapping.is_file()
    (tmp_path / "ctihub.yaml").write_text(f"{CONFIG}{FEED}context: {{{section}}}\n")
    done = ctihub("lint")
    expected = f"ctihub.yaml:{told}\n" if told else "2 files checked, nothing wrong\n"
    assert (int(bool(told)), expected) == (done.returncode, done.stdout)


def test_what_comes_without_a_mapping_may_have_any_field(ctihub: Ctihub, tmp_path: Path, mapping: Path) -> None:
    """The hub's own messages by SOAP say themselves what is in them."""
    assert mapping.is_file()
    soap = "  sap: {soap: {login: {username: sap, password: long-enough}}}\n"
    section = "context: {privacy: {fields: {extra.anything: {roles: [supervisor]}}}}\n"
    (tmp_path / "ctihub.yaml").write_text(f"{CONFIG}{FEED}{soap}{section}")
    assert "2 files checked, nothing wrong\n" == ctihub("lint").stdout
