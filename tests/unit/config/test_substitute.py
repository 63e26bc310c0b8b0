from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.conftest import ENVIRONMENT, MINIMAL, Load, Problems


def secret(text: str) -> str:
    return MINIMAL.replace('"${AMI_SECRET}"', text)


def test_a_secret_comes_from_a_file(load: Load, tmp_path: Path) -> None:
    """The path is taken from the configuration's folder, and the line end is not part of the secret."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run/ami").write_text("from file \n")
    assert "from file " == load(secret('"${file:run/ami}"')).pbx["main"].secret.get_secret_value()


def test_references_may_stand_within_a_text(load: Load) -> None:
    """A broker's address is put together from a user and a password."""
    config = load(
        MINIMAL + "bus: {url: 'amqp://${USER_NAME}:${PASS}@h/v'}\n", {**ENVIRONMENT, "USER_NAME": "u", "PASS": "p"}
    )
    assert config.bus is not None
    assert "amqp://u:p@h/v" == config.bus.url.get_secret_value()


def test_two_dollars_stand_for_one(load: Load) -> None:
    """A password may hold the two characters themselves, and a lone dollar needs nothing."""
    assert "a${B}$c" == load(secret("'a$${B}$c'")).pbx["main"].secret.get_secret_value()


def test_a_value_is_not_filled_in_twice(load: Load) -> None:
    """What came from the environment is data, never a reference or YAML."""
    config = load(MINIMAL, {"AMI_SECRET": "${HOME}: [x"})
    assert "${HOME}: [x" == config.pbx["main"].secret.get_secret_value()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"${NOPE}"', "the environment variable NOPE is not set: set it before starting ctihub"),
        ('"${EMPTY}"', "the environment variable EMPTY is empty: give it a value"),
        ('"${no-name}"', "this is neither ${NAME} nor ${file:PATH}; for the two characters ${ themselves write $${"),
        ('"${}"', "this is neither ${NAME} nor ${file:PATH}; for the two characters ${ themselves write $${"),
        ('"${OPEN"', "the } of ${ is missing; for the two characters themselves write $${"),
        ('"${file:nix}"', "the file {folder}/nix can't be read: No such file or directory"),
        ('"${file:}"', "the file {folder} can't be read: Is a directory"),
        ('"${file:empty}"', "the file {folder}/empty is empty: write the value into it"),
        ('"${file:binary}"', "the file {folder}/binary is not UTF-8 text"),
        ('"${file:large}"', "the file {folder}/large is too large: at most 64 KiB"),
    ],
)
def test_a_missing_secret_is_named_at_its_place(problems: Problems, tmp_path: Path, value: str, expected: str) -> None:
    """Which variable or file, and what to do; nothing more is said about the value."""
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    expected = expected.replace("{folder}", str(tmp_path))
    assert [f"3:50: {expected}"] == problems(secret(value), {**ENVIRONMENT, "EMPTY": ""})


def test_an_unresolved_value_is_not_also_of_the_wrong_type(problems: Problems) -> None:
    """One mistake, one message."""
    assert ["3:59: the environment variable PORT is not set: set it before starting ctihub"] == problems(
        secret('x, port: "${PORT}"')
    )


@pytest.mark.parametrize(
    "more",
    [
        "hub: {listen: '${S}', region: DE}",
        "desk: {language: '${S}'}",
        "bus: {url: '${S}'}",
        "connectors: {x: {kind: '${S}'}}",
        "connectors: {x: {kind: rest, mapping: '${S}'}}",
        "context: {budget_s: '${S}'}",
        "store: {url: '${S}'}",
        "agents: {alice: {name: A, devices: ['${S}'], pbx: '${S}'}}",
        "agents: {a: {name: A, devices: [PJSIP/1, '${S}', '${S}']}}",
    ],
)
def test_no_message_shows_what_came_from_outside(problems: Problems, more: str) -> None:
    """A secret put in the wrong place is told by its place, not by its value."""
    section = more.split(":", maxsplit=1)[0]
    rest = "\n".join(line for line in MINIMAL.replace("\n  ", " ").splitlines() if not line.startswith(section))
    text = rest.replace("pbx: main:", "pbx:\n  main:").replace("agents: alice:", "agents:\n  alice:")
    found = problems(f"{text}\n{more}\n", {**ENVIRONMENT, "S": "hunter2!"})
    assert found
    assert not [message for message in found if "hunter2" in message or "s3cret" in message]


def test_a_variable_written_without_braces(load: Load, problems: Problems) -> None:
    """What a shell would fill in is told, not sent as the password; a text that is no variable is one's own."""
    expected = "3:50: this is the text $AMI_SECRET itself, not the environment variable: write ${AMI_SECRET}"
    assert [expected] == problems(secret("$AMI_SECRET"))
    assert "$NOBODY" == load(secret("$NOBODY")).pbx["main"].secret.get_secret_value()
