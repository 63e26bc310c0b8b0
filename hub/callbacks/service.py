"""Keeps callbacks, and has customers called when somebody is free; every step is durable before it is taken."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol

import msgspec
import structlog

from hub.callbacks import steps
from hub.callbacks.choice import next_agent
from hub.callbacks.numbers import dialled_number
from hub.config.web_feed import CallbackSection
from hub.domain.call import Call, CallEvent, CallEventKind, Direction
from hub.domain.callback import Callback, CallbackReason, CallbackState
from hub.domain.control import Actor, Dial, HangUp, Refusal
from hub.domain.event import Event, callback_event, dialled_channel, feed_event, new_id
from hub.domain.ports import (
    AgentDirectory,
    CallbackRefusedError,
    CallControl,
    CallLogEntry,
    EventJournal,
    EventRefusedError,
    LiveCalls,
    StatusSource,
    StoreError,
)

log = structlog.get_logger(__name__)

ACTOR: Final = Actor(rule="callback")
"""In whose name the hub dials for a callback."""

LOOK_S: Final = 1.0
"""How often it is looked who is free while somebody waits: most of what makes a difference tells so itself."""

LEFT_ALONE: Final = timedelta(seconds=60)
"""How long an agent whose phone was not answered is offered no other callback."""

MISSED: Final = timedelta(seconds=10)
"""After this time a call that a connected PBX does not have is over, or never came about."""

MAX_AHEAD: Final = timedelta(days=30)
_DIAL_WITHIN_S: Final = 5.0


class CallbackStore(Protocol):
    """What is kept of callbacks and calls."""

    async def callback(self, callback_id: str) -> Callback | None: ...

    async def open_callbacks(self) -> Sequence[Callback]: ...

    async def finished_call(self, call_id: str) -> CallLogEntry | None: ...


class _Told(NamedTuple):
    """What a call had to say about a callback."""

    callback_id: str
    dial: int
    event: CallEvent


def channel_of(callback: Callback) -> str:
    """Return the unique id of the channel that the callback's last dial made: its call's id ends with it."""
    return dialled_channel(_dial(callback), ACTOR)


def _dial(callback: Callback) -> Dial:
    return Dial(id=f"callback:{callback.id}:{callback.dials}", agent=callback.agent, to=callback.phone)


class CallbackService:
    """The `Callbacks` of hub/domain/ports.py. To be used within one event loop.

    `sites` are the feeds that offer callbacks. `on_recorded` hears of each change as a contact of its customer. A dial
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
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        look_s: float = LOOK_S,
    ) -> None:
        self._sites = sites
        self._region = region
        self._journal = journal
        self._store = store
        self._control = control
        self._directory = directory
        self._live = live
        self._status = status
        self._on_recorded = on_recorded
        self._clock = clock
        self._look_s = look_s
        self._open: dict[str, Callback] = {}
        self._by_channel: dict[str, Callback] = {}
        self._ringing: dict[str, bool] = {}
        """By channel, the dials of which is not known yet how they went; whether the call is still wanted."""
        self._since: dict[str, datetime] = {}
        self._left_alone: dict[str, datetime] = {}
        self._told: deque[_Told] = deque()
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()
        """How many were requested, and how many ended in each way, since the hub was started."""

    async def start(self) -> None:
        """Take up those that are not over. Raises StoreError."""
        now = self._clock()
        for callback in await self._store.open_callbacks():
            self._keep(callback)
            self._since[callback.id] = now
        self._spawn(self._run(), "callbacks")

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def waiting(self) -> Sequence[Callback]:
        """Return those that are not over, the oldest first."""
        return sorted(self._open.values(), key=lambda callback: (callback.requested_at, callback.id))

    async def callback(self, callback_id: str) -> Callback | None:
        """Return it as it stands, over or not."""
        return self._open.get(callback_id) or await self._store.callback(callback_id)

    def callback_of(self, call: Call) -> Callback | None:
        """Return the callback that a call was made for, as it was when its dial began."""
        return self._by_channel.get(_channel(call.id)) if self._by_channel else None

    async def request(self, callback: Callback) -> Callback:
        """Return it once it is durable; one for the same number that is not over is returned in its place."""
        section = self._sites.get(callback.site)
        if section is None:
            raise CallbackRefusedError("not_offered", "Callbacks are not offered here.")
        phone = dialled_number(callback.phone, region=self._region, countries=section.countries or (self._region,))
        async with self._turn:
            at = self._clock()
            if callback.not_before is not None and callback.not_before > at + MAX_AHEAD:
                raise CallbackRefusedError("too_far_ahead", f"At most {MAX_AHEAD.days} days ahead.")
            same = next((one for one in self._open.values() if one.phone == phone), None)
            if same is not None:
                return same
            if sum(one.site == callback.site for one in self._open.values()) >= section.most:
                raise CallbackRefusedError("too_many", "Too many are waiting already. Please call, or try again later.")
            asked = steps.placed(msgspec.structs.replace(callback, phone=phone), section, at)
            await self._change(asked)
            self.counts["requested"] += 1
        self._wake.set()
        return asked

    async def cancel(self, callback_id: str, *, reason: str) -> Callback | None:
        """Return it as it stands now; whatever rings for it is hung up."""
        async with self._turn:
            callback = self._open.get(callback_id)
            if callback is not None:
                await self._end(callback, CallbackState.CANCELLED, reason)
        return await self._store.callback(callback_id)

    def call_happened(self, event: CallEvent) -> None:
        """Hear of a step of any call; returns at once."""
        if not self._open and not self._by_channel:
            return
        call = event.call
        channel = _channel(call.id)
        callback = self._by_channel.get(channel)
        if callback is not None:
            if event.kind is CallEventKind.CLEARED:
                del self._by_channel[channel]
            if event.kind is CallEventKind.CLEARED or steps.both_talk(call, callback.agent):
                self._hear(_Told(callback.id, callback.dials, event))
        elif event.kind is CallEventKind.ESTABLISHED and call.direction is Direction.INBOUND:
            number = call.customer_number.e164
            for one in self._open.values():
                if one.phone == number and any(part.agent and part.connected_at for part in call.connections):
                    self._hear(_Told(one.id, one.dials, event))
        elif event.kind is CallEventKind.CLEARED:
            self._wake.set()

    def floor_changed(self) -> None:
        """Hear that agents or queues are not as they were."""
        if self._open:
            self._wake.set()

    def _hear(self, told: _Told) -> None:
        self._told.append(told)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_s if self._open else None):
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

    async def _look(self) -> None:
        while self._told:
            await self._take(self._told[0])
            self._told.popleft()
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
        callback = self._open.get(told.callback_id)
        if callback is None or callback.dials != told.dial:
            return
        if told.event.call.direction is Direction.INBOUND:
            await self._end(callback, CallbackState.DONE, CallbackReason.CUSTOMER_CALLED)
        elif callback.state is CallbackState.CALLING:
            await self._settle(callback, told.event.call)

    def _next_agent(self, section: CallbackSection, now: datetime) -> str | None:
        self._left_alone = {agent: until for agent, until in self._left_alone.items() if until > now}
        calling = {one.agent for one in self._open.values() if one.state is CallbackState.CALLING}
        return next_agent(
            section,
            agents=self._directory.agents(),
            queues=self._directory.queues(),
            taken=calling | self._left_alone.keys(),
        )

    async def _have_called(self, callback: Callback, agent: str, now: datetime) -> None:
        """Have the agent's phone rung, and then the customer's."""
        begun = steps.begun(callback, agent, now)
        await self._change(begun)
        self._since[begun.id] = now
        self._ringing[channel_of(begun)] = True
        self._spawn(self._ring(begun), "callback dial")

    async def _ring(self, callback: Callback) -> None:
        result = await self._control.execute(_dial(callback), ACTOR, within_s=_DIAL_WITHIN_S)
        async with self._turn:
            is_wanted = self._ringing.pop(channel_of(callback), True)
            if result.done and not is_wanted:
                self._hang_up(callback, result.call_id)
            current = self._open.get(callback.id)
            if current is None or current.dials != callback.dials or current.state is not CallbackState.CALLING:
                return
            if result.done:
                self._keep(msgspec.structs.replace(current, call_id=result.call_id))
            elif result.refusal is not Refusal.PBX_NOT_CONNECTED:
                # Else it may ring: whether it does shows once the PBX is back.
                log.info("callback_not_dialled", callback=callback.id, agent=callback.agent, reason=result.message)
                is_number = result.refusal is Refusal.NOT_POSSIBLE
                reason = CallbackReason.NOT_DIALABLE if is_number else CallbackReason.AGENT_NOT_REACHED
                await self._came_to_nothing(current, reason)

    async def _look_after(self, callback: Callback, now: datetime) -> None:
        """Settle a call whose end was not told: the hub was not running, or its PBX not connected."""
        live = self._live_call(callback)
        if live is not None:
            self._since[callback.id] = now
            if steps.both_talk(live, callback.agent):
                await self._settle(callback, live)
            return
        if not self._is_in_sight(callback):
            self._since[callback.id] = now
        elif now - self._since.get(callback.id, now) >= MISSED:
            entry = await self._finished(callback)
            if entry is not None:
                await self._settle(callback, entry.call)
            else:
                await self._came_to_nothing(callback, CallbackReason.UNCERTAIN)

    def _live_call(self, callback: Callback) -> Call | None:
        channel = channel_of(callback)
        return next((call for call in self._live.live_calls() if call.id.endswith(channel)), None)

    def _is_in_sight(self, callback: Callback) -> bool:
        """Whether every PBX on which the call can be is connected."""
        agent = self._directory.agent(callback.agent)
        pbxs = {device.pbx for device in agent.devices} if agent is not None else set()
        return all(status.connected for status in self._status.pbx_status() if not pbxs or status.name in pbxs)

    async def _finished(self, callback: Callback) -> CallLogEntry | None:
        channel = channel_of(callback)
        for status in self._status.pbx_status():
            entry = await self._store.finished_call(f"{status.name}-{channel}")
            if entry is not None:
                return entry
        return None

    async def _settle(self, callback: Callback, call: Call) -> None:
        if steps.both_talk(call, callback.agent):
            await self._change(steps.talked(callback, call.id, self._clock()))
        else:
            called = msgspec.structs.replace(callback, call_id=call.id)
            await self._came_to_nothing(called, steps.why_not(call, callback.agent))

    async def _came_to_nothing(self, callback: Callback, reason: CallbackReason) -> None:
        now = self._clock()
        if reason is CallbackReason.AGENT_NOT_REACHED:
            self._left_alone[callback.agent] = now + LEFT_ALONE
        await self._change(steps.came_to_nothing(callback, self._sites[callback.site], reason, now))
        self._wake.set()

    async def _end(self, callback: Callback, state: CallbackState, reason: str = "") -> None:
        await self._change(steps.ended(callback, state, self._clock(), reason))
        if callback.state is CallbackState.CALLING:
            live = self._live_call(callback)
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

    async def _change(self, callback: Callback) -> None:
        """Make a step durable, then take it. Raises StoreError."""
        line = feed_event(steps.as_interaction(callback), feed=callback.site, event_id=new_id(), at=callback.at)
        for outcome in await self._journal.append_all((callback_event(callback), line)):
            if isinstance(outcome, EventRefusedError):
                raise outcome
        if callback.state is not CallbackState.CALLING and callback.state is not CallbackState.DONE:
            self._by_channel.pop(channel_of(callback), None)
        self._keep(callback)
        log.info("callback", callback=callback.id, site=callback.site, state=callback.state, reason=callback.reason)
        self._on_recorded(line)

    def _keep(self, callback: Callback) -> None:
        if callback.state.is_over:
            self._open.pop(callback.id, None)
            self._since.pop(callback.id, None)
            self._forget_lost_calls()
            self.counts[callback.state.value] += 1
            return
        self._open[callback.id] = callback
        if callback.state is CallbackState.CALLING:
            self._by_channel.setdefault(channel_of(callback), callback)

    def _forget_lost_calls(self) -> None:
        """Forget calls of which the end was not told."""
        live = {_channel(call.id) for call in self._live.live_calls()}
        self._by_channel = {
            channel: callback
            for channel, callback in self._by_channel.items()
            if channel in live or callback.id in self._open
        }

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("callback_task_failed", task=task.get_name(), exc_info=error)


_CHANNEL_LENGTH = len(dialled_channel(Dial(id="any", to="1"), ACTOR))


def _channel(call_id: str) -> str:
    return call_id[-_CHANNEL_LENGTH:]
