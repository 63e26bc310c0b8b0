"""Keeps callbacks, and has customers called when somebody is free; every step is durable before it is taken."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol

import msgspec
import structlog

from hub.callbacks import steps
from hub.callbacks.book import ACTOR, CallbackBook, channel_of, dial_of
from hub.callbacks.calls import CallsMade
from hub.callbacks.choice import next_agent
from hub.callbacks.numbers import dialled_number
from hub.config.web_feed import CallbackSection
from hub.domain.call import Call, CallEvent, CallEventKind, Direction
from hub.domain.callback import Callback, CallbackReason, CallbackState
from hub.domain.control import HangUp, Refusal
from hub.domain.event import Event
from hub.domain.ports import (
    AgentDirectory,
    CallArchive,
    CallbackRefusedError,
    CallControl,
    EventJournal,
    LiveCalls,
    StatusSource,
    StoreError,
)

log = structlog.get_logger(__name__)

LOOK_S: Final = 1.0
"""How often it is looked who is free while somebody waits: most of what makes a difference tells so itself."""

LEFT_ALONE: Final = timedelta(seconds=60)
"""How long an agent whose phone was not answered is offered no other callback."""

MISSED: Final = timedelta(seconds=10)
"""After this time a call that a connected PBX does not have is over, or never came about."""

MAX_AHEAD: Final = timedelta(days=30)
_DIAL_WITHIN_S: Final = 5.0


class CallbackStore(CallArchive, Protocol):
    """What is kept of callbacks and calls."""

    async def callback(self, callback_id: str) -> Callback | None: ...

    async def open_callbacks(self) -> Sequence[Callback]: ...


class _Told(NamedTuple):
    """What a call had to say about a callback."""

    callback_id: str
    dial: int
    call: Call


class CallbackService:
    """The `Callbacks` of hub/domain/ports.py. To be used within one event loop.

    `sites` are the feeds that offer callbacks. `on_recorded` hears of each change as a contact of its customer,
    `on_changed` of each callback as it stands, both from within the event loop: they must not wait. A dial
    has an id that follows from the callback and its count, and that is durable before it is given: whatever happens in
    between, it is not given twice.
    """

    def __init__(
        self,
        sites: Mapping[str, CallbackSection],
        *,
        region: str,
        journal: EventJournal,
        store: CallbackStore,
        control: CallControl,
        directory: AgentDirectory,
        live: LiveCalls,
        status: StatusSource,
        on_recorded: Callable[[Event], None],
        on_changed: Callable[[Callback], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        look_s: float = LOOK_S,
    ) -> None:
        self._sites = sites
        self._region = region
        self._store = store
        self._control = control
        self._directory = directory
        self._live = live
        self._calls = CallsMade(live, directory, status, store)
        self._book = CallbackBook(journal, live, on_recorded=on_recorded, on_changed=on_changed)
        self._clock = clock
        self._look_s = look_s
        self._ringing: dict[str, bool] = {}
        """By channel, the dials of which is not known yet how they went; whether the call is still wanted."""
        self._since: dict[str, datetime] = {}
        self._left_alone: dict[str, datetime] = {}
        self._told: deque[_Told] = deque()
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take up those that are not over. Raises StoreError."""
        now = self._clock()
        for callback in await self._store.open_callbacks():
            self._book.keep(callback)
            self._since[callback.id] = now
        self._spawn(self._run(), "callbacks")

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many were requested, and how many ended in each way, since the hub was started."""
        return self._book.counts

    def waiting(self) -> Sequence[Callback]:
        """Return those that are not over, the oldest first."""
        return self._book.all()

    async def callback(self, callback_id: str) -> Callback | None:
        """Return it as it stands, over or not."""
        return self._book.get(callback_id) or await self._store.callback(callback_id)

    def callback_of(self, call: Call) -> Callback | None:
        """Return the callback that a call was made for, as it was when its dial began."""
        return self._book.of_call(call.id)

    async def request(self, callback: Callback) -> Callback:
        """Return it once it is durable; one for the same number that is not over is returned in its place."""
        section = self._sites.get(callback.site)
        if section is None:
            raise CallbackRefusedError("not_offered", "Callbacks are not offered here.")
        phone = dialled_number(
            callback.phone,
            region=self._region,
            countries=section.countries or (self._region,),
            not_called=section.not_called,
        )
        async with self._turn:
            at = self._clock()
            if callback.not_before is not None and callback.not_before > at + MAX_AHEAD:
                raise CallbackRefusedError("too_far_ahead", f"At most {MAX_AHEAD.days} days ahead.")
            same = self._book.of_number(phone)
            if same is not None:
                return same
            if self._book.count_of(callback.site) >= section.most:
                raise CallbackRefusedError("too_many", "Too many are waiting already. Please call, or try again later.")
            asked = steps.placed(msgspec.structs.replace(callback, phone=phone), section, at)
            await self._book.change(asked)
            self._book.counts["requested"] += 1
        self._wake.set()
        return asked

    async def cancel(self, callback_id: str, *, reason: str) -> Callback | None:
        """Return it as it stands now; whatever rings for it is hung up."""
        async with self._turn:
            callback = self._book.get(callback_id)
            if callback is not None:
                await self._end(callback, CallbackState.CANCELLED, reason)
        return await self._store.callback(callback_id)

    def call_happened(self, event: CallEvent) -> None:
        """Hear of a step of any call; returns at once."""
        call = event.call
        callback = self._book.of_call(call.id)
        if callback is not None:
            if event.kind is CallEventKind.CLEARED:
                self._book.call_is_over(call.id)
            if event.kind is CallEventKind.CLEARED or steps.both_talk(call, callback.agent):
                self._hear(_Told(callback.id, callback.dials, call))
        elif not self._book:
            return
        elif event.kind is CallEventKind.ESTABLISHED and call.direction is Direction.INBOUND:
            asked = self._book.of_number(call.customer_number.e164)
            if asked is not None and any(part.agent and part.connected_at for part in call.connections):
                self._hear(_Told(asked.id, asked.dials, call))
        elif event.kind is CallEventKind.CLEARED:
            self._wake.set()

    def floor_changed(self) -> None:
        """Hear that agents or queues are not as they were."""
        if self._book:
            self._wake.set()

    def _hear(self, told: _Told) -> None:
        self._told.append(told)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_s if self._book else None):
                    await self._wake.wait()
            self._wake.clear()
            try:
                async with self._turn:
                    await self._look()
            except StoreError as error:
                # Nothing is done that is not durable: it is looked again, with what was told meanwhile.
                log.warning("callbacks_not_stored", reason=str(error))
                await asyncio.sleep(self._look_s)
                self._wake.set()
            except Exception:
                # One that the hub stumbles on must not keep the others waiting for ever.
                log.exception("callbacks_failed")
                await asyncio.sleep(self._look_s)

    async def _look(self) -> None:
        while self._told:
            told = self._told.popleft()
            try:
                await self._take(told)
            except StoreError:
                self._told.appendleft(told)
                raise
        now = self._clock()
        in_use = {call.customer_number.e164 for call in self._live.live_calls()}
        nobody_is_free: set[str] = set()
        for callback in self.waiting():
            section = self._sites.get(callback.site)
            if section is None or steps.is_expired(callback, now):
                await self._end(callback, CallbackState.EXPIRED)
            elif callback.state is CallbackState.CALLING:
                await self._look_after(callback, now)
            elif callback.site not in nobody_is_free and steps.is_due(callback, section, now):
                agent = self._next_agent(section, now)
                if agent is None:
                    nobody_is_free.add(callback.site)
                elif callback.phone not in in_use:
                    await self._have_called(callback, agent, now)

    async def _take(self, told: _Told) -> None:
        callback = self._book.get(told.callback_id)
        if callback is None:
            return
        if told.call.direction is Direction.INBOUND:
            await self._end(callback, CallbackState.DONE, CallbackReason.CUSTOMER_CALLED)
        elif callback.state is CallbackState.CALLING and callback.dials == told.dial:
            await self._settle(callback, told.call)

    def _next_agent(self, section: CallbackSection, now: datetime) -> str | None:
        self._left_alone = {agent: until for agent, until in self._left_alone.items() if until > now}
        return next_agent(
            section,
            agents=self._directory.agents(),
            queues=self._directory.queues(),
            taken=self._book.calling_agents() | self._left_alone.keys(),
        )

    async def _have_called(self, callback: Callback, agent: str, now: datetime) -> None:
        """Have the agent's phone rung, and then the customer's."""
        begun = steps.begun(callback, agent, now)
        await self._book.change(begun)
        self._since[begun.id] = now
        self._ringing[channel_of(begun)] = True
        self._spawn(self._ring(begun), "callback dial")

    async def _ring(self, callback: Callback) -> None:
        result = await self._control.execute(dial_of(callback), ACTOR, within_s=_DIAL_WITHIN_S)
        async with self._turn:
            is_wanted = self._ringing.pop(channel_of(callback), True)
            if result.done and not is_wanted:
                self._hang_up(callback, result.call_id)
            current = self._book.get(callback.id)
            if current is None or current.dials != callback.dials or current.state is not CallbackState.CALLING:
                return
            if result.done:
                self._book.keep(msgspec.structs.replace(current, call_id=result.call_id))
            elif result.refusal is not Refusal.PBX_NOT_CONNECTED:
                # Else it may ring: whether it does shows once the PBX is back.
                log.info("callback_not_dialled", callback=callback.id, agent=callback.agent, refusal=result.refusal)
                is_number = result.refusal is Refusal.NOT_POSSIBLE
                reason = CallbackReason.NOT_DIALABLE if is_number else CallbackReason.AGENT_NOT_REACHED
                await self._came_to_nothing(current, reason)

    async def _look_after(self, callback: Callback, now: datetime) -> None:
        """Settle a call whose end was not told: the hub was not running, or its PBX not connected."""
        live = self._calls.live(callback)
        if live is not None:
            self._since[callback.id] = now
            if steps.both_talk(live, callback.agent):
                await self._settle(callback, live)
            return
        if not self._calls.is_in_sight(callback):
            self._since[callback.id] = now
        elif now - self._since.get(callback.id, now) >= MISSED:
            entry = await self._calls.finished(callback)
            if entry is not None:
                await self._settle(callback, entry.call)
            else:
                await self._came_to_nothing(callback, CallbackReason.UNCERTAIN)

    async def _settle(self, callback: Callback, call: Call) -> None:
        if steps.both_talk(call, callback.agent):
            await self._book.change(steps.talked(callback, call.id, self._clock()))
        else:
            called = msgspec.structs.replace(callback, call_id=call.id)
            await self._came_to_nothing(called, steps.why_not(call, callback.agent))

    async def _came_to_nothing(self, callback: Callback, reason: CallbackReason) -> None:
        now = self._clock()
        if reason is CallbackReason.AGENT_NOT_REACHED:
            self._left_alone[callback.agent] = now + LEFT_ALONE
        await self._book.change(steps.came_to_nothing(callback, self._sites[callback.site], reason, now))
        self._wake.set()

    async def _end(self, callback: Callback, state: CallbackState, reason: str = "") -> None:
        await self._book.change(steps.ended(callback, state, self._clock(), reason))
        self._since.pop(callback.id, None)
        if callback.state is CallbackState.CALLING:
            live = self._calls.live(callback)
            if live is not None:
                self._hang_up(callback, live.id)
            elif (channel := channel_of(callback)) in self._ringing:
                self._ringing[channel] = False

    def _hang_up(self, callback: Callback, call_id: str) -> None:
        """End what rings; not waited for, as it may take as long as the PBX likes."""
        command = HangUp(id=f"callback:{callback.id}:{callback.dials}:end", agent=callback.agent, call_id=call_id)

        async def give() -> None:
            await self._control.execute(command, ACTOR)

        self._spawn(give(), "callback hang up")

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("callback_task_failed", task=task.get_name(), exc_info=error)
