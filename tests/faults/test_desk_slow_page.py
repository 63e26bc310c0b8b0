"""Pages that read slowly or not at all cost themselves, never the others."""

import asyncio
import socket
from pathlib import Path

from hub.desk.sockets import MAX_WAITING_BYTES
from tests.unit.desk.house import House
from tests.unit.desk.samples import call, context, leg, rings
from tests.waiting import eventually


async def _deaf_page(house: House, agent: str) -> socket.socket:
    """Open a desk's WebSocket by hand, and never read from it again once it is open."""
    (cookie,) = (await house.signed_in(agent)).cookie_jar
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", house.server.port))
    request = (
        f"GET /api/v1/desk HTTP/1.1\r\nHost: 127.0.0.1:{house.server.port}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n"
        f"Cookie: {cookie.key}={cookie.value}\r\n\r\n"
    )
    await loop.sock_sendall(raw, request.encode())
    await eventually(lambda: house.desk.connected_agents() > 0)
    return raw


async def test_a_page_that_never_reads_is_dropped_and_its_memory_freed(tmp_path: Path) -> None:
    """What waits for a deaf page is bounded; it is cut off, while another agent's pops come at once."""
    async with House(tmp_path) as house:
        deaf = await _deaf_page(house, "alice")
        bob = await house.page("bob")
        await bob.frame("hello")
        house.desk.call_happened(rings(call(leg("alice"), id="long")))
        (alices_socket,) = house.desk._sockets["alice"]
        transport = alices_socket._transport
        assert transport is not None

        largest = 0
        for revision in range(1, 400):
            house.desk.context_changed(context("long", name="x" * 10_000, revision=revision))
            largest = max(largest, transport.get_write_buffer_size())
        house.desk.call_happened(rings(call(leg("bob"), id="bobs")))

        assert "bobs" == (await bob.frame("pop"))["pop"]["call"]["id"]
        assert largest < MAX_WAITING_BYTES + 20_000
        await eventually(lambda: house.desk.connected_agents() == 1, within=10)
        assert transport.is_closing()
        assert 0 == transport.get_write_buffer_size()
        deaf.close()


async def test_a_page_that_was_dropped_comes_back_to_the_present_truth(tmp_path: Path) -> None:
    """After being cut off for slowness a page starts afresh, with what is true by then."""
    async with House(tmp_path) as house:
        deaf = await _deaf_page(house, "alice")
        house.desk.call_happened(rings(call(leg("alice"), id="long")))
        for revision in range(1, 400):
            house.desk.context_changed(context("long", name="x" * 10_000, revision=revision))
        await eventually(lambda: house.desk.connected_agents() == 0, within=10)
        deaf.close()
        house.contexts.known["long"] = context("long", revision=400)

        hello = await (await house.page("alice")).frame("hello")

        assert [400] == [known["revision"] for known in hello["contexts"]]


async def test_a_page_that_vanishes_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    """A connection that is reset while frames are on their way disturbs no one."""
    async with House(tmp_path) as house:
        gone = await _deaf_page(house, "alice")
        bob = await house.page("bob")
        await bob.frame("hello")
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        gone.close()

        for number in range(20):
            house.desk.call_happened(rings(call(leg("alice"), leg("bob"), id=f"call{number}")))

        frames = [await bob.frame("pop") for _ in range(20)]
        assert [f"call{number}" for number in range(20)] == [frame["pop"]["call"]["id"] for frame in frames]
        await eventually(lambda: house.desk.connected_agents() == 1)
