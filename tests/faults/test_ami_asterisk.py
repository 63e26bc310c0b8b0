"""The manager connection with a real Asterisk, which is also killed."""

import asyncio
import contextlib

import pytest

from hub.telephony.ami.errors import AmiActionFailed, AmiConnectionLost, AmiError, AmiLoginRefused
from hub.telephony.ami.event import AmiEvent
from hub.telephony.ami.filters import exclude_events
from hub.telephony.ami.link import AmiLink, LinkState
from hub.telephony.ami.manager import AsyncManager
from hub.telephony.ami.settings import AmiSettings
from tests.servers.asterisk import Asterisk
from tests.waiting import eventually


def ignore(_events: list[AmiEvent]) -> None:
    """Take events and do nothing."""


def settings_for(asterisk: Asterisk, secret: str | None = None) -> AmiSettings:
    """Return what leads to this Asterisk with the hub's account."""
    return AmiSettings(
        name="main",
        host=asterisk.host,
        port=asterisk.ami_port,
        username=asterisk.ami_username,
        secret=secret or asterisk.ami_secret,
        reconnect_min_s=0.05,
        reconnect_max_s=0.2,
    )


async def connected(asterisk: Asterisk, events: list[AmiEvent]) -> AsyncManager:
    """Return a manager that is logged in and gets no events yet."""
    manager = AsyncManager(settings_for(asterisk), on_events=events.extend)
    await manager.connect()
    await manager.login(events=False)
    return manager


async def a_call(manager: AsyncManager, events: list[AmiEvent]) -> set[str]:
    """Make a call that ends by itself; return the names of the events it caused."""
    since = len(events)
    await manager.originate(
        "Local/493023125001@from-trunk/n", "", application="Wait", data="0.1", run_async=True, variables={"A": "1"}
    )

    def has_ended() -> bool:
        names = [event.name for event in events[since:]]
        return "OriginateResponse" in names and names.count("Hangup") == names.count("Newchannel") > 0

    await eventually(has_ended, "the end of the call")
    return {event.name for event in events[since:]}


async def test_login_lists_and_refusals(asterisk: Asterisk) -> None:
    """MD5 login, an action list, a reply with values, an unknown action, and a wrong secret, for real."""
    manager = await connected(asterisk, [])
    assert manager.title == "Asterisk Call Manager"
    queues = await manager.send_action({"Action": "QueueStatus"})
    assert {"QueueParams", "QueueMember"} <= {event.name for event in queues.events}
    assert (await manager.send_action({"Action": "CoreSettings"})).get("AsteriskVersion").startswith("22.")
    assert (await manager.send_action({"Action": "CoreShowChannels"})).events == []
    with pytest.raises(AmiActionFailed, match="refused NoSuchThing: Invalid/unknown command"):
        await manager.send_action({"Action": "NoSuchThing"})
    await manager.close()
    wrong = AsyncManager(settings_for(asterisk, "wrong one"), on_events=ignore)
    await wrong.connect()
    with pytest.raises(AmiLoginRefused, match="Authentication failed"):
        await wrong.login()
    await wrong.close()


async def test_the_longest_line_that_may_be_sent_arrives_whole(asterisk: Asterisk) -> None:
    """Asterisk reads a value up to the limit for outgoing lines, and its end is there."""
    manager = await connected(asterisk, [])
    value = "x" * 900 + "ü-end"
    await manager.dbput("ctihub-test", "longest", value)
    reply = await manager.dbget("ctihub-test", "longest")
    assert value == reply.events[0].get("Val")
    await manager.dbdel("ctihub-test", "longest")
    await manager.close()


async def test_excluded_events_are_not_sent(asterisk: Asterisk) -> None:
    """What is excluded stays in Asterisk; a name that only begins like it comes."""
    events: list[AmiEvent] = []
    manager = await connected(asterisk, events)
    await manager.send_action({"Action": "Events", "EventMask": "on"})
    assert {"DeviceStateChange", "LocalBridge", "Newchannel", "Hangup"} <= await a_call(manager, events)
    assert [] == await exclude_events(manager, ["DeviceStateChange", "LocalBridge", "Local", "New", "Hang"], pbx="main")
    names = await a_call(manager, events)
    assert {"Newchannel", "Hangup"} <= names
    assert not {"DeviceStateChange", "LocalBridge"} & names
    await manager.close()


async def test_only_the_variables_that_are_kept_are_sent(asterisk: Asterisk) -> None:
    """Asterisk takes a filter for the names of variables, keeps back what begins otherwise, and lets the rest come."""
    events: list[AmiEvent] = []
    manager = await connected(asterisk, events)
    assert [] == await exclude_events(manager, [], pbx="main", kept_variables=["IVR_CHOICE", "MIXMONITOR_FILENAME"])
    await manager.send_action({"Action": "Events", "EventMask": "on"})
    for name in ("IVR_CHOICE", "__IVR_CHOICE", "MIXMONITOR_FILENAME", "IVR", "CUSTOMER", "MIXED"):
        await manager.send_action({"Action": "Setvar", "Variable": name, "Value": "7"})
    await a_call(manager, events)
    told = {event.get("Variable") for event in events if event.name == "VarSet"}
    assert {"IVR_CHOICE", "MIXMONITOR_FILENAME", "IVR"} == {name for name in told if not name.startswith("_")}
    assert "__IVR_CHOICE" in told
    await manager.close()


async def test_a_killed_asterisk_is_found_again(fresh_asterisk: Asterisk) -> None:
    """SIGKILL fails what waits and is told; when Asterisk is back the link is, by itself, events and all."""
    events: list[AmiEvent] = []
    lost: list[AmiError] = []
    stock: list[int] = []

    async def take_stock(manager: AsyncManager) -> None:
        stock.append(len((await manager.send_action({"Action": "DeviceStateList"})).events))

    link = AmiLink(
        settings_for(fresh_asterisk),
        on_events=events.extend,
        on_connected=take_stock,
        on_lost=lost.append,
        exclude=["VarSet"],
    )
    task = asyncio.create_task(link.run())
    try:
        await eventually(lambda: link.state is LinkState.CONNECTED, "a connected link")
        await asyncio.to_thread(fresh_asterisk.kill)
        await eventually(lambda: lost, "the loss")
        await eventually(lambda: "can't be reached" in link.reason, "a failed attempt")
        await asyncio.to_thread(fresh_asterisk.start)
        await eventually(lambda: link.state is LinkState.CONNECTED, "the connection after the start")
        assert link.manager is not None
        assert "Newchannel" in await a_call(link.manager, events)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert isinstance(lost[0], AmiConnectionLost)
    assert len(stock) == 2
    assert min(stock) > 0
