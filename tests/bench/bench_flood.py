"""A burst of events on the manager socket: how long it takes, what memory it costs, how late a pop in it is.

The burst is recorded calls, as fast as the hub takes them. In the midst of it, at even distances, another agent's
phone rings. A pop is late by the time from when the last byte of the ringing has gone out (it then lies in the
sockets' buffers, behind all that went before) to when the agent's page has the frame. The same burst twice as long
must not take more memory.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Sequence
from typing import Any

from tests.bench.hub import BenchHub
from tests.bench.recorded_calls import RecordedCall
from tests.bench.result import Target, report
from tests.unit.telephony.ami.peer import SECRET, FakePbx, message, success
from tests.waiting import eventually, eventually_asked

EVENTS = 200_000
POPS = 40
LATE_MS = 250.0
GROWTH_MB = 64.0
_CALLS_WRITTEN_AT_ONCE = 20
_PATIENCE_S = 120.0
_LISTS = ("CoreShowChannels", "BridgeList", "QueueStatus")
_FLOODED = "agent1001"
_WATCHED = "agent1002"
_RECEIVED = 'ctihub_ami_events_total{pbx="main"}'
_CONFIG = """\
hub: {{listen: "127.0.0.1:{hub_port}", region: DE}}
store: {{url: "sqlite:///{folder}/ctihub.db"}}
pbx:
  main: {{host: 127.0.0.1, port: {pbx_port}, username: hub, secret: "${{AMI_SECRET}}", trunks: [PJSIP/trunk]}}
agents:
{agents}
"""


@dataclasses.dataclass
class Ring:
    """One ringing in the burst: when all of it had gone out, and when the page had it."""

    uniqueid: bytes
    sent: float = 0.0
    shown: float = 0.0


class FloodedHub(BenchHub):
    """A hub that is connected to a PBX which sends what it is told, two agents, nothing behind it."""

    def __init__(self) -> None:
        super().__init__(agents=2)
        self.pbx = FakePbx()

    async def _set_up(self) -> None:
        self.pbx.answers.update(dict.fromkeys(_LISTS, _empty_list))
        await self._stack.enter_async_context(self.pbx)
        configuration = _CONFIG.format(
            hub_port=self._port, folder=self._folder, pbx_port=self.pbx.port, agents=self._agents_section()
        )
        await self._start_hub(configuration, {"AMI_SECRET": SECRET})

    async def received(self) -> int:
        """Return how many messages the hub has had from the PBX."""
        return int((await self.metrics())[_RECEIVED])


def _empty_list(action: dict[str, str]) -> bytes:
    complete = (f"Event: {action['Action']}Complete", f"ActionID: {action['ActionID']}", "EventList: Complete")
    return success(action, "EventList: start") + message(*complete, "ListItems: 0")


class Burst:
    """The calls of a burst and the ringings in it, made beforehand: making them is not what is measured."""

    def __init__(self, events: int, pops: int) -> None:
        recorded = RecordedCall.load()
        calls = max(pops, events // recorded.events)
        every = calls // pops
        self.events = (calls + pops) * recorded.events
        self._pieces: list[tuple[bytes, Ring | None]] = []
        self.rings: list[Ring] = []
        for number in range(calls):
            self._pieces.append((recorded.copy(number), None))
            if number % every == every // 2 and len(self.rings) < pops:
                call = recorded.copy(calls + len(self.rings)).replace(b"PJSIP/1001", b"PJSIP/1002")
                ring = Ring(_first_uniqueid(call))
                self.rings.append(ring)
                head, rings, rest = call.partition(b"ChannelStateDesc: Ringing")
                end = rest.index(b"\r\n\r\n") + 4
                self._pieces.append((head + rings + rest[:end], ring))
                self._pieces.append((rest[end:], None))

    async def send(self, writer: asyncio.StreamWriter) -> None:
        """Write all of it, as fast as it is taken."""
        writer.transport.set_write_buffer_limits(0)
        gathered: list[bytes] = []
        for piece, ring in self._pieces:
            gathered.append(piece)
            if ring is not None or len(gathered) == _CALLS_WRITTEN_AT_ONCE:
                writer.write(b"".join(gathered))
                gathered.clear()
                await writer.drain()
            if ring is not None:
                ring.sent = time.perf_counter()
        writer.write(b"".join(gathered))
        await writer.drain()


def _first_uniqueid(call: bytes) -> bytes:
    return call.partition(b"\r\nUniqueid: ")[2].partition(b"\r\n")[0]


async def _flood(events: int, pops: int) -> dict[str, Any]:
    burst = Burst(events, pops)
    async with FloodedHub() as hub:
        page = (await hub.open_pages([_WATCHED]))[_WATCHED]
        waiting = {ring.uniqueid: ring for ring in burst.rings}

        def take(frame: bytes, now: float) -> None:
            if frame.startswith(b'{"frame":"pop"'):
                uniqueid = frame.partition(b'"id":"main-')[2].partition(b'"')[0]
                ring = waiting.pop(uniqueid, None)
                if ring is not None:
                    ring.shown = now

        page.on_frame = take
        before_mb = hub.memory_mb()
        received_before = await hub.received()
        began = time.perf_counter()
        await burst.send(hub.pbx.writers[-1])
        await eventually(lambda: not waiting, "a pop for every ringing", _PATIENCE_S)

        async def all_received() -> bool:
            return await hub.received() >= received_before + burst.events

        await eventually_asked(all_received, "the whole burst received", _PATIENCE_S)
        took = time.perf_counter() - began
        late = sorted(max(0.0, ring.shown - ring.sent) for ring in burst.rings)
        return {
            "events": burst.events,
            "took_s": round(took, 2),
            "events_per_s": round(burst.events / took),
            "pop_late_ms": {"median": round(late[len(late) // 2] * 1000, 1), "worst": round(late[-1] * 1000, 1)},
            "memory_mb": {"before": round(before_mb, 1), "at_most": round(hub.memory_mb(peak=True), 1)},
            "memory_growth_mb": round(hub.memory_mb(peak=True) - before_mb, 1),
        }


async def measure(events: int = EVENTS, pops: int = POPS) -> dict[str, Any]:
    """Send the burst, then on a fresh hub one twice as long."""
    once = await _flood(events, pops)
    twice = await _flood(2 * events, pops)
    worst: Sequence[float] = [run["pop_late_ms"]["worst"] for run in (once, twice)]
    return report(
        {"once": once, "twice_as_long": twice},
        Target(what="ms that a pop in the burst is late, the worst", value=max(worst), rule="at most", limit=LATE_MS),
        Target(
            what="MB that the hub grows by in the burst",
            value=once["memory_growth_mb"],
            rule="at most",
            limit=GROWTH_MB,
        ),
        Target(
            what="MB that the hub grows by in a burst twice as long",
            value=twice["memory_growth_mb"],
            rule="at most",
            limit=GROWTH_MB,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return asyncio.run(measure())
