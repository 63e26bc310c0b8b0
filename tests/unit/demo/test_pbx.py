"""The simulated PBX as the hub's own manager client sees it, over a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from hub.demo.pbx.exchange import Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.telephony.ami.errors import AmiLoginRefused
from hub.telephony.ami.event import AmiEvent
from hub.telephony.ami.manager import AsyncManager
from hub.telephony.ami.settings import AmiSettings
from hub.telephony.resync import take_stock
from tests.waiting import eventually

DEVICE = "PJSIP/1001"
SECRET = "s3cret-of-the-demo"


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(queue="support", members={DEVICE: "Alice"})


@pytest.fixture
async def server(exchange: Exchange) -> AsyncIterator[ManagerServer]:
    running = ManagerServer(exchange, username="hub", secret=SECRET)
    await running.start()
    yield running
    await running.stop()


def settings(server: ManagerServer, **changes: str) -> AmiSettings:
    wanted = {"secret": SECRET, "login": "md5", **changes}
    return AmiSettings(name="demo", host="127.0.0.1", port=server.port, username="hub", **wanted)  # type: ignore[arg-type]  # login is one of two words


@pytest.mark.parametrize("login", ["md5", "plain"])
async def test_a_call_is_told_as_asterisk_tells_it(server: ManagerServer, exchange: Exchange, login: str) -> None:
    """Arrival, queue, ringing, answer and end come in Asterisk's order."""
    told: list[AmiEvent] = []
    manager = AsyncManager(settings(server, login=login), on_events=told.extend)
    await manager.connect()
    try:
        await manager.login()
        caller = exchange.call_arrives(number="+493023125011", name="HUBER\r\nEvent: Forged", dialled="493023125100")
        exchange.join_queue(caller)
        listed = await manager.send_action({"Action": "QueueStatus"})
        phone = exchange.ring(caller, DEVICE)
        exchange.answer(caller, phone)
        shown = await manager.send_action({"Action": "CoreShowChannels"})
        exchange.ends(caller, phone)
        await eventually(lambda: [e.name for e in told].count("Hangup") == 2)
    finally:
        await manager.close()
    names = [
        event.name for event in told if event.name not in {"DeviceStateChange", "QueueMemberStatus", "FullyBooted"}
    ]
    arrival = ["Newchannel", "Newstate", "QueueCallerJoin"]
    ringing = ["Newchannel", "AgentCalled", "DialBegin", "Newstate", "DialState"]
    assert arrival + ringing == names[:8]
    assert ["BridgeDestroy", "Hangup", "Hangup"] == names[-3:]
    assert "Forged" not in names
    assert ["QueueParams", "QueueMember", "QueueEntry"] == [event.name for event in listed.events]
    bridges = [event.get("BridgeId") for event in shown.events]
    assert (2, 1) == (len(bridges), len(set(bridges)))
    assert all(bridges)
    assert [] == exchange.channels


async def test_how_long_a_channel_has_been_there(server: ManagerServer, exchange: Exchange) -> None:
    """A hub that comes later learns when a call began: of a channel, not of what it does now."""
    manager = AsyncManager(settings(server), on_events=lambda _events: None)
    await manager.connect()
    try:
        await manager.login()
        caller = exchange.call_arrives(number="+493023125011", name="HUBER", dialled="493023125100")
        phone = exchange.ring(caller, DEVICE)
        caller.made_at -= 3 * 3600 + 25 * 60
        phone.made_at -= 90
        exchange.answer(caller, phone)
        stock, _ = await take_stock(manager, pbx="demo", variables=())
    finally:
        await manager.close()
    longer, shorter = (one.age for one in sorted(stock.channels, key=lambda one: one.uid))
    assert timedelta(hours=3, minutes=25) <= longer < timedelta(hours=4)
    assert timedelta(seconds=90) <= shorter < timedelta(hours=1)


async def test_a_caller_who_gives_up_takes_the_ringing_phone_along(server: ManagerServer, exchange: Exchange) -> None:
    """Nothing is left on the exchange, and the queue says that the caller abandoned."""
    told: list[AmiEvent] = []
    manager = AsyncManager(settings(server), on_events=told.extend)
    await manager.connect()
    try:
        await manager.login()
        caller = exchange.call_arrives(number="", name="", dialled="493023125100")
        exchange.join_queue(caller)
        exchange.ring(caller, DEVICE)
        exchange.gives_up(caller)
        await eventually(lambda: [e.name for e in told].count("Hangup") == 2)
    finally:
        await manager.close()
    assert 1 == [event.name for event in told].count("QueueCallerAbandon")
    assert ([], []) == (exchange.channels, exchange.waiting)


@pytest.mark.parametrize("login", ["md5", "plain"])
async def test_a_wrong_secret_is_refused(server: ManagerServer, login: str) -> None:
    """The demo's PBX lets nobody in either."""
    manager = AsyncManager(settings(server, secret="wrong", login=login), on_events=lambda _: None)
    await manager.connect()
    try:
        with pytest.raises(AmiLoginRefused):
            await manager.login()
    finally:
        await manager.close()
