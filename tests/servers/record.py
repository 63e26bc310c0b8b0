"""Record what Asterisk says on the manager interface while a call runs.

    python -m tests.servers.record FOLDER [NAME ...]

For each scenario it writes NAME.ami, every byte sent to a manager that sees all events,
from just before the call until after its last hangup, and NAME.txt, what happened.
"""

import argparse
import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from tests.servers import asterisk_install
from tests.servers.ami import RawManager
from tests.servers.asterisk import Asterisk
from tests.servers.sipp import CallingLeg, Phone, Trunk
from tests.waiting import eventually

SUPPORT = "493023125100"
SALES = "493023125200"
ALICE = "493023125001"
TALK_SECONDS = 0.5
QUIET_SECONDS = 0.5


class Stage:
    """What a scenario plays with: a trunk, and phones that it switches on."""

    def __init__(self, asterisk: Asterisk, stack: AsyncExitStack) -> None:
        self._asterisk = asterisk
        self._stack = stack
        self._calls = 0

    async def phone(self, number: str) -> Phone:
        """Switch a phone on."""
        return await self._stack.enter_async_context(Phone(self._asterisk, number))

    async def begin(self) -> None:
        """Begin to record: the phones are on and Asterisk is quiet."""
        self.trunk = await self._stack.enter_async_context(Trunk(self._asterisk))
        self.manager = await self._stack.enter_async_context(RawManager.monitor(self._asterisk))
        await self._quiet()
        self._start = len(self.manager.raw)
        self._messages_before = len(self.manager.messages)

    async def call(self, number: str, *, to: str, name: str = "") -> CallingLeg:
        """Begin to record, and let the trunk call."""
        await self.begin()
        return await self.trunk.call(number, to=to, name=name)

    async def recorded(self) -> bytes:
        """Return all that Asterisk sent since the beginning, once every channel is gone."""

        def all_hung_up() -> bool:
            channels = self.manager.count("Newchannel", since=self._messages_before)
            return 0 < channels == self.manager.count("Hangup", since=self._messages_before)

        await eventually(all_hung_up, "a Hangup for every Newchannel", within=20)
        await self._quiet()
        return bytes(self.manager.raw[self._start :])

    async def _quiet(self) -> None:
        before = -1
        while before != len(self.manager.raw):
            before = len(self.manager.raw)
            await asyncio.sleep(QUIET_SECONDS)


async def queue_rrmemory_answered(stage: Stage) -> None:
    """Max Muster (+498999998123) calls the queue support (rrmemory).

    Only Alice's phone (PJSIP/1001) is on. It rings, she answers, they talk,
    the caller hangs up.
    """
    alice = await stage.phone("1001")
    caller = await stage.call("+498999998123", name="Max Muster", to=SUPPORT)
    ringing = await alice.rings()
    await ringing.answer()
    await asyncio.sleep(TALK_SECONDS)
    await caller.hang_up()
    await ringing.cleared()


async def queue_ringall_answered(stage: Stage) -> None:
    """Erika Muster (+498999998124) calls the queue sales (ringall).

    Alice's (PJSIP/1001) and Bob's (PJSIP/1002) phones ring at once. Bob answers, Alice's
    stops ringing. They talk, Bob hangs up.
    """
    alice = await stage.phone("1001")
    bob = await stage.phone("1002")
    await stage.call("+498999998124", name="Erika Muster", to=SALES)
    ringing = await bob.rings()
    lost = await alice.rings()
    await ringing.answer()
    await lost.cleared()
    await asyncio.sleep(TALK_SECONDS)
    await ringing.hang_up()


async def direct_answered(stage: Stage) -> None:
    """+498999998125, without a display name, calls Alice (PJSIP/1001) directly.

    She answers, they talk, the caller hangs up.
    """
    alice = await stage.phone("1001")
    caller = await stage.call("+498999998125", to=ALICE)
    ringing = await alice.rings()
    await ringing.answer()
    await caller.established()
    await asyncio.sleep(TALK_SECONDS)
    await caller.hang_up()
    await ringing.cleared()


async def direct_busy(stage: Stage) -> None:
    """+498999998126 calls Alice (PJSIP/1001) directly; her phone rings, then she rejects (486).

    The caller is told busy.
    """
    alice = await stage.phone("1001")
    caller = await stage.call("+498999998126", to=ALICE)
    ringing = await alice.rings()
    await ringing.reject()
    await caller.cleared()


async def direct_cancelled(stage: Stage) -> None:
    """Somebody anonymous calls Alice (PJSIP/1001) directly and gives up while her phone rings."""
    alice = await stage.phone("1001")
    caller = await stage.call("", to=ALICE)
    ringing = await alice.rings()
    await caller.ringing()
    await caller.cancel()
    await ringing.cleared()


async def queue_abandoned(stage: Stage) -> None:
    """+498999998127 calls the queue support and hangs up while Alice's phone (PJSIP/1001) rings."""
    alice = await stage.phone("1001")
    caller = await stage.call("+498999998127", to=SUPPORT)
    ringing = await alice.rings()
    await caller.hang_up()
    await ringing.cleared()


async def queue_no_answer_then_other(stage: Stage) -> None:
    """Li Wei (+861012345678) calls the queue support (rrmemory); two phones are on.

    The first to ring, Alice's (PJSIP/1001) or Bob's (PJSIP/1002), is not answered and after
    two seconds stops ringing. The other one then rings and is answered. They talk, the caller
    hangs up.
    """
    phones = [await stage.phone("1001"), await stage.phone("1002")]
    caller = await stage.call("+861012345678", name="Li Wei", to=SUPPORT)
    await eventually(lambda: any(phone.times_rung() for phone in phones), "a phone ringing")
    first, second = phones if phones[0].times_rung() else reversed(phones)
    unanswered = await first.rings()
    await unanswered.cleared()
    ringing = await second.rings()
    await ringing.answer()
    await asyncio.sleep(TALK_SECONDS)
    await caller.hang_up()
    await ringing.cleared()


Scenario = Callable[[Stage], Awaitable[None]]
SCENARIOS: dict[str, Scenario] = {
    "queue-rrmemory-answered": queue_rrmemory_answered,
    "queue-ringall-answered": queue_ringall_answered,
    "queue-abandoned": queue_abandoned,
    "queue-no-answer-then-other": queue_no_answer_then_other,
    "direct-answered": direct_answered,
    "direct-busy": direct_busy,
    "direct-cancelled": direct_cancelled,
}


async def record(asterisk: Asterisk, name: str) -> bytes:
    """Play the scenario and return the bytes that Asterisk sent."""
    async with AsyncExitStack() as stack:
        stage = Stage(asterisk, stack)
        await SCENARIOS[name](stage)
        return await stage.recorded()


def main() -> None:
    """Record the scenarios named on the command line, or all."""
    parser = argparse.ArgumentParser(description="Record manager events of real calls.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(SCENARIOS)}")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    asterisk = Asterisk(asterisk_install.install(), queue_ring_seconds=2)
    try:
        asterisk.start()
        for name in arguments.names or SCENARIOS:
            trace = asyncio.run(record(asterisk, name))
            (arguments.folder / f"{name}.ami").write_bytes(trace)
            story = inspect.getdoc(SCENARIOS[name]) or ""
            (arguments.folder / f"{name}.txt").write_text(f"{story}\n")
            print(f"{name}: {trace.count(b'Event: ')} events, {len(trace)} bytes")
    finally:
        asterisk.remove()


if __name__ == "__main__":
    main()
