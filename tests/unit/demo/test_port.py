"""Where the demo's one address listens when the port is taken."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from hub.demo import main
from hub.demo.entrance import Entrance
from hub.demo.web_shop import WebShop
from tests.servers.process import OwnedProcess
from tests.waiting import eventually_blocking


def test_a_port_that_was_asked_for_and_is_taken_is_told(tmp_path: Path) -> None:
    """Who names a port wants that one: status 2 and a way out, not another port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = OwnedProcess([sys.executable, "-m", "hub", "demo", "--port", str(port)], tmp_path / "output")
        process.start()
        try:
            eventually_blocking(lambda: not process.running, "the demo's end", 60)
        finally:
            process.kill()
    told = f"ctihub demo: port {port} can't be had (Address already in use): give another with --port\n"
    assert (2, told) == (process.status, process.output_end())


async def test_the_usual_port_is_given_up_where_it_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who names none gets a free one, and is told so."""
    shop = WebShop(hub_url="http://127.0.0.1:1", secret="unused", customer="1", name="Eva", phone="+4930123")
    entrance = Entrance(desk_url="http://127.0.0.1:1", users={"/": "alice"}, passwords={"alice": "unused"}, shop=shop)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(main, "USUAL_PORT", port)
        site = await main._open(entrance, None)
        try:
            assert site.port not in {0, port}
        finally:
            await site.stop()
    assert f"Port {port} can't be had (Address already in use): the demo takes a free one.\n" == capsys.readouterr().out
