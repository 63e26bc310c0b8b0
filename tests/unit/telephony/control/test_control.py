"""Commands against a PBX that answers as it is told: what is sent, and what is made of a no."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from hub.config.model import AgentSection
from hub.config.pbx import ControlSection, PbxSection
from hub.domain.agent import AgentState, AgentStatus, Membership
from hub.domain.call import CallEvent
from hub.domain.control import (
    Actor,
    AgentCommand,
    Answer,
    CommandResult,
    Dial,
    HangUp,
    Mute,
    PickUp,
    Ready,
    Refusal,
    StartRecording,
    Transfer,
)
from hub.telephony.control.control import Control
from hub.telephony.control.pbx import ControlledPbx
from hub.telephony.link import PbxLink
from tests.unit.desk.ports import Directory, MemoryJournal
from tests.unit.telephony.ami.peer import SECRET, USERNAME, error, message, silence, success
from tests.unit.telephony.test_link import AGENTS, CALL, Exchange, listed
from tests.waiting import eventually

ALICE = Actor(agent="alice")
PHONES = {**AGENTS, "SIP/1001": "alice"}
ANSWERED = max(number for number, text in enumerate(CALL) if text.startswith("Event: BridgeEnter")) + 1


class QueueHand:
    """What carries out the commands about agents."""

    async def carry_out(self, command: AgentCommand) -> CommandResult:
        return CommandResult(id=command.id, done=True, message="by the other")


class Bench:
    """A PBX with a call that alice talks in, and the control over it."""

    def __init__(self, pbx: Exchange) -> None:
        self.pbx = pbx
        section = PbxSection(
            host="127.0.0.1",
            port=pbx.port,
            username=USERNAME,
            secret=SecretStr(SECRET),
            trunks=("PJSIP/trunk",),
            control=ControlSection(timeout_s=0.5),
        )
        self.steps: list[CallEvent] = []
        self.link = PbxLink("main", section, region="DE", agents_by_device=PHONES, on_call_event=self.steps.append)
        self.journal = MemoryJournal()
        self.parts: dict[str, tuple[str, ...]] = {}
        self.directory = Directory()
        self.control = Control(
            [ControlledPbx("main", self.link, section.control, parts_of=self.parts_of)],
            agents={
                "alice": AgentSection(name='Ali"ce <x>', devices=("PJSIP/1001", "PJSIP/1009")),
                "bob": AgentSection(name="Bob", devices=("PJSIP/1002",), pbx="other"),
                "chen": AgentSection(name="Chen", devices=("PJSIP/1003",), queues=("sales",)),
                "dora": AgentSection(name="Dora", devices=("PJSIP/1004",)),
            },
            agent_commands=QueueHand(),
            directory=self.directory,
            journal=self.journal,
        )
        self._number = 0

    def parts_of(self, call_id: str) -> tuple[str, ...]:
        """Return the ids that a call has on its PBXs."""
        return self.parts.get(call_id, (call_id,))

    async def answered(self) -> str:
        """Play the recorded call up to its answer; return its id."""
        self.pbx.tell(*CALL[:ANSWERED])
        await eventually(lambda: any(step.kind == "established" for step in self.steps), "alice talks")
        return self.steps[-1].call.id

    async def give(self, kind: type[Any], **fields: Any) -> CommandResult:
        self._number += 1
        command = kind(**{"id": f"n{self._number}", "agent": "alice", **fields})
        return await self.control.execute(command, ALICE)

    def sent(self, action: str) -> list[dict[str, str]]:
        """Return these actions, as the PBX got them."""
        return [one for one in self.pbx.actions if one["Action"] == action]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Run it, with a dialplan that leads everywhere."""
    async with Exchange() as pbx:
        pbx.answers |= {
            "ShowDialPlan": lambda action: listed(action, ("ListDialplan", "Extension: x", "Priority: 1")),
            "Getvar": lambda action: success(action, "Value: "),
            "Setvar": success,
            "ParkedCalls": listed,
        }
        running = Bench(pbx)
        await running.link.start()
        await eventually(lambda: running.link.status().connected, "connected")
        yield running
        await running.control.close()
        await running.link.stop()


async def test_what_asterisk_says_to_a_refused_action_is_told(bench: Bench) -> None:
    """Its words are in the message; the refusal is journaled with PBX, agent and actor."""
    call_id = await bench.answered()
    bench.pbx.answers["Hangup"] = lambda action: error(action, "No such channel")
    result = await bench.give(HangUp, call_id=call_id)
    assert Refusal.PBX_REFUSED is result.refusal
    assert "No such channel" in result.message
    assert ("cti.command.refused", "/pbx/main", call_id) == (
        bench.journal.stored[0].type,
        bench.journal.stored[0].source,
        bench.journal.stored[0].subject,
    )


async def test_an_action_without_its_effect_is_a_time_out(bench: Bench) -> None:
    """Asterisk said yes and nothing happened: that is no success."""
    call_id = await bench.answered()
    bench.pbx.answers["Hangup"] = success
    result = await bench.give(HangUp, call_id=call_id)
    assert Refusal.TIMED_OUT is result.refusal
    bench.pbx.answers["MuteAudio"] = silence
    assert Refusal.TIMED_OUT is (await bench.give(Mute, call_id=call_id)).refusal


async def test_a_number_that_a_switch_may_lead_to_is_dialled(bench: Bench) -> None:
    """A realtime dialplan doesn't list its numbers; a hint alone is no place to go to."""
    bench.pbx.answers["Originate"] = lambda action: (
        success(action)
        + message("Event: OriginateResponse", f"ActionID: {action['ActionID']}", "Response: Failure", "Reason: 5")
    )
    bench.pbx.answers["ShowDialPlan"] = lambda action: listed(action, ("ListDialplan", "Priority: hint"))
    assert Refusal.NOT_POSSIBLE is (await bench.give(Dial, to="5000")).refusal
    bench.pbx.answers["ShowDialPlan"] = lambda action: listed(action, ("ListDialplan", "Switch: Realtime/@"))
    result = await bench.give(Dial, to="5000")
    assert (Refusal.PBX_REFUSED, "PJSIP/1001 could not be rung: it is busy.") == (result.refusal, result.message)


async def test_how_an_agents_call_is_shown_can_not_be_abused(bench: Bench) -> None:
    """Quotes and brackets of a name end nothing in the caller id; the extension is the device's."""
    bench.pbx.answers["Originate"] = lambda action: error(action, "no")
    await bench.give(Dial, to="5000")
    assert '"Alice x" <1001>' == bench.sent("Originate")[0]["CallerID"]
    await bench.give(Dial, to="5000", device="PJSIP/1009")
    assert "PJSIP/1009" == bench.sent("Originate")[1]["Channel"]
    assert Refusal.NO_SUCH_DEVICE is (await bench.give(Dial, to="5000", device="PJSIP/7")).refusal
    assert Refusal.NO_SUCH_AGENT is (await bench.give(Dial, to="5000", agent="zoe")).refusal
    assert Refusal.NOT_POSSIBLE is (await bench.give(Dial, to="5000", agent="bob")).refusal


async def test_a_recording_is_named_by_the_hub(bench: Bench) -> None:
    """The file lies in the configured folder and is named after the call: nothing of it comes from outside."""
    call_id = await bench.answered()
    bench.pbx.answers["MixMonitor"] = success
    result = await bench.give(StartRecording, call_id=call_id)
    file = bench.sent("MixMonitor")[0]["File"]
    assert file == result.value
    assert re.fullmatch(r"/var/spool/asterisk/monitor/main-[A-Za-z0-9._-]+-[0-9T]+\.wav", file)


async def test_one_begins_what_two_ask_for_at_once(bench: Bench) -> None:
    """A second click, or a supervisor in the same moment: the later one finds what the first has done."""
    call_id = await bench.answered()
    variables: dict[str, str] = {}

    def set_variable(action: dict[str, str]) -> bytes:
        variables[action["Variable"]] = action["Value"]
        return success(action)

    bench.pbx.answers |= {
        "Setvar": set_variable,
        "Getvar": lambda action: success(action, f"Value: {variables.get(action['Variable'], '')}"),
        "MixMonitor": success,
    }
    results = await asyncio.gather(*(bench.give(StartRecording, call_id=call_id) for _ in range(2)))
    assert [None, Refusal.WRONG_STATE] == [result.refusal for result in results]
    assert 1 == len(bench.sent("MixMonitor"))


async def test_what_is_too_late_to_begin_is_not_begun(bench: Bench) -> None:
    """A call that had to wait for another command of its agent's past its deadline is not dialled, now or later."""
    call_id = await bench.answered()
    bench.pbx.answers["Getvar"] = silence
    recording = asyncio.create_task(bench.give(StartRecording, call_id=call_id))
    await eventually(lambda: bench.sent("Getvar"), "it is under way")
    bench.pbx.answers["Getvar"] = lambda action: success(action, "Value: ")
    dial = Dial(id="late", agent="alice", to="5000")
    result = await bench.control.execute(dial, ALICE, within_s=0.01)
    assert (Refusal.TIMED_OUT, True) == (result.refusal, "nothing was done" in result.message)
    await recording
    assert result == await bench.control.execute(dial, ALICE)
    assert [] == bench.sent("Originate")


async def test_whose_turn_does_not_come_is_not_begun(bench: Bench) -> None:
    """Waiting for another command of its agent's takes all of its time: it is told that nothing was done."""
    async with bench.control._turns["alice"]:
        result = await bench.control.execute(Dial(id="late", agent="alice", to="5000"), ALICE)
    assert (Refusal.TIMED_OUT, True) == (result.refusal, "nothing was done" in result.message)
    assert [] == bench.sent("Originate")


async def test_hanging_up_waits_for_nothing(bench: Bench) -> None:
    """Whatever is under way for the agent: the call can be ended."""
    call_id = await bench.answered()
    bench.pbx.answers |= {"Getvar": silence, "Hangup": lambda action: error(action, "No such channel")}
    recording = asyncio.create_task(bench.give(StartRecording, call_id=call_id))
    await eventually(lambda: bench.sent("Getvar"), "it is under way")
    assert Refusal.PBX_REFUSED is (await bench.give(HangUp, call_id=call_id)).refusal
    assert not recording.done()
    assert Refusal.TIMED_OUT is (await recording).refusal


async def test_a_number_that_leads_nowhere_costs_no_caller(bench: Bench) -> None:
    """The caller is not sent there."""
    call_id = await bench.answered()
    bench.pbx.answers["ShowDialPlan"] = lambda action: error(action, "Did not find extension 7777@from-phones")
    result = await bench.give(Transfer, call_id=call_id, to="7777")
    assert Refusal.NOT_POSSIBLE is result.refusal
    assert [] == bench.sent("BlindTransfer")


async def test_a_queues_call_is_picked_up_by_its_own_agents(bench: Bench) -> None:
    """No other queue's: theirs are those of the configuration, or those that they are logged on to."""
    call_id = await bench.answered()
    for agent in ("chen", "dora"):
        result = await bench.give(PickUp, call_id=call_id, agent=agent)
        assert (Refusal.NOT_ALLOWED, []) == (result.refusal, bench.sent("Originate"))
    place = Membership(pbx="main", queue="support", device="PJSIP/1004")
    bench.directory.known["dora"] = AgentStatus(
        agent="dora", name="Dora", state=AgentState.READY, since=datetime.now(UTC), queues=(place,)
    )
    assert Refusal.WRONG_STATE is (await bench.give(PickUp, call_id=call_id, agent="dora")).refusal


async def test_a_call_over_two_pbxs_is_reached_by_its_part(bench: Bench) -> None:
    """The id is that of the whole; what is done is done where the agent is."""
    bench.parts["other-1"] = ("other-1", await bench.answered())
    bench.pbx.answers["MixMonitor"] = success
    assert (await bench.give(StartRecording, call_id="other-1")).done
    assert bench.sent("MixMonitor")[0]["Channel"].startswith("PJSIP/1001-")
    assert ("cti.command.carried_out", "/pbx/main", "other-1") == (
        bench.journal.stored[0].type,
        bench.journal.stored[0].source,
        bench.journal.stored[0].subject,
    )


async def test_what_is_about_agents_is_handed_on(bench: Bench) -> None:
    """With its result; an agent that isn't there is refused before."""
    assert "by the other" == (await bench.give(Ready)).message
    assert Refusal.NO_SUCH_AGENT is (await bench.give(Ready, agent="zoe")).refusal


async def test_without_the_pbx_nothing_is_sent(bench: Bench) -> None:
    """It is said that it is away, and where there is no such call that."""
    await bench.pbx.stop()
    await eventually(lambda: not bench.link.status().connected, "lost")
    assert Refusal.PBX_NOT_CONNECTED is (await bench.give(Dial, to="5000")).refusal
    assert Refusal.NO_SUCH_CALL is (await bench.give(HangUp, call_id="main-none")).refusal
    await bench.pbx.restart()


async def test_a_phone_on_chan_sip_is_told_to_answer_within_its_call(bench: Bench) -> None:
    """By its name and SIP's own name of the call; where that is not known it can't be told."""
    call = [text.replace("PJSIP/1001", "SIP/1001") for text in CALL]
    up = next(
        number
        for number, text in enumerate(call)
        if text.startswith("Event: Newstate") and "Channel: SIP/1001" in text and "ChannelState: 6" in text
    )
    bench.pbx.tell(*call[:up])
    await eventually(lambda: any(step.kind == "delivered" for step in bench.steps), "alice's phone ringing")
    call_id = bench.steps[-1].call.id
    assert Refusal.NOT_POSSIBLE is (await bench.give(Answer, call_id=call_id)).refusal
    assert [] == bench.sent("SIPnotify")
    bench.pbx.answers["Getvar"] = lambda action: success(
        action, "Value: 5f3a@192.0.2.1" if action["Variable"] == "SIPCALLID" else "Value: "
    )
    bench.pbx.answers["SIPnotify"] = lambda action: success(action) + f"{call[up]}\r\n\r\n".encode()
    assert (await bench.give(Answer, call_id=call_id)).done
    [sent] = bench.sent("SIPnotify")
    assert ("SIP/1001", "5f3a@192.0.2.1", "Event=talk") == (sent["Channel"], sent["Call-ID"], sent["Variable"])
