from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from hub.cli.main import VERBS, main
from tests.unit.cli.conftest import Ctihub

SLOW = ("aiohttp", "zeep", "pika", "lxml", "asyncio", "structlog")
EXPRESSIONS = "jmespath"
"""Read by `lint` where a rule has one, as a rule of proposals that comes with ctihub does."""


def test_version_and_python_m_hub(ctihub_process: Ctihub) -> None:
    """`python -m hub` is the command."""
    done = ctihub_process("--version")
    assert (0, f"ctihub {version('ctihub')}\n") == (done.returncode, done.stdout)


def test_nothing_to_do_could_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a verb, the help names them all."""
    assert 2 == main([])
    shown = capsys.readouterr().err
    assert not [verb for verb in VERBS if f"  {verb} " not in shown]


def test_an_unknown_verb_could_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    """A typo in a verb is told with those there are."""
    with pytest.raises(SystemExit) as ended:
        main(["lnit"])
    assert 2 == ended.value.code
    assert "lint" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--help works for each, and names the verb as it is typed."""
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert 0 == ended.value.code
    assert f"usage: ctihub {verb}" in capsys.readouterr().out


def test_a_missing_configuration_says_what_to_do(ctihub: Ctihub) -> None:
    """The first thing that goes wrong in an empty folder."""
    done = ctihub("run")
    assert 2 == done.returncode
    assert "ctihub.yaml:1:1: there is no such file: `ctihub init` writes one" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_tells_every_problem_of_the_configuration(ctihub: Ctihub, config_file: Path) -> None:
    """Not just the first one, and no secret with it."""
    config_file.write_text(config_file.read_text() + "nope: 1\ndesk: {language: '${AMI_SECRET}'}\n")
    done = ctihub("run", "--config", str(config_file))
    assert 2 == done.returncode
    assert f"{config_file}:6:1: unknown key 'nope'" in done.stderr
    assert f"{config_file}:7:18: desk.language: must be one of 'en', 'zh'" in done.stderr
    assert "s3cret" not in done.stderr


def test_a_reader_that_leaves_is_no_error_to_tell(tmp_path: Path) -> None:
    """`ctihub test | head -1` ends without a traceback."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "hub", "test"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert b"" == errors


@pytest.mark.parametrize(
    ("words", "unused"),
    [(["--version"], (*SLOW, EXPRESSIONS)), (["lint"], SLOW), (["user", "list"], (*SLOW, EXPRESSIONS))],
)
def test_a_verb_imports_only_what_it_needs(words: list[str], unused: tuple[str, ...], config_file: Path) -> None:
    """HTTP, SOAP and the broker's library take half a second to import: not before they are used."""
    code = (
        f"import sys; from hub.cli.main import main; main({words!r}); print(sorted(set({unused!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=config_file.parent,
        env={"AMI_SECRET": "x"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "[]" == done.stdout.splitlines()[-1]
