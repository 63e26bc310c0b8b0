"""A port that leads to another one: it can be closed, and can hold back what the server answers."""

import asyncio
import contextlib

from tests.servers.ports import LOOPBACK

_CHUNK = 64 * 1024


class Relay:
    """Listens on one port, the same after each `start`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0
        """How many there have been so far."""
        self.held_bytes = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._joined, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections, and cut those that there are."""
        self.let_through()
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def hold_back(self) -> None:
        self._open.clear()

    def let_through(self) -> None:
        self.held_bytes = 0
        self._open.set()

    def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._lead(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, there_writer = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there_writer}
        with contextlib.suppress(OSError):
            await asyncio.gather(self._carry(reader, there_writer), self._carry(there, writer, held=True))
        for end in (writer, there_writer):
            end.transport.abort()
        self._writers -= {writer, there_writer}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, held: bool = False) -> None:
        while data := await reader.read(_CHUNK):
            if held and not self._open.is_set():
                self.held_bytes += len(data)
                await self._open.wait()
            writer.write(data)
            await writer.drain()
        writer.close()
