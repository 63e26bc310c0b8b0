"""Record what Asterisk says on the manager interface while a call runs.

    python -m tests.servers.record [--asterisk asterisk-16] [--chan-sip] FOLDER [NAME ...]

For each scenario it writes NAME.ami, every byte sent to a manager that sees all events,
from just before the call until after its last hangup, and into NAME.txt what happened. The steps
to be told, below that in NAME.txt, are written by hand and stay (see tests/scenarios/truth.py).

What an older Asterisk says (`python -m tests.servers install asterisk-16` puts it in place) is written beside, as
a16-NAME.ami or, with phones on chan_sip, as a16-sip-NAME.ami. The steps are taken over from NAME.txt.
"""

import argparse
import asyncio
import inspect
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.truth import Truth, read_truth, write_truth
from tests.servers import asterisk_install
from tests.servers.asterisk import Asterisk
from tests.servers.asterisk_configuration import FEATURES_SITE, OTHER_SITE, QUEUES_SITE, Site
from tests.servers.asterisk_install import ASTERISK_22, RELEASES, Release
from tests.servers.chan_sip_site import by_chan_sip
from tests.servers.conference_calls import CONFERENCE_SCENARIOS
from tests.servers.dialling_calls import DIALLING_SCENARIOS
from tests.servers.forwarding_calls import FORWARDING_SCENARIOS
from tests.servers.hold_calls import HOLD_SCENARIOS
from tests.servers.other_site_calls import OTHER_SITE_SCENARIOS
from tests.servers.parking_calls import PARKING_SCENARIOS
from tests.servers.pickup_calls import PICKUP_SCENARIOS
from tests.servers.queue_calls import QUEUE_SCENARIOS
from tests.servers.stage import Scenario, Stage
from tests.servers.transfer_calls import TRANSFER_SCENARIOS
from tests.waiting import eventually

SUPPORT = "493023125100"
SALES = "493023125200"
ALICE = "493023125001"
TALK_SECONDS = 0.5
QUEUE_RING_SECONDS = 2


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


SCENARIOS: dict[str, Scenario] = {
    "queue-rrmemory-answered": queue_rrmemory_answered,
    "queue-ringall-answered": queue_ringall_answered,
    "queue-abandoned": queue_abandoned,
    "queue-no-answer-then-other": queue_no_answer_then_other,
    "direct-answered": direct_answered,
    "direct-busy": direct_busy,
    "direct-cancelled": direct_cancelled,
}


SITES: tuple[tuple[Site | None, dict[str, Scenario]], ...] = (
    (None, SCENARIOS),
    (OTHER_SITE, OTHER_SITE_SCENARIOS),
    (QUEUES_SITE, QUEUE_SCENARIOS | FORWARDING_SCENARIOS | DIALLING_SCENARIOS),
    (
        FEATURES_SITE,
        TRANSFER_SCENARIOS | HOLD_SCENARIOS | PICKUP_SCENARIOS | PARKING_SCENARIOS | CONFERENCE_SCENARIOS,
    ),
)
ALL_NAMES = [name for _, scenarios in SITES for name in scenarios]


async def record(asterisk: Asterisk, scenario: Scenario) -> bytes:
    """Play the scenario and return the bytes that Asterisk sent."""
    async with AsyncExitStack() as stack:
        stage = Stage(asterisk, stack)
        await scenario(stage)
        return await stage.recorded()


@dataclass(frozen=True)
class Pbx:
    """What it is recorded on."""

    release: Release = ASTERISK_22
    has_chan_sip: bool = False

    def trace_name(self, scenario: str) -> str:
        """Return what a trace of that scenario is called."""
        version = "" if self.release is ASTERISK_22 else f"a{self.release.name.rpartition('-')[2]}-"
        return f"{version}{'sip-' if self.has_chan_sip else ''}{scenario}"

    def here(self, text: str) -> str:
        """Name the devices as they are named here."""
        return text.replace("PJSIP/", "SIP/") if self.has_chan_sip else text


def record_site(pbx: Pbx, site: Site | None, scenarios: dict[str, Scenario], folder: Path) -> None:
    """Record these scenarios on an Asterisk of that site, the project's own for None."""
    asterisk = Asterisk(
        asterisk_install.install(pbx.release),
        queue_ring_seconds=QUEUE_RING_SECONDS,
        site=by_chan_sip(site) if pbx.has_chan_sip else site,
    )
    try:
        asterisk.start()
        for scenario_name, scenario in scenarios.items():
            name = pbx.trace_name(scenario_name)
            trace = asyncio.run(record(asterisk, scenario))
            (folder / f"{name}.ami").write_bytes(trace)
            text, same = folder / f"{name}.txt", folder / f"{scenario_name}.txt"
            told = read_truth(text if text.exists() else same).told if text.exists() or same.exists() else []
            story = inspect.getdoc(scenario) or ""
            write_truth(text, Truth(pbx.here(story), [pbx.here(step) for step in told]))
            print(f"{name}: {trace.count(b'Event: ')} events, {len(trace)} bytes")
    finally:
        asterisk.remove()


def main() -> None:
    """Record the scenarios named on the command line, or all."""
    parser = argparse.ArgumentParser(description="Record manager events of real calls.")
    parser.add_argument("--asterisk", choices=RELEASES, default=ASTERISK_22.name)
    parser.add_argument("--chan-sip", action="store_true", help="phones and trunk on chan_sip instead of PJSIP")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(ALL_NAMES)}")
    arguments = parser.parse_args()
    pbx = Pbx(RELEASES[arguments.asterisk], arguments.chan_sip)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    wanted = arguments.names or ALL_NAMES
    for site, scenarios in SITES:
        chosen = {name: scenario for name, scenario in scenarios.items() if name in wanted}
        if chosen:
            record_site(pbx, site, chosen, arguments.folder)


if __name__ == "__main__":
    main()
