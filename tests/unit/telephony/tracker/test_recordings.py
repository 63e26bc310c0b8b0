"""Calls recorded on Asterisk 13 with chan_sip and Local channels: the truth of each, read from its raw events."""

from __future__ import annotations

import pytest

from hub.domain.call import Direction
from tests.unit.telephony.tracker.replay import RECORDINGS, Replay, read_recording

AGENTS = {f"SIP/15001000{number}": f"agent{number}" for number in range(1, 6)} | {"SIP/260010001": "erin"}
TRUNK = "SIP/voipgrid-siproute-docker"
FOLDER = RECORDINGS / "asterisk-13"

ANSWERED = "cleared answered normal_clearing"
TOLD = {
    "simple/a_created_no_answer": ["cleared not_answered normal_clearing"],
    "simple/ab_a_cancel": ["delivered agent2", "diverted agent2 call_cancelled", "cleared abandoned call_cancelled"],
    "simple/ab_callgroup": [
        "delivered agent2",
        "delivered agent3",
        "diverted agent3 answered_elsewhere",
        "established agent2",
        ANSWERED,
    ],
    "simple/ab_callgroup_no_answer": [
        "delivered agent2",
        "delivered agent3",
        "diverted agent2 rejected",
        "diverted agent3 rejected",
        "cleared not_answered call_not_answered",
    ],
    "simple/ab_dnd": ["failed agent2 busy", "cleared busy busy"],
    "simple/ab_reject": ["delivered agent2", "diverted agent2 rejected", "cleared busy rejected"],
    "simple/ab_success_a_hangup": ["delivered agent2", "established agent2", ANSWERED],
    "simple/ab_success_b_hangup": ["delivered agent2", "established agent2", ANSWERED],
    "simple/ab_success_o3": ["delivered SIP/100060002", "established SIP/100060002", ANSWERED],
    # Out over the trunk and in again: two calls, as nothing inside the PBX joins them.
    "simple/ab_success_twoclients": [
        f"delivered {TRUNK}",
        "2: delivered agent1",
        "2: established agent1",
        f"established {TRUNK}",
        ANSWERED,
        f"2: {ANSWERED}",
    ],
    "queue/queue_a_cancel": [
        "delivered agent2",
        "diverted agent2 call_cancelled",
        "cleared abandoned call_cancelled",
    ],
    "queue/queue_group": [
        "delivered agent3",
        "delivered agent2",
        "diverted agent3 answered_elsewhere",
        "established agent2",
        ANSWERED,
    ],
    "queue/queue_simple": ["failed agent3 busy", "delivered agent2", "established agent2", ANSWERED],
    # Agent 1 asks agent 2 in a call of their own, then hands over.
    "queue/queue_attn_xfer": [
        "delivered agent1",
        "established agent1",
        "2: delivered agent2",
        "2: established agent2",
        "2: cleared answered transferred",
        "established agent2",
        "transferred agent1 transferred",
        ANSWERED,
    ],
    "queue/queue_blind_xfer": [
        "delivered agent1",
        "established agent1",
        "transferred agent1 transferred",
        "delivered agent2",
        "established agent2",
        ANSWERED,
    ],
    "xfer_blind/xfer_blind_a_no_answer": [
        "delivered agent2",
        "established agent2",
        "transferred agent1 transferred",
        "failed agent3 busy",
        ANSWERED,
    ],
    "xfer_blind/xfer_blind_abacbc": [
        "delivered agent2",
        "established agent2",
        "transferred agent1 transferred",
        "delivered agent3",
        "established agent3",
        ANSWERED,
    ],
    "xfer_blind/xfer_blind_abbcac": [
        "delivered agent2",
        "established agent2",
        "transferred agent2 transferred",
        "delivered agent3",
        "established agent3",
        ANSWERED,
    ],
    "xfer_blind/xfer_blind_b_no_answer": [
        "delivered agent2",
        "established agent2",
        "transferred agent2 transferred",
        "failed agent3 busy",
        ANSWERED,
    ],
    "xfer_blind/xfer_blind_group": [
        "delivered agent1",
        "established agent1",
        "transferred agent1 transferred",
        "delivered agent3",
        "delivered agent2",
        "diverted agent2 answered_elsewhere",
        "established agent3",
        ANSWERED,
    ],
    "xfer_blind/xfer_blind_group_no_answer": [
        "delivered agent1",
        "established agent1",
        "transferred agent1 transferred",
        "failed agent4 busy",
        ANSWERED,
    ],
    "xfer_blind/xfer_blind_reject": [
        "delivered agent2",
        "established agent2",
        "transferred agent2 transferred",
        "delivered agent3",
        "diverted agent3 rejected",
        ANSWERED,
    ],
}


def replay(name: str) -> Replay:
    """Replay a recording; skip the test where it isn't there."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the recording {name}.json is not there (CTIHUB_RECORDINGS names its folder)")
    return Replay(AGENTS, [TRUNK], region="NL").feed(read_recording(path))


@pytest.mark.parametrize("name", TOLD)
def test_each_step_is_told_once_and_in_order(name: str) -> None:
    """Who rang, who answered, who transferred and how it ended are told, and nothing is left over."""
    replayed = replay(name)
    assert TOLD[name] == replayed.table()
    assert [] == list(replayed.tracker.live_calls())
    assert 0 == replayed.tracker.channel_count


@pytest.mark.parametrize(
    ("name", "directions"),
    [
        ("simple/ab_success_a_hangup", [Direction.INTERNAL]),
        ("queue/queue_simple", [Direction.INBOUND]),
        ("simple/ab_success_twoclients", [Direction.OUTBOUND, Direction.INBOUND]),
    ],
)
def test_the_direction_follows_from_trunk_and_agents(name: str, directions: list[Direction]) -> None:
    """From the trunk is inbound, to the trunk outbound, between agents internal."""
    ended = {step.call.id: step.call.direction for step in replay(name).steps}
    assert directions == list(ended.values())
