"""Calls through a dialplan that the project did not write: `other_site/`."""

import asyncio

from tests.servers.sipp import Phone
from tests.servers.stage import Scenario, Stage
from tests.waiting import eventually

CALLER = "+498999998123"
TALK_SECONDS = 0.3


async def _alice(stage: Stage) -> Phone:
    return await stage.phone("alice-desk.1")


async def _bob(stage: Stage) -> Phone:
    return await stage.phone("Bob_B")


async def local_members_ring(stage: Stage) -> None:
    """Max calls a ringall queue whose members are Local channels that stay (/n).

    Alice's and Bob's phones ring. Bob answers, Alice's stops ringing. The caller hangs up.
    """
    alice, bob = await _alice(stage), await _bob(stage)
    caller = await stage.call(CALLER, name="Max", to="100")
    lost = await alice.rings()
    ringing = await bob.rings()
    await ringing.answer()
    await lost.cleared()
    await asyncio.sleep(TALK_SECONDS)
    await caller.hang_up()
    await ringing.cleared()


async def local_member_not_answered(stage: Stage) -> None:
    """Max calls a queue of Local members that rings one at a time, for two seconds.

    Alice's phone rings and is not answered, then Bob's, who answers and hangs up.
    """
    alice, bob = await _alice(stage), await _bob(stage)
    caller = await stage.call(CALLER, name="Max", to="118")
    unanswered = await alice.rings()
    await unanswered.cleared()
    ringing = await bob.rings()
    await ringing.answer()
    await asyncio.sleep(TALK_SECONDS)
    await ringing.hang_up()
    await caller.cleared()


async def group_member_declines(stage: Stage) -> None:
    """Max calls a group of phones without a queue; Alice declines (603), Bob answers.

    The caller hangs up.
    """
    alice, bob = await _alice(stage), await _bob(stage)
    caller = await stage.call(CALLER, name="Max", to="105")
    declined = await alice.rings()
    ringing = await bob.rings()
    await declined.reject(603)
    await ringing.answer()
    await caller.established()
    await asyncio.sleep(TALK_SECONDS)
    await caller.hang_up()
    await ringing.cleared()


async def dial_then_second(stage: Stage) -> None:
    """Max calls Alice, whose phone rings for two seconds; then Bob's rings, who answers.

    The caller hangs up.
    """
    alice, bob = await _alice(stage), await _bob(stage)
    caller = await stage.call(CALLER, name="Max", to="106")
    unanswered = await alice.rings()
    await unanswered.cleared()
    ringing = await bob.rings()
    await ringing.answer()
    await caller.established()
    await asyncio.sleep(TALK_SECONDS)
    await caller.hang_up()
    await ringing.cleared()


async def queue_gives_up(stage: Stage) -> None:
    """Max waits in a queue that gives up after three seconds, while Alice's phone rings.

    The PBX hangs up on him; Asterisk says that he abandoned the queue, but he did not.
    """
    alice = await _alice(stage)
    caller = await stage.call(CALLER, name="Max", to="120")
    ringing = await alice.rings()
    await ringing.cleared()
    await caller.cleared()


async def overflow_and_survey(stage: Stage) -> None:
    """Max's number is rewritten and he waits in an empty queue, then in Alice's; she answers and hangs up.

    He stays on the line for two seconds more, and hangs up.
    """
    alice = await _alice(stage)
    caller = await stage.call(CALLER, name="Max", to="109")
    ringing = await alice.rings()
    await ringing.answer()
    await asyncio.sleep(TALK_SECONDS)
    await ringing.hang_up()
    await asyncio.sleep(2)
    await caller.hang_up()


async def queue_behind_local(stage: Stage) -> None:
    """Max is dialled through a Local channel that waits in a queue for him; Alice answers and hangs up."""
    alice = await _alice(stage)
    caller = await stage.call(CALLER, name="Max", to="123")
    ringing = await alice.rings()
    await ringing.answer()
    await asyncio.sleep(TALK_SECONDS)
    await ringing.hang_up()
    await caller.cleared()


async def transferred_to_queue(stage: Stage) -> None:
    """Max talks with Alice, who sends him to a queue with her phone (REFER); Bob answers there and hangs up."""
    alice, bob = await _alice(stage), await _bob(stage)
    caller = await stage.call(CALLER, name="Max", to="114")
    first = await alice.rings()
    await first.answer()
    await asyncio.sleep(TALK_SECONDS)
    await first.transfer(f"8104@{stage.address}")
    second = await bob.rings()
    await second.answer()
    await asyncio.sleep(TALK_SECONDS)
    await second.hang_up()
    await caller.cleared()


async def two_callers(stage: Stage) -> None:
    """Max calls a queue whose only phone is Alice's, and they talk; Eva (+498999998124) waits.

    Max hangs up, Alice's phone rings for Eva, who gives up.
    """
    alice = await _alice(stage)
    first = await stage.call(CALLER, name="Max", to="113")
    talking = await alice.rings()
    await talking.answer()
    second = await stage.trunk.call("+498999998124", name="Eva", to="113")
    await second.established()
    await stage.shows("PJSIP/trunk-1-", "queue show alice-only")
    await first.hang_up()
    await eventually(lambda: alice.times_rung() > 1, "Alice's phone ringing again")
    ringing = await alice.rings()
    await asyncio.sleep(TALK_SECONDS)
    await second.hang_up()
    await ringing.cleared()


OTHER_SITE_SCENARIOS: dict[str, Scenario] = {
    "other-local-members-ring": local_members_ring,
    "other-local-member-not-answered": local_member_not_answered,
    "other-group-member-declines": group_member_declines,
    "other-dial-then-second": dial_then_second,
    "other-queue-gives-up": queue_gives_up,
    "other-overflow-and-survey": overflow_and_survey,
    "other-queue-behind-local": queue_behind_local,
    "other-transferred-to-queue": transferred_to_queue,
    "other-two-callers": two_callers,
}
