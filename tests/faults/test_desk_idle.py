"""Connections to the desk on which nothing is asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.unit.desk.house import House


@pytest.mark.parametrize("sent", [b"", b"GET /livez HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half a request"])
async def test_a_connection_that_asks_for_nothing_is_closed(tmp_path: Path, sent: bytes) -> None:
    """Whoever opens connections and leaves them can't use up the hub's descriptors."""
    async with House(tmp_path, idle_s=0.2) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
        writer.write(sent)
        async with asyncio.timeout(5):
            assert b"" == await reader.read()
        writer.close()


async def test_a_page_that_hears_nothing_for_long_stays(tmp_path: Path) -> None:
    """A WebSocket and a stream of events are one long request: quiet is no reason to close them."""
    async with House(tmp_path, idle_s=0.1, keepalive_s=60) as house:
        page = await house.page()
        await page.frame("hello")
        async with house.machine().get("/api/v1/events") as stream:
            assert b": live\n" == await stream.content.readline()
            await asyncio.sleep(0.5)
            house.desk.status_changed()
            await page.frame("status")
            assert not stream.content.at_eof()
