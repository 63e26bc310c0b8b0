"""Commands on a real Asterisk, by the HTTP API: what is done, what is refused, and what the calls then are."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from hub.domain.call import ConnectionState, Direction, Monitoring, RecordingState, Role, TransferKind
from hub.domain.control import Actor, CommandResult, Refusal, SendDigits
from tests.scenarios.control_site import (
    MACHINE,
    ControlSite,
    outside_of,
    record_of,
    running_control_site,
    state_of,
)
from tests.servers.asterisk import Asterisk
from tests.servers.record import SUPPORT
from tests.servers.sipp import CallingLeg, Phone, RingingLeg, Trunk

pytestmark = pytest.mark.asyncio(loop_scope="session")

README = Path(__file__).parents[2] / "README.md"
ALICE = "493023125001"
CALLER = "+4989123456"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def control(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlSite]:
    """Run a hub with three agents and a supervisor."""
    async with running_control_site(tmp_path_factory.mktemp("control"), asterisk) as site:
        yield site


async def answered(control: ControlSite, trunk: Trunk, phone: Phone) -> tuple[CallingLeg, RingingLeg, str]:
    """Return a caller who talks with alice, her end, and the call's id."""
    caller = await trunk.call(CALLER, to=ALICE)
    ringing = await phone.rings()
    await ringing.answer()
    return caller, ringing, (await control.talking("alice")).id


async def test_dial(control: ControlSite, asterisk: Asterisk) -> None:
    """The agent's own phone rings first; once it is answered the number is called, which sees the agent."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1002") as other:
        result = await control.done("alice", "dial", to="10 02")
        own = await phone.rings()
        assert ConnectionState.ALERTING is state_of((await control.api.calls())[0], "alice")
        await own.answer()
        called = await other.rings()
        assert "1001" in called.shown
        await called.answer()
        call = await control.talking("alice", "bob")
        assert (result.call_id, Direction.INTERNAL) == (call.id, call.direction)
        await control.done("alice", "hang_up", call_id=call.id)
        assert "far-end" == await own.cleared()
        assert "far-end" == await called.cleared()
    await control.no_call()


async def test_dial_by_request(control: ControlSite, asterisk: Asterisk) -> None:
    """Without a broker a request dials as the command does, in the token's name; what comes twice dials once."""
    body = {
        "jsonrpc": "2.0",
        "method": "dial",
        "params": {"agent": "alice", "to": "1002", "id": "asked-once", "deadline_ms": 20_000},
        "id": 1,
    }
    headers = {"Authorization": f"Bearer {control.hub.token}"}

    async def asked(machine: aiohttp.ClientSession) -> CommandResult:
        async with machine.post("/api/v1/rpc", json=body) as reply:
            return msgspec.convert((await reply.json())["result"], CommandResult)

    async with (
        Phone(asterisk, "1001") as phone,
        Phone(asterisk, "1002") as other,
        control.api.events(after=None) as stream,
        aiohttp.ClientSession(control.hub.url, headers=headers) as machine,
    ):
        first, second = await asyncio.gather(asked(machine), asked(machine))
        assert (True, first) == (first.done, second)
        own = await phone.rings()
        await own.answer()
        await (await other.rings()).answer()
        call = await control.talking("alice", "bob")
        assert call.id == first.call_id
        assert first == await asked(machine)
        assert 1 == len(await control.api.calls())
        assert Actor(token="tests") == (await record_of(stream, "asked-once", done=True)).actor
        await control.done("alice", "hang_up", call_id=call.id)
    await control.no_call()


async def test_dial_that_does_not_come_about(control: ControlSite) -> None:
    """A number that leads nowhere, one that is none, a phone that is off, a device of another: each in words."""
    words = await control.refused(Refusal.NOT_POSSIBLE, "alice", "dial", to="7777")
    assert "7777" in words
    await control.refused(Refusal.NOT_POSSIBLE, "alice", "dial", to="()")
    words = await control.refused(Refusal.PBX_REFUSED, "alice", "dial", to="1002")
    assert "PJSIP/1001" in words
    await control.refused(Refusal.NO_SUCH_DEVICE, "alice", "dial", to="1002", device="PJSIP/1002")
    await control.refused(Refusal.NO_SUCH_AGENT, MACHINE, "dial", agent="nobody", to="1002")
    await control.no_call()


async def test_answer_and_reject(control: ControlSite, asterisk: Asterisk) -> None:
    """A phone that understands Event: talk answers; one that rings is rejected by hanging up."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call(CALLER, to=ALICE)
        ringing = await phone.rings()
        call = await control.call_where(lambda one: state_of(one, "alice") is ConnectionState.ALERTING, "ringing")
        await control.refused(Refusal.WRONG_STATE, "alice", "hold", call_id=call.id)
        await control.refused(Refusal.NO_SUCH_CALL, "bob", "answer", call_id=call.id)
        await control.done("alice", "answer", call_id=call.id)
        await ringing.established()
        await caller.established()
        assert call.id == (await control.talking("alice")).id
        await control.refused(Refusal.WRONG_STATE, "alice", "answer", call_id=call.id)
        await control.done("alice", "hang_up", call_id=call.id)
        assert "far-end" == await caller.cleared()
        await control.refused(Refusal.NO_SUCH_CALL, "alice", "hang_up", call_id=call.id)

        caller = await trunk.call(CALLER, to=ALICE)
        ringing = await phone.rings()
        call = await control.call_where(lambda one: state_of(one, "alice") is ConnectionState.ALERTING, "ringing")
        await control.done("alice", "hang_up", call_id=call.id)
        assert "cancelled" == await ringing.cleared()
        await caller.cleared()
    await control.no_call()


async def test_hold_and_retrieve(control: ControlSite, asterisk: Asterisk) -> None:
    """The other side hears music, the agent's connection is in hold; then both talk again, in the same call."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk, control.api.events(after=None) as stream:
        caller, own, call_id = await answered(control, trunk, phone)
        words = await control.refused(Refusal.WRONG_STATE, "alice", "retrieve", call_id=call_id)
        assert "on hold" in words
        await control.done("alice", "hold", call_id=call_id)
        assert ConnectionState.HOLD is state_of((await control.api.calls())[0], "alice")
        await control.refused(Refusal.WRONG_STATE, "alice", "hold", call_id=call_id)
        await control.done("alice", "retrieve", call_id=call_id)
        assert call_id == (await control.talking("alice")).id
        await control.done("alice", "hold", call_id=call_id)
        await caller.hang_up()
        assert "far-end" == await own.cleared()
        assert ["held", "retrieved", "held"] == [
            kind for kind in map(str, stream.kinds(call_id)) if kind in ("held", "retrieved")
        ]
    await control.no_call()


async def test_the_held_one_is_let_go_with_the_agent(control: ControlSite, asterisk: Asterisk) -> None:
    """An agent who hangs up leaves nobody with music for ever."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller, own, call_id = await answered(control, trunk, phone)
        await control.done("alice", "hold", call_id=call_id)
        await own.hang_up()
        assert "far-end" == await caller.cleared()
    await control.no_call()


@pytest.mark.parametrize("is_held", [False, True])
async def test_blind_transfer(control: ControlSite, asterisk: Asterisk, *, is_held: bool) -> None:
    """The caller goes on to the number and the agent is out of it, whether talking or on hold before."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1002") as other, Trunk(asterisk) as trunk:
        caller, own, call_id = await answered(control, trunk, phone)
        words = await control.refused(Refusal.NOT_POSSIBLE, "alice", "transfer", call_id=call_id, to="7777")
        assert "7777" in words
        if is_held:
            await control.done("alice", "hold", call_id=call_id)
        await control.done("alice", "transfer", call_id=call_id, to="1002")
        assert "far-end" == await own.cleared()
        called = await other.rings()
        await called.answer()
        call = await control.talking("bob")
        assert (call_id, ConnectionState.NULL) == (call.id, state_of(call, "alice"))
        assert [(TransferKind.BLIND, "alice", "1002")] == [(t.kind, t.by_agent, t.to) for t in call.transfers]
        await caller.hang_up()
        await called.cleared()
    await control.no_call()


async def test_attended_transfer(control: ControlSite, asterisk: Asterisk) -> None:
    """Ask a colleague while the caller is held, then leave the two together."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1002") as other, Trunk(asterisk) as trunk:
        caller, own, call_id = await answered(control, trunk, phone)
        await control.refused(Refusal.WRONG_STATE, "alice", "complete_transfer", call_id=call_id)
        await control.refused(Refusal.WRONG_STATE, "alice", "reconnect", call_id=call_id)
        await control.done("alice", "consult", call_id=call_id, to="1002")
        called = await other.rings()
        await called.answer()
        await control.call_where(lambda one: state_of(one, "bob") is ConnectionState.CONNECTED, "bob is asked")
        await control.refused(Refusal.WRONG_STATE, "alice", "hold", call_id=call_id)
        await control.refused(Refusal.WRONG_STATE, "alice", "consult", call_id=call_id, to="1003")
        await control.done("alice", "complete_transfer", call_id=call_id)
        assert "far-end" == await own.cleared()
        call = await control.call_where(lambda one: state_of(one, "alice") is ConnectionState.NULL, "alice is out")
        assert (call_id, ConnectionState.CONNECTED) == (call.id, state_of(call, "bob"))
        assert ConnectionState.CONNECTED is outside_of(call).state
        assert [(TransferKind.ATTENDED, "alice", "1002")] == [(t.kind, t.by_agent, t.to) for t in call.transfers]
        await caller.hang_up()
        assert "far-end" == await called.cleared()
    await control.no_call()


async def test_transfer_while_it_still_rings(control: ControlSite, asterisk: Asterisk) -> None:
    """Completed before the colleague answers, the caller hears it ring there and the agent is out of it."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1002") as other, Trunk(asterisk) as trunk:
        caller, own, call_id = await answered(control, trunk, phone)
        await control.done("alice", "consult", call_id=call_id, to="1002")
        first = await other.rings()
        await control.done("alice", "complete_transfer", call_id=call_id)
        assert "far-end" == await own.cleared()
        assert "cancelled" == await first.cleared()
        called = await other.rings()
        await called.answer()
        call = await control.talking("bob")
        assert [(TransferKind.BLONDE, "alice", "1002")] == [(t.kind, t.by_agent, t.to) for t in call.transfers]
        await caller.hang_up()
        await called.cleared()
    await control.no_call()


async def test_reconnect(control: ControlSite, asterisk: Asterisk) -> None:
    """The consultation is given up, and also one that ends by itself leads back to the caller."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1002") as other, Trunk(asterisk) as trunk:
        caller, _, call_id = await answered(control, trunk, phone)
        await control.done("alice", "hold", call_id=call_id)
        await control.done("alice", "consult", call_id=call_id, to="1002")
        called = await other.rings()
        await called.answer()
        await control.done("alice", "reconnect", call_id=call_id)
        assert "far-end" == await called.cleared()
        await control.call_where(
            lambda one: (
                state_of(one, "alice") is ConnectionState.CONNECTED and state_of(one, "bob") is ConnectionState.NULL
            ),
            "alice and the caller",
        )
        await control.done("alice", "consult", call_id=call_id, to="1002")
        await (await other.rings()).reject()
        await control.call_where(
            lambda one: one.id == call_id and state_of(one, "alice") is ConnectionState.CONNECTED, "back"
        )
        await control.done("alice", "hold", call_id=call_id)
        await caller.hang_up()
    await control.no_call()


async def test_conference_of_those_consulted(control: ControlSite, asterisk: Asterisk) -> None:
    """Caller, agent and colleague in one room; who leaves leaves the others talking, the last is let go."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1002") as other, Trunk(asterisk) as trunk:
        caller, own, call_id = await answered(control, trunk, phone)
        await control.refused(Refusal.WRONG_STATE, "alice", "conference", call_id=call_id)
        await control.done("alice", "consult", call_id=call_id, to="1002")
        called = await other.rings()
        await called.answer()
        result = await control.done("alice", "conference", call_id=call_id)
        call = await control.talking("alice", "bob")
        assert (call_id, result.value) == (call.id, call.conference)
        assert ConnectionState.CONNECTED is outside_of(call).state
        await control.refused(Refusal.NOT_POSSIBLE, "alice", "hold", call_id=call_id)
        await control.done("alice", "hang_up", call_id=call_id)
        await own.cleared()
        await control.call_where(
            lambda one: (
                state_of(one, "alice") is ConnectionState.NULL and state_of(one, "bob") is ConnectionState.CONNECTED
            ),
            "the other two",
        )
        await called.hang_up()
        assert "far-end" == await caller.cleared()
    await control.no_call()


async def test_call_somebody_into_the_call(control: ControlSite, asterisk: Asterisk) -> None:
    """A third one is called into the call of two, a number that leads nowhere leaves it as it is."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1003") as third, Trunk(asterisk) as trunk:
        caller, _, call_id = await answered(control, trunk, phone)
        await control.refused(Refusal.NOT_POSSIBLE, "alice", "conference", call_id=call_id, to="7777")
        await control.talking("alice")
        await control.done("alice", "conference", call_id=call_id, to="1003")
        called = await third.rings()
        await called.answer()
        call = await control.talking("alice", "chen")
        assert call_id == call.id
        await caller.hang_up()
        await called.hang_up()
    await control.no_call()


async def test_park_and_pick_up(control: ControlSite, asterisk: Asterisk) -> None:
    """The result says where it is parked; a colleague takes it from there by the call's id."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1003") as other, Trunk(asterisk) as trunk:
        caller, own, call_id = await answered(control, trunk, phone)
        result = await control.done("alice", "park", call_id=call_id)
        assert result.value.startswith("default/7")
        assert "far-end" == await own.cleared()
        parked = await control.call_where(lambda one: one.parked, "parked")
        assert (call_id, result.value) == (parked.id, parked.parked)
        await control.done("chen", "pick_up", call_id=call_id)
        fetched = await other.rings()
        await fetched.answer()
        assert call_id == (await control.talking("chen")).id
        await caller.hang_up()
        assert "far-end" == await fetched.cleared()
    await control.no_call()


async def test_pick_up_what_rings_elsewhere(control: ControlSite, asterisk: Asterisk) -> None:
    """A call of a queue is taken by who is in that queue or a supervisor; who is in it answers it at the phone."""
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(Phone(asterisk, "1001"))
        trunk = await stack.enter_async_context(Trunk(asterisk))
        caller = await trunk.call(CALLER, to=SUPPORT)
        ringing = await phone.rings()
        # Only now, or the queue might have rung it first.
        other = await stack.enter_async_context(Phone(asterisk, "1003"))
        call = await control.call_where(lambda one: state_of(one, "alice") is ConnectionState.ALERTING, "ringing")
        await control.refused(Refusal.NOT_ALLOWED, "bob", "pick_up", call_id=call.id)
        await control.refused(Refusal.WRONG_STATE, "alice", "pick_up", call_id=call.id)
        await control.done("chen", "pick_up", call_id=call.id)
        fetched = await other.rings()
        await fetched.answer()
        assert "cancelled" == await ringing.cleared()
        taken = await control.call_where(
            lambda one: {state_of(one, "chen"), outside_of(one).state} == {ConnectionState.CONNECTED}, "chen has it"
        )
        assert call.id == taken.id
        await control.refused(Refusal.WRONG_STATE, "dora", "pick_up", call_id=call.id)
        await caller.hang_up()
        await fetched.cleared()
    await control.no_call()


async def test_digits_are_not_written_down(control: ControlSite, asterisk: Asterisk) -> None:
    """The journal says who sent some, not which."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk, control.api.events(after=None) as stream:
        caller, _, call_id = await answered(control, trunk, phone)
        await control.done("alice", "send_digits", call_id=call_id, digits="42", id="digits-1")
        record = await record_of(stream, "digits-1", done=True)
        assert SendDigits(id="digits-1", agent="alice", call_id=call_id, digits="*") == record.command
        assert (Actor(agent="alice"), "main") == (record.actor, record.pbx)
        await caller.hang_up()
    await control.no_call()


async def test_mute(control: ControlSite, asterisk: Asterisk) -> None:
    """The connection says that it is muted, and that it no longer is."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller, _, call_id = await answered(control, trunk, phone)
        await control.done("alice", "mute", call_id=call_id)
        await control.call_where(lambda one: any(c.is_muted and c.agent == "alice" for c in one.connections), "muted")
        await control.done("alice", "unmute", call_id=call_id)
        await control.call_where(lambda one: not any(c.is_muted for c in one.connections), "heard again")
        await caller.hang_up()
    await control.no_call()


async def test_recording(control: ControlSite, asterisk: Asterisk) -> None:
    """Started, paused, resumed, stopped; the result and the call name the file, which is named after the call."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller, _, call_id = await answered(control, trunk, phone)
        for command in ("stop_recording", "pause_recording", "resume_recording"):
            await control.refused(Refusal.WRONG_STATE, "alice", command, call_id=call_id)
        result = await control.done("alice", "start_recording", call_id=call_id)
        assert result.value.startswith(f"/var/spool/asterisk/monitor/{call_id}-")
        await control.refused(Refusal.WRONG_STATE, "alice", "start_recording", call_id=call_id)
        await control.call_where(lambda one: one.recording is RecordingState.ON, "recorded")
        await control.done("alice", "pause_recording", call_id=call_id)
        await control.call_where(lambda one: one.recording is RecordingState.PAUSED, "paused")
        await control.done("alice", "resume_recording", call_id=call_id)
        await control.call_where(lambda one: one.recording is RecordingState.ON, "recorded again")
        assert result.value == (await control.done("alice", "stop_recording", call_id=call_id)).value
        call = await control.call_where(lambda one: one.recording is RecordingState.OFF, "not recorded")
        assert (result.value,) == call.recordings
        await caller.hang_up()
    await control.no_call()


@pytest.mark.parametrize("mode", list(Monitoring))
async def test_a_supervisor_listens_in(control: ControlSite, asterisk: Asterisk, mode: Monitoring) -> None:
    """The supervisor's phone rings; once it is answered the supervisor is in the call as an observer, in that mode."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1004") as ear, Trunk(asterisk) as trunk:
        caller, _, call_id = await answered(control, trunk, phone)
        listen = {"call_id": call_id, "target": "alice", "mode": str(mode)}
        await control.refused(Refusal.NOT_ALLOWED, "bob", "monitor", **listen)
        await control.refused(Refusal.NO_SUCH_AGENT, "dora", "monitor", **listen | {"target": "nobody"})
        await control.refused(Refusal.NO_SUCH_CALL, "dora", "monitor", **listen | {"target": "chen"})
        await control.done("dora", "monitor", **listen)
        listening = await ear.rings()
        await listening.answer()
        call = await control.call_where(
            lambda one: any(c.agent == "dora" and c.monitoring is mode for c in one.connections), "dora listens"
        )
        observer = next(c for c in call.connections if c.agent == "dora")
        assert (call_id, Role.OBSERVER) == (call.id, observer.role)
        await caller.hang_up()
        assert "far-end" == await listening.cleared()
    await control.no_call()


async def test_agents_commands_go_the_same_way(control: ControlSite) -> None:
    """Not ready and ready again, by the agent and by the supervisor for the agent."""
    await control.done("alice", "log_on")
    await control.done("alice", "not_ready", reason="Lunch")
    await control.refused(Refusal.NOT_ALLOWED, "bob", "ready", agent="alice")
    await control.done("dora", "ready", agent="alice")
    await control.refused(Refusal.NO_SUCH_AGENT, "dora", "ready", agent="nobody")


async def test_who_is_not_in_the_call_does_nothing_to_it(control: ControlSite, asterisk: Asterisk) -> None:
    """A colleague's call is as if it weren't there; a supervisor and a machine act for the agent, and are named."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk, control.api.events(after=None) as stream:
        caller, _, call_id = await answered(control, trunk, phone)
        for command in ("hang_up", "hold", "mute", "start_recording", "park"):
            await control.refused(Refusal.NO_SUCH_CALL, "bob", command, call_id=call_id)
            await control.refused(Refusal.NOT_ALLOWED, "bob", command, call_id=call_id, agent="alice")
        await control.refused(Refusal.NOT_ALLOWED, "bob", "hang_up", call_id=call_id, agent="alice", id="denied")
        denied = await record_of(stream, "denied", done=False)
        assert (Actor(agent="bob"), Refusal.NOT_ALLOWED) == (denied.actor, denied.result.refusal)
        assert call_id == (await control.talking("alice")).id
        await control.done("dora", "mute", call_id=call_id, agent="alice", id="by-dora")
        assert Actor(agent="dora") == (await record_of(stream, "by-dora", done=True)).actor
        await control.done(MACHINE, "hang_up", call_id=call_id, agent="alice", id="by-machine")
        assert Actor(token="tests") == (await record_of(stream, "by-machine", done=True)).actor
        assert "far-end" == await caller.cleared()
    await control.no_call()


async def test_the_example_of_the_readme(control: ControlSite, asterisk: Asterisk) -> None:
    """As it stands there, with the hub's address and a token: the agent's phone rings."""
    examples = re.findall(r"^curl .*?'$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (example,) = (one for one in examples if "/api/v1/commands" in one)
    words = shlex.split(example.replace("\\\n", " "))
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    headers["Authorization"] = headers["Authorization"].replace("$API_TOKEN", control.hub.token)
    url = words[1].replace("http://HOST:8080", control.hub.url)
    async with Phone(asterisk, "1001") as phone:
        async with aiohttp.request("POST", url, headers=headers, data=words[words.index("-d") + 1]) as reply:
            result = msgspec.json.decode(await reply.read(), type=CommandResult)
        assert (True, 200) == (result.done, reply.status), result
        ringing = await phone.rings()
        assert result.call_id in [call.id for call in await control.api.calls()]
        await ringing.reject()
    await control.no_call()
