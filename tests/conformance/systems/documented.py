"""The configurations and the quality rules that stand in a system's folder, for the tests to use as they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

import connectors

FOLDER = Path(connectors.__file__).parent
SMALLEST = "Smallest configuration"
WHOLE = "Whole configuration"


def documented(system: str, heading: str, environment: dict[str, str]) -> dict[str, Any]:
    """Return the connector under the first `connectors:` of the YAML below a heading, `${NAME}` filled in.

    Raises KeyError for a name that `environment` lacks.
    """
    page = (FOLDER / system / "README.md").read_text("utf-8")
    section = page[page.index(f"## {heading}") :]
    block = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert block is not None, f"{system}: no YAML below {heading!r}"
    text = re.sub(r"\$\{([A-Z0-9_]+)\}", lambda match: environment[match[1]], block[1])
    config: dict[str, Any] = next(iter(yaml.safe_load(text)["connectors"].values()))
    return config


def quality(system: str) -> dict[str, Any]:
    """Return the rules of a system's quality.yaml: `done`, or `{exempt: REASON}`."""
    rules: dict[str, Any] = yaml.safe_load((FOLDER / system / "quality.yaml").read_text("utf-8"))["rules"]
    return rules


def is_done(system: str, rule: str) -> bool:
    return bool(quality(system)[rule] == "done")
