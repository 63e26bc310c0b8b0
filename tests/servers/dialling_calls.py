"""Calls that agents and customers ask for: dialled on the phone, by the PBX for an agent, and called back."""

import asyncio

from tests.servers.sipp import converse
from tests.servers.stage import Scenario, Stage

CUSTOMER = "+498999998123"
TALK_SECONDS = 0.3


async def _talk() -> None:
    await asyncio.sleep(TALK_SECONDS)


async def _originate(stage: Stage, channel: str, *, to: str) -> None:
    """Let the PBX call a channel for at most two seconds, and lead it to an extension."""
    await stage.act(
        Action="Originate",
        Channel=channel,
        Context="from-phones",
        Exten=to,
        Priority="1",
        Timeout="2000",
        Async="true",
    )


async def dialled_outside(stage: Stage) -> None:
    """Alice dials a customer, whose phone rings. He answers, they talk, he hangs up."""
    outside = await stage.outside()
    await stage.begin()
    alice = await stage.dial("1001", to=CUSTOMER)
    customer = await outside.called()
    customer.ring()
    await alice.ringing()
    await customer.answer()
    await alice.established()
    await _talk()
    await customer.hang_up()
    await alice.cleared()


async def dialled_outside_busy(stage: Stage) -> None:
    """Alice dials a customer who is busy (486); she is told so."""
    outside = await stage.outside()
    await stage.begin()
    alice = await stage.dial("1001", to=CUSTOMER)
    await (await outside.called()).refuse(486)
    await alice.cleared()


async def dialled_outside_cancelled(stage: Stage) -> None:
    """Alice dials a customer, whose phone rings; she gives up."""
    outside = await stage.outside()
    await stage.begin()
    alice = await stage.dial("1001", to=CUSTOMER)
    customer = await outside.called()
    customer.ring()
    await alice.ringing()
    await alice.cancel()
    await customer.cleared()


async def early_media(stage: Stage) -> None:
    """Alice dials a customer; the carrier plays its own tone (183) instead of saying that it rings.

    The customer answers, they talk, Alice hangs up.
    """
    outside = await stage.outside()
    await stage.begin()
    alice = await stage.dial("1001", to=CUSTOMER)
    customer = await outside.called()
    customer.play()
    await _talk()
    await customer.answer()
    await alice.established()
    await _talk()
    await alice.hang_up()
    await customer.cleared()


async def early_media_failed(stage: Stage) -> None:
    """Alice dials a number; the carrier plays that it is not in use (183) and ends the call (404)."""
    outside = await stage.outside()
    await stage.begin()
    alice = await stage.dial("1001", to=CUSTOMER)
    nobody = await outside.called()
    nobody.play()
    await _talk()
    await nobody.refuse(404)
    await alice.cleared()


async def internal(stage: Stage) -> None:
    """Alice dials Bob, whose phone rings. He answers, they talk, he hangs up."""
    bob = await stage.phone("1002")
    await stage.begin()
    alice = await stage.dial("1001", to="1002")
    ringing = await bob.rings()
    await ringing.answer()
    await alice.established()
    await _talk()
    await ringing.hang_up()
    await alice.cleared()


async def click_answered(stage: Stage) -> None:
    """Alice's phone is called for her, then a customer. She answers, his phone rings, he answers, she hangs up."""
    outside, alice = await stage.outside(), await stage.phone("1001")
    await stage.begin()
    await _originate(stage, "PJSIP/1001", to=CUSTOMER)
    own = await alice.rings()
    await own.answer()
    customer = await outside.called()
    customer.ring()
    await _talk()
    await customer.answer()
    await _talk()
    await own.hang_up()
    await customer.cleared()


async def click_not_taken(stage: Stage) -> None:
    """Alice's phone is called for her; she does not lift the receiver for two seconds. Nobody else is called."""
    alice = await stage.phone("1001")
    await stage.begin()
    await _originate(stage, "PJSIP/1001", to=CUSTOMER)
    await (await alice.rings()).cleared()


async def click_given_up(stage: Stage) -> None:
    """Alice's phone is called for her; before she lifts the receiver, the PBX is asked to hang up."""
    alice = await stage.phone("1001")
    await stage.begin()
    await _originate(stage, "PJSIP/1001", to=CUSTOMER)
    own = await alice.rings()
    await stage.act(Action="Hangup", Channel=await stage.channel("PJSIP/1001"))
    await own.cleared()


async def click_declined(stage: Stage) -> None:
    """Alice's phone is called for her; she declines (603). Nobody else is called."""
    alice = await stage.phone("1001")
    await stage.begin()
    await _originate(stage, "PJSIP/1001", to=CUSTOMER)
    own = await alice.rings()
    await own.reject(603)


async def click_busy(stage: Stage) -> None:
    """Alice's phone is called for her, she answers; the customer is busy (486)."""
    outside, alice = await stage.outside(), await stage.phone("1001")
    await stage.begin()
    await _originate(stage, "PJSIP/1001", to=CUSTOMER)
    own = await alice.rings()
    await own.answer()
    await (await outside.called()).refuse(486)
    await own.cleared()


async def click_not_answered(stage: Stage) -> None:
    """Alice's phone is called for her, she answers; the customer's phone rings for two seconds in vain."""
    outside, alice = await stage.outside(), await stage.phone("1001")
    await stage.begin()
    await _originate(stage, "PJSIP/1001", to=f"9{CUSTOMER[1:]}")
    own = await alice.rings()
    await own.answer()
    customer = await outside.called()
    customer.ring()
    await customer.cleared()
    await own.cleared()


async def _click_through_local(stage: Stage, channel: str) -> None:
    outside, alice = await stage.outside(), await stage.phone("1001")
    await stage.begin()
    await _originate(stage, channel, to=CUSTOMER)
    own = await alice.rings()
    await own.answer()
    customer = await outside.called()
    customer.ring()
    await _talk()
    await customer.answer()
    await converse(own, customer)
    await customer.hang_up()
    await own.cleared()


async def click_through_local(stage: Stage) -> None:
    """Alice's phone is called for her by a Local channel that stays, then a customer; both answer, he hangs up."""
    await _click_through_local(stage, "Local/1001@from-phones/n")


async def click_through_local_that_makes_way(stage: Stage) -> None:
    """Alice's phone is called for her by a Local channel that makes way, then a customer; both answer, he hangs up."""
    await _click_through_local(stage, "Local/1001@from-phones")


async def click_through_local_not_taken(stage: Stage) -> None:
    """Alice's phone is called for her by a Local channel; she does not lift the receiver for two seconds."""
    alice = await stage.phone("1001")
    await stage.begin()
    await _originate(stage, "Local/1001@from-phones", to=CUSTOMER)
    await (await alice.rings()).cleared()


async def click_through_local_given_up(stage: Stage) -> None:
    """Alice's phone is called for her by a Local channel whose dialplan lets it ring for only a second.

    She does not lift the receiver.
    """
    alice = await stage.phone("1001")
    await stage.begin()
    await _originate(stage, "Local/7045@services", to=CUSTOMER)
    await (await alice.rings()).cleared()


async def callback(stage: Stage) -> None:
    """Max asked to be called back: his phone rings, he answers and waits in a queue.

    Alice's phone rings, she answers. They talk, he hangs up.
    """
    outside, alice = await stage.outside(), await stage.phone("1001")
    await stage.begin()
    await _originate(stage, f"PJSIP/{CUSTOMER}@trunk", to="7004")
    customer = await outside.called()
    customer.ring()
    await _talk()
    await customer.answer()
    ringing = await alice.rings()
    await ringing.answer()
    await _talk()
    await customer.hang_up()
    await ringing.cleared()


async def callback_not_answered(stage: Stage) -> None:
    """Max asked to be called back: his phone rings for two seconds in vain."""
    outside = await stage.outside()
    await stage.begin()
    await _originate(stage, f"PJSIP/{CUSTOMER}@trunk", to="7004")
    customer = await outside.called()
    customer.ring()
    await customer.cleared()


DIALLING_SCENARIOS: dict[str, Scenario] = {
    "dial-outside-answered": dialled_outside,
    "dial-outside-busy": dialled_outside_busy,
    "dial-outside-cancelled": dialled_outside_cancelled,
    "dial-early-media-answered": early_media,
    "dial-early-media-failed": early_media_failed,
    "dial-internal": internal,
    "click-answered": click_answered,
    "click-not-taken": click_not_taken,
    "click-given-up": click_given_up,
    "click-declined": click_declined,
    "click-busy": click_busy,
    "click-not-answered": click_not_answered,
    "click-through-local": click_through_local,
    "click-through-local-that-makes-way": click_through_local_that_makes_way,
    "click-through-local-not-taken": click_through_local_not_taken,
    "click-through-local-given-up": click_through_local_given_up,
    "callback-answered": callback,
    "callback-not-answered": callback_not_answered,
}
