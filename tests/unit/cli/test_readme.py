from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Ctihub

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
ENVIRONMENT = {
    "AMI_SECRET": "s3cret-ami",
    "SAP_PASSWORD": "s3cret-sap",
    "API_TOKEN": "s3cret-token",
    "SHOP_TOKEN": "s3cret-shop",
}
SMALLEST = """\
hub: {listen: "127.0.0.1:8080", region: DE}
store: {url: "sqlite:///ctihub.db"}
pbx:
  main: {host: 127.0.0.1, port: 5038, username: hub, secret: "${AMI_SECRET}"}
agents:
  alice: {name: Alice, devices: ["PJSIP/1001"]}
auth:
  tokens: {acceptance: "${API_TOKEN}"}      # bearer tokens for machines
"""


def test_the_configuration_that_the_readme_shows_is_valid(ctihub: Ctihub, tmp_path: Path) -> None:
    """Ten lines copied from the README pass lint once the secrets are set, and so they do with its feeds."""
    example, feeds = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for text in (example, example + feeds):
        (tmp_path / "ctihub.yaml").write_text(text, encoding="utf-8")
        linted = ctihub("lint", environment=ENVIRONMENT)
        assert (0, "1 file checked, nothing wrong\n") == (linted.returncode, linted.stdout)


def test_the_smallest_configuration_is_valid(ctihub: Ctihub, tmp_path: Path) -> None:
    """Without a bus and without connectors there are pops with the number alone."""
    (tmp_path / "ctihub.yaml").write_text(SMALLEST, encoding="utf-8")
    assert 0 == ctihub("lint", environment=ENVIRONMENT).returncode


@pytest.mark.parametrize("name", re.findall(r"\]\(([^)#:]+)\)", TEXT))
def test_what_the_readme_links_to_is_there(name: str) -> None:
    """No link leads nowhere."""
    assert (ROOT / name).exists()
