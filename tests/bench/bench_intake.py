"""AMI events taken in over a socket for each second of CPU: the hub with its tracker, panoramisk, a bare socket."""

from __future__ import annotations

import asyncio
import statistics
import sys
from typing import Any

import msgspec

from tests.bench.recorded_calls import NOT_SENT_TO_THE_HUB, RecordedCall
from tests.bench.result import Target, report, spread
from tests.unit.telephony.ami.peer import FakePbx, message, success

CALLS = 500
ROUNDS = 9
TIMES_PANORAMISK = 5.0
_CHUNK_BYTES = 1024 * 1024
_PATIENCE_S = 60.0
_LISTS = ("CoreShowChannels", "BridgeList", "QueueStatus")
_STEPS_OF_A_CALL = {"queued": 1, "delivered": 1, "established": 1, "cleared": 1}


class Taken(msgspec.Struct, frozen=True):
    """What a consumer says it took: CPU seconds, events, and call events by kind."""

    cpu_s: float
    events: int
    told: dict[str, int]


class Load(msgspec.Struct, frozen=True):
    """Bytes to send: how many calls and events they are."""

    calls: int
    events: int
    data: bytes


def load(calls: int, *, without: tuple[str, ...] = (), own_callers: bool = False) -> Load:
    """Prepare that many copies of the recorded call."""
    recorded = RecordedCall.load(without=without)
    return Load(calls, calls * recorded.events, recorded.copies(calls, own_callers=own_callers))


async def take_in(consumer: str, sent: Load) -> Taken:
    """Let a consumer of its own process take in the calls; raise RuntimeError when it loses any."""
    async with FakePbx() as pbx:
        pbx.answers.update(dict.fromkeys(_LISTS, _empty_list))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.intake_consumers", consumer, str(pbx.port)),
            *(str(sent.calls), str(sent.events), str(len(sent.data))),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await _flood(process, pbx, consumer, sent)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _empty_list(action: dict[str, str]) -> bytes:
    complete = (f"Event: {action['Action']}Complete", f"ActionID: {action['ActionID']}", "EventList: Complete")
    return success(action, "EventList: start") + message(*complete, "ListItems: 0")


async def _flood(process: asyncio.subprocess.Process, pbx: FakePbx, consumer: str, sent: Load) -> Taken:
    if process.stdout is None:
        raise RuntimeError("the consumer has no output to read")
    if await process.stdout.readline() != b"ready\n":
        raise RuntimeError(f"{consumer} did not become ready; status {await process.wait()}")
    peer = pbx.writers[-1]
    for start in range(0, len(sent.data), _CHUNK_BYTES):
        peer.write(sent.data[start : start + _CHUNK_BYTES])
        await peer.drain()
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"{consumer} ended before it had all; status {await process.wait()}")
    taken = msgspec.json.decode(line, type=Taken)
    if consumer == "ours":
        expected = {kind: count * sent.calls for kind, count in _STEPS_OF_A_CALL.items()}
        if taken.told != expected:
            raise RuntimeError(f"the tracker told {taken.told} where {sent.calls} calls are {expected}")
    return taken


async def measure(calls: int = CALLS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Run all consumers in turns; return events per CPU-second, and ours against panoramisk's."""
    full = load(calls)
    own_callers = load(calls, own_callers=True)
    filtered = load(calls, without=NOT_SENT_TO_THE_HUB)
    runs = {
        "ours": ("ours", full),
        "ours_each_caller_new": ("ours", own_callers),
        "ours_filtered_in_asterisk": ("ours", filtered),
        "panoramisk": ("panoramisk", full),
        "panoramisk_filtered_in_asterisk": ("panoramisk", filtered),
        "bare_socket": ("bare_socket", full),
    }
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, (consumer, sent) in runs.items():
            taken = await take_in(consumer, sent)
            cpu[name].append(taken.cpu_s)
    median = {name: statistics.median(seconds) for name, seconds in cpu.items()}
    ratio = round(median["panoramisk"] / median["ours"], 2)
    return report(
        {
            "ratio": ratio,
            "ratio_of_the_best_rounds": round(min(cpu["panoramisk"]) / min(cpu["ours"]), 2),
            "ratio_each_caller_new": round(median["panoramisk"] / median["ours_each_caller_new"], 2),
            "ratio_both_filtered_in_asterisk": round(
                median["panoramisk_filtered_in_asterisk"] / median["ours_filtered_in_asterisk"], 2
            ),
            "calls": calls,
            "rounds": rounds,
            "events": {"full": full.events, "filtered_in_asterisk": filtered.events},
            "events_per_cpu_s": {
                name: spread([sent.events / seconds for seconds in cpu[name]]) for name, (_, sent) in runs.items()
            },
            "calls_per_cpu_s": {name: spread([sent.calls / s for s in cpu[name]]) for name, (_, sent) in runs.items()},
        },
        Target(
            what="events per CPU-second, times panoramisk's on the same trace",
            value=ratio,
            rule="at least",
            limit=TIMES_PANORAMISK,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return asyncio.run(measure())
