"""`ctihub trace` says why a step found or asked nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.conftest import CONFIG, Ctihub
from tests.unit.cli.crm_server import TOKEN, running_crm
from tests.unit.cli.test_trace import CONNECTOR, MAPPING


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CRM_TOKEN", TOKEN)
    (tmp_path / "mappings/crm").mkdir(parents=True)
    (tmp_path / "mappings/crm/customer.yaml").write_text(MAPPING)
    with running_crm() as crm:
        (tmp_path / "ctihub.yaml").write_text(CONFIG + CONNECTOR.format(port=crm.port))
        yield tmp_path


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        ("rows: data}", "rows: dta}", "nothing stands at 'dta' (`rows`), in the reply there is data, "),
        ("each: found.no", "each: found.nr", "step orders: asked nothing, as there is no value at 'found.nr'"),
    ],
)
def test_a_wrong_name_is_told(ctihub: Ctihub, site: Path, right: str, wrong: str, reason: str) -> None:
    """A path that finds nothing is named at the step that reads it, and what there is instead."""
    file = site / "ctihub.yaml"
    file.write_text(file.read_text().replace(right, wrong))
    assert reason in ctihub("trace", "--phone", "+493515550123").stdout
