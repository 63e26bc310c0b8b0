from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from hub import logs
from hub.config.secrets import secrets_of
from hub.config.section import Section
from hub.domain.phone import parse_number
from hub.masking import Masking


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def fail(message: str) -> None:
    raise ValueError(message)


Entries = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def entries(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Entries:
    """Log as JSON, and read it back."""
    monkeypatch.setattr(logs, "_masking", Masking())
    logs.set_up_logs("info", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_entry_is_one_json_line(entries: Entries) -> None:
    """Event, level, logger, time and fields; a line break in a value does not make two lines."""
    structlog.get_logger("hub.x").info("pop_sent", agent="alice", text="a\nb")
    (entry,) = entries()
    assert {"event": "pop_sent", "level": "info", "logger": "hub.x", "agent": "alice", "text": "a\nb"} == {
        key: value for key, value in entry.items() if key != "timestamp"
    }
    assert entry["timestamp"].endswith("Z")


def test_a_terminal_gets_readable_lines() -> None:
    """A person reads no JSON."""
    stream = Terminal()
    logs.set_up_logs("info", stream)
    structlog.get_logger("hub.x").info("pop_sent", agent="alice")
    assert "pop_sent" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_the_call_id_is_on_every_line_of_the_call(entries: Entries) -> None:
    """Bound once, it is on the hub's own lines and on the libraries'."""
    with structlog.contextvars.bound_contextvars(call_id="main-1763750000.12"):
        structlog.get_logger("hub.x").info("ringing")
        logging.getLogger("some.library").warning("slow")
    structlog.get_logger("hub.x").info("idle")
    assert ["main-1763750000.12", "main-1763750000.12", None] == [entry.get("call_id") for entry in entries()]


def test_libraries_log_in_the_same_form(entries: Entries) -> None:
    """Arguments are filled in and extra fields kept; their small talk is left out."""
    logging.getLogger("pika.connection").info("small talk")
    logging.getLogger("zeep").warning("%s calls", 3, extra={"service": "sap"})
    (entry,) = entries()
    assert ("3 calls", "warning", "zeep", "sap") == (
        entry["event"], entry["level"], entry["logger"], entry["service"],
    )  # fmt: skip


def test_the_level_is_kept(stream: io.StringIO) -> None:
    """What is below the level is not written, whoever logs it."""
    logs.set_up_logs("warning", stream)
    structlog.get_logger("hub.x").info("quiet")
    logging.getLogger("lib").info("quiet")
    assert "" == stream.getvalue()


def test_setting_up_twice_does_not_double_the_lines(entries: Entries, stream: io.StringIO) -> None:
    """The configuration's level comes after the first messages."""
    logs.set_up_logs("info", stream)
    structlog.get_logger("hub.x").info("once")
    assert 1 == len(entries())


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("caller", "+49711123456", "+49*******56"),
        ("caller", "0711 123456", "071******56"),
        ("caller", "(0711) 12-34-56", "(07**********56"),
        ("number", 4155551212, "415*****12"),
        ("caller_id_num", "13812345678", "138******78"),
        ("caller", "1001", "1001"),
        ("caller", "anonymous", "anonymous"),
        ("reason", "no customer for +49 711 123456 found", "no customer for +49*********56 found"),
        ("reason", "number 0711123456, again", "number 071*****56, again"),
        ("reason", "asked for 4155551212", "asked for 415*****12"),
        ("reason", "asked for tel:+86 138 1234 5678", "asked for tel:+86************78"),
        ("channel", "PJSIP/07111234567@trunk", "PJSIP/071******67@trunk"),
        ("channel", "PJSIP/+497111234567-00000012", "PJSIP/+49********67-00000012"),
        ("channel", "PJSIP/1001-00000012", "PJSIP/1001-00000012"),
        ("call_id", "main-1763750000.12", "main-1763750000.12"),
        ("uniqueid", "1763750000.12", "1763750000.12"),
        ("event_id", "0193abcd-1234-7123-8123-0123456789ab", "0193abcd-1234-7123-8123-0123456789ab"),
        ("reason", "id 01234567-1234-7123-8123-0123456789ab", "id 01234567-1234-7123-8123-0123456789ab"),
        ("reason", "call 1763750000.12 ended", "call 1763750000.12 ended"),
        ("reason", "took 1234567.8 ms", "took 1234567.8 ms"),
        ("started_at", "2026-11-21T18:38:50+00:00", "2026-11-21T18:38:50+00:00"),
        ("reason", "since 2026-11-21 18:38:50+01:00", "since 2026-11-21 18:38:50+01:00"),
        ("position", 123456789, 123456789),
        ("count", 123456789, 123456789),
        ("took_ms", 1234567.25, 1234567.25),
        ("file", "/var/lib/ctihub.yaml:12:5", "/var/lib/ctihub.yaml:12:5"),
        ("peer", "127.0.0.1:51234", "127.0.0.1:51234"),
        ("version", "Asterisk 22.10.0", "Asterisk 22.10.0"),
        ("numbers", ["+49711123456", "1001"], ["+49*******56", "1001"]),
        ("query", {"phone": "0711123456", "id": "4711000123"}, {"phone": "071*****56", "id": "4711000123"}),
        ("ok", True, True),
        ("queue", None, None),
    ],
)
def test_phone_numbers_are_masked_and_nothing_else(key: str, value: object, expected: object) -> None:
    """By the key, by the plus, or as a run of digits in free text; ids, times and addresses stay readable."""
    assert {key: expected} == Masking().fields({key: value})


def test_a_number_inside_an_object_is_masked(entries: Entries) -> None:
    """A struct given as a value is written as text, and that text is masked."""
    structlog.get_logger("hub.x").info("seen", party=parse_number("0711 123456", "DE"))
    assert "123456" not in entries()[0]["party"]


@pytest.mark.parametrize(
    "key",
    ["password", "secret", "api_token", "Authorization", "set-cookie", "x_api_key", "ami_secret", "credentials"],
)
def test_a_secret_is_hidden_by_its_key(key: str) -> None:
    """Whatever its value; an empty one may be seen to be empty, and a flag is no secret."""
    assert {key: "***"} == Masking().fields({key: "hunter2"})
    assert {key: "***"} == Masking().fields({key: ["a"]})
    assert {key: ""} == Masking().fields({key: ""})
    assert {"headers": {key: "***"}} == Masking().fields({"headers": {key: "x"}})
    assert {key: True} == Masking().fields({key: True})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sent Authorization: Basic aHViOmh1bnRlcjI=", "sent Authorization: Basic ***"),
        ("bearer abcdef.ghijkl-mno", "bearer ***"),
        ("amqp://hub:hunter2@broker/vhost refused", "amqp://hub:***@broker/vhost refused"),
        ("http://127.0.0.1:8080/livez", "http://127.0.0.1:8080/livez"),
    ],
)
def test_credentials_in_text_are_hidden(text: str, expected: str) -> None:
    """What an exception of a library quotes of a header or an address."""
    assert expected == Masking().text(text)


@pytest.mark.parametrize("secret", ["hunter2!", 'quo"te\\back', "päss wörd", "a/b+c==", "line\nbreak", "it's"])
def test_a_known_secret_is_hidden_wherever_it_stands(entries: Entries, stream: io.StringIO, secret: str) -> None:
    """In the event, a value, an exception's text and its traceback, however it is quoted there."""
    logs.hide_secrets([secret])
    log = structlog.get_logger("hub.x")
    message = f"login with {secret}"
    log.warning(message, detail=f"<{secret}>", nested={"a": [secret]}, count=1)
    try:
        fail(f"bad password {secret!r}")
    except ValueError:
        log.exception("failed")
        logging.getLogger("lib").exception("failed with %s", secret)
    written = stream.getvalue()
    assert 3 == len(entries())
    for form in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert form not in written
    assert "***" in written
    assert "ValueError" in entries()[1]["exception"]


def test_a_terminal_hides_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readable form is masked, too, tracebacks included."""
    monkeypatch.setattr(logs, "_masking", Masking())
    stream = Terminal()
    logs.set_up_logs("info", stream)
    logs.hide_secrets(["hunter2!"])
    try:
        fail("hunter2! from +49711123456")
    except ValueError:
        structlog.get_logger("hub.x").exception("hunter2!", caller="+49711123456")
    assert "hunter2" not in stream.getvalue()
    assert "711123456" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


def test_a_short_secret_does_not_hide_the_log() -> None:
    """A secret of three letters is found in any text; it is still hidden by its key."""
    masking = Masking()
    masking.hide(["abc"])
    assert "abcdef" == masking.text("abcdef")


class Part(Section):
    secret: SecretStr
    url: SecretStr | None = None
    names: dict[str, SecretStr] = {}
    parts: tuple[Part, ...] = ()
    plain: str = "seen"


def test_all_secrets_of_a_configuration_are_found() -> None:
    """In sections, lists and by name; of an address its password as well."""
    part = Part(
        secret=SecretStr("one"),
        names={"a": SecretStr("two")},
        parts=(Part(secret=SecretStr("three"), url=SecretStr("amqp://u:p%40ss@h/v")),),
    )
    assert {"one", "two", "three", "amqp://u:p%40ss@h/v", "p%40ss", "p@ss"} == secrets_of(part)


class _FullDisk(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """A full disk under the log costs the log, not the call that is being logged."""
    logs.set_up_logs("info", _FullDisk())
    structlog.get_logger("hub.x").info("call")


def test_half_a_character_is_no_reason_to_fail(entries: Entries) -> None:
    """A lone surrogate, as an undecodable header leaves behind, comes through escaped."""
    structlog.get_logger("hub.x").info("odd", text="a\ud800b")
    assert "a\ud800b" == entries()[0]["text"]
