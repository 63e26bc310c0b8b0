"""Calls that are handed over, on the site `features_site/`: from either side, by the phone and by code."""

import asyncio

from tests.servers.baresip import SoftCall, Softphone
from tests.servers.sipp import CallingLeg
from tests.servers.stage import Scenario, Stage
from tests.servers.terse import CalledLeg, Outside

MAX = "+498999998123"
ALICE = "493023125001"
SALES = "493023125200"
CUSTOMER = "0898765432"
TALK_SECONDS = 0.3
# That somebody left is told after a second, if the call goes on without.
GONE_SECONDS = 1.5


async def _talk() -> None:
    await asyncio.sleep(TALK_SECONDS)


async def _max_talks_with(stage: Stage, agent: Softphone, to: str = ALICE) -> tuple[CallingLeg, SoftCall]:
    caller = await stage.call(MAX, name="Max", to=to)
    call = await agent.rings()
    await call.answer()
    await caller.established()
    await _talk()
    return caller, call


async def _calls_customer(agent: Softphone, outside: Outside) -> tuple[CalledLeg, SoftCall]:
    dialled = asyncio.create_task(agent.dial(CUSTOMER))
    customer = await outside.called()
    customer.ring()
    call = await dialled
    await customer.answer()
    await call.established()
    await _talk()
    return customer, call


async def _consults(agent: Softphone, call: SoftCall, colleague: Softphone, number: str) -> tuple[SoftCall, SoftCall]:
    """Put the call on hold and talk with a colleague; return the agent's second call and the colleague's."""
    await call.hold()
    second = await agent.dial(number)
    asked = await colleague.rings()
    await asked.answer()
    await second.established()
    await _talk()
    return second, asked


async def blind_by_callee(stage: Stage) -> None:
    """Max calls Alice, who sends him to Bob with her phone (REFER). Bob answers, Max hangs up."""
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.transfer("1002")
    ringing = await bob.rings()
    await call.cleared()
    await ringing.answer()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def blind_by_caller(stage: Stage) -> None:
    """Alice calls a customer, who answers, and sends him to Bob with her phone (REFER). Bob answers, and hangs up."""
    outside, (alice, bob) = await stage.outside(), await stage.softphones("1001", "1002")
    await stage.begin()
    customer, call = await _calls_customer(alice, outside)
    await call.transfer("1002")
    ringing = await bob.rings()
    await ringing.answer()
    await _talk()
    await ringing.hang_up()
    await customer.cleared()


async def blind_by_code(stage: Stage) -> None:
    """Max calls Alice, who sends him to Bob with a code (#1 and Bob's extension). Bob answers, Max hangs up."""
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.press("#1")
    await call.press("1002")
    ringing = await bob.rings()
    await ringing.answer()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def blind_to_queue(stage: Stage) -> None:
    """Max calls Alice, who sends him to the queue sales (ringall; REFER). Bob and Chen ring, Chen answers, hangs up."""
    alice, bob, chen = await stage.softphones("1001", "1002", "1003")
    caller, call = await _max_talks_with(stage, alice)
    await call.transfer("8200")
    lost, ringing = await bob.rings(), await chen.rings()
    await ringing.answer()
    await lost.cleared()
    await _talk()
    await ringing.hang_up()
    await caller.cleared()


async def blind_rejected(stage: Stage) -> None:
    """Max calls Alice, who sends him to Bob with her phone (REFER). Bob declines, and the PBX hangs up on Max."""
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.transfer("1002")
    ringing = await bob.rings()
    await ringing.hang_up()
    await caller.cleared()


async def blind_to_outside(stage: Stage) -> None:
    """Max calls Alice, who sends him to a number outside (REFER): the two outside talk with each other.

    Max hangs up.
    """
    outside, (alice,) = await stage.outside(), await stage.softphones("1001")
    caller, call = await _max_talks_with(stage, alice)
    await call.transfer(CUSTOMER)
    other = await outside.called()
    other.ring()
    await other.answer()
    await call.cleared()
    await _talk()
    await caller.hang_up()
    await other.cleared()


async def blind_through_local(stage: Stage) -> None:
    """Max calls Alice, who sends him (REFER) to Bob behind a Local channel that stays. Bob answers, and hangs up."""
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.transfer("3002")
    ringing = await bob.rings()
    await ringing.answer()
    await _talk()
    await ringing.hang_up()
    await caller.cleared()


async def attended_by_callee(stage: Stage) -> None:
    """Max calls Alice, who holds him, asks Bob, and joins the two with her phone (REFER with Replaces).

    Max hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    second, asked = await _consults(alice, call, bob, "1002")
    await call.transfer_to(second)
    await call.cleared()
    await second.cleared()
    await _talk()
    await caller.hang_up()
    await asked.cleared()


async def attended_by_caller(stage: Stage) -> None:
    """Alice calls a customer, holds him, asks Bob, and joins the two with her phone (REFER with Replaces).

    Bob hangs up.
    """
    outside, (alice, bob) = await stage.outside(), await stage.softphones("1001", "1002")
    await stage.begin()
    customer, call = await _calls_customer(alice, outside)
    second, asked = await _consults(alice, call, bob, "1002")
    await call.transfer_to(second)
    await call.cleared()
    await second.cleared()
    await _talk()
    await asked.hang_up()
    await customer.cleared()


async def attended_in_queue_call(stage: Stage) -> None:
    """Max calls the queue sales; Bob and Chen ring, Bob answers, holds him, asks Alice, and joins the two (REFER).

    Alice hangs up.
    """
    alice, bob, chen = await stage.softphones("1001", "1002", "1003")
    caller, call = await _max_talks_with(stage, bob, to=SALES)
    await (await chen.rings()).cleared()
    second, asked = await _consults(bob, call, alice, "1001")
    await call.transfer_to(second)
    await call.cleared()
    await second.cleared()
    await _talk()
    await asked.hang_up()
    await caller.cleared()


async def attended_through_local(stage: Stage) -> None:
    """Max calls Alice, who asks Bob behind a Local channel that makes way, and joins the two (REFER with Replaces).

    Max hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    second, asked = await _consults(alice, call, bob, "2002")
    await call.transfer_to(second)
    await call.cleared()
    await second.cleared()
    await _talk()
    await caller.hang_up()
    await asked.cleared()


async def attended_by_code(stage: Stage) -> None:
    """Max calls Alice, who asks Bob with a code (*2 and Bob's extension) and hangs up: Max and Bob talk.

    Bob hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.press("*2")
    await call.press("1002")
    asked = await bob.rings()
    await asked.answer()
    await _talk()
    await call.hang_up()
    await _talk()
    await asked.hang_up()
    await caller.cleared()


async def attended_by_code_of_caller(stage: Stage) -> None:
    """Alice calls a customer, asks Bob with a code (*2 and Bob's extension) and hangs up. Bob hangs up."""
    outside, (alice, bob) = await stage.outside(), await stage.softphones("1001", "1002")
    await stage.begin()
    customer, call = await _calls_customer(alice, outside)
    await call.press("*2")
    await call.press("1002")
    asked = await bob.rings()
    await asked.answer()
    await _talk()
    await call.hang_up()
    await _talk()
    await asked.hang_up()
    await customer.cleared()


async def attended_to_outside(stage: Stage) -> None:
    """Max calls Alice, who asks somebody outside and joins the two (REFER with Replaces). The one asked hangs up."""
    outside, (alice,) = await stage.outside(), await stage.softphones("1001")
    caller, call = await _max_talks_with(stage, alice)
    await call.hold()
    asked, second = await _calls_customer(alice, outside)
    await call.transfer_to(second)
    await call.cleared()
    await second.cleared()
    await _talk()
    await asked.hang_up()
    await caller.cleared()


async def given_up(stage: Stage) -> None:
    """Max calls Alice, who holds him and asks Bob; Bob hangs up, Alice takes Max back. Max hangs up."""
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    second, asked = await _consults(alice, call, bob, "1002")
    await asked.hang_up()
    await second.cleared()
    await call.taken_back()
    await _talk()
    await caller.hang_up()
    await call.cleared()


async def given_up_by_code(stage: Stage) -> None:
    """Max calls Alice, who asks Bob with a code (*2 and Bob's extension) and takes Max back with another (*1).

    Max hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.press("*2")
    await call.press("1002")
    asked = await bob.rings()
    await asked.answer()
    await _talk()
    await call.press("*1")
    await asked.cleared()
    await asyncio.sleep(GONE_SECONDS)
    await caller.hang_up()
    await call.cleared()


async def and_back(stage: Stage) -> None:
    """Max calls Alice, who asks Bob and hands Max over; Bob asks Alice and hands him back (REFER with Replaces).

    Alice hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    second, asked = await _consults(alice, call, bob, "1002")
    await call.transfer_to(second)
    await call.cleared()
    await _talk()
    third, again = await _consults(bob, asked, alice, "1001")
    await asked.transfer_to(third)
    await asked.cleared()
    await _talk()
    await again.hang_up()
    await caller.cleared()


async def blonde(stage: Stage) -> None:
    """Max calls Alice, who holds him, calls Bob, and joins the two while Bob rings (REFER with Replaces).

    Bob answers and hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.hold()
    second = await alice.dial("1002")
    asked = await bob.rings()
    await second.ringing()
    await call.transfer_to(second)
    await call.cleared()
    await _talk()
    await asked.answer()
    await _talk()
    await asked.hang_up()
    await caller.cleared()


async def blonde_given_up(stage: Stage) -> None:
    """Max calls Alice, who holds him, calls Bob, and joins the two while Bob rings (REFER with Replaces).

    Max hangs up before Bob answers.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.hold()
    second = await alice.dial("1002")
    asked = await bob.rings()
    await second.ringing()
    await call.transfer_to(second)
    await call.cleared()
    await _talk()
    await caller.hang_up()
    await asked.cleared()


async def blonde_by_code(stage: Stage) -> None:
    """Max calls Alice, who calls Bob with a code (*2 and Bob's extension) and hangs up while he rings.

    Bob answers and hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.press("*2")
    await call.press("1002")
    asked = await bob.rings()
    await call.hang_up()
    await _talk()
    await asked.answer()
    await _talk()
    await asked.hang_up()
    await caller.cleared()


async def blonde_not_answered(stage: Stage) -> None:
    """Max calls Alice, who calls Bob with a code and hangs up while he rings. Bob does not answer for two seconds.

    Alice's phone rings again, she answers, Max hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller, call = await _max_talks_with(stage, alice)
    await call.press("*2")
    await call.press("4002")
    asked = await bob.rings()
    await call.hang_up()
    await asked.cleared()
    again = await alice.rings()
    await again.answer()
    await _talk()
    await caller.hang_up()
    await again.cleared()


TRANSFER_SCENARIOS: dict[str, Scenario] = {
    "transfer-blind-by-callee": blind_by_callee,
    "transfer-blind-by-caller": blind_by_caller,
    "transfer-blind-by-code": blind_by_code,
    "transfer-blind-to-queue": blind_to_queue,
    "transfer-blind-rejected": blind_rejected,
    "transfer-blind-to-outside": blind_to_outside,
    "transfer-blind-through-local": blind_through_local,
    "transfer-attended-by-callee": attended_by_callee,
    "transfer-attended-by-caller": attended_by_caller,
    "transfer-attended-in-queue-call": attended_in_queue_call,
    "transfer-attended-through-local": attended_through_local,
    "transfer-attended-by-code": attended_by_code,
    "transfer-attended-by-code-of-caller": attended_by_code_of_caller,
    "transfer-attended-to-outside": attended_to_outside,
    "transfer-given-up": given_up,
    "transfer-given-up-by-code": given_up_by_code,
    "transfer-and-back": and_back,
    "transfer-blonde": blonde,
    "transfer-blonde-given-up": blonde_given_up,
    "transfer-blonde-by-code": blonde_by_code,
    "transfer-blonde-not-answered": blonde_not_answered,
}
