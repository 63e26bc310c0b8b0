from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.config.load import load_config
from hub.config.model import Config
from hub.config.problem import ConfigError

MINIMAL = """\
hub: {listen: "127.0.0.1:8080", region: DE}
pbx:
  main: {host: 127.0.0.1, username: hub, secret: "${AMI_SECRET}"}
agents:
  alice: {name: Alice, devices: ["PJSIP/1001"]}
"""
ENVIRONMENT = {"AMI_SECRET": "s3cret-ami", "API_TOKEN": "s3cret-token"}

Load = Callable[..., Config]
Problems = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a text as ctihub.yaml and load it."""

    def run(text: str | bytes, environment: dict[str, str] = ENVIRONMENT) -> Config:
        path = tmp_path / "ctihub.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_config(path, environment)

    return run


@pytest.fixture
def problems(load: Load, tmp_path: Path) -> Problems:
    """Return the problems of a text, each as LINE:COLUMN: MESSAGE."""

    def run(text: str | bytes, environment: dict[str, str] = ENVIRONMENT) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, environment)
        return [str(problem).removeprefix(f"{tmp_path / 'ctihub.yaml'}:") for problem in caught.value.problems]

    return run
