"""What a broker, its network and its administrator do to a whole hub under load: told in words and outlived."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from structlog.testing import capture_logs

from hub.app import Hub
from hub.bus import parameters
from hub.config.load import load_config
from tests.faults.bus_site import Site
from tests.relay import Relay
from tests.scenarios import bus_client
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.requirements import place_of
from tests.waiting import eventually, eventually_asked

USER, PASSWORD = "hub-of-the-test", "secret-of-the-test"


class OwnBroker(RabbitMQ):
    """A RabbitMQ that ends with the thread that started it, as every server of the tests does."""

    starter: threading.Thread | None = None

    def start(self) -> None:
        """Start it, and remember from where."""
        self.starter = threading.current_thread()
        super().start()


@pytest.fixture(scope="module")
def own_broker() -> Iterator[OwnBroker]:
    """Give a RabbitMQ that all tests of this file do with as they like."""
    server = OwnBroker(place_of("rabbitmq"))
    try:
        server.start()
        server.control("add_user", USER, PASSWORD)
        server.control("set_permissions", USER, ".*", ".*", ".*")
        yield server
    finally:
        server.remove()


@pytest.fixture
def broker(own_broker: OwnBroker) -> RabbitMQ:
    """Give it running, and not about to end because a test's thread did that had started it."""
    if own_broker.starter is not threading.current_thread():
        own_broker.kill()
        own_broker.start()
    return own_broker


class Scene:
    """A hub within this process, its broker, and the wire between the two."""

    def __init__(self, broker: RabbitMQ, wire: Relay, folder: Path) -> None:
        self.broker = broker
        self.wire = wire
        self.site = Site(folder, broker.url, f"amqp://{USER}:{PASSWORD}@127.0.0.1:{wire.port}/")

    async def control(self, *arguments: str) -> None:
        """Run rabbitmqctl."""
        await asyncio.to_thread(self.broker.control, *arguments)

    @asynccontextmanager
    async def hub(self) -> AsyncIterator[None]:
        """Run the hub while the block lasts."""
        hub = Hub(load_config(self.site.configuration, self.site.environment))
        await hub.start()
        try:
            yield
        finally:
            await hub.stop()


@pytest.fixture
async def scene(broker: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """Give a hub that notices a silent wire soon."""
    monkeypatch.setattr(parameters, "HEARTBEAT_S", 1)
    monkeypatch.setattr(parameters, "CONNECT_TIMEOUT_S", 2)
    async with Relay(broker.port) as wire:
        yield Scene(broker, wire, tmp_path)


Step = Callable[[Scene], Awaitable[None]]


class Fault(NamedTuple):
    """What is done to the broker, how the hub tells it, and how it is over; without `end` it is over by itself."""

    begin: Step
    words: str
    end: Step | None = None


async def _kill(scene: Scene) -> None:
    await asyncio.to_thread(scene.broker.kill)


async def _start(scene: Scene) -> None:
    await asyncio.to_thread(scene.broker.start)


async def _cut_the_wire(scene: Scene) -> None:
    scene.wire.go_silent()


async def _mend_the_wire(scene: Scene) -> None:
    scene.wire.flow()


async def _fill_the_disk(scene: Scene) -> None:
    await scene.control("set_disk_free_limit", "900000GB")


async def _free_the_disk(scene: Scene) -> None:
    await scene.control("set_disk_free_limit", "1MB")


async def _close_connections(scene: Scene) -> None:
    await scene.control("close_all_connections", "maintenance at noon")


async def _change_the_password(scene: Scene) -> None:
    await scene.control("change_password", USER, "another-one")
    await _close_connections(scene)


async def _give_the_password_back(scene: Scene) -> None:
    await scene.control("change_password", USER, PASSWORD)


async def _take_the_rights(scene: Scene) -> None:
    await scene.control("clear_permissions", USER)
    await _close_connections(scene)


async def _take_the_right_to_write(scene: Scene) -> None:
    # A channel in constant use is not asked for its rights again by RabbitMQ, a new one is.
    await scene.control("set_permissions", USER, ".*", "^$", ".*")
    await _close_connections(scene)


async def _give_the_rights_back(scene: Scene) -> None:
    await scene.control("set_permissions", USER, ".*", ".*", ".*")


FAULTS = {
    "killed": Fault(_kill, "nobody listens there|the connection was lost", _start),
    "silent wire": Fault(_cut_the_wire, "sent nothing for too long", _mend_the_wire),
    "full disk": Fault(
        _fill_the_disk, "takes no messages at the moment: it lacks memory or disk space", _free_the_disk
    ),
    "login revoked": Fault(
        _change_the_password, "the login was refused: look at user and password", _give_the_password_back
    ),
    "rights revoked": Fault(_take_the_rights, "does not let this user into the virtual host", _give_the_rights_back),
    "channel closed": Fault(_take_the_right_to_write, "lacks a permission", _give_the_rights_back),
}


def _told(logs: list[Any]) -> str:
    return "\n".join(entry["reason"] for entry in logs if entry["event"].startswith("broker_") and "reason" in entry)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_fault_is_told_and_outlived(scene: Scene, fault: Fault) -> None:
    """While it lasts messages are taken by HTTP and in the folder, and the lag shows; then all arrives, each once."""
    site = scene.site
    await site.listen()
    with capture_logs() as logs:
        async with scene.hub():
            async with site.sending():
                *_, pushed = site.senders
                await eventually(lambda: len(pushed.handed) > 20, "messages taken")
                await fault.begin(scene)
                try:
                    await eventually(
                        lambda: re.search(fault.words, _told(logs)), f"{fault.words}; told was: {_told(logs)}", 20
                    )
                    if fault.end is not None:
                        before = len(pushed.handed)
                        await eventually(lambda: len(pushed.handed) > before + 50, "messages taken meanwhile", 30)
                        lag = await site.figure("ctihub_bus_lag_events")
                        assert lag is not None
                        assert lag > 0
                finally:
                    if fault.end is not None:
                        await fault.end(scene)
                await eventually_asked(site.takes_from_the_queue, "messages from the queue again", 60)
            await site.until_all_is_taken()
    await site.assert_nothing_lost()
    assert PASSWORD not in str(logs)


async def test_a_feeds_queue_deleted_under_us_is_made_again(scene: Scene) -> None:
    """What is put in before the hub has made it again finds no queue, which its sender is told: nothing is lost."""
    site = scene.site
    await site.listen()
    with capture_logs() as logs:
        async with scene.hub():
            async with site.sending():
                queued, *_ = site.senders
                await eventually(lambda: len(queued.handed) > 20, "messages put in")
                queued.pause()
                await eventually_asked(lambda: _all_taken(site), "all that was put in", 30)
                await asyncio.to_thread(bus_client.delete_queue, scene.broker.url, site.queue)
                queued.resume()
                await eventually(lambda: f"took queue {site.queue} away" in _told(logs), "the lost queue told")
                before = len(queued.handed)
                await eventually(lambda: len(queued.handed) > before + 20, "messages put in again", 30)
            await site.until_all_is_taken()
    await site.assert_nothing_lost()


async def _all_taken(site: Site) -> bool:
    """Whether all that was put in the queue has become something; one more may be under way when its sender pauses."""
    outcomes = [await site.figure(f'ctihub_feed_{one}_total{{feed="queued"}}') for one in ("recorded", "dead")]
    return sum(outcome or 0 for outcome in outcomes) == len(site.senders[0].handed)
