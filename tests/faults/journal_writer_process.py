"""A process to be killed: appends events to the journal of the environment's STORE_URL, prints each id once durable."""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count

from pydantic import SecretStr

from hub.config.model import StoreSection
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


async def _main(first: int) -> None:
    place = StoreSection(url=SecretStr(os.environ["STORE_URL"])).place
    journal = await Journal.open(place)
    await asyncio.gather(*(_calls(journal, first + lane, 8) for lane in range(8)))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
