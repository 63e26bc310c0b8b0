"""Calls that are put on hold, muted, or have keys pressed in them, on the site `features_site/`."""

import asyncio

from tests.servers.stage import Scenario, Stage

MAX = "+498999998123"
ALICE = "493023125001"
TALK_SECONDS = 0.3


async def _talk() -> None:
    await asyncio.sleep(TALK_SECONDS)


async def retrieved(stage: Stage) -> None:
    """Max calls Alice, who puts him on hold with her phone and takes him back, twice. Max hangs up."""
    [alice] = await stage.softphones("1001")
    caller = await stage.call(MAX, name="Max", to=ALICE)
    call = await alice.rings()
    await call.answer()
    await caller.established()
    for _ in range(2):
        await call.hold()
        await _talk()
        await call.resume()
        await _talk()
    await caller.hang_up()
    await call.cleared()


async def given_up(stage: Stage) -> None:
    """Max calls Alice, who puts him on hold with her phone. He hangs up before she takes him back."""
    [alice] = await stage.softphones("1001")
    caller = await stage.call(MAX, name="Max", to=ALICE)
    call = await alice.rings()
    await call.answer()
    await caller.established()
    await call.hold()
    await _talk()
    await caller.hang_up()
    await call.cleared()


async def by_caller(stage: Stage) -> None:
    """Alice calls Bob, who answers; she puts him on hold with her phone, takes him back and hangs up."""
    alice, bob = await stage.softphones("1001", "1002")
    await stage.begin()
    call = await alice.dial("1002")
    other = await bob.rings()
    await other.answer()
    await call.established()
    await call.hold()
    await _talk()
    await call.resume()
    await _talk()
    await call.hang_up()
    await other.cleared()


async def each_other(stage: Stage) -> None:
    """Alice calls Bob. Each holds the other; she takes him back, then he her. Bob hangs up."""
    alice, bob = await stage.softphones("1001", "1002")
    await stage.begin()
    call = await alice.dial("1002")
    other = await bob.rings()
    await other.answer()
    await call.established()
    await call.hold()
    await other.hold()
    await _talk()
    await call.resume()
    await other.resume()
    await _talk()
    await other.hang_up()
    await call.cleared()


async def second_call_answered(stage: Stage) -> None:
    """Max calls Alice, they talk; Bob calls her: she answers, whereby Max is held. Bob hangs up, Max is taken back.

    Alice hangs up.
    """
    alice, bob = await stage.softphones("1001", "1002")
    caller = await stage.call(MAX, name="Max", to=ALICE)
    call = await alice.rings()
    await call.answer()
    await caller.established()
    await _talk()
    asking = await bob.dial("1001")
    second = await alice.rings()
    await second.answer()
    await asking.established()
    await _talk()
    await asking.hang_up()
    await second.cleared()
    await call.taken_back()
    await _talk()
    await call.hang_up()
    await caller.cleared()


async def keys_pressed(stage: Stage) -> None:
    """Max calls Alice; during the call she presses 4, 2 and # on her phone. Max hangs up."""
    [alice] = await stage.softphones("1001")
    caller = await stage.call(MAX, name="Max", to=ALICE)
    call = await alice.rings()
    await call.answer()
    await caller.established()
    await call.press("42#")
    await _talk()
    await caller.hang_up()
    await call.cleared()


async def muted(stage: Stage) -> None:
    """Max calls Alice; the PBX mutes what comes from her phone, and lets it be heard again. Max hangs up.

    Asterisk says nothing of that to anybody, so neither is anything to be told.
    """
    [alice] = await stage.softphones("1001")
    caller = await stage.call(MAX, name="Max", to=ALICE)
    call = await alice.rings()
    await call.answer()
    await caller.established()
    channel = await stage.channel("PJSIP/1001")
    for state in ("on", "off"):
        await stage.act(Action="MuteAudio", Channel=channel, Direction="in", State=state)
        await _talk()
    await caller.hang_up()
    await call.cleared()


HOLD_SCENARIOS: dict[str, Scenario] = {
    "hold-retrieved": retrieved,
    "hold-given-up": given_up,
    "hold-by-caller": by_caller,
    "hold-each-other": each_other,
    "hold-second-call-answered": second_call_answered,
    "dtmf-during-call": keys_pressed,
    "mute-by-pbx": muted,
}
