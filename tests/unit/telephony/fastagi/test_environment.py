"""What Asterisk says of a call becomes the question that is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.phone import PhoneNumber
from hub.domain.routing import Enquiry
from hub.telephony.fastagi.environment import MAX_BYTES, MAX_LINES, Environment, enquiry_of
from hub.telephony.fastagi.errors import FastAgiError
from tests.unit.telephony.fastagi.asterisk_side import environment_bytes


def read(data: bytes) -> Environment:
    environment = Environment()
    for line in data.splitlines(keepends=True):
        if environment.take(line):
            break
    return environment


def enquiry(**changes: str) -> Enquiry:
    return enquiry_of(read(environment_bytes(**changes)), pbx="main", call_id="main-1", region="DE")


def test_the_question_of_a_plain_call() -> None:
    """Who calls, whom they dialled, which queue they would go to, and which call it is."""
    asked = enquiry(dnid="+493023125100")
    assert ("+498912345678", "+493023125100", "support") == (asked.caller.e164, asked.dialled, asked.queue)
    assert ("main", "main-1", {}) == (asked.pbx, asked.call_id, {})


@pytest.mark.parametrize(
    ("presentation", "anonymous"), [("0", False), ("3", False), ("32", True), ("35", True), ("67", False), ("x", False)]
)
def test_a_number_that_its_owner_withholds_is_not_used(presentation: str, anonymous: bool) -> None:
    """The carrier may know it and ask that it is not shown: nobody is looked up by it."""
    asked = enquiry(callingpres=presentation)
    assert anonymous is asked.caller.anonymous
    assert (None if anonymous else "+498912345678") == asked.caller.e164


def test_a_number_that_the_dialplan_passes_stands_in_place_of_the_callers() -> None:
    """A dialplan may know better: a customer number typed in, a diverted call."""
    asked = enquiry(network_script="customer?number=08912345679&queue=sales&choice=2", callingpres="32")
    assert ("+498912345679", "sales", {"choice": "2"}) == (asked.caller.e164, asked.queue, asked.arguments)


def test_arguments_behind_the_address_count_too() -> None:
    """AGI(agi://hub/customer,queue=sales,choice=2) says the same as the address with a question mark."""
    asked = enquiry(network_script="customer", arg_1="queue=sales", arg_2="choice=a=b", arg_3="no value")
    assert ("sales", {"choice": "a=b"}) == (asked.queue, asked.arguments)


@pytest.mark.parametrize(
    "changes",
    [
        {"network_script": "customer?queue=support&name=Eve&queue=vip"},
        {"network_script": "customer?queue=support&name=Eve&queue=vip&pbx=other"},
        {"network_script": "customer?queue=support", "arg_1": "name=Eve", "arg_2": "queue=vip"},
    ],
)
def test_a_callers_name_does_not_choose_the_queue(changes: dict[str, str]) -> None:
    """A dialplan that passes what a caller sends, and & or a comma in it: what it said before that counts."""
    asked = enquiry(**changes)
    assert ("support", {"name": "Eve"}) == (asked.queue, asked.arguments)


@pytest.mark.parametrize(
    ("changes", "script"),
    [
        ({"network_script": "customer"}, "customer"),
        ({"network_script": "", "request": "agi://hub:4573/customer?queue=a"}, "customer"),
        ({"network_script": "/customer/?queue=a"}, "customer"),
        ({"network_script": "other/script"}, "other/script"),
        ({"network_script": "", "request": "agi://hub"}, ""),
    ],
)
def test_the_script_is_the_path(changes: dict[str, str], script: str) -> None:
    """With its own variable, or out of the address."""
    assert script == read(environment_bytes(**changes)).script


@pytest.mark.parametrize("missing", ["unknown", "", "<unknown>"])
def test_a_caller_without_a_number_is_anonymous(missing: str) -> None:
    """Asterisk writes `unknown` for it."""
    assert PhoneNumber(raw=missing, anonymous=True) == enquiry(callerid=missing).caller


@pytest.mark.parametrize("extension", ["s", "i", "unknown"])
def test_a_place_in_the_dialplan_is_no_number_that_was_dialled(extension: str) -> None:
    """Only what the caller dialled is told."""
    assert "" == enquiry(dnid="unknown", extension=extension).dialled


def test_a_caller_can_not_write_over_what_asterisk_says_first() -> None:
    """Line breaks in a caller's number: the request and the channel stand before it, and the first value counts."""
    hostile = "0891\nagi_request: agi://x/other\nagi_network_script: other\nagi_uniqueid: 666.6\n\n200 result=1"
    environment = read(environment_bytes(callerid=hostile))
    assert ("customer", "1795300000.1") == (environment.script, environment["uniqueid"])


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\n",
        b"agi_channel: x\n\n",
        b"agi_x: y\n" * (MAX_LINES + 1),
        b"agi_x: " + b"y" * MAX_BYTES + b"\n",
        b"\x16\x03\x01\x02\x00\n",
    ],
)
def test_what_is_no_environment_is_refused(data: bytes) -> None:
    """Another protocol, an empty one, an endless one."""
    with pytest.raises(FastAgiError):
        read(data)


def test_too_many_arguments_are_refused() -> None:
    """Nobody's dialplan needs hundreds."""
    script = "customer?" + "&".join(f"a{number}=1" for number in range(33))
    with pytest.raises(FastAgiError, match="more than 32 arguments"):
        enquiry(network_script=script)


@given(st.dictionaries(st.sampled_from(("network_script", "request", "callerid", "dnid", "callingpres")), st.text()))
def test_whatever_a_caller_sends_is_a_question_or_an_error_in_words(changes: dict[str, str]) -> None:
    """Nothing else comes out of it."""
    try:
        asked = enquiry(**changes)
    except FastAgiError:
        return
    assert len(asked.caller.raw) <= 64
    assert all(len(value) <= 256 for value in asked.arguments.values())
