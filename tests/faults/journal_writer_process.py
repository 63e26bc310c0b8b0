"""A process to be killed: appends events to the journal named on its command line, prints each id once durable."""

from __future__ import annotations

import asyncio
import sys
from itertools import count

from hub.domain.call import CallEventKind
from hub.journal.journal import Journal
from tests.unit.journal import samples


async def _calls(journal: Journal, first: int, step: int) -> None:
    for number in count(first, step):
        for kind in (CallEventKind.QUEUED, CallEventKind.DELIVERED, CallEventKind.ESTABLISHED):
            await _append(journal, number, kind)
        await _append(journal, number, CallEventKind.CLEARED)


async def _append(journal: Journal, number: int, kind: CallEventKind) -> None:
    event = samples.step(samples.call(number), kind)
    await journal.append(event)
    sys.stdout.write(f"{event.id} {event.subject} {kind}\n")
    sys.stdout.flush()


async def _main(path: str, first: int) -> None:
    journal = await Journal.open(path)
    await asyncio.gather(*(_calls(journal, first + lane, 8) for lane in range(8)))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
