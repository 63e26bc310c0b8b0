"""Commands where the dialplan does what it likes: members behind Local channels, calls that it records itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.domain.call import ConnectionState, RecordingState, TransferKind
from hub.domain.control import Refusal
from tests.scenarios.control_site import outside_of, running_control_site, state_of
from tests.servers.ami import RawManager
from tests.servers.asterisk import Asterisk
from tests.servers.asterisk_configuration import QUEUES_SITE
from tests.servers.baresip import Softphone
from tests.servers.queue_calls import ANNOUNCEMENT_SECONDS
from tests.servers.requirements import place_of, require
from tests.servers.sipp import DiallingPhone, Phone, Trunk
from tests.waiting import eventually

CALLER = "+4989123456"


@pytest.fixture(scope="module")
def queues_asterisk() -> Iterator[Asterisk]:
    """Run Asterisk with many kinds of queues."""
    require("sipp", "asterisk")
    server = Asterisk(Path(place_of("asterisk")), site=QUEUES_SITE)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.mark.parametrize("number", ["7012", "7052"])
async def test_an_agent_behind_a_local_channel(tmp_path: Path, queues_asterisk: Asterisk, number: str) -> None:
    """The two ends are moved, whatever lies between: a queue's Local member, a forwarding that stays in the way."""
    queues_asterisk.command("database put CF 1002 1001")
    async with (
        running_control_site(tmp_path, queues_asterisk) as control,
        Phone(queues_asterisk, "1001") as phone,
        Phone(queues_asterisk, "1003") as other,
        Trunk(queues_asterisk) as trunk,
    ):
        caller = await trunk.call(CALLER, to=number)
        own = await phone.rings()
        await own.answer()
        call = await control.talking("alice")
        await control.done("alice", "hold", call_id=call.id)
        await control.done("alice", "retrieve", call_id=call.id)
        assert ConnectionState.CONNECTED is outside_of(await control.talking("alice")).state
        await control.done("alice", "consult", call_id=call.id, to="1003")
        called = await other.rings()
        await called.answer()
        await control.talking("chen")
        await control.done("alice", "complete_transfer", call_id=call.id)
        assert "far-end" == await own.cleared()
        moved = await control.talking("chen")
        assert (call.id, ConnectionState.NULL) == (moved.id, state_of(moved, "alice"))
        assert [(TransferKind.ATTENDED, "alice", "1003")] == [(t.kind, t.by_agent, t.to) for t in moved.transfers]
        await caller.hang_up()
        assert "far-end" == await called.cleared()
        await control.no_call()


async def test_digits_reach_the_other_side(tmp_path: Path, queues_asterisk: Asterisk) -> None:
    """Each of them, in order, also the same one twice."""
    # While Asterisk forwards RTP as it is, its own digits are out of sequence, and baresip drops them.
    queues_asterisk.command("module unload bridge_native_rtp.so")
    async with (
        running_control_site(tmp_path, queues_asterisk) as control,
        Softphone(queues_asterisk, "1001") as phone,
        Softphone(queues_asterisk, "1002") as other,
    ):
        await control.done("alice", "dial", to="1002")
        await (await phone.rings()).answer()
        heard = await other.rings()
        await heard.answer()
        call = await control.talking("alice", "bob")
        await control.done("alice", "send_digits", call_id=call.id, digits="4422#")
        await eventually(lambda: other.count("CALL_DTMF_START", heard.id) >= len("4422#"), "five digits")
        assert "4422#" == "".join(other.params("CALL_DTMF_START", heard.id))
        await control.done("alice", "hang_up", call_id=call.id)
        await control.no_call()


async def test_a_recording_of_the_dialplans_own(tmp_path: Path, queues_asterisk: Asterisk) -> None:
    """It is on the caller's channel; it is paused, resumed and stopped all the same."""
    async with (
        running_control_site(tmp_path, queues_asterisk) as control,
        Phone(queues_asterisk, "1001") as phone,
        Trunk(queues_asterisk) as trunk,
    ):
        caller = await trunk.call(CALLER, to="7080")
        await (await phone.rings()).answer()
        call = await control.talking("alice")
        assert RecordingState.ON is call.recording
        await control.done("alice", "pause_recording", call_id=call.id)
        await control.call_where(lambda one: one.recording is RecordingState.PAUSED, "paused")
        await control.done("alice", "resume_recording", call_id=call.id)
        await control.call_where(lambda one: one.recording is RecordingState.ON, "recorded again")
        await control.done("alice", "stop_recording", call_id=call.id)
        await control.call_where(lambda one: one.recording is RecordingState.OFF, "not recorded")
        await control.refused(Refusal.WRONG_STATE, "alice", "stop_recording", call_id=call.id)
        await caller.hang_up()
        await control.no_call()


async def test_what_is_recorded_is_in_the_file(tmp_path: Path, queues_asterisk: Asterisk) -> None:
    """While two talk it grows, in the folder of the configuration, under the name that the result says."""
    async with (
        running_control_site(tmp_path, queues_asterisk) as control,
        Softphone(queues_asterisk, "1001") as phone,
        Softphone(queues_asterisk, "1002") as other,
    ):
        await control.done("alice", "dial", to="1002")
        await (await phone.rings()).answer()
        await (await other.rings()).answer()
        call = await control.talking("alice", "bob")
        result = await control.done("alice", "start_recording", call_id=call.id)
        file = Path(place_of("asterisk"), result.value.lstrip("/"))
        try:
            await eventually(lambda: file.exists() and file.stat().st_size > 8000, "half a second of sound")
            await control.done("alice", "stop_recording", call_id=call.id)
        finally:
            await asyncio.to_thread(file.unlink, missing_ok=True)
        await control.done("alice", "hang_up", call_id=call.id)
        await control.no_call()


async def test_an_agent_who_stays_on_the_line(tmp_path: Path, queues_asterisk: Asterisk) -> None:
    """AgentLogin would log off an agent whose channel is moved: that is refused in words, and the call goes on."""
    async with (
        running_control_site(tmp_path, queues_asterisk) as control,
        DiallingPhone(queues_asterisk, "1001") as phone,
        Trunk(queues_asterisk) as trunk,
        RawManager.monitor(queues_asterisk) as monitor,
    ):
        line = await phone.dial("7090")
        await monitor.wait_for("DeviceStateChange", Device="Agent:7901", State="NOT_INUSE")
        caller = await trunk.call(CALLER, to="7013")
        await monitor.wait_for("AgentCalled")
        await asyncio.sleep(ANNOUNCEMENT_SECONDS)
        line.press("#")
        call = await control.call_where(
            lambda one: (
                any(c.device == "PJSIP/trunk" for c in one.connections)
                and state_of(one, "alice") is ConnectionState.CONNECTED
            ),
            "alice has the caller",
        )
        for command, fields in (("hold", {}), ("consult", {"to": "1003"}), ("conference", {"to": "1003"})):
            words = await control.refused(Refusal.NOT_POSSIBLE, "alice", command, call_id=call.id, **fields)
            assert "logged off" in words
        await control.done("alice", "mute", call_id=call.id)
        await caller.hang_up()
        await line.hang_up()
        await control.no_call()
