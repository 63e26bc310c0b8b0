"""Calls that are picked up by another phone, on the site `features_site/`."""

import asyncio

from tests.servers.stage import Scenario, Stage

MAX = "+498999998123"
ALICE = "493023125001"
SUPPORT = "493023125100"
SALES = "493023125200"
TALK_SECONDS = 0.3


async def _talk() -> None:
    await asyncio.sleep(TALK_SECONDS)


async def _picked_up(stage: Stage, code: str, *, to: str, at: str = "1001") -> None:
    """Max calls, the phone `at` rings, Chen dials the code and talks with Max, who hangs up."""
    rung, chen = await stage.softphones(at, "1003")
    caller = await stage.call(MAX, name="Max", to=to)
    ringing = await rung.rings()
    call = await chen.dial(code)
    await call.established()
    await ringing.cleared()
    await caller.established()
    await _talk()
    await caller.hang_up()
    await call.cleared()


async def group(stage: Stage) -> None:
    """Max calls Alice; while her phone rings, Chen picks the call up with the group's code (*8). Max hangs up."""
    await _picked_up(stage, "*8", to=ALICE)


async def directed(stage: Stage) -> None:
    """Max calls Alice; while her phone rings, Chen picks the call up by Alice's extension (**1001). Max hangs up."""
    await _picked_up(stage, "**1001", to=ALICE)


async def directed_from_queue(stage: Stage) -> None:
    """Max calls the queue support; while Alice's phone rings, Chen picks the call up at her phone (*81001).

    Max hangs up.
    """
    alice, chen = await stage.softphones("1001", "1003")
    caller = await stage.call(MAX, name="Max", to=SUPPORT)
    ringing = await alice.rings()
    call = await chen.dial("*81001")
    await call.established()
    await ringing.cleared()
    await _talk()
    await caller.hang_up()
    await call.cleared()


async def from_ringall(stage: Stage) -> None:
    """Max calls the queue sales, Bob's and Chen's phones ring. Alice picks the call up at Bob's (*81002).

    She hangs up.
    """
    alice, bob, chen = await stage.softphones("1001", "1002", "1003")
    caller = await stage.call(MAX, name="Max", to=SALES)
    ringing, lost = await bob.rings(), await chen.rings()
    call = await alice.dial("*81002")
    await call.established()
    await ringing.cleared()
    await lost.cleared()
    await _talk()
    await call.hang_up()
    await caller.cleared()


async def through_local(stage: Stage) -> None:
    """Max calls Alice behind a Local channel that stays; Chen picks the call up at her phone (*81001). Max hangs up."""
    await _picked_up(stage, "*81001", to="2001")


async def internal(stage: Stage) -> None:
    """Alice calls Bob; while his phone rings, Chen picks the call up with the group's code (*8). Chen hangs up."""
    alice, bob, chen = await stage.softphones("1001", "1002", "1003")
    await stage.begin()
    calling = await alice.dial("1002")
    ringing = await bob.rings()
    call = await chen.dial("*8")
    await call.established()
    await ringing.cleared()
    await calling.established()
    await _talk()
    await call.hang_up()
    await calling.cleared()


PICKUP_SCENARIOS: dict[str, Scenario] = {
    "pickup-group": group,
    "pickup-directed": directed,
    "pickup-from-queue": directed_from_queue,
    "pickup-from-ringall": from_ringall,
    "pickup-through-local": through_local,
    "pickup-internal": internal,
}
