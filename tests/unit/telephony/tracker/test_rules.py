"""Single rules of the tracker, each on a call made for it."""

from __future__ import annotations

import pytest

from hub.domain.call import ConnectionState, Direction
from hub.telephony.tracker import EXCLUDED_EVENTS, WANTED_EVENTS
from hub.telephony.tracker.channels import device_of
from tests.unit.telephony.tracker.scene import Scene

AGENTS = {"PJSIP/1001": "alice", "PJSIP/1002": "bob", "PJSIP/front-desk": "chen"}
CALLER = "PJSIP/trunk-00000001"
ALICE = "PJSIP/1001-00000002"
BOB = "PJSIP/1002-00000003"


@pytest.fixture
def scene() -> Scene:
    """Two agents, one trunk, no call."""
    return Scene(AGENTS)


def answered(scene: Scene, *, queue: str | None = None) -> None:
    """Bring about a call from the trunk that Alice answered."""
    scene.channel(CALLER, "ring", CallerIDNum="+498912345678", Exten="493023125001")
    if queue:
        scene.say("QueueCallerJoin", CALLER, Queue=queue)
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.say("Newstate", ALICE, "up")
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="ANSWER")
    scene.bridge("b1", ALICE, CALLER)


@pytest.mark.parametrize(
    ("channel", "device"),
    [
        ("PJSIP/1001-0000002a", "PJSIP/1001"),
        ("PJSIP/front-desk-0000002a", "PJSIP/front-desk"),
        ("SIP/1001-0000002a<ZOMBIE>", "SIP/1001"),
        ("DAHDI/i1/0301234-5", "DAHDI/i1/0301234"),
        ("PJSIP/1001", "PJSIP/1001"),
        ("", ""),
    ],
)
def test_a_device_is_its_channel_without_the_last_suffix(channel: str, device: str) -> None:
    """Only what follows the last hyphen is cut."""
    assert device == device_of(channel)


def test_a_device_with_hyphens_is_its_agents(scene: Scene) -> None:
    """An agent's device may be named with hyphens."""
    scene.channel(CALLER, "ring")
    scene.channel("PJSIP/front-desk-00000009", "ringing", of=CALLER)
    assert ["delivered chen"] == scene.table


def test_ringing_may_come_before_the_dial(scene: Scene) -> None:
    """The phone rings once, whether its state or the dialling is told first."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.say("Newstate", ALICE, "ringing")
    scene.dial(CALLER, ALICE)
    scene.dial(CALLER, ALICE, "DialState", DialStatus="RINGING")
    assert ["delivered alice"] == scene.table


def test_dialling_alone_is_no_ringing(scene: Scene) -> None:
    """A phone that is dialled and busy never rang: nobody gets a pop, and the failure is told."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    assert [] == scene.table
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="BUSY")
    scene.hang_up(ALICE, CALLER, cause=17)
    assert ["failed alice busy", "cleared busy busy"] == scene.table


def test_early_media_counts_as_ringing(scene: Scene) -> None:
    """A device that plays its own tone (183) alerts as one that says 180."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.dial(CALLER, ALICE, "DialState", DialStatus="PROGRESS")
    assert ["delivered alice"] == scene.table


def test_an_answer_without_ringing_is_told_as_both(scene: Scene) -> None:
    """A device that answers at once was delivered to, and the call is established when they talk."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "up")
    assert ["delivered alice"] == scene.table
    scene.bridge("b1", ALICE, CALLER)
    scene.say("Newstate", CALLER, "up")
    assert ["delivered alice", "established alice"] == scene.table


def test_an_answered_phone_does_not_talk_before_the_bridge(scene: Scene) -> None:
    """Somebody who picked up and hears an announcement first is still alerting."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.say("Newstate", ALICE, "up")
    [call] = scene.replay.tracker.live_calls()
    assert ConnectionState.ALERTING is call.connections[-1].state
    assert call.answered_at is None


def test_hold_and_retrieve_are_told(scene: Scene) -> None:
    """Whoever holds is in hold until he retrieves; a second word on it is no news."""
    answered(scene)
    for event in ("Hold", "Hold", "Unhold", "Unhold"):
        scene.say(event, ALICE)
    assert ["held alice"] == scene.table[2:]
    scene.settle()
    assert ["held alice", "retrieved alice"] == scene.table[2:]


def test_a_hold_that_a_transfer_takes_off_is_not_retrieved(scene: Scene) -> None:
    """The PBX takes a call off hold to hand it over: nobody talked again."""
    answered(scene)
    scene.say("Hold", ALICE)
    scene.say("Unhold", ALICE)
    scene.say("BlindTransfer", Result="Success", **scene.about(ALICE, "Transferer"), Extension="1002")
    scene.settle()
    assert ["held alice", "transferred alice transferred"] == scene.table[2:]


def test_a_second_hold_tells_that_the_first_one_ended(scene: Scene) -> None:
    """However quickly a phone holds again."""
    answered(scene)
    for event in ("Hold", "Unhold", "Hold"):
        scene.say(event, ALICE)
    assert ["held alice", "retrieved alice", "held alice"] == scene.table[2:]


def test_two_calls_in_a_parking_lot_stay_two(scene: Scene) -> None:
    """A bridge whose members wait alone joins nobody."""
    scene.channel(CALLER, "ring")
    scene.channel("PJSIP/trunk-00000007", "ring")
    scene.bridge("lot", CALLER, "PJSIP/trunk-00000007", technology="holding_bridge")
    assert 2 == len(scene.replay.tracker.live_calls())
    assert [] == scene.table


def test_a_time_out_above_a_local_channel_is_no_answer(scene: Scene) -> None:
    """A queue that gives up a Local member lets its phone be cancelled; to the agent it was not answered."""
    one, two = "Local/1001@agents-00000001;1", "Local/1001@agents-00000001;2"
    scene.channel(CALLER, "ring")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    scene.channel(one, of=CALLER)
    scene.channel(two, "ring", of=CALLER)
    scene.local(one, two)
    scene.dial(CALLER, one)
    scene.channel(ALICE, of=CALLER)
    scene.dial(two, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.say("Newstate", one, "ringing")
    scene.dial(CALLER, one, "DialEnd", DialStatus="NOANSWER")
    scene.hang_up(one, cause=0)
    scene.dial(two, ALICE, "DialEnd", DialStatus="CANCEL")
    scene.hang_up(ALICE, two, cause=0)
    assert ["queued PJSIP/trunk", "delivered alice", "diverted alice call_not_answered"] == scene.table
    scene.say("QueueCallerLeave", CALLER, Queue="support")
    scene.hang_up(CALLER)
    assert "cleared not_answered call_not_answered" == scene.table[-1]


def test_a_local_channel_that_goes_first_still_tells_why(scene: Scene) -> None:
    """The phone's last event may come after the Local channel between it and the queue is gone."""
    one, two = "Local/1001@agents-00000001;1", "Local/1001@agents-00000001;2"
    scene.channel(CALLER, "ring")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    scene.channel(one, of=CALLER)
    scene.channel(two, "ring", of=CALLER)
    scene.local(one, two)
    scene.dial(CALLER, one)
    scene.channel(ALICE, of=CALLER)
    scene.dial(two, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.dial(CALLER, one, "DialEnd", DialStatus="NOANSWER")
    scene.dial(two, ALICE, "DialEnd", DialStatus="CANCEL")
    scene.hang_up(one, two, ALICE, cause=0)
    assert "diverted alice call_not_answered" == scene.table[-1]


def test_a_phone_that_was_rung_in_vain_is_told_before_the_next_one_rings(scene: Scene) -> None:
    """The end of its dialling counts; its channel may be gone only after the next one's has come."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="NOANSWER")
    scene.channel(BOB, of=CALLER)
    scene.dial(CALLER, BOB)
    scene.say("Newstate", BOB, "ringing")
    scene.hang_up(ALICE, cause=0)
    assert ["delivered alice", "diverted alice call_not_answered", "delivered bob"] == scene.table


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (17, "rejected"),
        (19, "call_not_answered"),
        (21, "rejected"),
        (1, "dest_not_obtainable"),
        (34, "network_congestion"),
        (0, "call_not_answered"),
    ],
)
def test_a_phone_that_refuses_says_why(scene: Scene, cause: int, why: str) -> None:
    """Asterisk ends the dialling with NOANSWER for most answers (603 is one), but passes on the phone's cause."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.say("HangupRequest", ALICE, Cause=str(cause))
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="NOANSWER")
    scene.hang_up(ALICE, cause=cause)
    assert ["delivered alice", f"diverted alice {why}"] == scene.table


@pytest.mark.parametrize(
    ("cause", "why"), [(21, "do_not_disturb"), (17, "busy"), (19, "dest_not_obtainable"), (0, "dest_not_obtainable")]
)
def test_a_phone_that_refuses_without_ringing_failed(scene: Scene, cause: int, why: str) -> None:
    """Nobody can reject what never rang: that was the phone itself. No answer from such a one is absence."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("HangupRequest", ALICE, Cause=str(cause))
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="NOANSWER")
    scene.hang_up(ALICE, cause=cause)
    assert [f"failed alice {why}"] == scene.table


def test_talking_goes_through_local_channels_that_stay(scene: Scene) -> None:
    """Local channels that are not optimised away are no parties, and who is beyond them talks."""
    one, two = "Local/1001@agents-00000001;1", "Local/1001@agents-00000001;2"
    scene.channel(CALLER, "ring")
    scene.channel(one, of=CALLER)
    scene.channel(two, "ring", of=CALLER)
    scene.local(one, two)
    scene.dial(CALLER, one)
    scene.channel(ALICE, of=CALLER)
    scene.dial(two, ALICE)
    for channel in (ALICE, two, one, CALLER):
        scene.say("Newstate", channel, "up")
    scene.bridge("inner", ALICE, two)
    assert ["delivered alice"] == scene.table
    scene.bridge("outer", one, CALLER)
    assert ["delivered alice", "established alice"] == scene.table
    assert ["PJSIP/trunk", "PJSIP/1001"] == [connection.device for connection in scene.call.connections]


def test_a_forwarding_phone_is_told_as_redirected(scene: Scene) -> None:
    """Forwarding ends the ringing of the first phone, and is no caller's hanging up."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="CANCEL", Forward="1002@from-phones")
    scene.channel(BOB, of=CALLER)
    scene.dial(CALLER, BOB)
    scene.say("Newstate", BOB, "ringing")
    scene.hang_up(ALICE)
    assert ["delivered alice", "diverted alice redirected", "delivered bob"] == scene.table


def test_a_picked_up_call_moves_to_the_one_who_picked_it_up(scene: Scene) -> None:
    """Bob takes the call that rings at Alice's: hers is answered elsewhere, he talks, one call is left."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.channel(BOB, "ring", Exten="*8")
    scene.say("Rename", BOB, Newname=f"{BOB}<MASQ>")
    scene.say("Rename", ALICE, Newname=BOB)
    scene.say("Rename", BOB, Newname=f"{ALICE}<ZOMBIE>")
    scene.hang_up(BOB)
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="ANSWER")
    scene.bridge("b1", ALICE, CALLER)
    assert ["delivered alice", "diverted alice answered_elsewhere", "delivered bob", "established bob"] == scene.table
    scene.hang_up(ALICE, CALLER)
    assert "cleared answered normal_clearing" == scene.table[-1]
    assert [] == list(scene.replay.tracker.live_calls())


def test_a_call_that_goes_on_without_its_agent_says_so(scene: Scene) -> None:
    """The agent hangs up and the caller stays for a survey: told a second later, once."""
    answered(scene)
    scene.hang_up(ALICE)
    scene.replay.tracker.settle(scene.replay.now)
    assert ["delivered alice", "established alice"] == scene.table
    assert not scene.replay.tracker.is_settled
    scene.wait(1)
    scene.replay.tracker.settle(scene.replay.now)
    assert scene.replay.tracker.is_settled
    scene.hang_up(CALLER)
    assert ["connection_cleared alice normal_clearing", "cleared answered normal_clearing"] == scene.table[2:]


def test_a_call_that_ends_with_its_agent_is_told_once(scene: Scene) -> None:
    """Where the caller goes too, the end of the call says all."""
    answered(scene)
    scene.hang_up(ALICE, CALLER)
    scene.wait(5)
    scene.replay.tracker.settle(scene.replay.now)
    assert ["cleared answered normal_clearing"] == scene.table[2:]


def test_a_queue_that_rings_for_hours_does_not_grow(scene: Scene) -> None:
    """Of a device that was rung again and again the last time is kept."""
    scene.channel(CALLER, "ring")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    for number in range(50):
        name = f"PJSIP/1001-1{number:07}"
        scene.channel(name, of=CALLER)
        scene.dial(CALLER, name)
        scene.say("Newstate", name, "ringing")
        scene.dial(CALLER, name, "DialEnd", DialStatus="NOANSWER")
        scene.hang_up(name, cause=0)
    assert 2 == len(scene.call.connections)
    assert 50 == scene.table.count("diverted alice call_not_answered")


def test_a_queue_that_gives_up_leaves_the_call_unanswered(scene: Scene) -> None:
    """A caller sent away by the queue did not abandon it."""
    scene.channel(CALLER, "ring")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    scene.say("QueueCallerLeave", CALLER, Queue="support")
    scene.hang_up(CALLER)
    assert ["queued PJSIP/trunk", "cleared not_answered call_not_answered"] == scene.table


def test_a_queue_whose_time_ran_out_while_it_rang_was_not_abandoned(scene: Scene) -> None:
    """Asterisk says that the caller abandoned the queue, but it was the queue that gave up."""
    scene.channel(CALLER, "ring")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="NOANSWER")
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="CANCEL")
    scene.say("QueueCallerAbandon", CALLER, Queue="support")
    scene.hang_up(ALICE, cause=0)
    scene.say("QueueCallerLeave", CALLER, Queue="support")
    scene.hang_up(CALLER)
    assert ["diverted alice call_not_answered", "cleared not_answered call_not_answered"] == scene.table[2:]


def test_a_queue_whose_time_ran_out_while_nobody_was_rung_was_not_abandoned(scene: Scene) -> None:
    """Nor is it where all agents were busy."""
    scene.channel(CALLER, "ring")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    scene.say("QueueCallerAbandon", CALLER, Queue="support")
    scene.say("QueueCallerLeave", CALLER, Queue="support")
    scene.hang_up(CALLER)
    assert ["queued PJSIP/trunk", "cleared not_answered call_not_answered"] == scene.table


def test_a_queue_behind_a_local_channel_holds_the_caller(scene: Scene) -> None:
    """It is the caller who waits, though the channel in the queue is plumbing."""
    one, two = "Local/support@queues-00000001;1", "Local/support@queues-00000001;2"
    scene.channel(CALLER, "ring")
    scene.channel(one, of=CALLER)
    scene.channel(two, "ring", of=CALLER)
    scene.local(one, two)
    scene.dial(CALLER, one)
    scene.say("QueueCallerJoin", two, Queue="support")
    assert ["queued PJSIP/trunk"] == scene.table
    assert ConnectionState.QUEUED is scene.call.connections[0].state


def test_a_queue_whose_agent_rejected_leaves_the_call_unanswered(scene: Scene) -> None:
    """One agent's rejecting is not the queue's answer to the caller."""
    scene.channel(CALLER, "ring")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="BUSY")
    scene.hang_up(ALICE, cause=17)
    scene.say("QueueCallerLeave", CALLER, Queue="support")
    scene.hang_up(CALLER)
    assert ["diverted alice rejected", "cleared not_answered call_not_answered"] == scene.table[2:]


def test_a_call_led_elsewhere_while_it_rang_was_not_abandoned(scene: Scene) -> None:
    """Dialling that is cancelled because the call is redirected to a queue counts no more there."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="CANCEL")
    scene.hang_up(ALICE)
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    scene.say("QueueCallerLeave", CALLER, Queue="support")
    scene.hang_up(CALLER)
    assert "cleared not_answered call_not_answered" == scene.table[-1]


def test_overflow_to_a_second_queue_is_queued_again(scene: Scene) -> None:
    """The queue waited in last is the call's."""
    scene.channel(CALLER, "ring")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    scene.say("QueueCallerLeave", CALLER, Queue="support")
    scene.say("QueueCallerJoin", CALLER, Queue="sales")
    assert ["queued PJSIP/trunk", "queued PJSIP/trunk queue_timed_out"] == scene.table
    assert "sales" == scene.call.queue
    assert scene.call.left_queue_at is None


def test_hanging_up_on_a_busy_tone_is_not_abandoning(scene: Scene) -> None:
    """The caller was told busy first."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="BUSY")
    scene.hang_up(ALICE, cause=17)
    scene.say("HangupRequest", CALLER)
    scene.hang_up(CALLER)
    assert ["failed alice busy", "cleared busy busy"] == scene.table


def test_a_dialplan_that_says_busy_is_no_caller_who_left(scene: Scene) -> None:
    """Busy() ends in the same event as a caller's hanging up, with the cause that was told."""
    scene.channel(CALLER, "ring")
    scene.say("HangupRequest", CALLER, "ring", Cause="17")
    scene.hang_up(CALLER, cause=17)
    assert ["cleared busy busy"] == scene.table


def test_a_caller_whose_line_breaks_while_waiting_abandoned_the_queue(scene: Scene) -> None:
    """Whatever the cause, whoever was in the queue is gone of himself."""
    scene.channel(CALLER, "ring")
    scene.say("Newstate", CALLER, "up")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    scene.say("HangupRequest", CALLER, Cause="38")
    scene.hang_up(CALLER, cause=38)
    assert "cleared abandoned call_cancelled" == scene.table[-1]


def test_a_caller_who_hangs_up_in_a_menu_abandoned_the_call(scene: Scene) -> None:
    """Nobody was rung, and it was the caller who went."""
    scene.channel(CALLER, "ring")
    scene.say("Newstate", CALLER, "up")
    scene.say("HangupRequest", CALLER)
    scene.hang_up(CALLER)
    assert ["cleared abandoned call_cancelled"] == scene.table


@pytest.mark.parametrize(
    ("cause", "end"),
    [
        (1, "cleared failed dest_not_obtainable"),
        (17, "cleared busy busy"),
        (38, "cleared failed network_congestion"),
        (16, "cleared not_answered normal_clearing"),
    ],
)
def test_a_call_that_rang_nobody_ends_as_its_caller_was_told(scene: Scene, cause: int, end: str) -> None:
    """The hang-up cause is all there is to say."""
    scene.channel(CALLER, "ring")
    scene.hang_up(CALLER, cause=cause)
    assert [end] == scene.table


def test_a_prohibited_number_is_not_shown(scene: Scene) -> None:
    """A caller whose presentation is prohibited is anonymous, though the PBX knows the number."""
    scene.channel(CALLER, "ring", CallerIDNum="+498912345678", CallerIDName="Max")
    pres = "35 (Presentation Prohibited, Network Number)"
    scene.say("NewCallerid", CALLER, CallerIDNum="+498912345678", CallerIDName="Max", **{"CID-CallingPres": pres})
    scene.channel(ALICE, "ringing", of=CALLER)
    assert scene.call.caller.anonymous
    assert "" == scene.call.caller_name


def test_a_caller_id_set_in_the_dialplan_counts_until_it_was_told(scene: Scene) -> None:
    """What the dialplan makes of the number before the ringing is the number; later changes are a transfer's."""
    scene.channel(CALLER, "ring", CallerIDNum="carrier")
    assert [] == scene.replay.arrivals
    scene.say("NewCallerid", CALLER, CallerIDNum="+498912345678", CallerIDName="Max Muster")
    assert ["+498912345678"] == scene.replay.arrivals
    scene.channel(ALICE, "ringing", of=CALLER)
    scene.say("NewCallerid", CALLER, CallerIDNum="1001")
    scene.hang_up(ALICE, CALLER)
    assert "+498912345678" == scene.call.caller.e164
    assert "Max Muster" == scene.call.caller_name


def test_hostile_texts_are_cut_and_cleaned(scene: Scene) -> None:
    """Caller, name, dialled number, queue and device have a length, and no control characters."""
    long = "A\x07\u202e" + "x" * 100_000
    scene.channel(CALLER, "ring", CallerIDNum=long, CallerIDName=long, Exten=long)
    scene.say("QueueCallerJoin", CALLER, Queue=long)
    call = scene.call
    texts = [call.caller.raw, call.caller_name, call.called.raw, call.queue or ""]
    assert all(len(text) <= 128 and "\x07" not in text and "\u202e" not in text for text in texts)
    assert all(texts)


def test_messages_are_no_calls(scene: Scene) -> None:
    """The channel that carries text messages stays until Asterisk stops, and is left alone."""
    scene.channel("Message/ast_msg_queue", "up")
    assert 0 == scene.replay.tracker.channel_count


def test_an_agent_calling_out_is_outbound_to_the_dialled_number(scene: Scene) -> None:
    """The customer is the one who is called."""
    scene.channel(ALICE, "ring", CallerIDNum="1001", Exten="089 12345678")
    scene.channel("PJSIP/trunk-00000009", of=ALICE)
    scene.dial(ALICE, "PJSIP/trunk-00000009")
    scene.say("Newstate", "PJSIP/trunk-00000009", "ringing")
    assert ["delivered PJSIP/trunk"] == scene.table
    assert scene.call.direction is Direction.OUTBOUND
    assert "+498912345678" == scene.call.customer_number.e164


def test_an_agent_calling_an_agent_is_internal(scene: Scene) -> None:
    """Nobody outside takes part."""
    scene.channel(ALICE, "ring", CallerIDNum="1001", Exten="1002")
    scene.channel(BOB, "ringing", of=ALICE)
    assert scene.call.direction is Direction.INTERNAL
    assert [] == scene.replay.arrivals


def test_without_trunks_whoever_is_no_agent_calls_from_outside() -> None:
    """The configuration need not name the trunks."""
    scene = Scene(AGENTS, trunks=())
    scene.channel("PJSIP/carrier-00000001", "ring", CallerIDNum="+498912345678")
    scene.channel(ALICE, "ringing", of="PJSIP/carrier-00000001")
    assert scene.call.direction is Direction.INBOUND
    assert ["+498912345678"] == scene.replay.arrivals


def test_a_trunk_that_the_configuration_forgot_calls_from_outside(scene: Scene) -> None:
    """Who is no agent and shows a public number is no extension; who shows an extension is."""
    scene.channel("PJSIP/2nd-carrier-00000001", "ring", CallerIDNum="+498912345678")
    scene.channel(ALICE, "ringing", of="PJSIP/2nd-carrier-00000001")
    assert ["+498912345678"] == scene.replay.arrivals
    scene.channel("PJSIP/lobby-00000002", "ring", CallerIDNum="1009")
    scene.channel(BOB, "ringing", of="PJSIP/lobby-00000002")
    assert [Direction.INBOUND, Direction.INTERNAL] == [step.call.direction for step in scene.replay.steps]


def test_a_span_is_the_trunk_of_its_channels() -> None:
    """ISDN channels are named after span and number; the span is what is configured."""
    scene = Scene(AGENTS, trunks=("DAHDI/i1",))
    scene.channel("DAHDI/i1/08912345678-5", "ring", CallerIDNum="withheld")
    scene.channel(ALICE, "ringing", of="DAHDI/i1/08912345678-5")
    assert scene.call.direction is Direction.INBOUND


def test_a_click_to_dial_call_rings_the_agent_first(scene: Scene) -> None:
    """The PBX rings the agent, then the customer: one call, answered when they talk, to the dialled number."""
    scene.channel(ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.say("Newstate", ALICE, "up")
    scene.channel("PJSIP/trunk-00000009", of=ALICE)
    scene.dial(ALICE, "PJSIP/trunk-00000009", Exten="08912345678")
    scene.say("Newstate", "PJSIP/trunk-00000009", "up")
    scene.bridge("b1", ALICE, "PJSIP/trunk-00000009")
    assert ["delivered alice", "delivered PJSIP/trunk", "established PJSIP/trunk"] == scene.table
    assert scene.call.direction is Direction.OUTBOUND
    assert "+498912345678" == scene.call.customer_number.e164
    assert {ConnectionState.CONNECTED} == {connection.state for connection in scene.call.connections}


def test_an_ended_call_does_not_come_back(scene: Scene) -> None:
    """Late and repeated events of a channel that is gone change nothing."""
    answered(scene)
    scene.hang_up(ALICE, CALLER)
    told = scene.table
    scene.say("Newstate", ALICE, "up")
    scene.bridge("b1", ALICE, CALLER)
    scene.dial(CALLER, ALICE)
    scene.hang_up(ALICE, CALLER)
    assert told == scene.table
    assert 0 == scene.replay.tracker.channel_count


def test_a_device_with_two_contacts_rings_once(scene: Scene) -> None:
    """A desk phone and a softphone of one agent are one device: told when the first rings and the last stops."""
    softphone = "PJSIP/1001-00000004"
    scene.channel(CALLER, "ring")
    for name in (ALICE, softphone):
        scene.channel(name, of=CALLER)
        scene.dial(CALLER, name)
        scene.say("Newstate", name, "ringing")
    assert ["delivered alice"] == scene.table
    scene.say("Newstate", softphone, "up")
    scene.bridge("b1", softphone, CALLER)
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="CANCEL")
    scene.hang_up(ALICE, cause=26)
    assert ["delivered alice", "established alice"] == scene.table
    assert frozenset() == scene.replay.tracker.live_calls()[0].alerting_agents


def test_what_is_needed_is_not_filtered() -> None:
    """No event is both subscribed to and cut at the source, but for digits, which are cut unless they are asked for."""
    assert {"DTMFEnd"} == set(WANTED_EVENTS) & set(EXCLUDED_EVENTS)
