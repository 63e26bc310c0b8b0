"""Which call a caller in a queue belongs to: nothing is left of a call that is over."""

from __future__ import annotations

import msgspec

from hub.domain.call import Call, ConnectionState
from hub.telephony.agents.callers import QueueCallers
from tests.unit.telephony.agents.scene import call

CALL = call("alice", ConnectionState.ALERTING, queue="support")


def replaced(of: Call, connection_id: str) -> Call:
    """Return the call with another last connection: a phone that is rung anew takes the older one's place."""
    last = msgspec.structs.replace(of.connections[-1], id=connection_id)
    return msgspec.structs.replace(of, connections=(*of.connections[:-1], last))


def test_a_call_is_found_by_any_of_its_channels_as_it_is_now() -> None:
    """Also one that came to it later; one that is no longer in it finds nothing."""
    callers = QueueCallers()
    callers.take(CALL, is_over=False)
    later = replaced(CALL, "1.3")
    callers.take(later, is_over=False)
    assert (later, None, later) == tuple(callers.find("main", uid) for uid in ("1.1", "1.2", "1.3"))
    assert None is callers.find("other", "1.1")


def test_a_part_on_another_pbx_is_found_there() -> None:
    """A call of two PBXs is one: its channels are told apart by theirs."""
    away = msgspec.structs.replace(CALL.connections[0], pbx="south")
    both = msgspec.structs.replace(CALL, connections=(away, CALL.connections[1]))
    callers = QueueCallers()
    callers.take(both, is_over=False)
    assert (both, None) == (callers.find("south", "1.1"), callers.find("main", "1.1"))


def test_nothing_is_left_of_a_call_that_is_over() -> None:
    """Ended or no longer there after a reconnect; a call without a queue is not kept at all."""
    callers = QueueCallers()
    callers.take(CALL, is_over=False)
    callers.take(CALL, is_over=True)
    callers.take(replaced(CALL, "1.9"), is_over=False)
    callers.keep_only("main", [])
    callers.take(call("alice", ConnectionState.ALERTING), is_over=False)
    assert ({}, {}, {}) == (callers._calls, callers._channels, callers._by_channel)
