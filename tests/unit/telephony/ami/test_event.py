"""Looking up headers."""

import json

import msgspec
import pytest

from hub.telephony.ami.event import AmiEvent, AmiReply

TEXT = """\
Event: DialBegin
Privilege: call,all
Channel: PJSIP/trunk-00000001
DestChannel: PJSIP/1001-00000002
CallerIDName:  Anna \x20
ConnectedLineName:\x20
Cause:16
ChanVariable: A=1
ChanVariable: B=2
DialString: 1001""".replace("\n", "\r\n")


@pytest.fixture
def event() -> AmiEvent:
    """Return an event with each oddity once."""
    return AmiEvent(TEXT, "DialBegin")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Event", "DialBegin"),
        ("Channel", "PJSIP/trunk-00000001"),
        ("DestChannel", "PJSIP/1001-00000002"),
        ("CallerIDName", " Anna  "),
        ("ConnectedLineName", ""),
        ("Cause", "16"),
        ("ChanVariable", "A=1"),
        ("DialString", "1001"),
    ],
)
def test_a_header_has_the_value_it_came_with(event: AmiEvent, header: str, value: str) -> None:
    """First, last, empty, padded and repeated headers are found, blanks kept."""
    assert value == event.get(header, "absent")


@pytest.mark.parametrize("header", ["Chan", "channel", "Privileg", "1001", ""])
def test_a_part_of_a_header_is_not_that_header(event: AmiEvent, header: str) -> None:
    """Only a whole name with its case matches; what is absent gives the default."""
    assert event.get(header, "absent") == "absent"


def test_a_header_that_is_only_part_of_another_name_is_absent() -> None:
    """``Channel`` is not found inside ``DestChannel``."""
    assert AmiEvent("Event: X\r\nDestChannel: PJSIP/1", "X").get("Channel") == ""


def test_all_values_of_a_repeated_header_are_kept_in_order(event: AmiEvent) -> None:
    """Every ChanVariable is there, first one first."""
    assert ["A=1", "B=2"] == event.all("ChanVariable")


def test_an_event_is_built_from_a_mapping() -> None:
    """A recording's ``{header: value}`` reads as the event did, lists as repeated headers."""
    event = AmiEvent.from_mapping({"Channel": "PJSIP/1", "Event": "Hangup", "ChanVariable": ["A=1", "B=2"]})
    assert event.name == "Hangup"
    assert event.get("Event") == "Hangup"
    assert event.get("Channel") == "PJSIP/1"
    assert event.all("ChanVariable") == ["A=1", "B=2"]


@pytest.mark.parametrize(
    "headers",
    [{"Channel": "x"}, {"Event": ""}, {"Event": "A", "B": "c\r\nD: e"}, {"Event": "A", "B\n": "c"}, {"Event": "A\0"}],
)
def test_what_could_not_be_one_event_is_refused(headers: dict[str, str]) -> None:
    """A mapping without a name, or with a line break that would forge a header, is a ValueError."""
    with pytest.raises(ValueError, match="AMI"):
        AmiEvent.from_mapping(headers)


def test_a_message_shows_no_payload_in_its_repr(event: AmiEvent) -> None:
    """What ends up in a log or a traceback holds no caller's number."""
    assert repr(event) == "AmiEvent('DialBegin')"
    assert repr(AmiReply(TEXT)) == "AmiReply('', events=0)"


def test_replies_do_not_share_their_lists() -> None:
    """The default list of events is each reply's own."""
    AmiReply("Response: Success").events.append(AmiEvent(TEXT, "DialBegin"))
    assert AmiReply("Response: Success").events == []


def test_an_event_can_be_written_as_json(event: AmiEvent) -> None:
    """Nothing in the text stands in the way of JSON."""
    assert json.loads(msgspec.json.encode(event))["name"] == "DialBegin"
