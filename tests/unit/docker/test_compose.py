from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.config.load import load_config

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
NEEDED = set(re.findall(r"\$\{(\w+):\?", (DOCKER / "compose.yaml").read_text()))


def names_of(env_file: Path) -> set[str]:
    return set(re.findall(r"^(\w+)=", env_file.read_text(), re.MULTILINE))


def copied(dockerfile: Path) -> list[str]:
    """Return what a Dockerfile copies from its context."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_the_services_are_those_of_the_readme() -> None:
    """The hub, its PBX and its broker."""
    assert {"hub", "asterisk", "rabbitmq"} == set(COMPOSE["services"])


@pytest.mark.parametrize("service", [name for name, one in COMPOSE["services"].items() if "build" in one])
def test_what_is_built_is_there(service: str) -> None:
    """Context, Dockerfile, and every file that the Dockerfile copies."""
    build = COMPOSE["services"][service]["build"]
    context = (DOCKER / build["context"]).resolve()
    dockerfile = context / build.get("dockerfile", "Dockerfile")
    assert dockerfile.is_file()
    sources = copied(dockerfile)
    assert sources
    assert not [source for source in sources if not (context / source).exists()]


def test_what_is_copied_is_let_through() -> None:
    """The build's context leaves out everything but what the image needs."""
    through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied(DOCKER / "Dockerfile")) == through


def test_mounted_files_and_volumes_are_there() -> None:
    """A missing file would be mounted as an empty folder."""
    for service in COMPOSE["services"].values():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            assert (DOCKER / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]


def test_every_secret_is_in_the_example_and_has_no_default() -> None:
    """Whoever fills the example in has all that is needed; nobody runs with a password that is public."""
    assert names_of(DOCKER / "secrets.env.example") == NEEDED
    assert not re.findall(r"^\w+=.+$", (DOCKER / "secrets.env.example").read_text(), re.MULTILINE)
    assert "docker/.env" in (ROOT / ".gitignore").read_text().splitlines()


def test_asterisk_gets_variables_that_it_knows_and_all_it_needs() -> None:
    """A misspelt one would be ignored in silence."""
    given = set(COMPOSE["services"]["asterisk"]["environment"])
    site = DOCKER / "asterisk/site.env"
    assert not given - names_of(site)
    without_default = set(re.findall(r"^(\w+)=$", site.read_text(), re.MULTILINE))
    assert not without_default - given


def test_the_hub_s_configuration_loads_with_what_compose_gives() -> None:
    """Its hosts are services, its journal lies in the volume, its port is the published one."""
    hub = COMPOSE["services"]["hub"]
    environment = dict.fromkeys(hub["environment"], "a-long-enough-value")
    config = load_config(DOCKER / "ctihub.yaml", environment)
    assert config.pbx["main"].host in COMPOSE["services"]
    assert config.bus is not None
    assert "@rabbitmq:" in config.bus.url.get_secret_value()
    assert isinstance(config.store.place, Path)
    assert f"journal:{config.store.place.parent}" in hub["volumes"]
    assert [f"127.0.0.1:{config.listen_port}:{config.listen_port}"] == hub["ports"]
    assert not names_of(DOCKER / "secrets.env.example") - set(
        hub["environment"] | COMPOSE["services"]["asterisk"]["environment"]
    )


def test_the_hub_runs_without_privileges() -> None:
    """A user of its own, a file system it can't write, nothing but its port."""
    dockerfile = (DOCKER / "Dockerfile").read_text()
    assert "\nUSER ctihub\n" in dockerfile
    assert "HEALTHCHECK" in dockerfile
    hub = COMPOSE["services"]["hub"]
    assert hub["read_only"] is True
    assert ["ALL"] == hub["cap_drop"]
