"""What people type as a number, and what may reach a dialplan."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.control import Command, Dial, Refusal
from hub.telephony.control.numbers import dialable
from hub.telephony.control.refused import RefusedError


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1002", "1002"),
        ("+49 (0)351 555-0123", "+493515550123"),
        ("0351/555.01 23", "03515550123"),
        ("(0351) 5550123", "03515550123"),
        ("*21#", "*21#"),
        ("front_desk", "front_desk"),
        ("alice-desk.1", "alice-desk.1"),
    ],
)
def test_what_is_dialled(typed: str, expected: str) -> None:
    """What makes a number readable is left out; a name stays as it is."""
    assert expected == dialable(typed)


@pytest.mark.parametrize(
    "typed", ["", "()", "1+2", "a b", "PJSIP/1001", "-x", "++49", "1" * 65, "_X.", "_0X", "s", "h", "i", "T", "failed"]
)
def test_what_can_not_be_dialled(typed: str) -> None:
    """It is refused in words: also patterns, and what Asterisk itself uses as places in a dialplan."""
    with pytest.raises(RefusedError) as caught:
        dialable(typed)
    assert Refusal.NOT_POSSIBLE is caught.value.refusal


@given(st.text(max_size=80))
def test_nothing_that_means_something_to_asterisk_passes(typed: str) -> None:
    """Whatever is typed, what comes out is an extension and nothing else, or a refusal."""
    try:
        number = dialable(typed)
    except RefusedError:
        return
    assert re.fullmatch(r"[A-Za-z0-9_.+*#-]{1,64}", number)


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "dial", "id": "x", "to": "1001\n"},
        {"command": "dial", "id": "x\n", "to": "1001"},
        {"command": "send_digits", "id": "x", "call_id": "main-1", "digits": "12\n"},
    ],
)
def test_a_line_break_at_the_end_is_none_of_it(fields: dict[str, str]) -> None:
    """Python's `$` is before a last line break, too: a digit of a line break would be sent after the others."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, Command)


@given(st.text(max_size=80))
def test_a_command_holds_no_line_break(typed: str) -> None:
    """What the API takes as a number can't end an AMI line."""
    try:
        command = msgspec.convert({"command": "dial", "id": "x", "to": typed}, Dial)
    except msgspec.ValidationError:
        return
    assert not {"\r", "\n", "\0"} & set(command.to)
