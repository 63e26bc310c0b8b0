"""A real desk server whose PBX, contexts and call log the test plays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from hub.config.privacy import PrivacySection
from hub.desk.desk import Desk
from hub.desk.frames import AgentProfile
from hub.desk.passwords import hash_password
from hub.desk.server import DeskServer
from hub.desk.user_store import UserStore
from hub.domain.agent import AgentState, AgentStatus, DeviceState, DeviceStatus, Membership, QueueStatus
from hub.domain.call import Call, CallEvent, CallEventKind, Cause, ConnectionState, Outcome
from hub.domain.control import COMMAND_NAMES, Command
from hub.domain.customer import CustomerContext
from hub.domain.ports import CallLogEntry, PbxStatus
from hub.domain.writeback import WriteKind
from tests.browser.timelines import MemoryTimeline, NoArchive
from tests.unit.desk.accesses import Accesses, sight
from tests.unit.desk.callbacks import MemoryCallbacks
from tests.unit.desk.customers import Customers
from tests.unit.desk.letters import Letters
from tests.unit.desk.ports import (
    Backends,
    Calls,
    Contexts,
    Control,
    Directory,
    Finder,
    Identity,
    Log,
    MemoryJournal,
    Reception,
    Status,
    WrapUps,
)
from tests.unit.desk.requests import answering

PASSWORD = "correct horse"
AGENT = AgentProfile(
    id="alice", name="Alice Berger", devices=("PJSIP/1001",), language="en", queues=("Support", "Sales")
)
BOB = AgentProfile(id="bob", name="Bob Krause", devices=("PJSIP/1002",), language="en")
WEI = AgentProfile(id="wei", name="李伟", devices=("PJSIP/1003",), language="zh")
REASONS = ("Break", "Lunch", "Meeting", "Training")
DISPOSITIONS = ("Solved", "Call back")
WRITES = (WriteKind.ACTIVITY, WriteKind.CASE)


def _metrics() -> tuple[bytes, str]:
    return b"", "text/plain"


@dataclass
class World:
    """Everything that happens at the agent `alice`."""

    url: str
    desk: Desk
    calls: Calls
    contexts: Contexts
    log: Log
    status: Status
    directory: Directory
    control: Control
    wrap_ups: WrapUps
    identity: Identity
    customers: Customers
    timeline: MemoryTimeline
    callbacks: MemoryCallbacks
    users: UserStore

    def ring(self, call: Call, context: CustomerContext | None = None) -> None:
        if context is not None:
            self.contexts.known[call.id] = context
        self.calls.live = [*(other for other in self.calls.live if other.id != call.id), call]
        self.desk.call_happened(self._step(CallEventKind.DELIVERED, call))

    def answer(self, call: Call) -> Call:
        return self._change(call, CallEventKind.ESTABLISHED, ConnectionState.CONNECTED)

    def hold(self, call: Call) -> Call:
        return self._change(call, CallEventKind.HELD, ConnectionState.HOLD)

    def learn(self, context: CustomerContext) -> None:
        self.contexts.known[context.call_id] = context
        self.desk.context_changed(context)

    def end(self, call: Call, *, answered: bool = True, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        now = datetime.now(UTC)
        over = msgspec.structs.replace(
            call,
            connections=tuple(
                msgspec.structs.replace(part, state=ConnectionState.NULL, ended_at=now, cause=cause)
                for part in call.connections
            ),
            ended_at=now,
            outcome=Outcome.ANSWERED if answered else Outcome.ABANDONED,
            cause=cause,
        )
        self.log.entries.insert(
            0, CallLogEntry(call=over, agents=(AGENT.id,), answered_by=(AGENT.id,) if answered else ())
        )
        self.contexts.known.pop(call.id, None)
        self.calls.live = [other for other in self.calls.live if other.id != call.id]
        self.desk.call_happened(self._step(CallEventKind.CLEARED, over, cause))

    def agent(self, state: AgentState, agent: str = AGENT.id, name: str = AGENT.name, **fields: Any) -> AgentStatus:
        """Let an agent be in a state since ten seconds; logged on to Support unless logged off."""
        devices = fields.pop("devices", (DeviceStatus(pbx="main", device=f"PJSIP/{agent}", state=DeviceState.IDLE),))
        member = Membership(pbx="main", queue="Support", device=devices[0].device, is_dynamic=True)
        status = AgentStatus(
            agent=agent,
            name=name,
            state=state,
            since=datetime.now(UTC) - timedelta(seconds=10),
            devices=devices,
            queues=() if state is AgentState.LOGGED_OFF else (member,),
            **fields,
        )
        self.directory.known[agent] = status
        self.desk.agent_changed(status)
        return status

    def asked(self) -> list[Command]:
        """Return the commands that the page has given, without their ids and for whom: they are the agent's own."""
        return [msgspec.structs.replace(command, id="-", agent="") for command, _ in self.control.executed]

    def queues(self, *queues: QueueStatus) -> None:
        self.directory.listed = list(queues)
        self.desk.queues_changed()

    def change(self, call: Call, **fields: Any) -> Call:
        """Let something about a call change that is no connection's state."""
        changed = msgspec.structs.replace(call, **fields)
        self.desk.call_happened(self._step(CallEventKind.CALL_INFORMATION, changed))
        return changed

    def pbx(self, *, connected: bool, reason: str = "") -> None:
        self.status.pbx = [PbxStatus(name="main", connected=connected, reason=reason)]
        self.desk.status_changed()

    def _change(self, call: Call, kind: CallEventKind, state: ConnectionState) -> Call:
        now = datetime.now(UTC)
        changed = msgspec.structs.replace(
            call,
            answered_at=call.answered_at or now,
            left_queue_at=call.left_queue_at or now,
            connections=tuple(
                msgspec.structs.replace(part, state=state, since=now, connected_at=part.connected_at or now)
                for part in call.connections
            ),
        )
        self.desk.call_happened(self._step(kind, changed))
        return changed

    def _step(self, kind: CallEventKind, call: Call, cause: Cause | None = None) -> CallEvent:
        return CallEvent(kind=kind, time=datetime.now(UTC), call=call, connection=call.connections[-1], cause=cause)


@asynccontextmanager
async def running_world(folder: Path, port: int = 0, profile: AgentProfile = AGENT) -> AsyncIterator[World]:
    """Serve the desk while the `async with` lasts; the users in `folder` outlive it."""
    calls, contexts, log, status, directory = Calls(), Contexts(), Log(), Status(), Directory()
    control, wrap_ups, identity = Control(), WrapUps(), Identity()
    customers, timeline, callbacks = Customers(), MemoryTimeline(), MemoryCallbacks()
    agents = {one.id: one for one in (profile, BOB, WEI)}
    accesses = Accesses()
    seen = sight(agents, accesses)
    desk = Desk(
        agents=agents,
        sight=seen,
        live=calls,
        contexts=contexts,
        status=status,
        directory=directory,
        callbacks=callbacks.waiting,
        version="test",
        commands=COMMAND_NAMES,
        not_ready_reasons=REASONS,
        dispositions=DISPOSITIONS,
        writes=lambda: WRITES,
    )
    callbacks.on_changed = desk.callback_changed
    with UserStore(folder / "users.db") as users:
        if users.password_hash(profile.id) is None:
            users.save(profile.id, hash_password(PASSWORD))
        server = DeskServer(
            host="127.0.0.1",
            port=port,
            desk=desk,
            users=users,
            tokens={},
            control=control,
            customers=customers,
            timeline=timeline,
            contexts=contexts,
            archive=NoArchive(),
            store_problem=lambda: None,
            wrap_ups=wrap_ups,
            identity=identity,
            decisions=identity,
            backends=Backends(),
            live=calls,
            directory=directory,
            call_log=log,
            journal=MemoryJournal(),
            feeds={},
            soap={},
            reception=Reception(),
            dead_letters=Letters(),
            replay_asked=lambda: None,
            requests=answering(finder=Finder(), control=control, directory=directory, calls=calls),
            sight=seen,
            callbacks=callbacks,
            region="DE",
            on_visit=lambda _event: None,
            privacy=PrivacySection(),
            access_records=accesses,
            status=status,
            metrics=_metrics,
            version="test",
            session_check_s=0.1,
        )
        await server.start()
        try:
            yield World(
                url=server.url,
                desk=desk,
                calls=calls,
                contexts=contexts,
                log=log,
                status=status,
                directory=directory,
                control=control,
                wrap_ups=wrap_ups,
                identity=identity,
                customers=customers,
                timeline=timeline,
                callbacks=callbacks,
                users=users,
            )
        finally:
            await server.stop()
