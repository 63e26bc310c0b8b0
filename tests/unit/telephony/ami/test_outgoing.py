"""What may go out, and what must not."""

import pytest

from hub.telephony.ami.outgoing import encode_action


def test_an_action_is_its_lines_and_an_empty_one() -> None:
    """Headers keep their order; a list repeats its header; numbers are written out."""
    data = encode_action({"Action": "Originate", "Timeout": 30000, "Variable": ["A=1", "B=ü"], "Data": ""})
    expected = "Action: Originate\r\nTimeout: 30000\r\nVariable: A=1\r\nVariable: B=ü\r\nData: \r\n\r\n"
    assert expected.encode() == data


@pytest.mark.parametrize("character", ["\r", "\n", "\r\n", "\0"])
@pytest.mark.parametrize("place", ["secret{}", "{}secret", "se{}cret"])
def test_a_value_that_ends_its_line_is_refused(character: str, place: str) -> None:
    """A line break anywhere in a value is refused; the message names the header and not the value."""
    with pytest.raises(ValueError, match="AMI header CallerID holds") as caught:
        encode_action({"Action": "Originate", "CallerID": place.format(character)})
    assert "cret" not in str(caught.value)


def test_a_line_break_inside_a_list_is_refused() -> None:
    """Each item is looked at, not only single values."""
    with pytest.raises(ValueError, match="AMI header Variable holds a line feed"):
        encode_action({"Action": "Originate", "Variable": ["A=1", "B=2\nAction: Command"]})


@pytest.mark.parametrize("name", ["", "A\r\nB", "A\nB", "A\0", "A:B", " A", "A ", "Ä"])
def test_a_name_that_is_no_header_is_refused(name: str) -> None:
    """A header's name can't smuggle a line either."""
    with pytest.raises(ValueError, match="can't be the name of an AMI header"):
        encode_action({"Action": "Ping", name: "x"})


def test_a_line_longer_than_asterisk_reads_is_refused() -> None:
    """Asterisk would drop the beginning and take the rest for a line of its own."""
    with pytest.raises(ValueError, match=r"AMI header Variable makes \d+ bytes"):
        encode_action({"Action": "Originate", "Variable": "A=" + "x" * 1022 + "Action: Hangup"})


def test_more_lines_than_asterisk_reads_are_refused() -> None:
    """Asterisk drops an action of too many lines; that is said before it is sent."""
    with pytest.raises(ValueError, match="lines is more than Asterisk takes"):
        encode_action({"Action": "Originate", "Variable": [f"V{number}=1" for number in range(200)]})


def test_text_that_is_no_utf8_is_refused() -> None:
    """Half a surrogate pair has no bytes; the message names its header."""
    with pytest.raises(ValueError, match="AMI header Data"):
        encode_action({"Action": "Originate", "Data": "\ud800"})
