"""The live desk: call events and contexts in, frames to the right agents' pages out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

import msgspec
import structlog

from hub.config.model import Config
from hub.desk.floor import Floor
from hub.desk.floor_views import commands_for
from hub.desk.frames import (
    AgentFrame,
    AgentProfile,
    ClosedFrame,
    ContextFrame,
    Frame,
    Hello,
    Pop,
    PopFrame,
    PopState,
    StatusFrame,
)
from hub.desk.pops import Change, PopBoard, Shown
from hub.desk.sight import Sight, keys_of_context
from hub.desk.sockets import CLOSE_GOING_AWAY, CLOSE_SIGNED_OUT, DeskSocket
from hub.desk.waiting_callbacks import WaitingCallbacks
from hub.domain.agent import AgentStatus
from hub.domain.call import Call, CallEvent
from hub.domain.callback import Callback
from hub.domain.customer import CustomerContext
from hub.domain.ports import AgentDirectory, ContextProvider, LiveCalls, StatusSource
from hub.domain.writeback import WriteKind

log = structlog.get_logger(__name__)

MAX_SOCKETS_PER_AGENT = 10
_SENDS_AT_ONCE = 25


def agent_profiles(config: Config) -> dict[str, AgentProfile]:
    """Return the agents of the configuration as their pages see them, by id."""
    return {
        agent_id: AgentProfile(
            id=agent_id,
            name=agent.name,
            devices=agent.devices,
            language=agent.language or config.desk.language or "",
            role=agent.role,
            queues=agent.queues,
        )
        for agent_id, agent in config.agents.items()
    }


def titles_of(config: Config) -> dict[str, str]:
    """Return what systems and feeds are called on the screen, by name, where they have a title."""
    titles = {name: connector.title for name, connector in config.connectors.items()}
    for name, feed in config.inbound.items():
        titles.setdefault(name, feed.title)
        titles.setdefault(feed.system or name, feed.title)
    return {name: title for name, title in titles.items() if title}


class Desk:
    """Keeps every agent's pages at the present truth. All methods run in the event loop and return at once.

    The composition root calls `call_happened` with each step of each call, after it has begun the call's lookup
    (so that the first frame holds what is cached), `context_changed` with each revision, `resync` after a PBX
    connection was made anew, `status_changed` when a PBX connection comes or goes, `agent_changed` and
    `queues_changed` with what the agent directory learns, `callback_changed` with each callback as it stands.

    `commands` are the names of those that can be carried out, whoever gives them; `writes` says what the backends can
    be told of a call at the moment. `callbacks` returns those that are not over, the oldest first. `titles` are what
    systems and feeds are called on the screen.
    """

    def __init__(
        self,
        *,
        agents: Mapping[str, AgentProfile],
        live: LiveCalls,
        contexts: ContextProvider,
        status: StatusSource,
        directory: AgentDirectory,
        callbacks: Callable[[], Sequence[Callback]],
        version: str,
        sight: Sight,
        commands: Collection[str] = (),
        not_ready_reasons: tuple[str, ...] = (),
        dispositions: tuple[str, ...] = (),
        writes: Callable[[], Collection[WriteKind]] = tuple,
        titles: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._agents = agents
        self._live = live
        self._contexts = contexts
        self._status = status
        self._sight = sight
        self._seen: dict[tuple[str, str], frozenset[str]] = {}
        self._version = version
        self._commands = commands
        self._not_ready_reasons = not_ready_reasons
        self._dispositions = dispositions
        self._writes = writes
        self._titles = dict(titles)
        self._board = PopBoard()
        self._sockets: dict[str, list[DeskSocket]] = {}
        self._floor = Floor(profiles=agents, directory=directory, talks_in=self._talks_in, pages=self._all)
        self._callbacks = WaitingCallbacks(profiles=agents, directory=directory, sight=sight, waiting=callbacks)
        self._encoder = msgspec.json.Encoder()

    @property
    def agents(self) -> Mapping[str, AgentProfile]:
        return self._agents

    def connected_agents(self) -> int:
        """Return the number of agents with at least one page open."""
        return len(self._sockets)

    def call_happened(self, event: CallEvent) -> int:
        """Take one step of a call. Return how many pop frames were written before this returned."""
        return self._show(self._board.happened(event))

    def context_changed(self, context: CustomerContext) -> None:
        """Send a context's new revision to the agents who have its call."""
        frames: dict[str, bytes] = {}
        for agent in self._board.agents_on(context.call_id):
            role = self._sight.role_of(agent)
            for socket in self._sockets.get(agent, ()):
                if role not in frames:
                    seen = self._sight.visibility.context_for(context, role)
                    frames[role] = self._encoder.encode(ContextFrame(context=seen))
                socket.send(frames[role])
                self._saw(agent, context)

    def resync(self) -> None:
        """Compare with the live calls as a whole and tell the pages the difference."""
        self._show(self._board.rebuild(self._live.live_calls()))

    def agent_changed(self, status: AgentStatus) -> None:
        """Tell an agent's pages their new state at once, and everybody else within a second."""
        self._send(status.agent, AgentFrame(status=status))
        self._floor.agent_changed(status.agent)
        self._callbacks.agent_changed(status.agent)

    def callback_changed(self, callback: Callback) -> None:
        """Tell the pages of its queue how a callback stands."""
        self._callbacks.changed(callback)

    def queues_changed(self) -> None:
        """Tell the pages the queues as they are now, within a second."""
        self._floor.queues_changed()

    def status_changed(self) -> None:
        frame = self._status_frame()
        for socket in self._all():
            socket.send(frame)

    async def keep_alive(self) -> None:
        """Send every page the hub's state, a few at a time so that no pop has to wait for it."""
        for number, socket in enumerate(self._all()):
            if number % _SENDS_AT_ONCE == 0:
                await asyncio.sleep(0)
                frame = self._status_frame()
            socket.send(frame)

    def calls_of(self, agent: str) -> tuple[Call, ...]:
        """Return the calls that ring or are live at this agent, as the agent may see them."""
        return tuple(pop.call for pop in self._pops_of(agent))

    def has_room(self, agent: str) -> bool:
        return len(self._sockets.get(agent, ())) < MAX_SOCKETS_PER_AGENT

    def join(self, socket: DeskSocket) -> None:
        """Greet a page with the present truth and send it everything from now on."""
        hello = self._hello(self._agents[socket.agent], self._callbacks.join(socket))
        socket.send(self._encoder.encode(hello))
        self._floor.told_queues(socket, hello.queues)
        self._sockets.setdefault(socket.agent, []).append(socket)

    def leave(self, socket: DeskSocket) -> None:
        self._callbacks.leave(socket)
        sockets = self._sockets.get(socket.agent, [])
        if socket in sockets:
            sockets.remove(socket)
        if not sockets:
            self._sockets.pop(socket.agent, None)

    def sessions(self) -> frozenset[str]:
        """Return the ids of the sign-in sessions that have a page open."""
        return frozenset(socket.session for socket in self._all())

    def sign_out(self, sessions: frozenset[str]) -> None:
        """Close the pages of sign-in sessions that are over."""
        for socket in self._all():
            if socket.session in sessions:
                socket.close(CLOSE_SIGNED_OUT, "Signed out.")

    async def close(self) -> None:
        """Close all pages; they come back when the hub does."""
        await self._floor.close()
        sockets = self._all()
        for socket in sockets:
            socket.close(CLOSE_GOING_AWAY, "The hub stops.")
        await asyncio.gather(*(socket.closed() for socket in sockets))

    def _all(self) -> list[DeskSocket]:
        return [socket for sockets in self._sockets.values() for socket in sockets]

    def _status_frame(self) -> bytes:
        return self._encoder.encode(StatusFrame(pbx=tuple(self._status.pbx_status())))

    def _hello(self, agent: AgentProfile, callbacks: tuple[Callback, ...]) -> Hello:
        pops = self._pops_of(agent.id)
        contexts = tuple(context for pop in pops if (context := self._contexts.current(pop.call.id)) is not None)
        for context in contexts:
            self._saw(agent.id, context)
        return Hello(
            agent=agent,
            server_time=datetime.now(UTC),
            version=self._version,
            pops=pops,
            contexts=tuple(self._sight.visibility.context_for(context, agent.role) for context in contexts),
            pbx=tuple(self._status.pbx_status()),
            commands=commands_for(agent, self._commands),
            not_ready_reasons=self._not_ready_reasons,
            dispositions=self._dispositions,
            writes=tuple(sorted(self._writes())),
            status=self._floor.status(agent.id),
            queues=self._floor.queues(agent.id),
            team=self._floor.team(agent.id),
            callbacks=callbacks,
            titles=self._titles,
        )

    def _talks_in(self, agent: str) -> str:
        """Return the id of the call that an agent talks in, or nothing."""
        talks = (pop.call.id for pop in self._board.pops_of(agent) if pop.state is PopState.CONNECTED)
        return next(talks, "")

    def _show(self, changes: list[Change]) -> int:
        """Write the changes. Return how many pop frames were written."""
        written = 0
        for change in changes:
            if isinstance(change, Shown):
                log.debug("pop", agent=change.agent, call=change.pop.call.id, state=change.pop.state.value)
                written += self._pop(change)
            else:
                self._seen.pop((change.agent, change.call_id), None)
                log.debug("pop_closed", agent=change.agent, call=change.call_id, reason=change.reason.value)
                self._send(change.agent, ClosedFrame(call_id=change.call_id, reason=change.reason))
            self._floor.talk_changed(change.agent)
        return written

    def _pop(self, change: Shown) -> int:
        role = self._sight.role_of(change.agent)
        context = self._contexts.current(change.pop.call.id)
        shown = self._sight.context(context, role)
        written = self._send(change.agent, PopFrame(pop=self._veiled(change.pop, role), context=shown))
        if written and context is not None:
            self._saw(change.agent, context)
        return written

    def _pops_of(self, agent: str) -> tuple[Pop, ...]:
        role = self._sight.role_of(agent)
        return tuple(self._veiled(pop, role) for pop in self._board.pops_of(agent))

    def _veiled(self, pop: Pop, role: str) -> Pop:
        call = self._sight.call(pop.call, role)
        return pop if call is pop.call else msgspec.structs.replace(pop, call=call)

    def _saw(self, agent: str, context: CustomerContext) -> None:
        """Write down whom the agent is shown, once for each customer of a call."""
        keys = keys_of_context(context)
        before = self._seen.get((agent, context.call_id), frozenset())
        if not keys <= before:
            self._seen[agent, context.call_id] = before | keys
            self._sight.popped(agent, sorted(keys - before), context.call_id)

    def _send(self, agent: str, frame: Frame) -> int:
        sockets = self._sockets.get(agent)
        if not sockets:
            return 0
        encoded = self._encoder.encode(frame)
        return sum(socket.send(encoded) for socket in sockets)
