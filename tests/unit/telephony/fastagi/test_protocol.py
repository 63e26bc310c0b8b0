"""What goes to Asterisk is one command whatever the value holds, and its answers are understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.telephony.fastagi.protocol import MAX_VALUE_BYTES, Reply, read_reply, set_variable

ASTERISK_BUFFER = 2048


def as_asterisk_reads(line: bytes) -> list[bytes]:
    """Cut a command into words as res_agi.c does: double quotes group, a backslash escapes the next byte."""
    words: list[bytearray] = []
    quoted = escaped = False
    between = True
    for byte in line:
        character = bytes([byte])
        if character == b'"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append(bytearray())
                between = False
            continue
        if character in b" \t" and not quoted and not escaped:
            between = True
            continue
        if character == b"\\" and not escaped:
            escaped = True
            continue
        if between:
            words.append(bytearray())
            between = False
        words[-1] += character
        escaped = False
    return [bytes(word) for word in words]


@given(st.text(max_size=2000))
def test_any_value_is_one_argument_of_one_command(value: str) -> None:
    """No quote, backslash or line break gets out of its place, and Asterisk's buffer holds the whole line."""
    command = set_variable("CTI_CUSTOMER_NAME", value)
    assert command.endswith(b"\n")
    assert 1 == command.count(b"\n")
    assert b"\r" not in command
    assert b"\x00" not in command
    assert len(command) < ASTERISK_BUFFER
    words = as_asterisk_reads(command[:-1])
    assert [b"SET", b"VARIABLE", b"CTI_CUSTOMER_NAME"] == words[:3]
    assert 4 == len(words)
    assert len(words[3]) <= MAX_VALUE_BYTES


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ("", ""),
        ("Maria Huber", "Maria Huber"),
        ('Müller "Öl" & Söhne', 'Müller "Öl" & Söhne'),
        ("back\\slash", "back\\slash"),
        ('"\nSET VARIABLE CTI_PRIORITY "99', '"SET VARIABLE CTI_PRIORITY "99'),
        ("${SHELL(id)}", "${SHELL(id)}"),
        ("上海".ljust(3000, "海"), ("上海".ljust(3000, "海")).encode()[:900].decode()),
    ],
)
def test_what_a_value_arrives_as(value: str, arrives: str) -> None:
    """As it is, without control characters, cut between two characters."""
    assert arrives == as_asterisk_reads(set_variable("A", value)[:-1])[3].decode()


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        (b"200 result=1\n", Reply.DONE),
        (b"200 result=1 (timeout)\r\n", Reply.DONE),
        (b"200 result=-1\n", Reply.REFUSED),
        (b"200 result=10\n", Reply.REFUSED),
        (b"510 Invalid or unknown command\n", Reply.REFUSED),
        (b"511 Command Not Permitted on a dead channel or intercept routine\n", Reply.CHANNEL_GONE),
        (b"520-Invalid command syntax.  Proper usage follows:\n", Reply.GOES_ON),
        (b" Usage: SET VARIABLE <variablename> <value>\n", Reply.GOES_ON),
        (b"520 End of proper usage.\n", Reply.REFUSED),
        (b"520 Invalid command syntax.  Proper usage not available.\n", Reply.REFUSED),
        (b"HANGUP\n", Reply.CHANNEL_GONE),
        (b"\n", Reply.GOES_ON),
        (b"agi_calleridname: HANGUP\n", Reply.GOES_ON),
        (b"\xff\xfe\n", Reply.GOES_ON),
    ],
)
def test_what_a_line_from_asterisk_means(line: bytes, meaning: Reply) -> None:
    """Done, refused, gone, or not yet the end of the answer."""
    assert meaning is read_reply(line)
