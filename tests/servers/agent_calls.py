"""A day of an agent at the phone, recorded for the replay in tests/unit/telephony/agents.

python -m tests.servers.agent_calls FOLDER
"""

import argparse
import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from tests.servers import asterisk_install
from tests.servers.ami import RawManager
from tests.servers.asterisk import Asterisk
from tests.servers.sipp import DiallingPhone, Phone, Trunk

SERVICE = "493023125300"
TALK_SECONDS = 1.2
NAME = "agent-day"


async def agent_day(asterisk: Asterisk) -> bytes:
    """Let Dora log on with *45, take a call, pause with *462 and *464, unpause with *47, log off; return all said.

    One caller gives up before she is there, one waits for her.
    """
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(Phone(asterisk, "1004"))
        keys = await stack.enter_async_context(DiallingPhone(asterisk, "1004"))
        trunk = await stack.enter_async_context(Trunk(asterisk))
        manager = await stack.enter_async_context(RawManager.monitor(asterisk))
        start = len(manager.raw)

        async def dial(code: str) -> None:
            call = await keys.dial(code)
            await call.established()
            await call.cleared(within=10)

        impatient = await trunk.call("+498999998401", to=SERVICE)
        await manager.wait_for("QueueCallerJoin")
        patient = await trunk.call("+498999998402", to=SERVICE)
        await manager.wait_for("QueueCallerJoin", Position="2")
        await impatient.hang_up()
        await manager.wait_for("QueueCallerAbandon")
        await dial("*45")
        ringing = await phone.rings()
        await ringing.answer()
        await asyncio.sleep(TALK_SECONDS)
        await patient.hang_up()
        await ringing.cleared()
        for code in ("*462", "*464", "*47", "*45"):
            await dial(code)
        await manager.wait_for("QueueMemberRemoved")
        await asyncio.sleep(0.5)  # the last hangup's own events
        return bytes(manager.raw[start:])


def main() -> None:
    """Record it into the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Record an agent's day at the phone.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    asterisk = Asterisk(asterisk_install.install(), queue_ring_seconds=5)
    try:
        asterisk.start()
        trace = asyncio.run(agent_day(asterisk))
    finally:
        asterisk.remove()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.ami").write_bytes(trace)
    print(f"{NAME}: {trace.count(b'Event: ')} events, {len(trace)} bytes")


if __name__ == "__main__":
    main()
