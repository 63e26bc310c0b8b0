"""The simulated PBX obeys the hub's own call control, as far as the hub's tracker sees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.demo.pbx.channel import Channel
from hub.demo.pbx.dialplan import Dialplan
from hub.demo.pbx.exchange import Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.telephony.ami.errors import AmiActionFailed
from hub.telephony.ami.event import AmiEvent
from hub.telephony.ami.manager import AsyncManager
from hub.telephony.ami.settings import AmiSettings
from tests.waiting import eventually

ALICE, BOB = "PJSIP/1001", "PJSIP/1002"


class Site:
    """The PBX with two phones, alice in the queue, and a client that has seen everything."""

    def __init__(self) -> None:
        self.exchange = Exchange(queue="support", members={ALICE: "Alice"}, phones={BOB: "Bob"})
        self.dialplan = Dialplan(self.exchange, answers_after_s=lambda _: 0.05)
        self.server = ManagerServer(self.exchange, username="hub", secret="s3cret", dialplan=self.dialplan)
        self.told: list[AmiEvent] = []

    async def start(self) -> None:
        await self.server.start()
        settings = AmiSettings(name="demo", host="127.0.0.1", port=self.server.port, username="hub", secret="s3cret")
        self.manager = AsyncManager(settings, on_events=self.told.extend)
        await self.manager.connect()
        await self.manager.login()

    async def stop(self) -> None:
        await self.manager.close()
        await self.server.stop()

    async def act(self, name: str, **headers: str) -> Any:
        return await self.manager.send_action({"Action": name, **headers})

    def talk(self) -> tuple[Channel, Channel]:
        caller = self.exchange.call_arrives(number="+493023125011", name="HUBER", dialled="493023125100")
        self.exchange.join_queue(caller)
        phone = self.exchange.ring(caller, ALICE)
        self.exchange.answer(caller, phone)
        return caller, phone

    def names(self) -> list[str]:
        return [event.name for event in self.told]

    def user_events(self) -> list[str]:
        return [event.get("UserEvent") for event in self.told if event.name == "UserEvent"]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    running = Site()
    await running.start()
    yield running
    await running.stop()


async def hold(site: Site, caller: Channel, phone: Channel) -> None:
    await site.act("Setvar", Channel=phone.name, Variable="CTIHUB_HELD", Value=caller.name)
    await site.act(
        "Redirect",
        Channel=phone.name,
        Context="ctihub",
        Exten="hold",
        Priority="1",
        ExtraChannel=caller.name,
        ExtraContext="ctihub",
        ExtraExten="held",
        ExtraPriority="1",
    )
    await eventually(lambda: "CtihubHold" in site.user_events() and bool(caller.bridge) and bool(phone.bridge))


async def test_a_held_caller_is_taken_back(site: Site) -> None:
    """Both wait in bridges of their own, and are together again after that."""
    caller, phone = site.talk()
    await hold(site, caller, phone)
    assert caller.bridge != phone.bridge
    await site.act("Redirect", Channel=phone.name, Context="ctihub", Exten="retrieve", Priority="1")
    await eventually(lambda: bool(caller.bridge) and caller.bridge == phone.bridge)
    await site.act("Hangup", Channel=phone.name)
    await eventually(lambda: site.names().count("Hangup") == 2)
    assert [] == site.exchange.channels


async def test_nobody_waits_for_one_who_has_gone(site: Site) -> None:
    """An agent who hangs up while somebody is on hold lets that one go as well."""
    caller, phone = site.talk()
    await hold(site, caller, phone)
    await site.act("Hangup", Channel=phone.name)
    await eventually(lambda: site.exchange.channels == [])


async def test_a_call_is_handed_to_a_colleague_who_answers(site: Site) -> None:
    """A blind transfer rings the colleague's phone, and the caller talks there."""
    caller, phone = site.talk()
    await site.act("BlindTransfer", Channel=phone.name, Context="from-phones", Exten="1002")
    await eventually(lambda: (partner := site.exchange.partner(caller)) is not None and partner.device == BOB)
    assert phone not in site.exchange.channels
    assert "BlindTransfer" in site.names()


async def test_a_parked_call_is_fetched(site: Site) -> None:
    """The PBX says where, and whoever is sent there talks with the caller."""
    caller, phone = site.talk()
    await site.act("Park", Channel=caller.name, TimeoutChannel=phone.name, Parkinglot="default")
    await eventually(lambda: "ParkedCall" in site.names())
    (row,) = (await site.act("ParkedCalls")).events
    assert (caller.name, "701") == (row.get("ParkeeChannel"), row.get("ParkingSpace"))
    await site.act("Hangup", Channel=phone.name)
    await site.act(
        "Originate",
        Channel=ALICE,
        ChannelId="own-id",
        Context="ctihub",
        Exten="parked",
        Priority="1",
        Variable="CTIHUB_SPACE=701",
        Async="true",
    )
    await eventually(lambda: (partner := site.exchange.partner(caller)) is not None and partner.uniqueid == "own-id")
    assert [] == (await site.act("ParkedCalls")).events


async def test_a_rejected_call_stops_ringing_and_the_caller_waits_on(site: Site) -> None:
    """The phone's dialling ends as busy before its channel does."""
    caller = site.exchange.call_arrives(number="1", name="", dialled="2")
    site.exchange.join_queue(caller)
    phone = site.exchange.ring(caller, ALICE)
    await site.act("Hangup", Channel=phone.name, Cause="21")
    await eventually(lambda: "Hangup" in site.names())
    assert site.names().index("DialEnd") < site.names().index("Hangup")
    assert [caller] == [entry.channel for entry in site.exchange.waiting]


async def test_members_come_pause_and_go(site: Site) -> None:
    """Each is told as an event, and listed as it is then."""
    await site.act("QueueAdd", Queue="support", Interface=BOB, MemberName="Bob")
    await site.act("QueuePause", Interface=BOB, Paused="true", Reason="Lunch")
    rows = [row for row in (await site.act("QueueStatus")).events if row.get("Location") == BOB]
    assert [("1", "Lunch", "dynamic")] == [
        (row.get("Paused"), row.get("PausedReason"), row.get("Membership")) for row in rows
    ]
    await site.act("QueueRemove", Queue="support", Interface=BOB)
    await eventually(lambda: "QueueMemberRemoved" in site.names())
    expected = ["QueueMemberAdded", "QueueMemberPause", "QueueMemberRemoved"]
    assert expected == [name for name in site.names() if name in expected]


@pytest.mark.parametrize(
    ("action", "headers", "words"),
    [
        ("Hangup", {"Channel": "PJSIP/nobody-1"}, "No such channel"),
        ("QueueRemove", {"Queue": "support", "Interface": "PJSIP/9"}, "Interface not found"),
        ("ShowDialPlan", {"Context": "elsewhere"}, "Did not find context"),
        ("ShowDialPlan", {"Context": "from-phones", "Extension": "voicemail"}, "Did not find extension"),
        ("Reload", {}, "Invalid/unknown command"),
    ],
)
async def test_what_can_not_be_done_is_refused_in_words(
    site: Site, action: str, headers: dict[str, str], words: str
) -> None:
    """As Asterisk refuses it."""
    with pytest.raises(AmiActionFailed, match=words):
        await site.act(action, **headers)
