"""Every command on the pages is one that there is, with options that it has."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest

from hub.cli.main import VERBS

ROOT = Path(__file__).parents[3]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "connectors/README.md", ROOT / "mappings/README.md")
COMMANDS = sorted(
    {
        part.strip()
        for page in PAGES
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        for part in re.split(r"&&|\|", line.partition("   #")[0])
        if part.strip().startswith("ctihub ")
    }
)


def test_there_are_commands() -> None:
    """The pages are read as they are meant."""
    assert {"new", "check", "trace", "call", "lint", "test", "tap"} <= {command.split()[1] for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_on_a_page_is_understood(command: str) -> None:
    """Who types it gets past the command line."""
    _, verb, *words = shlex.split(command)
    assert verb in VERBS
    parser = argparse.ArgumentParser(exit_on_error=False)
    importlib.import_module(f"hub.cli.{verb}").configure(parser)
    parser.parse_args([word for word in words if word not in {">", "2>"}])


@pytest.mark.parametrize("verb", ["trace", "call", "new", "list", "tap", "schema", "lint"])
def test_help_teaches_by_example(verb: str) -> None:
    """Each of the integrator's commands shows some that work."""
    parser = argparse.ArgumentParser()
    importlib.import_module(f"hub.cli.{verb}").configure(parser)
    shown = [line for line in parser.format_help().splitlines() if line.startswith(f"  ctihub {verb}")]
    assert len(shown) > 2
    for line in shown:
        command = re.split(r"\s{2,}|[|>]", line.strip())[0]
        parser.parse_args(shlex.split(command)[2:])
