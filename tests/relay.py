"""A wire between a client and a server on loopback that a test may cut, or connect to something else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def refuse(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Close what was just connected."""


class Relay:
    """`async with Relay(port) as relay`: what connects to `relay.port` is connected to `target_port`.

    While `instead` is set, new connections get that in place of the target.
    """

    def __init__(self, target_port: int = 0) -> None:
        self.target_port = target_port
        self.instead: Peer | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut all and stop to listen."""
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection there is; new ones are taken as before."""
        for task in self._tasks:
            task.cancel()

    def go_silent(self) -> None:
        """Pass nothing on from now on, and reset nothing: as when a cable is pulled."""
        self._flows.clear()

    def flow(self) -> None:
        """Pass on again, first what was held back."""
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._flows.wait()
            if self.instead is None:
                await self._connect(reader, writer)
            else:
                await self.instead(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # one side went away or the wire was cut, which is told by resetting the connection
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, there = await asyncio.open_connection("127.0.0.1", self.target_port)
        pumps = [asyncio.create_task(self._pump(*ends)) for ends in ((reader, there), (back, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            there.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
