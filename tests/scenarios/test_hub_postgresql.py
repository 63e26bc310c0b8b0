"""The whole hub with everything in PostgreSQL: messages, dead letters and sign-ins outlive it, and the server's end."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp

from hub.domain.inbound import DeadLetterState
from hub.domain.interaction import Interaction
from hub.journal.dead_letters_beside import DeadLettersBeside
from tests.scenarios.hub_api import HubApi
from tests.scenarios.hub_process import HubProcess
from tests.servers.ports import LOOPBACK, free_tcp_port
from tests.servers.postgresql import PostgreSQL
from tests.waiting import eventually, eventually_asked

PASSWORD = "correct horse battery"
SIGN_IN = f"Basic {base64.b64encode(b'shop:shops-own-password').decode()}"


def _hub(folder: Path, server: PostgreSQL, database: str) -> HubProcess:
    pbx = {"host": LOOPBACK, "port": free_tcp_port(), "username": "hub", "secret": "${AMI_SECRET}"}
    address = f"{server.host}:{server.port}/{database}"
    return HubProcess(
        folder,
        {
            "store": {"url": f"postgresql://{server.username}:${{PG_PASSWORD}}@{address}"},
            "pbx": {"main": pbx},
            "agents": {"alice": {"name": "Alice", "devices": ["PJSIP/1001"]}},
            "inbound": {
                "shop": {
                    "mapping": "feeds/order_shipped",
                    "http": {"basic": {"username": "shop", "password": "${SHOP_PASSWORD}"}, "id_header": "X-Id"},
                }
            },
        },
        {"AMI_SECRET": "secret-of-the-test", "SHOP_PASSWORD": "shops-own-password", "PG_PASSWORD": server.password},
    )


async def _push(hub: HubProcess, number: int, *, cut: int = 0) -> dict[str, Any]:
    """Hand in an order, less its last characters, until the hub takes it; return the receipt."""
    order = {"orderNumber": str(number), "shippedAt": "2026-03-01T10:00:00Z", "customer": {"number": "C-9"}}
    body = json.dumps(order)
    deadline = 40.0
    async with aiohttp.ClientSession(headers={"Authorization": SIGN_IN}) as client:
        while True:
            try:
                async with client.post(
                    f"{hub.url}/api/v1/inbound/shop",
                    data=body[: len(body) - cut],
                    headers={"X-Id": f"m-{number}", "Content-Type": "application/json"},
                    timeout=aiohttp.ClientTimeout(total=deadline),
                ) as reply:
                    if reply.status in {202, 422}:
                        receipt: dict[str, Any] = await reply.json()
                        return receipt
                    assert 503 == reply.status, await reply.text()
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.02)  # the hub was just killed: the sender tries again


async def _ctihub(hub: HubProcess, *words: str) -> tuple[int | None, str]:
    """Run a command beside the hub, with its configuration and environment."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", *words, "--config", str(hub._configuration)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=hub._environment,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_what_was_taken_outlives_hub_and_server(fresh_postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Hub killed with SIGKILL, server killed: each message is one event or one dead letter, and users stay users."""
    database = await fresh_postgresql.make_database()
    hub = _hub(tmp_path, fresh_postgresql, database)
    numbers = list(range(30))
    try:
        await hub.start(until="/livez")
        await hub.add_user("alice", PASSWORD)
        senders = [asyncio.ensure_future(_push(hub, number, cut=number % 10 == 9)) for number in numbers[:15]]
        await eventually(lambda: any(sender.done() for sender in senders), "something taken", 20)
        hub.kill()
        await hub.start(until="/livez")
        await asyncio.gather(*senders)

        api = HubApi(hub.url, hub.token)
        await asyncio.to_thread(fresh_postgresql.kill)
        senders = [asyncio.ensure_future(_push(hub, number, cut=number % 10 == 9)) for number in numbers[15:]]
        await eventually_asked(lambda: _tells(api, "it can't be reached"), "the outage on /readyz", 20)
        await asyncio.to_thread(fresh_postgresql.start)
        await asyncio.gather(*senders)
        repeated = [await _push(hub, number, cut=number % 10 == 9) for number in numbers]

        async with api.events(after=0) as stream:
            await eventually(lambda: len(stream.events) >= 27, "all events on the stream", 30)
            orders = [event.data.reference for event in stream.events if isinstance(event.data, Interaction)]
        assert sorted(orders, key=int) == [str(number) for number in numbers if number % 10 != 9]
        assert [0] * 30 == [receipt.get("recorded", 0) for receipt in repeated]
        status, users = await _ctihub(hub, "user", "list")
        assert (0, "alice") == (status, users.split()[0])
        with await asyncio.to_thread(DeadLettersBeside, fresh_postgresql.place(database)) as beside:
            letters = beside.dead_letters(origin="/feed/shop", states=[DeadLetterState.WAITING])
            assert {"m-9", "m-19", "m-29"} == {one.message_id for one in letters}
            assert 3 == len(letters)
        hub.assert_clean_log()
    finally:
        hub.stop()


async def _tells(api: HubApi, words: str) -> bool:
    return any(words in problem for problem in await api.problems())


async def test_a_second_hub_and_check_beside_a_running_one(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """The second hub ends and says why; check looks at the database without disturbing the first."""
    database = await postgresql.make_database()
    (tmp_path / "second").mkdir()
    hub, second = _hub(tmp_path, postgresql, database), _hub(tmp_path / "second", postgresql, database)
    try:
        await hub.start(until="/livez")
        (status, said), (_, told) = await asyncio.gather(_ctihub(second, "run"), _ctihub(hub, "check"))
        assert 2 == status
        assert f"{database} is in use by another running hub: stop that one" in said
        assert "can be written, " in next(line for line in told.splitlines() if " store " in line)
        assert postgresql.password not in said + told
    finally:
        hub.stop()
