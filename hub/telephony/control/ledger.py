"""Which commands were seen: each is carried out once, and a second one with its id gets the first one's result."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog

from hub.domain.control import Actor, Command, CommandRecord, CommandResult, Refusal, SendDigits
from hub.domain.event import command_event, command_event_id, decode_event
from hub.domain.ports import StoreError

if TYPE_CHECKING:
    from hub.domain.ports import EventJournal

log = structlog.get_logger(__name__)

REMEMBERED = 10_000
"""Commands of which the result is in memory; of older ones the journal tells."""

_HIDDEN = "*"


class _Seen(NamedTuple):
    command: Command
    outcome: asyncio.Task[CommandResult]


class Ledger:
    """Remembers commands by who gave them and their id: in memory, and beyond a restart by the journal.

    The id of a command's event is made from both, so that the journal holds one at most, and finds it.
    """

    def __init__(self, journal: EventJournal, *, remembered: int = REMEMBERED) -> None:
        self._journal = journal
        self._remembered = remembered
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    async def once(
        self, command: Command, actor: Actor, carry_out: Callable[[], Awaitable[CommandRecord]]
    ) -> CommandResult:
        """Carry a command out unless it was seen before; return its first result.

        Goes on to the end, journal included, even where the one who asks goes away meanwhile.
        """
        key = command_event_id(command, actor)
        seen = self._seen.get(key)
        if seen is None:
            seen = _Seen(command, asyncio.create_task(self._first(command, actor, carry_out)))
            self._seen[key] = seen
            self._forget_oldest()
        elif seen.command != command:
            return await self._reused(command, actor)
        return await asyncio.shield(seen.outcome)

    async def has_seen(self, command: Command, actor: Actor) -> bool:
        """Whether one of that id came before; one that a hub was killed with may not be known."""
        key = command_event_id(command, actor)
        return key in self._seen or await self._journaled(key) is not None

    async def write(self, record: CommandRecord) -> None:
        """Journal a command; what can't be journaled is in the log."""
        hidden = msgspec.structs.replace(record, command=_without_digits(record.command))
        try:
            await self._journal.append(command_event(hidden))
        except StoreError as error:
            log.error(  # noqa: TRY400 - the reason says it all
                "command_not_journaled",
                command=record.command.id,
                agent=record.command.agent,
                done=record.result.done,
                reason=str(error),
            )

    async def close(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*(seen.outcome for seen in self._seen.values()), return_exceptions=True)

    async def _first(
        self, command: Command, actor: Actor, carry_out: Callable[[], Awaitable[CommandRecord]]
    ) -> CommandResult:
        earlier = await self._journaled(command_event_id(command, actor))
        if earlier is not None:
            if earlier.command != _without_digits(command):
                return await self._reused(command, actor)
            return earlier.result
        record = await carry_out()
        await self.write(record)
        return record.result

    async def _journaled(self, event_id: str) -> CommandRecord | None:
        """Return what the journal has of a command that was given before the hub was started."""
        try:
            position = await self._journal.position_of(event_id)
            stored = [] if position is None else await self._journal.read(position - 1, 1)
        except StoreError as error:
            log.warning("command_not_looked_up", reason=str(error))
            return None
        if not stored or stored[0].id != event_id:
            return None
        try:
            data = decode_event(stored[0].body).data
        except msgspec.ValidationError as error:
            log.warning("command_unreadable", reason=str(error))
            return None
        return data if isinstance(data, CommandRecord) else None

    async def _reused(self, command: Command, actor: Actor) -> CommandResult:
        result = CommandResult(
            id=command.id,
            done=False,
            refusal=Refusal.ID_REUSED,
            message="This id was used for another command before. Give each command an id of its own.",
        )
        await self.write(CommandRecord(command=command, actor=actor, asked_at=datetime.now(UTC), result=result))
        return result

    def _forget_oldest(self) -> None:
        while len(self._seen) > self._remembered:
            oldest = next(iter(self._seen))
            if not self._seen[oldest].outcome.done():
                return
            del self._seen[oldest]


def _without_digits(command: Command) -> Command:
    """Return the command as it may be written down: digits that are sent are codes and card numbers."""
    return msgspec.structs.replace(command, digits=_HIDDEN) if isinstance(command, SendDigits) else command
