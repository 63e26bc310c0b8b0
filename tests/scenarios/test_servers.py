"""The servers that the scenario tests stand on do what those tests take for granted."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pika
import pytest
from playwright.async_api import Page

from tests.scenarios.sip_switch import SDP, SipSwitch
from tests.servers.ami import RawManager
from tests.servers.asterisk import Asterisk
from tests.servers.baresip import PhoneRefusedError, Softphone
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.record import ALICE, SALES, SUPPORT
from tests.servers.requirements import require
from tests.servers.sipp import Phone, Trunk

TRACES = Path(__file__).parent / "traces"


async def test_hub_account_logs_in(asterisk: Asterisk) -> None:
    """The account of docker/asterisk/ may log in, list channels, and not run commands."""
    async with RawManager.hub(asterisk) as manager:
        assert manager.banner.startswith("Asterisk Call Manager/")
        assert "Fully Booted" == (await manager.wait_for("FullyBooted"))["Status"]
        manager.send(Action="CoreShowChannels", ActionID="channels")
        await manager.wait_for("CoreShowChannelsComplete", ActionID="channels")
        manager.send(Action="Command", Command="core show version", ActionID="command")
        assert "Error" == (await manager.wait_for(ActionID="command"))["Response"]


async def test_wrong_secret_is_refused(asterisk: Asterisk) -> None:
    """Nobody logs in without the secret."""
    manager = RawManager(asterisk.host, asterisk.ami_port, asterisk.ami_username, "guess")
    with pytest.raises(PermissionError, match="Authentication failed"):
        async with manager:
            pass


async def test_call_through_round_robin_queue(asterisk: Asterisk) -> None:
    """A trunk call to `support` waits, rings one agent, is answered when told, and is hung up."""
    async with RawManager.hub(asterisk) as manager, Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call("+498999998101", name="Max Muster", to=SUPPORT)
        joined = await manager.wait_for("QueueCallerJoin", Queue="support")
        assert "+498999998101" == joined["CallerIDNum"]
        assert "Max Muster" == joined["CallerIDName"]
        ringing = await phone.rings()
        assert '"Max Muster" <sip:+498999998101@' in ringing.shown
        await manager.wait_for("AgentCalled", Queue="support", Interface="PJSIP/1001")
        assert 0 == manager.count("AgentConnect")
        await ringing.answer()
        await manager.wait_for("AgentConnect", Uniqueid=joined["Uniqueid"], Interface="PJSIP/1001")
        await caller.hang_up()
        assert "far-end" == await ringing.cleared()
        hangup = await manager.wait_for("Hangup", Uniqueid=joined["Uniqueid"])
        assert "16" == hangup["Cause"]


async def test_ringall_queue_rings_two(asterisk: Asterisk) -> None:
    """A call to `sales` rings both phones that are on; the one that loses stops ringing."""
    async with (
        RawManager.hub(asterisk) as manager,
        Phone(asterisk, "1001") as alice,
        Phone(asterisk, "1002") as bob,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call("+498999998102", to=SALES)
        lost, won = await alice.rings(), await bob.rings()
        await won.answer()
        assert "cancelled" == await lost.cleared()
        await manager.wait_for("AgentConnect", Queue="sales", Interface="PJSIP/1002")
        await won.hang_up()
        assert "far-end" == await caller.cleared()


@pytest.mark.parametrize("to", ["493023125001", "+493023125001"])
async def test_direct_call_rejected(asterisk: Asterisk, to: str) -> None:
    """A direct call that the phone rejects is busy to the caller, however the number was dialled."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call("", to=to)
        ringing = await phone.rings()
        assert "anonymous" in ringing.shown.lower()
        await ringing.reject()
        assert "486" == await caller.cleared()


async def test_caller_gives_up(asterisk: Asterisk) -> None:
    """A caller who cancels a direct call silences the phone."""
    async with Phone(asterisk, "1002") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call("+498999998103", to="493023125002")
        ringing = await phone.rings()
        await caller.ringing()
        await caller.cancel()
        assert "cancelled" == await ringing.cleared()


async def test_unallocated_number_is_refused(asterisk: Asterisk) -> None:
    """A number that the dialplan doesn't have is answered 404."""
    async with Trunk(asterisk) as trunk:
        caller = await trunk.call("+498999998104", to="493023129999")
        assert "404" == await caller.cleared()


async def test_phone_that_is_off_is_not_rung(asterisk: Asterisk) -> None:
    """A direct call to a phone that isn't registered is refused, not left ringing."""
    async with Trunk(asterisk) as trunk:
        caller = await trunk.call("+498999998105", to="493023125004")
        assert "480" == await caller.cleared()


@pytest.mark.usefixtures("baresip")
async def test_softphones_call_each_other(asterisk: Asterisk) -> None:
    """One dials, the other rings until told; both know when they talk and when it is over."""
    async with Softphone(asterisk, "1001") as alice, Softphone(asterisk, "1002") as bob:
        call = await alice.dial("1002")
        ringing = await bob.rings()
        await call.ringing()
        await ringing.answer()
        await call.established()
        assert ["call muted", "call un-muted"] == [await call.mute(), await call.mute()]
        await ringing.hang_up()
        await call.cleared()
        with pytest.raises(PhoneRefusedError, match="hold"):
            await call.hold()


@pytest.mark.usefixtures("baresip")
async def test_a_softphone_refuses(asterisk: Asterisk) -> None:
    """A call that is hung up while it rings is busy to the caller."""
    async with Softphone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call("+498999998107", to=ALICE)
        await (await phone.rings()).hang_up()
        assert "486" == await caller.cleared()


@pytest.mark.usefixtures("baresip")
async def test_a_softphone_holds_and_presses_keys(asterisk: Asterisk) -> None:
    """Asterisk is told of hold and retrieve, and hears each key once."""
    async with (
        RawManager.monitor(asterisk) as manager,
        Softphone(asterisk, "1001") as phone,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call("+498999998108", to=ALICE)
        call = await phone.rings()
        await call.answer()
        await caller.established()
        await call.hold()
        held = await manager.wait_for("Hold")
        await call.resume()
        await manager.wait_for("Unhold", Channel=held["Channel"])
        await call.press("4#")
        for key in "4#":
            await manager.wait_for("DTMFEnd", Channel=held["Channel"], Digit=key, Direction="Received")
            assert 1 == manager.count("DTMFEnd", Digit=key, Direction="Received")
        await caller.hang_up()
        await call.cleared()


@pytest.mark.usefixtures("baresip")
async def test_a_softphone_hands_over_after_asking(asterisk: Asterisk) -> None:
    """REFER with Replaces joins the parties of two calls; the phone between them is out of both."""
    async with (
        RawManager.monitor(asterisk) as manager,
        Softphone(asterisk, "1001") as alice,
        Softphone(asterisk, "1002") as bob,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call("+498999998109", to=ALICE)
        call = await alice.rings()
        await call.answer()
        await call.hold()
        second = await alice.dial("1002")
        asked = await bob.rings()
        await asked.answer()
        await call.transfer_to(second)
        await call.cleared()
        await second.cleared()
        await manager.wait_for("AttendedTransfer", Result="Success")
        await caller.hang_up()
        await asked.cleared()


@pytest.mark.usefixtures("baresip")
async def test_a_softphone_that_was_switched_off_is_not_rung(asterisk: Asterisk) -> None:
    """It ends its registration with the `async with`."""
    async with Softphone(asterisk, "1004"):
        pass
    async with Trunk(asterisk) as trunk:
        caller = await trunk.call("+498999998110", to="493023125004")
        assert "480" == await caller.cleared()


async def test_asterisk_comes_back_after_a_kill(fresh_asterisk: Asterisk) -> None:
    """After a SIGKILL it starts again on the same ports, and takes calls once a phone is registered."""
    async with Phone(fresh_asterisk, "1001") as phone:
        await asyncio.to_thread(fresh_asterisk.kill)
        assert not fresh_asterisk.running
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(fresh_asterisk.host, fresh_asterisk.ami_port)
        await asyncio.to_thread(fresh_asterisk.start)
        await phone.register()
        async with RawManager.hub(fresh_asterisk) as manager, Trunk(fresh_asterisk) as trunk:
            await trunk.call("+498999998106", to=SUPPORT)
            ringing = await phone.rings()
            await ringing.answer()
            await manager.wait_for("AgentConnect", Interface="PJSIP/1001")
            await ringing.hang_up()


async def test_asterisk_starts_without_complaint(fresh_asterisk: Asterisk) -> None:
    """The configuration of docker/asterisk/ loads without a warning or an error."""
    complaints = [line for line in fresh_asterisk.messages().splitlines() if " WARNING[" in line or " ERROR[" in line]
    assert [] == complaints


@pytest.fixture
async def switch() -> AsyncIterator[SipSwitch]:
    """Something that is called, and does what the test says."""
    require("sipp")
    async with SipSwitch() as running:
        yield running


async def test_a_caller_hangs_up_in_the_midst_of_a_change(switch: SipSwitch) -> None:
    """An Asterisk tells by re-INVITE that a phone rings: who is told to hang up before its ACK does so after it."""
    async with Trunk(switch) as trunk:
        leg = await trunk.call("+498999998106", to=SUPPORT)
        invite = await switch.hears("INVITE")
        await switch.accepts(invite, sdp=SDP)
        await switch.hears("ACK")
        await leg.established()
        await switch.asks("INVITE", invite, number=7, sdp=SDP)
        await switch.hears("SIP/2.0 200")
        hanging_up = asyncio.create_task(leg.hang_up())
        await asyncio.sleep(0)  # the order is sent before this ACK
        await switch.asks("ACK", invite, number=7)
        await switch.accepts(await switch.hears("BYE"))
        await hanging_up
        assert "here" == await leg.cleared()


async def test_a_change_that_comes_after_a_caller_hung_up(switch: SipSwitch) -> None:
    """Both at once: the call ends as if there had been none."""
    async with Trunk(switch) as trunk:
        leg = await trunk.call("+498999998106", to=SUPPORT)
        invite = await switch.hears("INVITE")
        await switch.accepts(invite, sdp=SDP)
        await switch.hears("ACK")
        hanging_up = asyncio.create_task(leg.hang_up())
        bye = await switch.hears("BYE")
        await switch.asks("INVITE", invite, number=7, sdp=SDP)
        await switch.hears("BYE")  # again: it has gone on waiting for its answer
        await switch.accepts(bye)
        await hanging_up
        assert "here" == await leg.cleared()


def test_durable_message_outlives_a_killed_broker(fresh_rabbitmq: RabbitMQ) -> None:
    """A confirmed persistent message is still there after the broker was SIGKILLed."""
    persistent = pika.BasicProperties(delivery_mode=2, message_id="1")
    with pika.BlockingConnection(pika.URLParameters(fresh_rabbitmq.url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("kept", durable=True)
        channel.basic_publish("", "kept", b"still here", persistent, mandatory=True)
        fresh_rabbitmq.kill()
        assert not fresh_rabbitmq.running
        with pytest.raises(pika.exceptions.AMQPConnectionError):
            connection.process_data_events(time_limit=5)
    fresh_rabbitmq.start()
    with pika.BlockingConnection(pika.URLParameters(fresh_rabbitmq.url)) as connection:
        _, properties, body = connection.channel().basic_get("kept", auto_ack=True)
        assert (b"still here", "1") == (body, properties.message_id)


async def test_browser_shows_a_page(browser_page: Page) -> None:
    """Chromium runs a page's script, and has a font for what it shows."""
    page = "<p id=who></p><script>who.textContent = '来电 ' + (1 + 1)</script>"
    await browser_page.goto(f"data:text/html;charset=utf-8,{quote(page)}")
    assert "来电 2" == await browser_page.text_content("#who")


@pytest.mark.parametrize("trace", sorted(TRACES.glob("*.ami")), ids=lambda path: path.stem)
def test_traces_are_whole(trace: Path) -> None:
    """A recorded trace begins and ends with a whole message, hangs up all channels, and is explained."""
    messages = trace.read_bytes().split(b"\r\n\r\n")
    assert b"" == messages[-1]
    # Asterisk ends some of its TestEvents with one blank line too many.
    assert all(message.removeprefix(b"\r\n").startswith(b"Event: ") for message in messages[:-1])
    channels = [message for message in messages if message.startswith(b"Event: Newchannel\r\n")]
    hangups = [message for message in messages if message.startswith(b"Event: Hangup\r\n")]
    assert 1 <= len(channels) == len(hangups)
    assert trace.with_suffix(".txt").read_text().strip()
