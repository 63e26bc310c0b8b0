"""Asterisk goes away in the middle of calls and comes back: the state is right within 5 s of its return.

With the hub's own defaults for keepalive and reconnecting, for it is these that are to be good enough; only where it
is to give up a process that is stopped, keepalive is shorter, so as not to wait for three quarters of a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from hub.config.pbx import PbxSection
from hub.domain.call import Call, CallEvent, CallEventKind, Cause, ConnectionState
from tests.relay import Relay, refuse
from tests.scenarios.agent_floor import Floor
from tests.servers.record import SUPPORT
from tests.servers.sipp import CallingLeg, Phone, RingingLeg, Trunk
from tests.waiting import eventually

if TYPE_CHECKING:
    from hub.domain.agent import QueueStatus
    from hub.domain.ports import PbxStatus
    from tests.servers.asterisk import Asterisk

RIGHT_WITHIN_S = 5.0
STOPPED_S = 30.0
DEFAULTS: dict[str, Any] = {
    name: PbxSection.model_fields[name].default for name in ("keepalive_s", "reconnect_min_s", "reconnect_max_s")
}

TALKS, WAITS, NEW = "+498912345601", "+498912345602", "+498912345603"


class Watched(Floor):
    """A link with its agents and queues, and every step that it told."""

    def __init__(self, asterisk: Asterisk, **pbx: Any) -> None:
        self.steps: list[CallEvent] = []
        self.connected_times = 0
        super().__init__(asterisk, **{**DEFAULTS, **pbx})

    def _step(self, event: CallEvent) -> None:
        self.steps.append(event)
        super()._step(event)

    def _status(self, status: PbxStatus) -> None:
        self.connected_times += status.connected
        super()._status(status)

    def call(self, number: str) -> Call | None:
        """Return the live call of that caller."""
        return next((call for call in self.link.live_calls() if call.caller.e164 == number), None)

    def ends_of(self, number: str) -> list[Cause | None]:
        """Return with which causes the calls of that caller were said to be over."""
        return [
            step.cause for step in self.steps if step.kind is CallEventKind.CLEARED and step.call.caller.e164 == number
        ]

    @property
    def waiting(self) -> list[str | None]:
        """Return who waits in the queue, in order."""
        return [one.caller.e164 for queue in self._support() for one in queue.waiting]

    def _support(self) -> list[QueueStatus]:
        return [queue for queue in self.service.queues() if queue.queue == "support"]

    def _floor_is_right(self) -> bool:
        places = {place.queue for place in self.agent("alice").queues}
        queues = [(queue.strategy, queue.logged_on) for queue in self._support()]
        return ({"support", "sales"}, [("rrmemory", 3)]) == (places, queues)

    async def away(self, attempts: int = 0) -> None:
        """Wait until the loss is noticed and so many attempts to connect have failed."""
        await eventually(lambda: not self.link.status().connected, "the loss", within=60)
        await eventually(lambda: self.link._link._failures > attempts, f"{attempts} failed attempts", within=30)

    async def is_right(self, since: float, truth: Callable[[], bool]) -> None:
        """Wait until the hub is connected and says the truth, within 5 s after `since`; nothing was told twice.

        Queues and agents are as ever.
        """
        left = since + RIGHT_WITHIN_S - time.monotonic()
        await eventually(
            lambda: self.link.status().connected and self._floor_is_right() and truth(),
            f"the truth; live are {self.link.live_calls()}, told was {[str(step.kind) for step in self.steps]}",
            within=left,
        )
        assert [] == [step for step, times in Counter(map(_which, self.steps)).items() if times > 1]


def _which(step: CallEvent) -> tuple[str, ...]:
    return step.kind, step.call.id, step.connection.id if step.connection else ""


class Scene(NamedTuple):
    """One caller talks with Alice, another waits in her queue."""

    hub: Watched
    trunk: Trunk
    talk: RingingLeg
    waiting: CallingLeg


@asynccontextmanager
async def in_the_middle(asterisk: Asterisk, **pbx: Any) -> AsyncIterator[Scene]:
    """Run a hub, and bring the calls about."""
    hub = Watched(asterisk, **pbx)
    await hub.link.start()
    try:
        await eventually(lambda: hub.link.status().connected, "a connected hub", within=10)
        async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
            await trunk.call(TALKS, to=SUPPORT)
            ringing = await phone.rings()
            await ringing.answer()
            waiting = await trunk.call(WAITS, to=SUPPORT)
            await waiting.established()
            await eventually(
                lambda: talks(hub) and [WAITS] == hub.waiting, "one who talks and one who waits", within=10
            )
            yield Scene(hub, trunk, ringing, waiting)
    finally:
        await hub.link.stop()
        await hub.service.stop()


def talks(hub: Watched) -> bool:
    """Whether the first caller and Alice hear each other."""
    call = hub.call(TALKS)
    return call is not None and [ConnectionState.CONNECTED] * 2 == [one.state for one in call.connections]


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_a_restart_ends_the_calls_once(fresh_asterisk: Asterisk, how: str) -> None:
    """Killed, its calls end with cause unknown; stopped, as Asterisk says. Queues and agents are as before."""
    async with in_the_middle(fresh_asterisk) as scene:
        hub = scene.hub
        await asyncio.to_thread(getattr(fresh_asterisk, how))
        await hub.away(attempts=4)
        await asyncio.to_thread(fresh_asterisk.start)
        await hub.is_right(time.monotonic(), lambda: not hub.link.live_calls() and not hub.waiting)
        for number in (TALKS, WAITS):
            (cause,) = hub.ends_of(number)
            assert how == "stop" or cause is Cause.UNKNOWN
        assert "ready" == hub.agent("alice").state


async def test_one_that_is_met_while_it_still_starts_is_asked_again(fresh_asterisk: Asterisk) -> None:
    """Let in before the queues are loaded: they are known once they are, and no agent was said to have logged off."""
    async with in_the_middle(fresh_asterisk, reconnect_min_s=0.01, reconnect_max_s=0.02) as scene:
        hub = scene.hub
        await asyncio.to_thread(fresh_asterisk.kill)
        await hub.away(attempts=4)
        await asyncio.to_thread(fresh_asterisk.start)
        await hub.is_right(time.monotonic(), lambda: not hub.link.live_calls() and not hub.waiting)
        assert 3 <= hub.connected_times
        assert not [line for line in hub.told if "logged_off" in line]


async def test_a_stopped_process_is_caught_up_with(fresh_asterisk: Asterisk) -> None:
    """Half a minute of SIGSTOP: who gave up meanwhile is gone, who talked still does, and neither is told again."""
    async with in_the_middle(fresh_asterisk) as scene:
        hub = scene.hub
        fresh_asterisk.freeze()
        try:
            scene.waiting.sipp.tell("X-HANGUP", scene.waiting.call_id)
            await asyncio.sleep(STOPPED_S)
        finally:
            fresh_asterisk.thaw()
        await hub.is_right(time.monotonic(), lambda: talks(hub) and hub.call(WAITS) is None and not hub.waiting)
        assert 1 == len(hub.ends_of(WAITS))
        assert "busy" == hub.agent("alice").state
        await scene.talk.hang_up()
        await eventually(lambda: not hub.link.live_calls(), "the end of the talk")
        assert 1 == len(hub.ends_of(TALKS))


async def test_a_stopped_process_that_was_given_up_is_caught_up_with(fresh_asterisk: Asterisk) -> None:
    """Stopped for so long that the hub takes it for dead, and for longer: right again after its return."""
    async with in_the_middle(fresh_asterisk, keepalive_s=2.0) as scene:
        hub = scene.hub
        fresh_asterisk.freeze()
        try:
            scene.waiting.sipp.tell("X-HANGUP", scene.waiting.call_id)
            await hub.away(attempts=1)
        finally:
            fresh_asterisk.thaw()
        await hub.is_right(time.monotonic(), lambda: talks(hub) and hub.call(WAITS) is None and not hub.waiting)
        assert 1 == len(hub.ends_of(WAITS))


async def test_a_cut_connection_is_made_anew_and_caught_up_with(fresh_asterisk: Asterisk) -> None:
    """The connection is cut while calls go on: who left ended with cause unknown, who came is there, once each."""
    async with Relay(fresh_asterisk.ami_port) as wire, in_the_middle(fresh_asterisk, port=wire.port) as scene:
        hub = scene.hub
        wire.instead = refuse
        wire.cut()
        await hub.away()
        await scene.waiting.hang_up()
        newcomer = await scene.trunk.call(NEW, to=SUPPORT)
        await newcomer.established()
        await hub.away(attempts=4)
        wire.instead = None
        await hub.is_right(time.monotonic(), lambda: talks(hub) and hub.call(WAITS) is None and [NEW] == hub.waiting)
        assert [Cause.UNKNOWN] == hub.ends_of(WAITS)
        assert "busy" == hub.agent("alice").state
        await newcomer.hang_up()
        await scene.talk.hang_up()
        await eventually(lambda: not hub.link.live_calls(), "the end of all calls")
        assert ([1, 1]) == [len(hub.ends_of(number)) for number in (TALKS, NEW)]
