"""Every agent of the configuration, put together from all PBXs; and the queues."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hub.domain.agent import (
    AgentEvent,
    AgentEventKind,
    AgentState,
    AgentStatus,
    DeviceState,
    DeviceStatus,
    Membership,
    QueuePlace,
    QueueStatus,
)
from hub.domain.call import CallEventKind
from hub.telephony.agents.after_call import AfterCallWork, PauseOrder
from hub.telephony.agents.callers import QueueCallers
from hub.telephony.agents.devices import is_pooled
from hub.telephony.agents.judgement import Judgement, judge
from hub.telephony.agents.members import Member
from hub.telephony.agents.queue_book import QueueBook
from hub.telephony.agents.queue_views import queue_statuses
from hub.telephony.agents.talks import Talks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from hub.config.model import AgentSection, Config
    from hub.domain.call import Call, CallEvent

_IN_A_CALL = (DeviceState.BUSY, DeviceState.HELD)


class Roster:
    """Knows agents and queues. Pure: `now` is given, and what is to be done goes to `on_order`.

    One book per PBX is fed by whoever has its connection; `call_happened` gets each step of each call.
    `known` are the agents as they were last told of, before this hub started: what is still so is not told again.
    While a PBX is away its agents are as the others have them, or as they were last seen if they are at no other;
    nobody is told to have logged off before all of their PBXs were asked.

    Listeners are told from within, and must neither wait nor feed. `on_stale` asks for a `flush` soon: what is no
    change of a state (a device, a count) is told once for all that comes together. `on_deadline` says that
    `next_deadline` may have changed.
    """

    def __init__(
        self,
        config: Config,
        *,
        known: Iterable[AgentStatus] = (),
        started_at: datetime,
        on_event: Callable[[AgentEvent], None],
        on_agent_changed: Callable[[AgentStatus], None],
        on_queues_changed: Callable[[str, str], None],
        on_order: Callable[[PauseOrder], None],
        on_stale: Callable[[], None],
        on_deadline: Callable[[], None],
    ) -> None:
        self._config = config
        self._on_event = on_event
        self._on_agent_changed = on_agent_changed
        self._on_queues_changed = on_queues_changed
        self._on_order = on_order
        self._on_stale = on_stale
        self._on_deadline = on_deadline
        self._talks = Talks()
        self._callers = QueueCallers()
        self._books = {
            name: QueueBook(pbx=name, agents_by_device=config.agent_devices(name), listener=self) for name in config.pbx
        }
        self._work = {agent: AfterCallWork() for agent in config.agents}
        self._ending: set[str] = set()
        self._busy: set[str] = set()
        self._stale: set[str] = set()
        before = {status.agent: status for status in known}
        self._statuses = {
            agent: _remembered(agent, section, before.get(agent), started_at)
            for agent, section in sorted(config.agents.items())
        }

    def book(self, pbx: str) -> QueueBook:
        """Return the book of one PBX, to be fed."""
        return self._books[pbx]

    def agents(self) -> Sequence[AgentStatus]:
        """Return every agent of the configuration, by id."""
        self.flush()
        return list(self._statuses.values())

    def agent(self, agent_id: str) -> AgentStatus | None:
        if agent_id in self._stale:
            self.flush()
        return self._statuses.get(agent_id)

    def flush(self) -> None:
        """Tell what is different about agents and was no change of their state; to be called after what was fed."""
        stale, self._stale = self._stale, set()
        for agent in sorted(stale):
            before = self._statuses[agent]
            status = self._picture(agent, Judgement(before.state, before.reason, before.until), before.since)
            if status != before:
                self._statuses[agent] = status
                self._on_agent_changed(status)

    def queues(self) -> Sequence[QueueStatus]:
        """Return every queue of every connected PBX, by PBX and name."""
        return [
            status
            for _, book in sorted(self._books.items())
            for status in queue_statuses(book, self._callers, counts=self._is_taken)
        ]

    def pbxs_of(self, agent: str) -> list[str]:
        """Return the PBXs at which the configuration gives an agent devices."""
        own = self._config.agents[agent].pbx
        return [own] if own else sorted(self._books)

    def places_of(self, agent: str) -> list[Member]:
        """Return an agent's places in the queues of all PBXs, those too that count as logged off."""
        return [place for pbx in self.pbxs_of(agent) for place in self._books[pbx].places_of(agent)]

    def call_happened(self, event: CallEvent) -> None:
        """Take one step of a call."""
        is_over = event.kind is CallEventKind.CLEARED
        self._callers.take(event.call, is_over=is_over)
        for agent in sorted(self._talks.take(event.call, is_over=is_over)):
            if self._talks.is_busy(agent) == (agent in self._busy):
                self.details_changed((agent,))
            else:
                self.agents_changed(event.call.pbx, (agent,), event.time)

    def calls_are(self, pbx: str, live: Sequence[Call], now: datetime) -> None:
        """Take it that these are all calls that a PBX has."""
        changed = self._talks.keep_only(pbx, live)
        self._callers.keep_only(pbx, live)
        for call in live:
            self._callers.take(call, is_over=False)
            changed |= self._talks.take(call, is_over=False)
        self.agents_changed(pbx, changed, now)

    def next_deadline(self, now: datetime) -> datetime | None:
        """Return when after `now` `tick` is due for the next time; None if nothing ends by itself."""
        ends = [end for agent in self._ending for end in self._ends_of(agent) if end > now]
        return min(ends, default=None)

    def tick(self, now: datetime) -> None:
        """End what is over by now."""
        for agent in sorted(self._ending):
            if any(end <= now for end in self._ends_of(agent)):
                pbx = next((place.pbx for place in self._seats(agent)), self.pbxs_of(agent)[0])
                self._look(agent, pbx, now)

    def _ends_of(self, agent: str) -> list[datetime]:
        return [end for end in (self._work[agent].until, self._statuses[agent].until) if end is not None]

    def order_failed(self, order: PauseOrder, now: datetime) -> None:
        """Take it that a PBX did not do what was ordered."""
        self._work[order.agent].failed(order, now)
        self._look(order.agent, order.place[0], now)

    def agents_changed(self, pbx: str, agents: Collection[str], now: datetime) -> None:
        for agent in sorted(agents):
            if agent in self._statuses:
                self._look(agent, pbx, now)

    def details_changed(self, agents: Collection[str]) -> None:
        if not self._stale:
            self._on_stale()
        self._stale.update(agents)

    def queue_changed(self, pbx: str, queue: str) -> None:
        self._on_queues_changed(pbx, queue)

    def call_completed(self, member: Member, now: datetime) -> None:
        work = self._work.get(member.agent)
        if work is None:
            return
        open_places = [place for place in self._reachable(self._seats(member.agent)) if not place.is_paused]
        orders = work.call_completed(open_places, self._after_call_s(member))
        if orders:
            for order in orders:
                self._on_order(order)
            self._look(member.agent, member.pbx, now)

    def book_in_step(self, pbx: str, now: datetime) -> None:
        for agent in self._statuses:
            if pbx in self.pbxs_of(agent):
                self._work[agent].releasing.clear()
                self._look(agent, pbx, now)
        for queue, _ in self._books[pbx].queues():
            self._on_queues_changed(pbx, queue)

    def _look(self, agent: str, pbx: str, now: datetime) -> None:
        """Judge an agent anew, and tell what is different."""
        books = [self._books[name] for name in self.pbxs_of(agent)]
        if not any(book.was_in_step for book in books):
            return
        before = self._statuses[agent]
        now = max(now, before.since)
        seats, work, is_busy = self._seats(agent), self._work[agent], self._is_busy(agent, books)
        ends = self._ends_of(agent)
        orders = work.look(seats, is_busy=is_busy, now=now, seconds_of=self._after_call_s)
        (self._busy.add if self._talks.is_busy(agent) else self._busy.discard)(agent)
        verdict = judge(
            self._reachable(seats),
            is_seated=any(book.is_seated(device) for book in books for device in self._devices(agent)),
            is_busy=is_busy,
            about_to_pause=work.ordered,
            work_until=work.until,
            now=now,
        )
        if verdict.state is AgentState.LOGGED_OFF and not all(book.was_in_step for book in books):
            return
        is_same = (verdict.state, verdict.reason) == (before.state, before.reason)
        status = self._picture(agent, verdict, before.since if is_same else now)
        self._statuses[agent] = status
        self._stale.discard(agent)
        if self._ends_of(agent) != ends:
            (self._ending.add if self._ends_of(agent) else self._ending.discard)(agent)
            self._on_deadline()
        if not is_same:
            self._tell_event(before, status, pbx, now)
        if status != before:
            self._on_agent_changed(status)
        for order in orders:
            self._on_order(order)

    def _picture(self, agent: str, verdict: Judgement, since: datetime) -> AgentStatus:
        books, seats = [self._books[name] for name in self.pbxs_of(agent)], self._seats(agent)
        return AgentStatus(
            agent=agent,
            name=self._config.agents[agent].name,
            state=verdict.state,
            since=since,
            reason=verdict.reason,
            until=verdict.until,
            devices=tuple(self._device(agent, book, device) for book in books for device in self._devices(agent)),
            queues=tuple(_membership(place) for place in seats),
            can_join=self._can_join(agent, books, seats),
        )

    def _tell_event(self, before: AgentStatus, status: AgentStatus, pbx: str, now: datetime) -> None:
        if before.state is AgentState.LOGGED_OFF:
            self._on_event(AgentEvent(kind=AgentEventKind.LOGGED_ON, time=now, pbx=pbx, agent=status))
        self._on_event(AgentEvent(kind=AgentEventKind(status.state.value), time=now, pbx=pbx, agent=status))

    def _is_busy(self, agent: str, books: Sequence[QueueBook]) -> bool:
        pooled = [(book, device) for book in books for device in self._devices(agent) if book.is_seated(device)]
        if pooled:
            # Their phone stays on the line between calls.
            return any(book.device_state(device) in _IN_A_CALL for book, device in pooled)
        return self._talks.is_busy(agent)

    def _seats(self, agent: str) -> list[Member]:
        """Return the places by which an agent is logged on."""
        return [place for place in self.places_of(agent) if self._is_taken(place)]

    def _reachable(self, seats: Sequence[Member]) -> Sequence[Member]:
        """Return the places at PBXs that are connected, or all where there is none: nobody rings by the others."""
        return [place for place in seats if self._books[place.pbx].is_in_step] or seats

    def _is_taken(self, place: Member) -> bool:
        """Whether somebody is logged on by this place; where it is app_agent_pool's, they have to have logged in."""
        is_manned = not is_pooled(place.device) or self._books[place.pbx].is_seated(place.device)
        return place.is_logged_on and is_manned

    def _devices(self, agent: str) -> tuple[str, ...]:
        return self._config.agents[agent].devices

    def _device(self, agent: str, book: QueueBook, device: str) -> DeviceStatus:
        in_calls = self._talks.device_state(agent, book.pbx, device) if book.is_in_step else None
        return DeviceStatus(pbx=book.pbx, device=device, state=in_calls or book.device_state(device))

    def _can_join(self, agent: str, books: Sequence[QueueBook], seats: Sequence[Member]) -> tuple[QueuePlace, ...]:
        taken = {(place.pbx, place.queue) for place in seats}
        return tuple(
            QueuePlace(pbx=book.pbx, queue=queue)
            for book in books
            for queue in self._config.agents[agent].queues
            if book.has_queue(queue) and (book.pbx, queue) not in taken
        )

    def _after_call_s(self, place: Member) -> float:
        section = self._config.pbx[place.pbx]
        queue = section.queues.get(place.queue)
        return section.after_call_s if queue is None or queue.after_call_s is None else queue.after_call_s


def _remembered(agent: str, section: AgentSection, before: AgentStatus | None, now: datetime) -> AgentStatus:
    """Return an agent as they were last told of, with the name of today; nothing is known yet of devices and queues."""
    if before is None:
        return AgentStatus(agent=agent, name=section.name, state=AgentState.LOGGED_OFF, since=now)
    return msgspec.structs.replace(before, name=section.name, until=None, devices=(), queues=(), can_join=())


def _membership(place: Member) -> Membership:
    return Membership(
        pbx=place.pbx,
        queue=place.queue,
        device=place.device,
        is_paused=place.is_paused,
        reason=place.reason,
        is_dynamic=place.is_dynamic,
        penalty=place.penalty,
        calls_taken=place.calls_taken,
        last_call_at=place.last_call_at,
    )
