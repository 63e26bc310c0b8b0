"""One PBX as commands use it: actions that are answered or refused in words, and what it tells afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from hub.config.pbx import ControlSection
from hub.domain.control import Refusal
from hub.domain.event import new_id
from hub.telephony.ami.errors import AmiActionFailed, AmiConnectionLost, AmiError, AmiTimeout
from hub.telephony.control.dialplan import leads_somewhere
from hub.telephony.control.refused import RefusedError
from hub.telephony.tracker import ChannelState
from hub.telephony.tracker.calls import call_id

if TYPE_CHECKING:
    from hub.domain.call import Call, Connection
    from hub.telephony.ami.event import AmiEvent, AmiReply
    from hub.telephony.ami.manager import AsyncManager
    from hub.telephony.ami.outgoing import ActionHeaders
    from hub.telephony.link import PbxLink

RING_S = 30
"""How long a device that the hub rings for its agent may take to be answered."""

UNTOLD_S = 2.0
"""How long a command waits for whether a number that it called rings or fails, before it says that it was called."""

_RUNG = frozenset({str(int(ChannelState.RINGING)), str(int(ChannelState.UP))})

_RESPONSE_REASONS = {
    "0": "it can't be reached",
    "1": "it was not answered",
    "3": "it was not answered",
    "5": "it is busy",
    "8": "it can't be reached",
}
"""`Reason` of OriginateResponse (Asterisk's control frames) for a call that did not come about."""


class End(NamedTuple):
    """A connection and its channel: what the PBX calls it now, and its uniqueid, which events name."""

    connection: Connection
    channel: str
    uid: str


class Expected:
    """The events that were waited for, as they came in."""

    def __init__(self, is_it: Callable[[AmiEvent], bool], count: int) -> None:
        self._is_it = is_it
        self._count = count
        self.seen: list[AmiEvent] = []
        self._arrived = asyncio.Event()

    def take(self, events: Sequence[AmiEvent]) -> None:
        self.seen += [event for event in events if self._is_it(event)]
        if len(self.seen) >= self._count:
            self._arrived.set()

    async def all(self) -> list[AmiEvent]:
        """Wait until as many have come as were expected."""
        await self._arrived.wait()
        return self.seen

    async def first_within(self, seconds: float) -> AmiEvent | None:
        """Return the first, or None when none came in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return None
        return self.seen[0]


class ControlledPbx:
    """Every method raises RefusedError, in words, where the PBX is away, silent or says no.

    `parts_of` says under which ids the PBXs have the parts of a call that goes from one to the other.
    """

    def __init__(
        self, name: str, link: PbxLink, section: ControlSection, *, parts_of: Callable[[str], Sequence[str]]
    ) -> None:
        self.name = name
        self.section = section
        self._link = link
        self._parts_of = parts_of
        self._has_hub_context: AsyncManager | None = None

    @property
    def is_connected(self) -> bool:
        return self._link.manager is not None

    def call(self, call_id: str) -> Call | None:
        """Return what this PBX has of a live call."""
        found = (self._link.call(part) for part in self._parts_of(call_id))
        return next((part for part in found if part is not None), None)

    def end_of(self, call: Call, connection: Connection) -> End:
        """Return the channel behind a connection. Raises RefusedError where it is gone."""
        for channel in self._link.channels_of(call.id):
            if channel.connection == connection.id:
                return End(connection, channel.name, channel.uid)
        raise RefusedError(Refusal.WRONG_STATE, "That part of the call has just ended.")

    @asynccontextmanager
    async def expecting(self, is_it: Callable[[AmiEvent], bool], count: int = 1) -> AsyncIterator[Expected]:
        """Watch for `count` events that `is_it` knows, from before an action that brings them about."""
        expected = Expected(is_it, count)
        with self._link.watching(expected.take):
            yield expected

    async def act(self, headers: ActionHeaders) -> AmiReply:
        """Send one action."""
        manager = self._manager()
        with self._in_words():
            return await manager.send_action(headers)

    async def set_variables(self, channel: str, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            await self.act({"Action": "Setvar", "Channel": channel, "Variable": name, "Value": value})

    async def variable(self, channel: str, name: str) -> str:
        """Return a channel's variable, empty where it has none."""
        reply = await self.act({"Action": "Getvar", "Channel": channel, "Variable": name})
        return reply.get("Value")

    async def send_to(self, channel: str, extension: str) -> None:
        """Have a channel go on at a place in the hub's part of the dialplan."""
        await self.need_hub_context()
        await self._redirect(channel, self.section.hub_context, extension)

    async def send_both(self, channel: str, extension: str, other: str, other_to: str, context: str = "") -> None:
        """Move two channels at once: the first within the hub's part, the other there or in `context`.

        One after the other, the second would be hung up as soon as the first left it alone.
        """
        await self.need_hub_context()
        await self._redirect(
            channel,
            self.section.hub_context,
            extension,
            {
                "ExtraChannel": other,
                "ExtraContext": context or self.section.hub_context,
                "ExtraExten": other_to,
                "ExtraPriority": "1",
            },
        )

    async def originate(
        self,
        device: str,
        extension: str,
        *,
        caller: str,
        variables: Mapping[str, str],
        context: str = "",
        uid: str = "",
    ) -> None:
        """Ring a device and send it, once answered, to a place in the dialplan. `uid` will be its channel's uniqueid.

        Returns as soon as it rings. Raises RefusedError where it can't be reached or is busy. A device that was rung
        for a command that timed out is hung up.
        """
        if not context:
            await self.need_hub_context()
        uid, action_id = uid or f"ctihub-{new_id()}", f"originate-{new_id()}"

        def is_about_it(event: AmiEvent) -> bool:
            if event.name == "OriginateResponse":
                return event.get("ActionID") == action_id
            is_state = event.name == "Newstate" and event.get("Uniqueid") == uid
            return is_state and event.get("ChannelState") in _RUNG

        async with self.expecting(is_about_it) as expected:
            await self.act(
                {
                    "Action": "Originate",
                    "ActionID": action_id,
                    "Channel": device,
                    "ChannelId": uid,
                    "Context": context or self.section.hub_context,
                    "Exten": extension,
                    "Priority": "1",
                    "CallerID": caller,
                    "Timeout": str(RING_S * 1000),
                    "Async": "true",
                    "Variable": [f"{name}={value}" for name, value in variables.items()],
                }
            )
            try:
                first = (await expected.all())[0]
            except asyncio.CancelledError:
                await self._hang_up_quietly(uid)
                raise
        if first.name == "OriginateResponse" and first.get("Response") != "Success":
            raise RefusedError(Refusal.PBX_REFUSED, f"{device} could not be rung: {_why_not(first)}.")

    async def call_into(self, number: str, extension: str, *, caller: str, variables: Mapping[str, str]) -> None:
        """Call a number, and send it to a place in the hub's part once it answers.

        Raises RefusedError where it fails at once.
        """
        await self.need_hub_context()
        action_id = f"originate-{new_id()}"
        async with self.expecting(
            lambda event: event.name == "OriginateResponse" and event.get("ActionID") == action_id
        ) as expected:
            await self.act(
                {
                    "Action": "Originate",
                    "ActionID": action_id,
                    "Channel": f"Local/{number}@{self.section.context}",
                    "Context": self.section.hub_context,
                    "Exten": extension,
                    "Priority": "1",
                    "CallerID": caller,
                    "Timeout": str(2 * RING_S * 1000),
                    "Async": "true",
                    "Variable": [f"{name}={value}" for name, value in variables.items()],
                }
            )
            response = await expected.first_within(UNTOLD_S)
        if response is not None and response.get("Response") != "Success":
            raise RefusedError(Refusal.PBX_REFUSED, f"{number} could not be called: {_why_not(response)}.")

    async def need_hub_context(self) -> None:
        """Raise RefusedError where the hub's part of the dialplan is missing: who is sent there would be cut off."""
        manager = self._manager()
        if self._has_hub_context is manager:
            return
        context = self.section.hub_context
        if not await self._leads_somewhere(context):
            raise RefusedError(
                Refusal.NOT_POSSIBLE,
                f"The dialplan of {self.name} has no context {context!r}: include ctihub.conf there (docker/asterisk).",
            )
        self._has_hub_context = manager

    async def need_number(self, number: str) -> None:
        """Raise RefusedError where agents can't dial that number: whoever is sent there would be cut off."""
        context = self.section.context
        if not await self._leads_somewhere(context, number):
            raise RefusedError(Refusal.NOT_POSSIBLE, f"{number} can't be dialled here: {context!r} doesn't lead there.")

    async def _leads_somewhere(self, context: str, extension: str = "") -> bool:
        manager = self._manager()
        with self._in_words():
            return await leads_somewhere(manager, context, extension)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turn what goes wrong with the PBX into RefusedError."""
        try:
            yield
        except AmiActionFailed as error:
            raise RefusedError(
                Refusal.PBX_REFUSED, f"The telephone system {self.name} refused: {_words(error)}"
            ) from error
        except AmiTimeout as error:
            raise RefusedError(
                Refusal.TIMED_OUT, f"The telephone system {self.name} did not answer. Look whether it happened."
            ) from error
        except AmiConnectionLost as error:
            raise self._away() from error
        except AmiError as error:
            raise RefusedError(Refusal.PBX_REFUSED, f"The telephone system {self.name}: {error}") from error
        except ValueError as error:
            raise RefusedError(Refusal.NOT_POSSIBLE, "This can't be said to the telephone system.") from error

    async def _redirect(
        self, channel: str, context: str, extension: str, extra: Mapping[str, str] | None = None
    ) -> None:
        await self.act(
            {
                "Action": "Redirect",
                "Channel": channel,
                "Context": context,
                "Exten": extension,
                "Priority": "1",
                **(extra or {}),
            }
        )

    async def _hang_up_quietly(self, uid: str) -> None:
        """End what a command began that is given up; whether that works changes nothing about its result."""
        manager = self._link.manager
        if manager is None:
            return
        ends = [end.name for end in self._link.channels_of(call_id(self.name, uid)) if end.uid == uid]
        await asyncio.shield(asyncio.gather(*(manager.hangup(name) for name in ends), return_exceptions=True))

    def _manager(self) -> AsyncManager:
        manager = self._link.manager
        if manager is None:
            raise self._away()
        return manager

    def _away(self) -> RefusedError:
        return RefusedError(
            Refusal.PBX_NOT_CONNECTED,
            f"The telephone system {self.name} is not connected now. Use the phone itself, or try again soon.",
        )


def _words(error: AmiActionFailed) -> str:
    return error.reply.message or "no reason given"


def _why_not(response: AmiEvent) -> str:
    return _RESPONSE_REASONS.get(response.get("Reason"), "the call did not come about")
