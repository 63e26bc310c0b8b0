"""Calls that are forwarded, refused or meant for a group, on the site `queues_site/`."""

import asyncio

from tests.servers.sipp import converse
from tests.servers.stage import Scenario, Stage
from tests.servers.terse import CalledLeg, TersePhone
from tests.waiting import eventually

MAX = "+498999998123"
MOBILE = "+491711234567"
TALK_SECONDS = 0.3
MESSAGE_SECONDS = 1.5
PROMPT_SECONDS = 1


async def _talk() -> None:
    await asyncio.sleep(TALK_SECONDS)


async def _rings(stage: Stage, phone: TersePhone, number: str) -> CalledLeg:
    """Let the phone ring, now that it is called, and return when Asterisk has heard it."""
    called = await phone.called()
    called.ring()
    await stage.manager.wait_for("Newstate", ChannelStateDesc="Ringing", CallerIDNum=number)
    return called


async def group(stage: Stage) -> None:
    """Max calls a group of three phones. Alice's is busy (486) at once, then Bob's and Chen's ring.

    Bob declines (603), Chen answers. They talk, Max hangs up.
    """
    alice, bob, chen = [await stage.terse_phone(number) for number in ("1001", "1002", "1003")]
    caller = await stage.call(MAX, name="Max", to="7030")
    await (await alice.called()).refuse(486)
    await stage.manager.wait_for("DialEnd", DialStatus="BUSY")
    declined, ringing = await _rings(stage, bob, "1002"), await _rings(stage, chen, "1003")
    await declined.refuse(603)
    # PJSIP says NOANSWER to that, chan_sip says BUSY.
    await eventually(lambda: stage.manager.count("DialEnd") == len((alice, bob)), "Asterisk knowing that Bob declined")
    await ringing.answer()
    await caller.established()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def group_abandoned(stage: Stage) -> None:
    """Max calls a group of phones: Alice's rings, then Bob's, and Chen's is off. Max gives up."""
    alice, bob = await stage.terse_phone("1001"), await stage.terse_phone("1002")
    caller = await stage.call(MAX, name="Max", to="7030")
    rung = await _rings(stage, alice, "1001"), await _rings(stage, bob, "1002")
    await caller.ringing()
    await caller.cancel()
    for ringing in rung:
        await ringing.cleared()


async def group_behind_locals(stage: Stage) -> None:
    """Max calls a group that is dialled by way of Local channels that stay: Alice's phone rings, then Bob's.

    Bob declines (486), Alice answers and hangs up.
    """
    alice, bob = await stage.terse_phone("1001"), await stage.terse_phone("1002")
    caller = await stage.call(MAX, name="Max", to="7031")
    ringing, declined = await _rings(stage, alice, "1001"), await _rings(stage, bob, "1002")
    await declined.refuse(486)
    await stage.manager.wait_for("DialEnd", DialStatus="BUSY")
    await ringing.answer()
    await caller.established()
    await converse(caller, ringing)
    await ringing.hang_up()
    await caller.cleared()


async def answered_at_once(stage: Stage) -> None:
    """Max calls Alice's phone, which answers (200) without having rung (180). They talk, he hangs up."""
    alice = await stage.terse_phone("1001")
    caller = await stage.call(MAX, name="Max", to="7041")
    called = await alice.called()
    await called.answer()
    await caller.established()
    await _talk()
    await caller.hang_up()
    await called.cleared()


async def busy_at_once(stage: Stage) -> None:
    """Max calls Alice's phone, which is not to be disturbed: it says busy (486) without ringing, and so he is told."""
    alice = await stage.terse_phone("1001")
    caller = await stage.call(MAX, name="Max", to="7041")
    await (await alice.called()).refuse(486)
    await caller.cleared()


async def declined(stage: Stage) -> None:
    """Max calls Alice; her phone rings and she declines (603). He is told that his call was rejected."""
    alice = await stage.phone("1001")
    caller = await stage.call(MAX, name="Max", to="7041")
    await (await alice.rings()).reject(603)
    await caller.cleared()


async def not_registered(stage: Stage) -> None:
    """Max calls Dora, whose phone is off: Asterisk makes no channel for it (CHANUNAVAIL). He is told so."""
    caller = await stage.call(MAX, name="Max", to="7044")
    await caller.cleared()


async def congested(stage: Stage) -> None:
    """Max calls Alice's phone, which is overloaded (503) and does not ring. He is told so."""
    alice = await stage.terse_phone("1001")
    caller = await stage.call(MAX, name="Max", to="7041")
    await (await alice.called()).refuse(503)
    await caller.cleared()


async def not_disturbed(stage: Stage) -> None:
    """Max calls Alice, for whose phone the PBX has stored that it is not to be disturbed. He is told busy."""
    await stage.phone("1001")
    await stage.store("DND", "1001", "yes")
    caller = await stage.call(MAX, name="Max", to="7051")
    await caller.cleared()


async def forwarded_by_phone(stage: Stage) -> None:
    """Max calls Alice's phone, which sends the call to Bob's (302) without ringing. Bob answers, Max hangs up."""
    alice, bob = await stage.terse_phone("1001"), await stage.phone("1002")
    caller = await stage.call(MAX, name="Max", to="7041")
    await (await alice.called()).send_on(f"1002@{stage.address}")
    ringing = await bob.rings()
    await ringing.answer()
    await caller.established()
    await converse(caller, ringing)
    await caller.hang_up()
    await ringing.cleared()


async def forwarded_out_by_phone(stage: Stage) -> None:
    """Max calls Alice's phone, which sends the call to her mobile (302) without ringing: in from outside and out again.

    The mobile rings and is answered. Max hangs up.
    """
    outside, alice = await stage.outside(), await stage.terse_phone("1001")
    caller = await stage.call(MAX, name="Max", to="7041")
    await (await alice.called()).send_on(f"{MOBILE}@{stage.address}")
    mobile = await outside.called()
    mobile.ring()
    await caller.ringing()
    await mobile.answer()
    await caller.established()
    await converse(caller, mobile)
    await caller.hang_up()
    await mobile.cleared()


async def forwarded(stage: Stage) -> None:
    """Max calls Alice, whose calls the PBX forwards to Bob: his phone alone rings, he answers and hangs up."""
    await stage.phone("1001")
    bob = await stage.phone("1002")
    await stage.store("CF", "1001", "1002")
    caller = await stage.call(MAX, name="Max", to="7051")
    ringing = await bob.rings()
    await ringing.answer()
    await caller.established()
    await _talk()
    await ringing.hang_up()
    await caller.cleared()


async def forwarded_to_group(stage: Stage) -> None:
    """Max calls Dora, whose calls the PBX forwards to a group: Alice's phone rings, then Bob's, and Chen's is off.

    Alice answers, Bob's stops ringing. Max hangs up.
    """
    alice, bob = await stage.terse_phone("1001"), await stage.terse_phone("1002")
    await stage.store("CF", "1004", "7030")
    caller = await stage.call(MAX, name="Max", to="7054")
    ringing, lost = await _rings(stage, alice, "1001"), await _rings(stage, bob, "1002")
    await ringing.answer()
    await lost.cleared()
    await caller.established()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def forwarded_outside(stage: Stage) -> None:
    """Max calls Alice, whose calls the PBX forwards to her mobile: in from outside and out again.

    The mobile rings and is answered; it hangs up.
    """
    outside = await stage.outside()
    await stage.store("CF", "1001", MOBILE)
    caller = await stage.call(MAX, name="Max", to="7051")
    mobile = await outside.called()
    mobile.ring()
    await caller.ringing()
    await mobile.answer()
    await caller.established()
    await _talk()
    await mobile.hang_up()
    await caller.cleared()


async def forwarded_on_busy(stage: Stage) -> None:
    """Max calls Alice, whose phone is busy (486) at once; the PBX then calls Bob. He answers, Max hangs up."""
    alice, bob = await stage.terse_phone("1001"), await stage.phone("1002")
    await stage.store("CF-BUSY", "1001", "1002")
    caller = await stage.call(MAX, name="Max", to="7051")
    await (await alice.called()).refuse(486)
    ringing = await bob.rings()
    await ringing.answer()
    await caller.established()
    await converse(caller, ringing)
    await caller.hang_up()
    await ringing.cleared()


async def forwarded_on_no_answer(stage: Stage) -> None:
    """Max calls Alice, whose phone rings for two seconds; the PBX then calls her mobile, which rings and is answered.

    Max hangs up.
    """
    outside, alice = await stage.outside(), await stage.phone("1001")
    await stage.store("CF-NOANSWER", "1001", MOBILE)
    caller = await stage.call(MAX, name="Max", to="7051")
    await (await alice.rings()).cleared()
    mobile = await outside.called()
    mobile.ring()
    await mobile.answer()
    await caller.established()
    await converse(caller, mobile)
    await caller.hang_up()
    await mobile.cleared()


async def mailbox(stage: Stage) -> None:
    """Max calls Alice, whose phone rings for two seconds. He leaves a message in her mailbox and hangs up."""
    alice = await stage.phone("1001")
    caller = await stage.call(MAX, name="Max", to="7060")
    await (await alice.rings()).cleared()
    await caller.established()
    await asyncio.sleep(MESSAGE_SECONDS)
    await caller.hang_up()


async def mobile_accepts(stage: Stage) -> None:
    """Max calls a mobile that has to accept: it rings, is answered, and 1 is pressed. They talk, Max hangs up."""
    outside = await stage.outside()
    caller = await stage.call(MAX, name="Max", to="7070")
    mobile = await outside.called()
    mobile.ring()
    await mobile.answer()
    await asyncio.sleep(PROMPT_SECONDS)
    mobile.press("1")
    await caller.established()
    await _talk()
    await caller.hang_up()
    await mobile.cleared()


async def mobile_does_not_accept(stage: Stage) -> None:
    """Max calls a mobile that has to accept: it rings, its mailbox answers, and no key is pressed.

    The PBX hangs up on it and calls Bob, who answers. Max hangs up.
    """
    outside, bob = await stage.outside(), await stage.phone("1002")
    caller = await stage.call(MAX, name="Max", to="7070")
    mobile = await outside.called()
    mobile.ring()
    await mobile.answer()
    await mobile.cleared()
    ringing = await bob.rings()
    await ringing.answer()
    await caller.established()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def followed(stage: Stage) -> None:
    """Max calls Alice wherever she is: her phone rings for two seconds, then her mobile, which is answered.

    She accepts the call with 1. They talk, Max hangs up.
    """
    outside, alice = await stage.outside(), await stage.phone("1001")
    caller = await stage.call(MAX, name="Max", to="7071")
    await (await alice.rings()).cleared()
    mobile = await outside.called()
    mobile.ring()
    await mobile.answer()
    await asyncio.sleep(PROMPT_SECONDS)
    mobile.press("1")
    await stage.manager.wait_for("BridgeEnter", Exten="7071")
    await converse(caller, mobile)
    await caller.hang_up()
    await mobile.cleared()


async def recorded(stage: Stage) -> None:
    """Max calls Alice; the dialplan records the call from before her phone rings. She answers, Max hangs up."""
    alice = await stage.phone("1001")
    caller = await stage.call(MAX, name="Max", to="7080")
    ringing = await alice.rings()
    await ringing.answer()
    await caller.established()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


FORWARDING_SCENARIOS: dict[str, Scenario] = {
    "group-busy-declined-answered": group,
    "group-abandoned": group_abandoned,
    "group-behind-locals": group_behind_locals,
    "direct-answered-at-once": answered_at_once,
    "direct-busy-at-once": busy_at_once,
    "direct-declined": declined,
    "direct-not-registered": not_registered,
    "direct-congested": congested,
    "direct-not-disturbed": not_disturbed,
    "direct-recorded": recorded,
    "direct-to-mailbox": mailbox,
    "forward-by-phone": forwarded_by_phone,
    "forward-by-phone-outside": forwarded_out_by_phone,
    "forward-to-phone": forwarded,
    "forward-to-group": forwarded_to_group,
    "forward-outside": forwarded_outside,
    "forward-on-busy": forwarded_on_busy,
    "forward-on-no-answer": forwarded_on_no_answer,
    "mobile-accepts": mobile_accepts,
    "mobile-follows-phone": followed,
    "mobile-does-not-accept": mobile_does_not_accept,
}
