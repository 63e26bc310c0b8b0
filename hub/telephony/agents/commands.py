"""What an agent may do about the queues: log on and off, ready, not ready, after-call work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from hub.domain.control import AfterCallWork, AgentCommand, CommandResult, LogOff, LogOn, NotReady, Ready, Refusal
from hub.domain.phone import clean_text
from hub.telephony.agents.actions import add_member, pause_member, remove_member
from hub.telephony.agents.devices import is_phone, is_pooled
from hub.telephony.agents.members import LOGGED_OFF_REASON, MAX_REASON, RESERVED_REASONS, UNTIL_READY_REASON, Member
from hub.telephony.ami.errors import AmiActionFailed, AmiConnectionLost, AmiError, AmiTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hub.config.model import Config
    from hub.telephony.agents.pauses import ManagerOf
    from hub.telephony.agents.roster import Roster
    from hub.telephony.ami.manager import AsyncManager

log = structlog.get_logger(__name__)

SEEN_WITHIN_S = 1.0
"""How long after Asterisk's Success its event is waited for, so that whoever looks next sees what was done."""


class _RefusedError(Exception):
    """A command that is not carried out; the message is for the agent."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal


class AgentCommands:
    """Carries the commands out on the PBXs. Who may give one is decided before.

    `agent_changed` is to be called with each change that the roster tells.
    """

    def __init__(self, config: Config, roster: Roster, manager_of: ManagerOf) -> None:
        self._config = config
        self._roster = roster
        self._manager_of = manager_of
        self._waiters: set[asyncio.Future[None]] = set()

    def agent_changed(self) -> None:
        """Look again whether what was done shows."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def carry_out(self, command: AgentCommand) -> CommandResult:
        """Do it, and return how it went; returns when the change can be seen in the directory, or a second later."""
        try:
            message = await self._do(command)
        except _RefusedError as error:
            return _refused(command, error.refusal, str(error))
        except AmiTimeout as error:
            return _refused(command, Refusal.TIMED_OUT, f"The PBX did not answer in time: {error}.")
        except AmiConnectionLost as error:
            return _refused(command, Refusal.PBX_NOT_CONNECTED, f"The PBX is not connected: {error}.")
        except (AmiError, ValueError) as error:
            return _refused(command, Refusal.PBX_REFUSED, f"The PBX would not do it: {error}.")
        return CommandResult(id=command.id, done=True, message=message)

    async def _do(self, command: AgentCommand) -> str:
        if command.agent not in self._config.agents:
            raise _RefusedError(Refusal.NO_SUCH_AGENT, f"There is no agent {command.agent!r}.")
        match command:
            case LogOn():
                return await self._log_on(command)
            case LogOff():
                return await self._log_off(command)
            case Ready():
                places = self._logged_on(command.agent, command.queues, command.device)
                return await self._pause(command.agent, places, is_paused=False)
            case NotReady():
                places = self._logged_on(command.agent, command.queues, command.device)
                return await self._pause(command.agent, places, is_paused=True, reason=_free_reason(command.reason))
            case AfterCallWork():
                places = self._logged_on(command.agent, (), command.device)
                return await self._pause(command.agent, places, is_paused=True, reason=UNTIL_READY_REASON)

    async def _log_on(self, command: LogOn) -> str:
        agent = self._config.agents[command.agent]
        queues = command.queues or agent.queues
        if not queues:
            raise _RefusedError(
                Refusal.NO_SUCH_QUEUE,
                f"The configuration gives {agent.name} no queues to log on to: see agents.{command.agent}.queues.",
            )
        own = self._roster.places_of(command.agent)
        taken = {place.queue for place in own}
        for queue in queues:
            if queue not in agent.queues and queue not in taken:
                raise _RefusedError(Refusal.NOT_ALLOWED, f"{queue} is not one of the queues of {agent.name}.")
        device = self._device(command)
        goals = [(pbx, queue) for queue in queues for pbx in self._pbxs_with(command.agent, queue)]
        for pbx, queue in goals:
            manager = self._manager(pbx)
            known = next((place for place in own if (place.pbx, place.queue) == (pbx, queue)), None)
            if known is None:
                if is_pooled(device):
                    raise _RefusedError(
                        Refusal.NOT_POSSIBLE, f"{device} logs on by phone, where the PBX runs AgentLogin."
                    )
                await _add(manager, queue=queue, device=device, name=agent.name)
            elif not known.is_logged_on:
                await pause_member(manager, interface=known.interface, is_paused=False, queue=queue)
        await self._until(lambda: set(goals) <= self._seats(command.agent))
        return f"Logged on to {_listed(queue for _, queue in goals)}."

    async def _log_off(self, command: LogOff) -> str:
        places = self._logged_on(command.agent, command.queues, command.device)
        for place in places:
            manager = self._manager(place.pbx)
            if place.is_dynamic:
                await remove_member(manager, queue=place.queue, interface=place.interface)
            else:
                await pause_member(
                    manager, interface=place.interface, is_paused=True, queue=place.queue, reason=LOGGED_OFF_REASON
                )
        gone = {(place.pbx, place.queue) for place in places}
        await self._until(lambda: not gone & self._seats(command.agent))
        static = [place.queue for place in places if not place.is_dynamic]
        message = f"Logged off from {_listed(place.queue for place in places)}."
        return (
            f"{message} Paused for good in {_listed(static)}, which has this member by its file." if static else message
        )

    async def _pause(self, agent: str, places: Sequence[Member], *, is_paused: bool, reason: str = "") -> str:
        todo = [place for place in places if (place.is_paused, place.reason) != (is_paused, reason)]
        for pbx, interface in dict.fromkeys((place.pbx, place.interface) for place in todo):
            manager = self._manager(pbx)
            queues = {place.queue for place in todo if (place.pbx, place.interface) == (pbx, interface)}
            everywhere = {
                place.queue
                for place in self._roster.places_of(agent)
                if (place.pbx, place.interface) == (pbx, interface)
            }
            # One action for all of them, where it may be: nobody gets a call between two.
            for queue in [""] if queues == everywhere else sorted(queues):
                await pause_member(manager, interface=interface, is_paused=is_paused, queue=queue, reason=reason)
        keys = {place.key for place in todo}
        await self._until(
            lambda: all(
                (place.is_paused, place.reason) == (is_paused, reason)
                for place in self._roster.places_of(agent)
                if place.key in keys
            )
        )
        return f"{'Paused' if is_paused else 'Ready'} in {_listed(place.queue for place in places)}."

    def _logged_on(self, agent: str, queues: Sequence[str], device: str) -> list[Member]:
        """Return the places that are meant. Raises _RefusedError where there are none, or not in a queue named."""
        name = self._config.agents[agent].name
        places = [place for place in self._roster.places_of(agent) if place.is_logged_on]
        if device:
            self._require_device(agent, device)
            places = [place for place in places if place.device == device]
        for queue in queues:
            if all(place.queue != queue for place in places):
                raise _RefusedError(Refusal.WRONG_STATE, f"{name} is not logged on to {queue}.")
        if not places:
            away = [pbx for pbx in self._roster.pbxs_of(agent) if self._manager_of(pbx) is None]
            if away:
                raise _RefusedError(Refusal.PBX_NOT_CONNECTED, f"The PBX {_listed(away)} is not connected.")
            raise _RefusedError(Refusal.WRONG_STATE, f"{name} is not logged on to any queue: log on first.")
        return [place for place in places if not queues or place.queue in queues]

    def _pbxs_with(self, agent: str, queue: str) -> list[str]:
        """Return the connected PBXs that have a queue. Raises _RefusedError if there is none."""
        pbxs = self._roster.pbxs_of(agent)
        found = [pbx for pbx in pbxs if self._roster.book(pbx).is_in_step and self._roster.book(pbx).has_queue(queue)]
        if found:
            return found
        away = [pbx for pbx in pbxs if not self._roster.book(pbx).is_in_step]
        if away:
            raise _RefusedError(Refusal.PBX_NOT_CONNECTED, f"The PBX {_listed(away)} is not connected.")
        raise _RefusedError(Refusal.NO_SUCH_QUEUE, f"There is no queue {queue} on {_listed(pbxs)}.")

    def _device(self, command: LogOn) -> str:
        devices = self._config.agents[command.agent].devices
        if command.device:
            return self._require_device(command.agent, command.device)
        phones = [device for device in devices if is_phone(device)] or list(devices)
        if len(phones) > 1:
            raise _RefusedError(Refusal.NO_SUCH_DEVICE, f"Say at which device to log on: {_listed(phones)}.")
        return phones[0]

    def _require_device(self, agent: str, device: str) -> str:
        section = self._config.agents[agent]
        if device not in section.devices:
            raise _RefusedError(
                Refusal.NO_SUCH_DEVICE, f"{clean_text(device)} is none of the devices of {section.name}."
            )
        return device

    def _manager(self, pbx: str) -> AsyncManager:
        manager = self._manager_of(pbx)
        if manager is None:
            raise _RefusedError(Refusal.PBX_NOT_CONNECTED, f"The PBX {pbx} is not connected.")
        return manager

    def _seats(self, agent: str) -> set[tuple[str, str]]:
        return {(place.pbx, place.queue) for place in self._roster.places_of(agent) if place.is_logged_on}

    async def _until(self, is_seen: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SEEN_WITHIN_S
        while not is_seen():
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.add(waiter)
            try:
                async with asyncio.timeout_at(deadline):
                    await waiter
            except TimeoutError:
                log.info("agent_command_not_seen_yet", advice="the manager user needs read = agent")
                return
            finally:
                self._waiters.discard(waiter)


async def _add(manager: AsyncManager, *, queue: str, device: str, name: str) -> None:
    try:
        await add_member(manager, queue=queue, device=device, name=name)
    except AmiActionFailed as error:
        if "already there" not in error.reply.message.lower():
            raise


def _free_reason(text: str) -> str:
    # In Asterisk's queue_log a bar begins the next field.
    reason = clean_text(text, MAX_REASON).replace("|", "/")
    if reason in RESERVED_REASONS:
        raise _RefusedError(Refusal.NOT_POSSIBLE, f"{reason!r} is a state of its own, not a reason.")
    return reason


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _refused(command: AgentCommand, refusal: Refusal, message: str) -> CommandResult:
    return CommandResult(id=command.id, done=False, refusal=refusal, message=message)
