"""Calls that are parked, on the site `features_site/`: fetched, come back, or given up."""

import asyncio

from tests.servers.baresip import SoftCall, Softphone
from tests.servers.sipp import CallingLeg
from tests.servers.stage import Scenario, Stage

MAX = "+498999998123"
ALICE = "493023125001"
TALK_SECONDS = 0.3


async def _talk() -> None:
    await asyncio.sleep(TALK_SECONDS)


async def _max_talks_with(stage: Stage, agent: Softphone) -> tuple[CallingLeg, SoftCall]:
    caller = await stage.call(MAX, name="Max", to=ALICE)
    call = await agent.rings()
    await call.answer()
    await caller.established()
    await _talk()
    return caller, call


async def fetched(stage: Stage) -> None:
    """Max calls Alice, who parks him with her phone (REFER to 700). Bob fetches him (701), Max hangs up."""
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.transfer("700")
    await call.cleared()
    await _talk()
    fetching = await bob.dial("701")
    await fetching.established()
    await _talk()
    await caller.hang_up()
    await fetching.cleared()


async def by_code(stage: Stage) -> None:
    """Max calls Alice, who parks him with a code (#72), is told the place, and fetches him herself (701).

    She hangs up.
    """
    [alice] = await stage.softphones("1001")
    caller, call = await _max_talks_with(stage, alice)
    await call.press("#72")
    await call.cleared(within=10)
    again = await alice.dial("701")
    await again.established()
    await _talk()
    await again.hang_up()
    await caller.cleared()


async def came_back(stage: Stage) -> None:
    """Max calls Alice, who parks him where one waits two seconds (REFER to 750).

    Nobody fetches him: Alice's phone rings again, she answers, Max hangs up.
    """
    [alice] = await stage.softphones("1001")
    caller, call = await _max_talks_with(stage, alice)
    await call.transfer("750")
    await call.cleared()
    again = await alice.rings()
    await again.answer()
    await _talk()
    await caller.hang_up()
    await again.cleared()


async def came_back_in_vain(stage: Stage) -> None:
    """Max calls Alice, who parks him where one waits two seconds (REFER to 750).

    Nobody fetches him: Alice's phone rings again, she declines (486), Max hears that she is busy and hangs up.
    """
    [alice] = await stage.softphones("1001")
    caller, call = await _max_talks_with(stage, alice)
    await call.transfer("750")
    await call.cleared()
    again = await alice.rings()
    await again.hang_up()
    await _talk()
    await caller.hang_up()


async def given_up(stage: Stage) -> None:
    """Max calls Alice, who parks him with her phone (REFER to 700). He hangs up before anybody fetches him."""
    [alice] = await stage.softphones("1001")
    caller, call = await _max_talks_with(stage, alice)
    await call.transfer("700")
    await call.cleared()
    await _talk()
    await caller.hang_up()


async def after_asking(stage: Stage) -> None:
    """Max calls Alice, who holds him, calls the parking lot (700) and joins the two (REFER with Replaces).

    Bob fetches Max (701) and hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.hold()
    second = await alice.dial("700")
    await second.established()
    await _talk()
    await call.transfer_to(second)
    await call.cleared()
    await _talk()
    fetching = await bob.dial("701")
    await fetching.established()
    await _talk()
    await fetching.hang_up()
    await caller.cleared()


PARKING_SCENARIOS: dict[str, Scenario] = {
    "park-fetched": fetched,
    "park-by-code": by_code,
    "park-came-back": came_back,
    "park-came-back-in-vain": came_back_in_vain,
    "park-given-up": given_up,
    "park-after-asking": after_asking,
}
