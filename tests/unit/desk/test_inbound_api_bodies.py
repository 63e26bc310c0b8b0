"""Bodies that are pushed: too large, too slow, never complete. Raw sockets, as no client sends such things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from hub.config.inbound import InboundFeed
from hub.desk.feed_body import FeedBodies
from hub.desk.replies import ApiError
from tests.unit.desk.house import PUBLISH_TOKEN, House
from tests.waiting import eventually

LIMIT = 4_096
HUGE = 200 * 1024 * 1024
HEAD = f"POST /api/v1/inbound/webshop HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {PUBLISH_TOKEN}\r\n"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    feeds = {"webshop": InboundFeed(mapping="x/y", max_bytes=LIMIT)}
    async with House(tmp_path, feeds=feeds) as running:
        yield running


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def status_line(reader: asyncio.StreamReader) -> str:
    async with asyncio.timeout(20):
        return (await reader.readline()).decode().strip()


async def test_what_says_that_it_is_too_large_is_refused_unread(house: House) -> None:
    """200 MB are refused by their Content-Length: the answer is there before a byte of the body is."""
    async with connected(house.server.port) as (reader, writer):
        writer.write(f"{HEAD}Content-Length: {HUGE}\r\n\r\n".encode())
        assert "413" in await status_line(reader)
    assert [] == house.reception.taken


async def test_who_asks_first_is_told_before_sending(house: House) -> None:
    """`Expect: 100-continue`: go on for what is taken, and nothing but the refusal for what is not."""
    expect = "Expect: 100-continue\r\n"
    async with connected(house.server.port) as (reader, writer):
        writer.write(f"{HEAD}{expect}Content-Length: {HUGE}\r\n\r\n".encode())
        assert "413" in await status_line(reader)
    async with connected(house.server.port) as (reader, writer):
        writer.write(f"{HEAD}{expect}Content-Length: 2\r\n\r\n".encode())
        assert "HTTP/1.1 100 Continue" == await status_line(reader)
        await reader.readline()
        writer.write(b"{}")
        assert "202" in await status_line(reader)


async def test_what_grows_too_large_is_cut(house: House) -> None:
    """A body in chunks is refused once it is more than the limit, whatever else would come."""
    async with connected(house.server.port) as (reader, writer):
        writer.write(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
        writer.write(chunk * 5)
        assert "413" in await status_line(reader)
    assert [] == house.reception.taken


async def test_the_limit_itself_is_taken(house: House) -> None:
    """The last byte that is allowed; the limit of the desk's other addresses, 16 KiB, is another one."""
    async with connected(house.server.port) as (reader, writer):
        writer.write(f"{HEAD}Content-Length: {LIMIT}\r\n\r\n".encode() + b"x" * LIMIT)
        assert "202" in await status_line(reader)
    assert LIMIT == len(house.reception.taken[0][1].body)


async def test_a_large_message_is_taken_where_the_feed_takes_it(tmp_path: Path) -> None:
    """Megabytes, more than any other address of the desk takes."""
    feeds = {"webshop": InboundFeed(mapping="x/y", max_bytes=8 * 1024 * 1024)}
    body = b"x" * (8 * 1024 * 1024)
    async with House(tmp_path, feeds=feeds) as house:
        async with connected(house.server.port) as (reader, writer):
            writer.write(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode())
            writer.write(body)
            assert "202" in await status_line(reader)
        assert body == house.reception.taken[0][1].body


async def test_a_message_that_breaks_off_is_not_taken(house: House) -> None:
    """A sender whose line breaks has sent nothing, and the next one is served."""
    async with connected(house.server.port) as (_, writer):
        writer.write(f"{HEAD}Content-Length: 100\r\n\r\n".encode() + b"half")
        await writer.drain()
    async with connected(house.server.port) as (reader, writer):
        writer.write(f"{HEAD}Content-Length: 2\r\n\r\n{{}}".encode())
        assert "202" in await status_line(reader)
    assert [b"{}"] == [message.body for _, message in house.reception.taken]


class _Site:
    """A server that reads bodies with other limits than the hub's."""

    def __init__(self, bodies: FeedBodies, *, limit: int = 1_000_000) -> None:
        self._bodies = bodies
        self._limit = limit
        self.read: list[bytes] = []
        self.held = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        try:
            async with self._bodies.body(request, request.query.get("feed", ""), self._limit) as body:
                self.read.append(body)
                if request.path == "/hold":
                    await self.held.wait()
        except ApiError as error:
            return web.Response(status=error.status, text=error.code)
        return web.Response(status=202)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        runner = web.ServerRunner(web.Server(self.handle))  # type: ignore[arg-type]
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield runner.addresses[0][1]
        finally:
            self.held.set()
            await runner.cleanup()


async def test_who_sends_too_slowly_is_cut() -> None:
    """A body that comes byte by byte (slowloris) does not hold a connection for ever, however long it drips."""
    site = _Site(FeedBodies(grace_s=0.2, slowest_bytes_s=1_000))
    async with site.listening() as port, connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 100000\r\n\r\n")
        answer = asyncio.create_task(status_line(reader))
        while not answer.done():
            writer.write(b"x")
            await asyncio.sleep(0.01)
        assert "408" in answer.result()
    assert [] == site.read


async def test_bodies_are_held_within_bounds_together() -> None:
    """Many at once don't fill the memory: who comes too much is asked to come again, and may once there is room."""
    site = _Site(FeedBodies(max_held=1_500))
    request = b"POST %b HTTP/1.1\r\nHost: hub\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    async with site.listening() as port:
        async with connected(port) as (first, writing):
            writing.write(request % b"/hold")
            await eventually(lambda: site.read)
            async with connected(port) as (second, writer):
                writer.write(request % b"/")
                assert "503" in await status_line(second)
            site.held.set()
            assert "202" in await status_line(first)
        async with connected(port) as (third, writer):
            writer.write(request % b"/")
            assert "202" in await status_line(third)


async def test_bodies_for_one_feed_leave_room_for_those_of_others() -> None:
    """Before a signature can be compared the body has to be there: who has none fills no more than a feed's share."""
    site = _Site(FeedBodies(max_held=4_000), limit=1_000)
    request = b"POST %b HTTP/1.1\r\nHost: hub\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    async with site.listening() as port, connected(port) as (_, writing):
        writing.write(request % b"/hold?feed=a")
        await eventually(lambda: site.read, "a body held")
        for feed, status in ((b"a", "503"), (b"b", "202")):
            async with connected(port) as (reader, writer):
                writer.write(request % (b"/?feed=" + feed))
                assert status in await status_line(reader)
