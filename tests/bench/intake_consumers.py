"""The ways of taking in AMI events that are compared, each run as a process of its own.

`python -m tests.bench.intake_consumers NAME PORT CALLS EVENTS BYTES`: logs in, says `ready`, takes in the calls,
and prints what it took as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections import Counter

import panoramisk
from pydantic import SecretStr

from hub.collector import spare_collector
from hub.config.pbx import PbxSection
from hub.domain.call import CallEvent, CallEventKind
from hub.domain.ports import PbxStatus
from hub.logs import set_up_logs
from hub.telephony.link import PbxLink
from tests.unit.telephony.ami.peer import SECRET, USERNAME

_AGENT_DEVICES = {f"PJSIP/{number}": f"agent{number}" for number in range(1001, 1501)}


class Stopwatch:
    """CPU seconds of this process, user and system, from the moment it is ready."""

    def __init__(self) -> None:
        self._cpu = 0.0

    def ready(self) -> None:
        print("ready", flush=True)
        self._cpu = time.process_time()

    def stop(self, events: int, told: Counter[str] | None = None) -> None:
        cpu_s = time.process_time() - self._cpu
        print(json.dumps({"cpu_s": cpu_s, "events": events, "told": dict(told or {})}), flush=True)


async def ours(port: int, calls: int, _events: int, _size: int) -> None:
    """Take calls in as the hub does, PBX link and call tracker, until every one was told as over."""
    told: Counter[str] = Counter()
    over = asyncio.Event()
    stopwatch = Stopwatch()

    def happened(event: CallEvent) -> None:
        told[event.kind.value] += 1
        if told[CallEventKind.CLEARED.value] == calls:
            stopwatch.stop(link.events_total, told)
            over.set()

    def status_changed(status: PbxStatus) -> None:
        if status.connected:
            spare_collector()
            stopwatch.ready()
        elif not over.is_set():
            sys.stderr.write(f"{status.reason}\n")
            over.set()

    link = PbxLink(
        "main",
        PbxSection(host="127.0.0.1", port=port, username=USERNAME, secret=SecretStr(SECRET), trunks=("PJSIP/trunk",)),
        region="DE",
        agents_by_device=_AGENT_DEVICES,
        on_call_event=happened,
        on_status=status_changed,
    )
    await link.start()
    await over.wait()
    await link.stop()


async def panoramisk_events(port: int, _calls: int, events: int, _size: int) -> None:
    """Take events in with panoramisk and one callback for all, until each was called back."""
    stopwatch = Stopwatch()
    over = asyncio.Event()
    seen = 0

    def happened(_manager: panoramisk.Manager, _message: panoramisk.message.Message) -> None:
        nonlocal seen
        seen += 1
        if seen == events:
            stopwatch.stop(seen)
            over.set()

    logged_in = asyncio.Event()
    manager = panoramisk.Manager(
        loop=asyncio.get_running_loop(),
        host="127.0.0.1",
        port=port,
        username=USERNAME,
        secret=SECRET,
        on_login=lambda _: logged_in.set(),
    )
    manager.register_event("*", happened)
    await manager.connect()
    await logged_in.wait()
    stopwatch.ready()
    await over.wait()
    manager.close()


async def bare_socket(port: int, _calls: int, events: int, size: int) -> None:
    """Read the bytes and do nothing with them: nobody can take them in for less."""
    stopwatch = Stopwatch()
    with socket.create_connection(("127.0.0.1", port)) as link:
        login = f"Action: Login\r\nActionID: 1\r\nUsername: {USERNAME}\r\nSecret: {SECRET}\r\n\r\n"
        link.sendall(login.encode())
        greeting = b""
        while b"accepted\r\n\r\n" not in greeting:
            greeting += link.recv(4096)
        stopwatch.ready()
        buffer = bytearray(64 * 1024)
        read = 0
        while read < size:
            read += link.recv_into(buffer)
        stopwatch.stop(events)


CONSUMERS = {"ours": ours, "panoramisk": panoramisk_events, "bare_socket": bare_socket}

if __name__ == "__main__":
    set_up_logs("warning")
    name, *numbers = sys.argv[1:]
    asyncio.run(CONSUMERS[name](*map(int, numbers)))
