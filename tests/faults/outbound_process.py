"""A process to be killed: writes what is in a journal to a backend, as the hub does.

Its command line has the journal's file, the backend's port, and how many calls it puts into the journal first.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

from hub.journal.journal import Journal
from hub.outbound.outbound import Outbound
from hub.outbound.reader import Reader
from tests.faults.outbound_site import ended_call, running

UNSURE_S = 0.05


async def _main(path: str, port: int, calls: int) -> None:
    journal = await Journal.open(Path(path))
    backends = await running(port)
    outbound = Outbound(
        backends=lambda: backends,
        journal=journal,
        mapping_folders=[],
        agent_names={},
        region="DE",
        reader=partial(Reader, unsure_s=UNSURE_S),
    )
    await outbound.start()
    for number in range(1, calls + 1):
        await journal.append(ended_call(number))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
