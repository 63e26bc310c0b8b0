"""Conferences, on the site `features_site/`: in a room (ConfBridge), and by the code for three."""

import asyncio

from tests.servers.baresip import SoftCall, Softphone
from tests.servers.sipp import CallingLeg
from tests.servers.stage import Scenario, Stage

MAX = "+498999998123"
ALICE = "493023125001"
ROOM = "6001"
TALK_SECONDS = 0.3
# That somebody left is told after a second, if the call goes on without.
GONE_SECONDS = 1.5


async def _talk() -> None:
    await asyncio.sleep(TALK_SECONDS)


async def _max_talks_with(stage: Stage, agent: Softphone) -> tuple[CallingLeg, SoftCall]:
    caller = await stage.call(MAX, name="Max", to=ALICE)
    call = await agent.rings()
    await call.answer()
    await caller.established()
    await _talk()
    return caller, call


async def _in_room(stage: Stage, device: str) -> None:
    await stage.shows(f"{device}-", f"confbridge list {ROOM}")


async def _move_to_room(stage: Stage) -> None:
    """Send both of the call into the room, as the hub does for an agent who makes a conference of it."""
    channel, extra = await stage.channel("PJSIP/trunk"), await stage.channel("PJSIP/1001")
    place = {"Context": "from-phones", "Exten": ROOM, "Priority": "1"}
    extra_place = {f"Extra{name}": value for name, value in place.items()}
    await stage.act(Action="Redirect", Channel=channel, ExtraChannel=extra, **place, **extra_place)
    await _in_room(stage, "PJSIP/trunk")
    await _in_room(stage, "PJSIP/1001")
    await _talk()


async def _join(stage: Stage, phone: Softphone, number: str) -> SoftCall:
    call = await phone.dial(ROOM)
    await _in_room(stage, f"PJSIP/{number}")
    await _talk()
    return call


async def three(stage: Stage) -> None:
    """Max talks with Alice, who moves both into a room; Bob calls the room and is the third. Max hangs up, then all."""
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await _move_to_room(stage)
    third = await _join(stage, bob, "1002")
    await caller.hang_up()
    await _talk()
    await call.hang_up()
    await third.hang_up()


async def four(stage: Stage) -> None:
    """Max talks with Alice, who moves both into a room; Bob and Chen call the room.

    Chen leaves, then Bob; Alice and Max talk on, Alice hangs up, then Max.
    """
    alice, bob, chen = await stage.softphones("1001", "1002", "1003")
    caller, call = await _max_talks_with(stage, alice)
    await _move_to_room(stage)
    third, fourth = await _join(stage, bob, "1002"), await _join(stage, chen, "1003")
    await fourth.hang_up()
    await asyncio.sleep(GONE_SECONDS)
    await third.hang_up()
    await asyncio.sleep(GONE_SECONDS)
    await call.hang_up()
    await caller.hang_up()


async def agent_leaves(stage: Stage) -> None:
    """Max talks with Alice, who moves both into a room; Bob joins. Alice leaves; Max and Bob talk on, Bob hangs up.

    Max hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await _move_to_room(stage)
    third = await _join(stage, bob, "1002")
    await call.hang_up()
    await asyncio.sleep(GONE_SECONDS)
    await third.hang_up()
    await caller.hang_up()


async def dialled_in(stage: Stage) -> None:
    """Max calls a room himself and waits there alone; Alice calls it, then Bob. Max hangs up, then Alice, then Bob."""
    alice, bob = await stage.softphones("1001", "1002")
    caller = await stage.call(MAX, name="Max", to=ROOM)
    await _in_room(stage, "PJSIP/trunk")
    second, third = await _join(stage, alice, "1001"), await _join(stage, bob, "1002")
    await caller.hang_up()
    await asyncio.sleep(GONE_SECONDS)
    await second.hang_up()
    await third.hang_up()


async def sent_into_room(stage: Stage) -> None:
    """Alice and Bob are in a room. Max calls Chen, who sends him into it with his phone (REFER). Max hangs up.

    Bob hangs up, then Alice.
    """
    alice, bob, chen = await stage.softphones("1001", "1002", "1003")
    caller = await stage.call(MAX, name="Max", to="493023125003")
    call = await chen.rings()
    await call.answer()
    await caller.established()
    first, second = await _join(stage, alice, "1001"), await _join(stage, bob, "1002")
    await call.transfer(ROOM)
    await call.cleared()
    await _in_room(stage, "PJSIP/trunk")
    await _talk()
    await caller.hang_up()
    await _talk()
    await second.hang_up()
    await first.hang_up()


async def muted(stage: Stage) -> None:
    """Max talks with Alice, who moves both into a room; Bob joins, is muted there, and heard again. All hang up."""
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await _move_to_room(stage)
    third = await _join(stage, bob, "1002")
    channel = await stage.channel("PJSIP/1002")
    for action in ("ConfbridgeMute", "ConfbridgeUnmute"):
        await stage.act(Action=action, Conference=ROOM, Channel=channel)
        await _talk()
    await caller.hang_up()
    await _talk()
    await call.hang_up()
    await third.hang_up()


async def by_code(stage: Stage) -> None:
    """Max calls Alice, who asks Bob with a code (*2) and joins all three with another (*3). Max hangs up, then Bob."""
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.press("*2")
    await call.press("1002")
    asked = await bob.rings()
    await asked.answer()
    await _talk()
    await call.press("*3")
    await _talk()
    await caller.hang_up()
    await _talk()
    await asked.hang_up()
    await call.cleared()


CONFERENCE_SCENARIOS: dict[str, Scenario] = {
    "conference-three": three,
    "conference-four": four,
    "conference-agent-leaves": agent_leaves,
    "conference-dialled-in": dialled_in,
    "conference-sent-into-room": sent_into_room,
    "conference-muted": muted,
    "conference-by-code": by_code,
}
