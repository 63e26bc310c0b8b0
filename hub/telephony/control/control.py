"""Carries out commands: on the PBX that has the call, once, within the time limit, journaled."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from hub.domain.control import (
    Actor,
    AgentCommand,
    Answer,
    CallCommand,
    Command,
    CommandRecord,
    CommandResult,
    CompleteTransfer,
    Conference,
    Consult,
    Dial,
    HangUp,
    Hold,
    Monitor,
    Mute,
    Park,
    PauseRecording,
    PickUp,
    Reconnect,
    Refusal,
    ResumeRecording,
    Retrieve,
    SendDigits,
    StartRecording,
    StopRecording,
    Transfer,
    Unmute,
)
from hub.domain.event import dialled_channel
from hub.telephony.control import calling, moving, recording, talking
from hub.telephony.control.ledger import Ledger
from hub.telephony.control.outcome import Outcome
from hub.telephony.control.part import find_calls, find_part
from hub.telephony.control.refused import RefusedError

if TYPE_CHECKING:
    from hub.config.model import AgentSection
    from hub.domain.ports import AgentDirectory, EventJournal
    from hub.telephony.control.pbx import ControlledPbx

log = structlog.get_logger(__name__)

_AGENT_COMMAND_S = 10.0
_AT_ANY_TIME = (Answer, HangUp, Mute, Unmute, SendDigits)
"""Commands that look at nothing which another one changes: they don't wait for one that is under way."""

_LOST = "The connection to the telephone system was lost meanwhile. Look whether it happened."
_TOO_LATE = "Its deadline had passed before it could begin: nothing was done."
_TURN_TOO_LATE = "Another command of this agent took too long: nothing was done."
_TIMED_OUT = "The telephone system did not do it in time. Look whether it happened."


class AgentCommandCarrier(Protocol):
    """Carries out what is about agents and queues."""

    async def carry_out(self, command: AgentCommand) -> CommandResult: ...


class Control:
    """The calls' part of hub.domain.ports.CallControl, with what is about agents handed on to `agent_commands`.

    `agents` are those of the configuration by id; `pbxs` in the order of the configuration. `directory` tells which
    queues an agent is in for whom the configuration names none.
    """

    def __init__(
        self,
        pbxs: Sequence[ControlledPbx],
        *,
        agents: Mapping[str, AgentSection],
        agent_commands: AgentCommandCarrier,
        directory: AgentDirectory,
        journal: EventJournal,
    ) -> None:
        self._pbxs = tuple(pbxs)
        self._agents = agents
        self._directory = directory
        self._agent_commands = agent_commands
        self._turns = {agent: asyncio.Lock() for agent in agents}
        self._ledger = Ledger(journal)

    async def execute(self, command: Command, actor: Actor, *, within_s: float | None = None) -> CommandResult:
        """Return how it went; a refusal is a result too. A command id that was seen before changes nothing.

        What about a call has not begun within `within_s` seconds, having had to wait its turn, is not begun any more.
        """
        begins_by = None if within_s is None else time.monotonic() + within_s
        return await self._ledger.once(command, actor, lambda: self._carry_out(command, actor, begins_by))

    async def has_seen(self, command: Command, actor: Actor) -> bool:
        """Whether a command of that id was given by this one before, as far as memory and journal know."""
        return await self._ledger.has_seen(command, actor)

    async def refuse(self, command: Command, actor: Actor, refusal: Refusal, message: str) -> CommandResult:
        """Journal that a command was not even tried, and return that as its result."""
        result = CommandResult(id=command.id, done=False, refusal=refusal, message=message)
        await self._ledger.write(CommandRecord(command=command, actor=actor, asked_at=datetime.now(UTC), result=result))
        return result

    async def close(self) -> None:
        """Wait for commands that are under way."""
        await self._ledger.close()

    async def _carry_out(self, command: Command, actor: Actor, begins_by: float | None) -> CommandRecord:
        asked_at = datetime.now(UTC)
        pbx: ControlledPbx | None = None
        has_begun = False
        try:
            if isinstance(command, AgentCommand):
                has_begun = True
                result = await self._about_agent(command)
            else:
                pbx = self._pbx_of(command)
                async with asyncio.timeout(_limit(command, pbx)), self._turn(command):
                    if begins_by is not None and time.monotonic() > begins_by:
                        raise RefusedError(Refusal.TIMED_OUT, _TOO_LATE)  # noqa: TRY301 - told as any other refusal
                    has_begun = True
                    outcome = await self._about_call(command, actor)
                result = CommandResult(
                    id=command.id, done=True, message=outcome.message, value=outcome.value, call_id=outcome.call_id
                )
        except RefusedError as refused:
            result = _refused(command, refused.refusal, refused.message)
        except TimeoutError:
            result = _refused(command, Refusal.TIMED_OUT, _TIMED_OUT if has_begun else _TURN_TOO_LATE)
            if pbx is not None and not pbx.is_connected:
                result = _refused(command, Refusal.PBX_NOT_CONNECTED, _LOST)
        except Exception:
            log.exception("command_failed", command=type(command).__name__, agent=command.agent)
            result = _refused(command, Refusal.NOT_POSSIBLE, "The hub made a mistake. It is in the hub's log.")
        log.info(
            "command",
            command=type(command).__struct_config__.tag,
            agent=command.agent,
            by=actor.agent or actor.token or actor.rule,
            done=result.done,
            refusal=result.refusal,
        )
        return CommandRecord(
            command=command, actor=actor, asked_at=asked_at, result=result, pbx=pbx.name if pbx else ""
        )

    def _turn(self, command: CallCommand) -> AbstractAsyncContextManager[object]:
        """Return what lets one agent's commands be carried out one after the other.

        Most look first at what the PBX has of the call: two at once would record it twice, or hold and park it.
        """
        turn = None if isinstance(command, _AT_ANY_TIME) else self._turns.get(command.agent)
        return contextlib.nullcontext() if turn is None else turn

    async def _about_agent(self, command: AgentCommand) -> CommandResult:
        self._agent(command.agent)
        async with asyncio.timeout(_AGENT_COMMAND_S):
            return await self._agent_commands.carry_out(command)

    async def _about_call(self, command: CallCommand, actor: Actor) -> Outcome:  # noqa: C901, PLR0911, PLR0912 - one line a command
        if isinstance(command, Dial):
            station = self._station(command.agent, command.device)
            return await calling.dial(station, command.to, dialled_channel(command, actor))
        if isinstance(command, PickUp):
            return await self._pick_up(command)
        if isinstance(command, Monitor):
            return await self._monitor(command)
        self._agent(command.agent)
        part = find_part(self._pbxs, command.call_id, command.agent, command.device)
        match command:
            case Answer():
                return await talking.answer(part)
            case HangUp():
                return await talking.hang_up(part)
            case Hold():
                return await talking.hold(part)
            case Retrieve():
                return await talking.retrieve(part)
            case SendDigits(digits=digits):
                return await talking.send_digits(part, digits)
            case Mute():
                return await talking.mute(part, on=True)
            case Unmute():
                return await talking.mute(part, on=False)
            case Transfer(to=to):
                return await moving.transfer(part, to)
            case Consult(to=to):
                return await moving.consult(part, to)
            case CompleteTransfer():
                return await moving.complete_transfer(part)
            case Reconnect():
                return await moving.reconnect(part)
            case Conference(to=to):
                return await moving.conference(part, to)
            case Park():
                return await moving.park(part)
            case StartRecording():
                return await recording.start(part)
            case StopRecording():
                return await recording.stop(part)
            case PauseRecording():
                return await recording.pause(part, on=True)
            case ResumeRecording():
                return await recording.pause(part, on=False)

    async def _pick_up(self, command: PickUp) -> Outcome:
        """Let an agent take a call of their own queues, or one that is in no queue; a supervisor any."""
        agent = self._agent(command.agent)
        parts = find_calls(self._pbxs, command.call_id)
        queue = next((call.queue for _, call in parts if call.queue), None)
        if queue and agent.role != "supervisor" and queue not in (agent.queues or self._queues_of(command.agent)):
            raise RefusedError(Refusal.NOT_ALLOWED, f"This call belongs to queue {queue}, which is not yours.")
        station = self._station(command.agent, command.device, [pbx for pbx, _ in parts])
        return await calling.pick_up(station, next(call for pbx, call in parts if pbx is station.pbx))

    def _queues_of(self, agent_id: str) -> set[str]:
        """Return the queues that an agent is logged on to."""
        status = self._directory.agent(agent_id)
        return {place.queue for place in status.queues} if status is not None else set()

    async def _monitor(self, command: Monitor) -> Outcome:
        self._agent(command.target)
        if command.target == command.agent:
            raise RefusedError(Refusal.NOT_POSSIBLE, "Nobody can listen in on themselves.")
        target = find_part(self._pbxs, command.call_id, command.target, "")
        return await calling.monitor(self._station(command.agent, command.device, [target.pbx]), target, command.mode)

    def _agent(self, agent_id: str) -> AgentSection:
        agent = self._agents.get(agent_id)
        if agent is None:
            raise RefusedError(Refusal.NO_SUCH_AGENT, f"There is no agent {agent_id!r} here.")
        return agent

    def _station(self, agent_id: str, device: str, only_on: Sequence[ControlledPbx] | None = None) -> calling.Station:
        """Return the device that is to be rung: the one named, or the agent's first; on one of these PBXs."""
        agent = self._agent(agent_id)
        if device and device not in agent.devices:
            raise RefusedError(Refusal.NO_SUCH_DEVICE, f"{agent_id} has no device {device!r}.")
        possible = [pbx for pbx in only_on or self._pbxs if agent.pbx in (None, pbx.name)]
        if not possible:
            raise RefusedError(Refusal.NOT_POSSIBLE, f"That call is on a PBX where {agent_id} has no phone.")
        best = next((pbx for pbx in possible if pbx.is_connected), possible[0])
        return calling.Station(best, device or agent.devices[0], agent.name)

    def _pbx_of(self, command: CallCommand) -> ControlledPbx | None:
        """Return which PBX a command is for; None where that can't be said."""
        try:
            if isinstance(command, Dial):
                return self._station(command.agent, command.device).pbx
            if isinstance(command, PickUp):
                return find_calls(self._pbxs, command.call_id)[0][0]
            agent = command.target if isinstance(command, Monitor) else command.agent
            return find_part(self._pbxs, command.call_id, agent, command.device).pbx
        except RefusedError:
            return None


def _limit(command: CallCommand, pbx: ControlledPbx | None) -> float:
    """Return how long a command may take, in seconds: many digits take longer."""
    limit = pbx.section.timeout_s if pbx else _AGENT_COMMAND_S
    return limit + len(command.digits) * talking.DIGIT_S if isinstance(command, SendDigits) else limit


def _refused(command: Command, refusal: Refusal, message: str) -> CommandResult:
    return CommandResult(id=command.id, done=False, refusal=refusal, message=message)
