"""Commands given twice, and while the hub or the PBX has troubles."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec

from hub.config.pbx import ControlSection, PbxSection
from hub.domain.call import ConnectionState
from hub.domain.control import Actor, CommandRecord, CommandResult, Refusal
from hub.domain.event import EventType
from hub.telephony.check import check
from hub.telephony.link import ami_settings
from tests.scenarios.control_site import ControlSite, record_of, running_control_site, state_of
from tests.servers.asterisk import Asterisk
from tests.servers.sipp import Phone, Trunk
from tests.waiting import eventually, eventually_asked

ALICE = "493023125001"
CALLER = "+4989123456"


async def calling(control: ControlSite, trunk: Trunk, phone: Phone) -> str:
    """Have alice talk with a caller; return the call's id."""
    await trunk.call(CALLER, to=ALICE)
    await (await phone.rings()).answer()
    return (await control.talking("alice")).id


async def test_a_second_identical_command_does_nothing(tmp_path: Path, asterisk: Asterisk) -> None:
    """Twice at once, later, and after the hub was killed: one phone rings once, and the first result comes back."""
    async with (
        running_control_site(tmp_path, asterisk) as control,
        Phone(asterisk, "1001") as phone,
        Phone(asterisk, "1002") as other,
        control.api.events(after=None) as stream,
    ):
        dial = {"to": "1002", "id": "dial-once"}
        results = await asyncio.gather(*(control.done("alice", "dial", **dial) for _ in range(5)))
        assert 1 == len(set(map(msgspec.json.encode, results)))
        own = await phone.rings()
        await own.answer()
        await (await other.rings()).answer()
        call = await control.talking("alice", "bob")
        assert results[0] == await control.done("alice", "dial", **dial)
        await control.refused(Refusal.ID_REUSED, "alice", "dial", id="dial-once", to="1003")
        await control.refused(Refusal.ID_REUSED, "alice", "hang_up", id="dial-once", call_id=call.id)
        denied = await control.refused(Refusal.WRONG_STATE, "alice", "retrieve", id="nothing-held", call_id=call.id)
        await record_of(stream, "nothing-held", done=False)

        control.hub.kill()
        await control.hub.start()
        await control.talking("alice", "bob")
        assert results[0] == await control.done("alice", "dial", **dial)
        await control.refused(Refusal.ID_REUSED, "alice", "dial", id="dial-once", to="1003")
        assert denied == await control.refused(
            Refusal.WRONG_STATE, "alice", "retrieve", id="nothing-held", call_id=call.id
        )
        # What one actor's command is called is nothing to another.
        await control.done("bob", "mute", id="dial-once", call_id=call.id)
        assert 1 == phone.times_rung()
        await control.done("alice", "hang_up", call_id=call.id)
        await control.no_call()
        async with control.api.events(after=0) as journal:
            await record_of(journal, "dial-once", done=True)
            carried_out = [
                one.data.actor.agent
                for one in journal.events
                if one.type is EventType.COMMAND_CARRIED_OUT
                and isinstance(one.data, CommandRecord)
                and one.data.command.id == "dial-once"
            ]
        assert ["alice", "bob"] == carried_out


async def test_a_hub_that_was_killed_retrieves_whom_it_held(tmp_path: Path, asterisk: Asterisk) -> None:
    """What is on hold is asked of the PBX: a restarted hub retrieves it, and completes a consultation."""
    async with (
        running_control_site(tmp_path, asterisk) as control,
        Phone(asterisk, "1001") as phone,
        Phone(asterisk, "1002") as other,
        Trunk(asterisk) as trunk,
    ):
        call_id = await calling(control, trunk, phone)
        await control.done("alice", "hold", call_id=call_id)
        control.hub.kill()
        await control.hub.start()
        call = await control.call_where(lambda one: state_of(one, "alice") is not ConnectionState.NULL, "the call")
        await control.done("alice", "retrieve", call_id=call.id)
        await control.done("alice", "consult", call_id=call.id, to="1002")
        await (await other.rings()).answer()
        control.hub.kill()
        await control.hub.start()
        call = await control.call_where(lambda one: state_of(one, "alice") is not ConnectionState.NULL, "the call")
        await control.done("alice", "complete_transfer", call_id=call.id)
        call = await control.call_where(
            lambda one: (
                state_of(one, "bob") is ConnectionState.CONNECTED
                and any(c.device == "PJSIP/trunk" for c in one.connections)
            ),
            "bob and the caller",
        )
        await control.done("bob", "hang_up", call_id=call.id)
        await control.no_call()


async def test_an_agents_own_call_can_be_moved_as_well(tmp_path: Path, asterisk: Asterisk) -> None:
    """Where the agent has dialled, the agent's channel runs the dialplan and the other is its guest: all the same."""
    async with (
        running_control_site(tmp_path, asterisk) as control,
        Phone(asterisk, "1001") as phone,
        Phone(asterisk, "1002") as first,
        Phone(asterisk, "1003") as second,
    ):
        await control.done("alice", "dial", to="1002")
        own = await phone.rings()
        await own.answer()
        asked = await first.rings()
        await asked.answer()
        call = await control.talking("alice", "bob")
        await control.done("alice", "hold", call_id=call.id)
        await control.done("alice", "retrieve", call_id=call.id)
        await control.done("alice", "consult", call_id=call.id, to="1003")
        called = await second.rings()
        await called.answer()
        await control.talking("chen")
        await control.done("alice", "complete_transfer", call_id=call.id)
        assert "far-end" == await own.cleared()
        await control.talking("bob", "chen")
        await asked.hang_up()
        assert "far-end" == await called.cleared()
        await control.no_call()


async def test_a_pbx_that_hangs_or_is_away(tmp_path: Path, fresh_asterisk: Asterisk) -> None:
    """A silent PBX is a time-out within the limit, one that is gone is said to be; both are journaled."""
    async with (
        running_control_site(tmp_path, fresh_asterisk, timeout_s=1.5) as control,
        Phone(fresh_asterisk, "1001") as phone,
        Trunk(fresh_asterisk) as trunk,
        control.api.events(after=None) as stream,
    ):
        call_id = await calling(control, trunk, phone)
        fresh_asterisk.freeze()
        try:
            began = time.monotonic()
            await control.refused(Refusal.TIMED_OUT, "alice", "hold", id="too-late", call_id=call_id)
            assert 1.4 < time.monotonic() - began < 4
            assert 504 == control.status
        finally:
            fresh_asterisk.thaw()
        record = await record_of(stream, "too-late", done=False)
        assert (Actor(agent="alice"), Refusal.TIMED_OUT, "main") == (record.actor, record.result.refusal, record.pbx)
        fresh_asterisk.kill()
        await eventually_asked(control.api.problems, "a hub without its PBX")
        words = await control.refused(Refusal.PBX_NOT_CONNECTED, "alice", "dial", to="1002")
        assert 503 == control.status
        assert "main" in words


async def test_the_connection_is_lost_in_the_middle_of_a_command(tmp_path: Path, fresh_asterisk: Asterisk) -> None:
    """A command that waits for what happens ends within its limit, too, and says what became of the PBX."""
    async with (
        running_control_site(tmp_path, fresh_asterisk, timeout_s=3) as control,
        Phone(fresh_asterisk, "1001") as phone,
        Trunk(fresh_asterisk) as trunk,
    ):
        call_id = await calling(control, trunk, phone)
        fresh_asterisk.freeze()
        giving = asyncio.create_task(control.give("alice", "mute", call_id=call_id))
        await eventually(lambda: not giving.done(), "the command is under way")
        await asyncio.to_thread(fresh_asterisk.kill)
        result = await giving
        assert isinstance(result, CommandResult)
        assert Refusal.PBX_NOT_CONNECTED is result.refusal


async def test_without_the_hubs_part_of_the_dialplan(tmp_path: Path, asterisk: Asterisk) -> None:
    """What needs it is refused with what to do and the call goes on; what does not is carried out."""
    async with (
        running_control_site(tmp_path, asterisk, hub_context="not-there") as control,
        Phone(asterisk, "1001") as phone,
        Phone(asterisk, "1002") as other,
        Trunk(asterisk) as trunk,
    ):
        call_id = await calling(control, trunk, phone)
        for command, fields in (("hold", {}), ("consult", {"to": "1002"}), ("conference", {"to": "1002"})):
            words = await control.refused(Refusal.NOT_POSSIBLE, "alice", command, call_id=call_id, **fields)
            assert "ctihub.conf" in words
        assert call_id == (await control.talking("alice")).id
        for command, fields in (("send_digits", {"digits": "1"}), ("start_recording", {}), ("stop_recording", {})):
            await control.done("alice", command, call_id=call_id, **fields)
        await control.done("alice", "transfer", call_id=call_id, to="1002")
        called = await other.rings()
        await called.answer()
        await control.done("bob", "park", call_id=call_id)
        assert "far-end" == await called.cleared()


async def test_what_is_shipped_lacks_nothing(asterisk: Asterisk) -> None:
    """With the configuration of docker/asterisk every action and context is there; others are named."""
    section = PbxSection(
        host=asterisk.host, port=asterisk.ami_port, username=asterisk.ami_username, secret=asterisk.ami_secret
    )
    assert ";" not in await check(ami_settings("main", section), control=section.control)
    said = await check(ami_settings("main", section), control=ControlSection(hub_context="not-there"))
    assert "no context 'not-there'" in said
