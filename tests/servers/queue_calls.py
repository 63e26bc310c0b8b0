"""Calls through queues and a menu, on the site `queues_site/`."""

import asyncio

from tests.servers.sipp import converse
from tests.servers.stage import Scenario, Stage

MAX = "+498999998123"
EVA = "+498999998124"
TALK_SECONDS = 0.3
ANNOUNCEMENT_SECONDS = 1
MESSAGE_SECONDS = 1.5


async def _talk() -> None:
    await asyncio.sleep(TALK_SECONDS)


async def leastrecent(stage: Stage) -> None:
    """Max calls a queue (leastrecent) while only Alice's phone is on; they talk, he hangs up.

    Then Bob's phone is switched on and Eva calls. Bob had no call for longer: his phone rings, he declines (486).
    Alice's rings, she answers and hangs up.
    """
    alice = await stage.phone("1001")
    first = await stage.call(MAX, name="Max", to="7001")
    earlier = await alice.rings()
    await earlier.answer()
    await _talk()
    await first.hang_up()
    bob = await stage.phone("1002")
    second = await stage.trunk.call(EVA, name="Eva", to="7001")
    declined = await bob.rings()
    await declined.reject()
    ringing = await alice.rings()
    await ringing.answer()
    await _talk()
    await ringing.hang_up()
    await second.cleared()


async def fewestcalls(stage: Stage) -> None:
    """Max calls a queue (fewestcalls) while only Alice's phone is on; they talk, she hangs up.

    Then Bob's phone is switched on and Eva calls. Bob had fewer calls: his phone rings, he answers. Eva hangs up.
    """
    alice = await stage.phone("1001")
    first = await stage.call(MAX, name="Max", to="7002")
    earlier = await alice.rings()
    await earlier.answer()
    await _talk()
    await earlier.hang_up()
    await first.cleared()
    bob = await stage.phone("1002")
    second = await stage.trunk.call(EVA, name="Eva", to="7002")
    ringing = await bob.rings()
    await ringing.answer()
    await _talk()
    await second.hang_up()
    await ringing.cleared()


async def random(stage: Stage) -> None:
    """Max calls a queue (random); Bob's phone is off, so it is Alice's that rings. She doesn't answer for two seconds.

    It rings a second time, she answers. Max hangs up.
    """
    alice = await stage.phone("1001")
    caller = await stage.call(MAX, name="Max", to="7003")
    unanswered = await alice.rings()
    await unanswered.cleared()
    ringing = await alice.rings()
    await ringing.answer()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def linear(stage: Stage) -> None:
    """Max calls a queue (linear): Alice's phone rings, she doesn't answer for two seconds.

    Bob's rings, he declines (603). Chen's rings, she answers and hangs up.
    """
    alice, bob, chen = [await stage.phone(number) for number in ("1001", "1002", "1003")]
    caller = await stage.call(MAX, name="Max", to="7004")
    unanswered = await alice.rings()
    await unanswered.cleared()
    declined = await bob.rings()
    await declined.reject(603)
    ringing = await chen.rings()
    await ringing.answer()
    await _talk()
    await ringing.hang_up()
    await caller.cleared()


async def wrandom(stage: Stage) -> None:
    """Max calls a queue (wrandom); Bob's phone is off. Alice's rings, she declines (486).

    A second later it rings again. She answers, he hangs up.
    """
    alice = await stage.phone("1001")
    caller = await stage.call(MAX, name="Max", to="7005")
    declined = await alice.rings()
    await declined.reject()
    ringing = await alice.rings()
    await ringing.answer()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def rrordered(stage: Stage) -> None:
    """Max calls a queue (rrordered); Bob has paused and Alice's phone rings. She declines (486), and Bob goes on.

    His phone rings, he answers and hangs up.
    """
    alice, bob = await stage.phone("1001"), await stage.phone("1002")
    await stage.begin()
    await stage.act(Action="QueuePause", Queue="rrordered", Interface="PJSIP/1002", Paused="true", Reason="lunch")
    caller = await stage.trunk.call(MAX, name="Max", to="7006")
    declined = await alice.rings()
    await stage.act(Action="QueuePause", Queue="rrordered", Interface="PJSIP/1002", Paused="false")
    await declined.reject()
    ringing = await bob.rings()
    await ringing.answer()
    await _talk()
    await ringing.hang_up()
    await caller.cleared()


async def overflow(stage: Stage) -> None:
    """Max waits in a queue that gives up after two seconds, while Alice's phone rings.

    He is led to a second queue, where Bob's phone rings. Bob answers and hangs up.
    """
    alice, bob = await stage.phone("1001"), await stage.phone("1002")
    caller = await stage.call(MAX, name="Max", to="7010")
    unanswered = await alice.rings()
    await unanswered.cleared()
    ringing = await bob.rings()
    await ringing.answer()
    await _talk()
    await ringing.hang_up()
    await caller.cleared()


async def exit_by_digit(stage: Stage) -> None:
    """Max waits in a queue, Alice's phone rings. He presses 1, which leads him out of the queue to Bob.

    Alice's phone stops ringing, Bob's rings. Bob answers, Max hangs up.
    """
    alice, bob = await stage.phone("1001"), await stage.phone("1002")
    caller = await stage.call(MAX, name="Max", to="7011")
    left = await alice.rings()
    caller.press("1")
    await left.cleared()
    ringing = await bob.rings()
    await ringing.answer()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def local_members_make_way(stage: Stage) -> None:
    """Max calls a ringall queue whose members are Local channels that make way once they are answered.

    Alice's and Bob's phones ring. Bob answers, Alice's stops ringing. They talk, Bob hangs up.
    """
    alice, bob = await stage.phone("1001"), await stage.phone("1002")
    caller = await stage.call(MAX, name="Max", to="7012")
    lost, ringing = await alice.rings(), await bob.rings()
    await ringing.answer()
    await lost.cleared()
    await converse(caller, ringing)
    await ringing.hang_up()
    await caller.cleared()


async def agent_login(stage: Stage) -> None:
    """Alice logs in by dialling AgentLogin, and stays on the line. Max calls a queue of logged-in agents.

    She hears a beep, accepts with #, hears the queue's announcement and talks with Max, who hangs up. Eva calls, and it
    is the same with her. Then Alice hangs up, which logs her out.
    """
    await stage.begin()
    alice = await stage.dial("1001", to="7090")
    await stage.manager.wait_for("DeviceStateChange", Device="Agent:7901", State="NOT_INUSE")
    for number, name in ((MAX, "Max"), (EVA, "Eva")):
        seen = len(stage.manager.messages)
        caller = await stage.trunk.call(number, name=name, to="7013")
        await stage.manager.wait_for("AgentCalled", since=seen)
        await asyncio.sleep(ANNOUNCEMENT_SECONDS)
        alice.press("#")
        await stage.manager.wait_for("AgentConnect", since=seen)
        await _talk()
        await caller.hang_up()
        await stage.manager.wait_for("AgentComplete", since=seen)
        await stage.manager.wait_for("DeviceStateChange", since=seen, Device="Agent:7901", State="NOT_INUSE")
    await alice.hang_up()


async def abandoned_in_menu(stage: Stage) -> None:
    """Max reaches a menu and hangs up before he has chosen."""
    caller = await stage.call(MAX, name="Max", to="7020")
    await stage.manager.wait_for("Newexten", Application="Read")
    await _talk()
    await caller.hang_up()


async def abandoned_in_queue(stage: Stage) -> None:
    """Max waits in a queue in which no phone is on, and hangs up."""
    caller = await stage.call(MAX, name="Max", to="7004")
    await stage.manager.wait_for("QueueCallerJoin")
    await _talk()
    await caller.hang_up()


async def member_paused(stage: Stage) -> None:
    """Alice pauses, and Max calls a queue (linear): Bob's phone rings. Meanwhile she goes on.

    Bob doesn't answer for two seconds. Alice's phone rings, she answers, Max hangs up.
    """
    alice, bob = await stage.phone("1001"), await stage.phone("1002")
    await stage.begin()
    await stage.act(Action="QueuePause", Queue="linear", Interface="PJSIP/1001", Paused="true", Reason="lunch")
    caller = await stage.trunk.call(MAX, name="Max", to="7004")
    unanswered = await bob.rings()
    await stage.act(Action="QueuePause", Queue="linear", Interface="PJSIP/1001", Paused="false")
    await unanswered.cleared()
    ringing = await alice.rings()
    await ringing.answer()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def nobody_there(stage: Stage) -> None:
    """Max waits for a second in a queue that has no member; the PBX hangs up."""
    caller = await stage.call(MAX, name="Max", to="7014")
    await caller.cleared()


async def closed(stage: Stage) -> None:
    """Max may not wait in a queue that has no member; he is told so, and the PBX hangs up."""
    caller = await stage.call(MAX, name="Max", to="7015")
    await caller.cleared()


async def queue_to_mailbox(stage: Stage) -> None:
    """Max waits in a queue that gives up after two seconds, while Alice's phone rings.

    He is led to her mailbox, leaves a message and hangs up.
    """
    alice = await stage.phone("1001")
    caller = await stage.call(MAX, name="Max", to="7016")
    unanswered = await alice.rings()
    await unanswered.cleared()
    await asyncio.sleep(MESSAGE_SECONDS)
    await caller.hang_up()


async def menu_then_queue(stage: Stage) -> None:
    """Max presses 2 in a menu. The dialplan sets IVR_CHOICE to 2 and CUSTOMER_ID to C-4711, and he waits in a queue.

    Alice's phone rings, she answers. They talk, he hangs up.
    """
    alice = await stage.phone("1001")
    caller = await stage.call(MAX, name="Max", to="7020")
    await caller.established()
    caller.press("2")
    ringing = await alice.rings()
    await ringing.answer()
    await _talk()
    await caller.hang_up()
    await ringing.cleared()


async def menu_then_transfer(stage: Stage) -> None:
    """Max presses 3 in a menu; IVR_CHOICE becomes 3, CUSTOMER_ID C-4711. Alice answers him from a queue.

    She sends him with her phone (REFER) to where the dialplan sets CUSTOMER_ID to C-4712 and lets him wait in a
    second queue. Bob answers and hangs up.
    """
    alice, bob = await stage.phone("1001"), await stage.phone("1002")
    caller = await stage.call(MAX, name="Max", to="7020")
    await caller.established()
    caller.press("3")
    first = await alice.rings()
    await first.answer()
    await _talk()
    await first.transfer(f"7021@{stage.address}")
    second = await bob.rings()
    await second.answer()
    await _talk()
    await second.hang_up()
    await caller.cleared()


QUEUE_SCENARIOS: dict[str, Scenario] = {
    "queue-leastrecent": leastrecent,
    "queue-fewestcalls": fewestcalls,
    "queue-random": random,
    "queue-linear": linear,
    "queue-wrandom": wrandom,
    "queue-rrordered": rrordered,
    "queue-overflow": overflow,
    "queue-exit-by-digit": exit_by_digit,
    "queue-local-members-make-way": local_members_make_way,
    "queue-agent-login": agent_login,
    "queue-member-paused": member_paused,
    "queue-nobody-there": nobody_there,
    "queue-closed": closed,
    "queue-to-mailbox": queue_to_mailbox,
    "queue-abandoned-while-waiting": abandoned_in_queue,
    "menu-abandoned": abandoned_in_menu,
    "menu-then-queue": menu_then_queue,
    "menu-then-transfer": menu_then_transfer,
}
