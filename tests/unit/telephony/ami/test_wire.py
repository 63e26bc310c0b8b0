"""From bytes to messages."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.telephony.ami.errors import AmiProtocolError
from hub.telephony.ami.event import AmiEvent, AmiReply
from hub.telephony.ami.wire import AmiParser
from tests.unit.telephony.ami.peer import GREETING, message

HANGUP = message(
    "Event: Hangup", "Privilege: call,all", "Channel: PJSIP/1001-1", "CallerIDName: Jürgen 李", "Cause: 16"
)
VARSET = message("Event: VarSet", "Privilege: dialplan,all", "Variable: A")
REPLY = message("Response: Success", "ActionID: a-1", "Message: Hello")


def parser(*, max_message_bytes: int = 1_048_576, max_list_events: int = 100_000) -> AmiParser:
    """Return one that wants Hangup and Newchannel and has been greeted."""
    made = AmiParser(["Hangup", "Newchannel"], max_message_bytes=max_message_bytes, max_list_events=max_list_events)
    made.feed(GREETING)
    return made


def feed_in_pieces(made: AmiParser, data: bytes, size: int) -> tuple[list[AmiEvent], list[AmiReply]]:
    """Feed what would come in reads of that size; return all that came of it."""
    events: list[AmiEvent] = []
    replies: list[AmiReply] = []
    for at in range(0, len(data), size):
        more_events, more_replies = made.feed(data[at : at + size])
        events += more_events
        replies += more_replies
    return events, replies


def test_the_greeting_is_kept() -> None:
    """The first line says who speaks; what follows in the same read is not lost."""
    made = AmiParser()
    events, _ = made.feed(GREETING + HANGUP)
    assert made.greeting == "Asterisk Call Manager/11.0.0"
    assert ["Hangup"] == [event.name for event in events]


def test_only_wanted_events_are_reported_and_all_are_counted() -> None:
    """An event nobody wants is counted and left unread, the first time and later."""
    made = parser()
    events, replies = made.feed(VARSET + HANGUP + VARSET + REPLY + HANGUP)
    assert ["Hangup", "Hangup"] == [event.name for event in events]
    assert ["Hello"] == [reply.message for reply in replies]
    assert made.messages == 5


def test_of_variables_only_those_wanted_are_reported() -> None:
    """VarSet of another variable is passed over; one that is to be inherited is the one wanted, too."""
    made = AmiParser(["VarSet"], variables=["LANG"])
    names = ("LANG", "LANGUAGE", "__LANG", "OTHER")
    messages = [f"Event: VarSet\r\nChannel: a\r\nVariable: {name}\r\nValue: de\r\n\r\n".encode() for name in names]
    events, _ = made.feed(b"Asterisk Call Manager/9.0.0\r\n" + b"".join(messages))
    assert ["LANG", "__LANG"] == [event.get("Variable") for event in events]


def test_without_a_choice_every_event_is_reported() -> None:
    """``wanted=None`` is all events, each with its name."""
    made = AmiParser()
    events, _ = made.feed(GREETING + VARSET + HANGUP + VARSET)
    assert ["VarSet", "Hangup", "VarSet"] == [event.name for event in events]


@given(cuts=st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=30))
def test_it_does_not_matter_where_reads_cut(cuts: list[int]) -> None:
    """However the bytes are cut, in the middle of a character or of a line end too, the same comes out."""
    stream = GREETING + HANGUP + REPLY + VARSET + HANGUP
    whole = AmiParser(["Hangup"]).feed(stream)
    made = AmiParser(["Hangup"])
    events: list[AmiEvent] = []
    replies: list[AmiReply] = []
    position = index = 0
    while position < len(stream):
        size = cuts[index % len(cuts)]
        more_events, more_replies = made.feed(stream[position : position + size])
        events += more_events
        replies += more_replies
        position += size
        index += 1
    assert whole == (events, replies)
    assert "Jürgen 李" == events[0].get("CallerIDName")


def test_bytes_that_are_not_utf8_stay_readable() -> None:
    """A Latin-1 name is read as such, a UTF-8 one in the same message too, and what is neither is spelt out."""
    made = parser()
    stream = HANGUP.replace(b"Cause: 16", b"A: M\xfcller\r\nB: \x81\r\nC: a\x00b")
    [event], _ = made.feed(stream)
    assert event.get("A") == "Müller"
    assert event.get("B") == "\\x81"
    assert event.get("C") == "a\0b"
    assert event.get("CallerIDName") == "Jürgen 李"
    assert json.loads(json.dumps(event.text)) == event.text
    event.text.encode()


def test_bare_newlines_are_line_ends_too() -> None:
    """A peer that ends its lines with a line feed alone is understood, in one read or in many."""
    stream = (GREETING + HANGUP + VARSET + HANGUP).replace(b"\r\n", b"\n")
    events, _ = AmiParser(["Hangup"]).feed(stream)
    assert ["16", "16"] == [event.get("Cause") for event in events]
    made = AmiParser(["Hangup"])
    events, _ = feed_in_pieces(made, stream, 1)
    assert ["16", "16"] == [event.get("Cause") for event in events]


def test_a_line_feed_inside_a_value_is_part_of_it() -> None:
    """Among lines that end in CR LF a line feed alone ends nothing."""
    [event], _ = parser().feed(message("Event: Hangup", "Cause-txt: a\nb"))
    assert event.get("Cause-txt") == "a\nb"


def test_empty_lines_between_messages_are_nothing() -> None:
    """One blank line too many, or two, is neither a message nor an error."""
    events, _ = parser().feed(b"\r\n" + HANGUP + b"\r\n" + HANGUP + b"\r\n\r\n" + HANGUP)
    assert 3 == len(events)


def test_an_event_of_one_line_is_an_event() -> None:
    """A message needs no second line."""
    events, _ = parser().feed(b"Event: Hangup\r\n\r\nEvent: Hangups\r\n\r\nEvent:Hangup\r\n\r\n")
    assert ["Hangup", "Hangup"] == [event.name for event in events]


def list_of(action_id: str, *names: str, end: str = "Complete") -> bytes:
    """Return an action list; Asterisk puts the ActionID second or last, as it likes."""
    items = [message(f"Event: {name}", f"Name: {name}", f"ActionID: {action_id}") for name in names]
    return b"".join(
        [
            message("Response: Success", f"ActionID: {action_id}", "EventList: start", "Message: will follow"),
            *items,
            message("Event: ListComplete", f"ActionID: {action_id}", f"EventList: {end}", "ListItems: 2"),
        ]
    )


def test_a_list_is_gathered_into_its_reply() -> None:
    """Events of the list go into the reply, wanted or not; others around them stay events, in order."""
    made = parser()
    made.expect("a-1")
    stream = list_of("a-1", "CoreShowChannel", "Hangup").replace(b"Event: Hangup", HANGUP + b"Event: Hangup")
    events, [reply] = made.feed(stream + HANGUP)
    assert ["Hangup", "Hangup"] == [event.name for event in events]
    assert ["CoreShowChannel", "Hangup"] == [event.name for event in reply.events]
    assert not reply.list_cancelled


def test_two_lists_at_once_are_kept_apart() -> None:
    """What belongs to which list is told by its ActionID, not by order."""
    made = parser()
    made.expect("a-1")
    made.expect("a-2")
    one, two = (list_of(action_id, "X", "Y").split(b"\r\n\r\n")[:-1] for action_id in ("a-1", "a-2"))
    mixed = b"".join(part + b"\r\n\r\n" for pair in zip(one, two, strict=True) for part in pair)
    _, replies = made.feed(mixed)
    assert [("a-1", 2), ("a-2", 2)] == [(reply.action_id, len(reply.events)) for reply in replies]


def test_a_cancelled_list_says_so() -> None:
    """A list that Asterisk breaks off is not taken for a whole one."""
    made = parser()
    made.expect("a-1")
    _, [reply] = made.feed(list_of("a-1", "X", end="cancelled"))
    assert reply.list_cancelled


def test_a_list_nobody_waits_for_takes_no_memory() -> None:
    """After ``forget``, the rest of a list is only events nobody wants."""
    made = parser()
    made.expect("a-1")
    begun, item, rest = list_of("a-1", "X").split(b"\r\n\r\n", 2)
    made.feed(begun + b"\r\n\r\n" + item + b"\r\n\r\n")
    made.forget("a-1")
    assert ([], []) == made.feed(rest)


def test_a_list_without_end_is_dropped_at_the_limit() -> None:
    """A list may have so many events and no more."""
    made = parser(max_list_events=3)
    made.expect("a-1")
    with pytest.raises(AmiProtocolError, match="limit of 3 events"):
        made.feed(list_of("a-1", *"XXXX"))


def test_the_output_of_a_command_repeats_its_header() -> None:
    """Every line of output is kept, empty and padded ones too."""
    _, [reply] = parser().feed(
        message("Response: Success", "ActionID: a-1", "Output: one", "Output: ", "Output:   two")
    )
    assert ["one", "", "  two"] == reply.output


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_output_of_a_command_of_an_old_asterisk(size: int) -> None:
    """Until Asterisk 13 output came raw, blank lines included, up to an end mark."""
    stream = (
        b"Response: Follows\r\nPrivilege: Command\r\nActionID: a-1\r\nName: x\n  two\r\n\r\nEvent: Hangup\r\n\r\n"
        b"four\n--END COMMAND--\r\n\r\n"
    )
    made = parser()
    events, [reply] = feed_in_pieces(made, stream + HANGUP, size)
    assert reply.action_id == "a-1"
    assert ["Name: x", "  two", "", "Event: Hangup", "", "four"] == reply.output
    assert ["16"] == [event.get("Cause") for event in events]


@pytest.mark.parametrize("size", [1, 1000, 100_000])
def test_a_message_up_to_the_limit_is_read(size: int) -> None:
    """Nothing but the limit bounds a message."""
    big = message("Event: Hangup", "AppData: " + "x" * 50_000)
    made = parser(max_message_bytes=len(big))
    events, _ = feed_in_pieces(made, big, size)
    assert [50_000] == [len(event.get("AppData")) for event in events]


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("size", [100, 10_000])
def test_a_message_over_the_limit_is_an_error(size: int, *, ends: bool) -> None:
    """Over the limit is over the limit, whether its end has come or not, in one read or in many."""
    big = message("Event: Hangup", "AppData: " + "x" * 5_000) if ends else b"Event: Hangup\r\nAppData: " + b"x" * 5_000
    made = parser(max_message_bytes=4_000)
    with pytest.raises(AmiProtocolError, match="limit of 4000 bytes"):
        feed_in_pieces(made, big, size)


def test_the_output_of_an_old_command_has_the_limit_too() -> None:
    """Output that never ends is a message that never ends."""
    made = parser(max_message_bytes=1_000)
    with pytest.raises(AmiProtocolError, match="limit of 1000 bytes"):
        feed_in_pieces(made, b"Response: Follows\r\nx" + b"\r\n\r\ny" * 1_000, 50)


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n", b"\x15\x03\x03\x00\x02\x02\x46", b"\r\n", b"SSH-2.0-OpenSSH_9.2", b"\0"],
)
def test_a_peer_that_is_no_pbx_is_known_by_its_greeting(greeting: bytes) -> None:
    """Something else on that port is said to be so, with the beginning of what it said."""
    with pytest.raises(AmiProtocolError, match="the greeting was"):
        AmiParser().feed(greeting)


def test_a_greeting_without_end_is_an_error() -> None:
    """A greeting has a limit of its own."""
    with pytest.raises(AmiProtocolError, match="the greeting was"):
        AmiParser().feed(b"Asterisk Call Manager" + b"x" * 300)


def test_an_empty_line_in_a_value_does_not_tear_the_event() -> None:
    """A caller id with line breaks in it ends its message early; the rest is found again, and so is the next event."""
    made = parser()
    caller = "CallerIDNum: 1\r\nEvent: Hangup\r\n\r\n\r\n\r\n2"
    events, _ = made.feed(message("Event: Newchannel", "Channel: PJSIP/trunk-1", caller, "Uniqueid: 7.1") + HANGUP)
    assert ["Newchannel", "Hangup"] == [event.name for event in events]
    assert ("1", "7.1") == (events[0].get("CallerIDNum"), events[0].get("Uniqueid"))
    assert HANGUP.decode().rstrip() == events[1].text
    assert 1 == made.torn


def test_an_empty_line_in_a_list_does_not_tear_its_event() -> None:
    """The same in an action list, which is gathered whole."""
    made = parser()
    made.expect("a-1")
    row = message("Event: CoreShowChannel", "ActionID: a-1", "CallerIDNum: 1\r\n\r\n2", "Uniqueid: 7.1")
    end = message("Event: CoreShowChannelsComplete", "ActionID: a-1", "EventList: Complete")
    _, (reply,) = made.feed(message("Response: Success", "ActionID: a-1", "EventList: start") + row + end)
    assert ["7.1"] == [event.get("Uniqueid") for event in reply.events]


def test_what_belongs_to_nothing_is_passed_over() -> None:
    """The rest of an event that nobody wants, or of one in an earlier read, spoils nothing after it."""
    made = parser()
    events, replies = made.feed(VARSET + b"<html>\r\n\r\n" + HANGUP + REPLY + b"\x00\xff\r\n\r\n")
    assert [HANGUP.decode().rstrip()] == [event.text for event in events]
    assert ["Hello"] == [reply.message for reply in replies]
    events, _ = made.feed(b"garbage\r\n\r\n" + HANGUP)
    assert [HANGUP.decode().rstrip()] == [event.text for event in events]
    assert 3 == made.torn


def test_random_bytes_never_do_anything_but_raise_a_protocol_error() -> None:
    """Whatever comes, it is parsed or refused; nothing else happens."""
    chance = random.Random(5038)  # noqa: S311 - the same bytes each time
    vocabulary = [
        b"Event: ",
        b"Response: ",
        b"Follows",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"ActionID: a",
        b":",
        b"\xff",
        b"Hangup",
    ]
    for _ in range(500):
        made = parser(max_message_bytes=200)
        made.expect("a")
        try:
            for _ in range(20):
                made.feed(b"".join(chance.choices(vocabulary, k=8)))
        except AmiProtocolError:
            continue


def test_names_of_events_are_not_remembered_without_end() -> None:
    """A peer that makes up names can't fill the memory with them."""
    made = parser()
    for number in range(10_000):
        made.feed(message(f"Event: Made{number}", "A: b"))
    assert len(made._names) < 5_000
