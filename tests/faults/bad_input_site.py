"""A hub with a feed of each format, and every way to hand messages to each."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import pika

from hub.app import Hub
from hub.config.load import load_config
from hub.domain.interaction import Interaction
from tests.scenarios import bus_client
from tests.scenarios.hub_api import HubApi
from tests.servers.ports import LOOPBACK, free_tcp_port
from tests.waiting import eventually, eventually_asked

MAPPING = """\
source: orders of a legacy system, in whatever format
version: 1
target: interaction
fields:
  id: {from: [order, data.order]}
  channel: {const: order}
  at: {from: [shipped, data.shipped]}
  subject: {const: Order}
  reference: {from: [order, data.order]}
  customer.ids.shop: {from: [customer, data.customer]}
"""
FORMATS: dict[str, dict[str, Any]] = {
    "json": {},
    "with_id": {"id": "order"},
    "xml": {"format": "xml", "records": "orders.order"},
    "csv": {"format": "csv"},
    "gbk": {"format": "csv", "encoding": "gbk"},
    "fixed": {
        "format": "fixed_width",
        "fixed_width": {
            "fields": {
                "order": {"start": 1, "length": 12},
                "shipped": {"start": 13, "length": 20},
                "customer": {"start": 33, "length": 6},
            }
        },
    },
    "cloudevents": {"format": "cloudevents", "schemas": ["urn:shop:order:1"]},
}
SIGNING_SECRET = "shared-with-the-shop"


class BadInputSite:
    """The hub within this process; `recorded` and `dead` tell what became of what was handed in."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.address = f"{LOOPBACK}:{free_tcp_port()}"
        self.token = secrets.token_urlsafe(16)
        self.publisher = secrets.token_urlsafe(16)
        self.folder = folder
        self.broker = broker
        self.name = f"bad-{secrets.token_hex(4)}"
        (folder / "legacy").mkdir()
        (folder / "legacy" / "order.yaml").write_text(MAPPING)
        self._configuration = folder / "ctihub.yaml"
        # What is JSON is YAML too.
        self._configuration.write_text(json.dumps(self._document()))

    def _document(self) -> dict[str, Any]:
        feeds = {
            name: {
                **feed,
                "mapping": "legacy/order",
                "queue": self.queue(name),
                "folder": {"path": str(self.inbox(name)), "settle_s": 0, "every_s": 0.1},
                "max_file_bytes": 300 * 1024 * 1024,
            }
            for name, feed in FORMATS.items()
        }
        for name in FORMATS:
            self.inbox(name).mkdir(parents=True)
        signed = {"mapping": "legacy/order", "http": {"hmac": {"secret": SIGNING_SECRET}}}
        pbx = {"host": LOOPBACK, "port": free_tcp_port(), "username": "hub", "secret": self.token}
        return {
            "hub": {"listen": self.address, "region": "DE", "mappings": ["."]},
            "store": {"url": "sqlite:///ctihub.db"},
            "bus": {"url": self.broker, "exchange": f"{self.name}.events"},
            "pbx": {"main": pbx},
            "inbound": {**feeds, "signed": signed},
            "auth": {
                "tokens": {
                    "tests": {"token": self.token, "may": ["read", "operate"]},
                    "sender": {"token": self.publisher, "may": ["publish"], "feeds": list(FORMATS)},
                }
            },
        }

    def queue(self, feed: str) -> str:
        """Return the name of a feed's queue."""
        return f"{self.name}.{feed}"

    def inbox(self, feed: str) -> Path:
        """Return the folder of a feed."""
        return self.folder / "inbox" / feed

    @asynccontextmanager
    async def hub(self) -> AsyncIterator[None]:
        """Run the hub while the block lasts, begun when all feeds take messages."""
        hub = Hub(load_config(self._configuration, {}))
        await hub.start()
        try:
            await eventually_asked(self._all_take_messages, "all feeds there", 30)
            yield
        finally:
            await hub.stop()

    async def _all_take_messages(self) -> bool:
        async with aiohttp.ClientSession() as client, client.get(f"http://{self.address}/metrics") as reply:
            lines = (await reply.text()).splitlines()
        return all(f'ctihub_feed_connected{{feed="{name}"}} 1.0' in lines for name in FORMATS)

    async def by_http(self, feed: str, body: bytes, message_id: str = "") -> int:
        """Post a message and return the status."""
        headers = {"Authorization": f"Bearer {self.publisher}"}
        if message_id:
            headers["Idempotency-Key"] = message_id
        status, _ = await self.post(feed, body, headers)
        return status

    async def post(self, feed: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Post to a feed and return the status and what was said."""
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"http://{self.address}/api/v1/inbound/{feed}", data=body, headers=headers) as reply,
        ):
            return reply.status, await reply.text()

    async def by_queue(self, feed: str, body: bytes, message_id: str = "") -> None:
        """Put a message into the feed's queue."""
        properties = pika.BasicProperties(message_id=message_id or None, delivery_mode=2)
        await asyncio.to_thread(bus_client.publish, self.broker, self.queue(feed), (body, properties))

    async def by_folder(self, feed: str, body: bytes, message_id: str) -> None:
        """Put a file into the feed's folder, and return when it is through."""
        inbox = self.inbox(feed)
        (inbox / f"{message_id}.tmp").write_bytes(body)
        (inbox / f"{message_id}.tmp").rename(inbox / message_id)
        ends = [inbox / "done" / message_id, inbox / "failed" / message_id]
        await eventually(lambda: any(end.exists() for end in ends), f"{feed} {message_id} through", 60)

    async def dead(self, feed: str) -> list[dict[str, Any]]:
        """Return the feed's dead letters, the oldest first."""
        status, body = await self._api.get(f"/api/v1/dead-letters?origin=/feed/{feed}&limit=500")
        assert 200 == status, body
        letters: list[dict[str, Any]] = json.loads(body)
        return letters[::-1]

    async def original(self, letter: dict[str, Any]) -> bytes:
        """Return what was handed in, as it is kept: in the store, or as the file that it was."""
        status, body = await self._api.get(f"/api/v1/dead-letters/{letter['id']}/original")
        if status == HTTPStatus.OK:
            return body
        assert "in_a_file" == json.loads(body)["error"]["code"], body
        return await asyncio.to_thread(Path(letter["file"]).read_bytes)

    async def recorded(self, count: int) -> list[str]:
        """Return the orders that became events once there are that many, in their order."""
        async with self._api.events(after=0) as stream:

            def orders() -> list[str]:
                return [one.data.reference for one in stream.events if isinstance(one.data, Interaction)]

            await eventually(lambda: len(orders()) >= count, f"{count} orders; there were {orders()[-50:]}", 30)
            return orders()

    @property
    def _api(self) -> HubApi:
        return HubApi(f"http://{self.address}", self.token)
