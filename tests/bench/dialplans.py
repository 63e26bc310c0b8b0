"""Dialplans that ask a FastAGI server, as a process of their own: `python -m tests.bench.dialplans PORT COUNT AT_ONCE`.

Prints how long each waited, in seconds, as a JSON list. Exit status 1 when one was not answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from tests.unit.telephony.fastagi.asterisk_side import environment_bytes

DONE = b"200 result=1\n"
ANSWERED = b'SET VARIABLE CTI_PRIORITY "10"\n'


async def _ask(port: int, number: int) -> float:
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(environment_bytes(callerid=f"+49302312{number:05}"))
    answered = False
    while line := await reader.readline():
        answered |= line == ANSWERED
        writer.write(DONE)
    writer.close()
    if not answered:
        raise SystemExit("a dialplan got no answer")
    return time.perf_counter() - started


async def _main(port: int, count: int, at_once: int) -> list[float]:
    numbers = iter(range(count))
    waits: list[float] = []

    async def dialplan() -> None:
        for number in numbers:
            waits.append(await _ask(port, number))  # noqa: PERF401 - others wait between two of them

    await asyncio.gather(*(dialplan() for _ in range(at_once)))
    return waits


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_main(*map(int, sys.argv[1:])))))
