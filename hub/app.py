"""The composition root: the only place that knows every room. Builds them, starts and stops them, passes things on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial

import structlog

from hub.backends import Backends, ConfigSource
from hub.broker import start_broker_side
from hub.bus.feeds import Feeds
from hub.callbacks.service import CallbackService
from hub.collector import spare_collector
from hub.config.model import BusSection, Config
from hub.context.anticipation.configured import anticipation_of
from hub.context.health import ConnectorHealth
from hub.context.identity.deciding import IdentityService
from hub.context.lookups import report_failure
from hub.context.remembered_customers import RememberedCustomers
from hub.context.routing import CustomerRouting
from hub.context.service import ContextService
from hub.context.warm import NOT_ASKED, Warming
from hub.context.wrapup import WrapUpService
from hub.desk.desk import Desk, agent_profiles, titles_of
from hub.desk.server import DeskServer
from hub.desk.sight import Sight
from hub.desk.user_store import UserStore
from hub.domain.agent import AgentEvent, AgentStatus, QueueStatus
from hub.domain.call import Call, CallEvent, CallEventKind
from hub.domain.call_activity import was_rung_into_another
from hub.domain.callback import Callback
from hub.domain.change import CaseChange, ChangeKind, CustomerChange, OrderChange
from hub.domain.control import COMMAND_NAMES
from hub.domain.customer import CustomerContext
from hub.domain.event import ERASED, ConnectorStatus, Event, agent_event, call_event, connector_event, context_event
from hub.domain.inbound import DeadLetter
from hub.domain.interaction import Interaction
from hub.domain.ports import PbxStatus
from hub.domain.routing import EnquiryStatus
from hub.domain.rpc import RequestReply
from hub.erasures import Erasures
from hub.file_watch import FileWatch
from hub.inbound import Inbound
from hub.journal.journal import Journal
from hub.metrics import Metrics
from hub.outbound.dead import ORIGIN
from hub.privacy.accesses import AccessBook
from hub.privacy.visibility import PrivacyVisibility
from hub.remembering import Remembering
from hub.requests import request_queue, request_reply
from hub.retention import RetentionChore
from hub.takeover import Takeover
from hub.telephony.agents import AgentService
from hub.telephony.ami.manager import AsyncManager
from hub.telephony.control.control import Control
from hub.telephony.control.pbx import ControlledPbx
from hub.telephony.fastagi.server import FastAgiServer
from hub.telephony.federated import FederatedCalls
from hub.telephony.link import PbxLink
from hub.version import VERSION
from hub.write_backs import outbound_of

log = structlog.get_logger(__name__)


def _events_total(link: PbxLink) -> int:
    return link.events_total


def _is_connected(link: PbxLink) -> bool:
    return link.status().connected


class Hub:
    """One hub: `start`, then `stop` once. Everything between is driven by what comes in.

    With a `source` its connectors can be reloaded, with `watch` they are whenever their files change.
    """

    def __init__(self, config: Config, *, source: ConfigSource | None = None, watch: bool = False) -> None:
        self._config = config
        self._source = source
        self._watch = watch
        self._metrics = Metrics()
        self._links: dict[str, PbxLink] = {}
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Bring every room up; what was brought up is taken down again when one can't be.

        Raises JournalError, UserStoreError, ConnectorError or OSError (the address to listen on), in plain words.
        """
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise

    async def stop(self) -> None:
        """Take everything down in the opposite order; what was published is on disk when this returns."""
        await self._stack.aclose()
        log.info("hub stopped")

    async def run_until_signalled(self) -> None:
        """Start, stay until SIGTERM or SIGINT, stop. Raises what `start` raises."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        await self.start()
        spare_collector()
        try:
            await stopped.wait()
        finally:
            await self.stop()

    @property
    def url(self) -> str:
        """Where the desk listens, with the real port."""
        return self._server.url

    async def _start(self) -> None:
        config = self._config
        self._journal = await Journal.open(config.store.place, repeats=config.context.repeats.rule)
        self._stack.push_async_callback(self._journal.close)
        users = await asyncio.to_thread(UserStore, config.store.place)
        self._stack.push_async_callback(asyncio.to_thread, users.close)
        self._takeover = Takeover(await self._journal.open_calls())
        for event in self._takeover.ended_with_their_pbx(config.pbx, datetime.now(UTC)):
            self._journal.publish(call_event(event))

        self._start_privacy()
        self._feeds = Feeds(config)
        self._backends = backends = Backends(
            config, health=ConnectorHealth(self._connector_changed), source=self._source, feeds=self._feeds
        )
        self._outbound = outbound_of(
            config,
            backends,
            journal=self._journal,
            records=self._journal.customers,
            metrics=self._metrics,
            on_dead=self._are_dead,
        )
        self._stack.push_async_callback(backends.close)
        await backends.start()
        self._start_contexts(backends)
        self._desk = Desk(
            agents=agent_profiles(config),
            live=self,
            contexts=self._context,
            status=self,
            directory=self,
            version=VERSION,
            sight=self._sight,
            commands=COMMAND_NAMES,
            not_ready_reasons=config.desk.not_ready_reasons,
            dispositions=config.desk.dispositions,
            writes=lambda: frozenset(kind for one in backends.connectors.values() for kind in one.writes),
            titles=titles_of(config),
        )
        self._context.subscribe(self._desk.context_changed)
        self._agents = AgentService(
            config,
            known=await self._journal.agent_states(),
            manager_of=self._manager_of,
            on_event=self._agent_happened,
            on_agent_changed=self._agent_changed,
            on_queues_changed=self._queues_changed,
        )
        self._stack.push_async_callback(self._agents.stop)
        self._calls = FederatedCalls(
            config.pbx,
            on_event=self._call_happened,
            on_arrival=self._call_arrived,
            on_absorbed=self._context.drop,
            known_before=self._takeover.ids,
        )
        self._stack.callback(self._calls.stop)
        for name, section in config.pbx.items():
            link = PbxLink(
                name,
                section,
                region=config.hub.region,
                agents_by_device=config.agent_devices(name),
                on_call_event=self._calls.happened,
                on_arrival=self._calls.arrived,
                on_status=self._pbx_changed,
                queues=self._agents.book(name),
            )
            self._links[name] = link
        self._control = Control(
            [
                ControlledPbx(name, self._links[name], section.control, parts_of=self._calls.parts_of)
                for name, section in config.pbx.items()
            ],
            agents=config.agents,
            agent_commands=self._agents.commands,
            directory=self._agents,
            journal=self._journal,
        )
        self._stack.push_async_callback(self._control.close)
        await self._start_callbacks()
        self._measure()
        if config.bus is not None:
            await start_broker_side(config.bus, journal=self._journal, metrics=self._metrics, stack=self._stack)
        self._inbound = inbound = Inbound(
            config, self._feeds, journal=self._journal, metrics=self._metrics, on_event=self._feed_happened
        )
        inbound.replayer.on_replay(ORIGIN, self._outbound.replay)
        self._stack.push_async_callback(self._outbound.stop)
        await self._outbound.start()
        requests = request_reply(
            config,
            customers=self._context,
            known=self._customers,
            control=self._control,
            directory=self,
            live=self,
            metrics=self._metrics,
            visibility=self._visibility,
            accesses=self._accesses,
        )
        identity = IdentityService(
            journal=self._journal,
            live=self,
            context=self._context.current,
            agents=config.agents,
            on_decided=self._context.identity_decided,
        )
        self._server = DeskServer(
            host=config.listen_host,
            port=config.listen_port,
            desk=self._desk,
            users=users,
            tokens=config.auth.tokens,
            live=self,
            directory=self,
            control=self._control,
            customers=self._customers,
            timeline=self._journal,
            contexts=self._context,
            archive=self._journal,
            store_problem=self._journal.problem,
            wrap_ups=WrapUpService(
                connectors=lambda: backends.connectors,
                live=self,
                context=self._context.current,
                journal=self._journal,
                agent_names={agent_id: agent.name for agent_id, agent in config.agents.items()},
                dispositions=config.desk.dispositions,
                on_recorded=self._context.call_wrapped_up,
                decide=identity.decide,
                activity_by_rule=self._outbound.writes_activity_of,
                purpose_of=lambda name: backends.sections[name].outbound.purpose,
            ),
            identity=identity,
            decisions=self._journal,
            backends=backends,
            call_log=self._journal,
            journal=self._journal,
            feeds=config.inbound,
            soap=inbound.soap,
            reception=inbound.reception,
            dead_letters=self._journal,
            replay_asked=inbound.replayer.asked,
            requests=requests,
            callbacks=self._callbacks,
            region=config.hub.region,
            on_visit=self._feed_happened,
            sight=self._sight,
            privacy=config.context.privacy,
            access_records=self._journal,
            status=self,
            metrics=self._metrics.render,
            version=VERSION,
            public_url=config.desk.public_url,
            session_s=config.desk.session_hours * 3600,
        )
        await self._server.start()
        self._stack.push_async_callback(self._server.stop)
        await inbound.start(self._stack)
        await self._start_routing()
        self._start_warming()
        for link in self._links.values():
            await link.start()
            self._stack.push_async_callback(link.stop)
        if config.bus is not None:
            self._take_requests(config.bus, requests)
        self._start_chores()
        log.info("hub started", version=VERSION, url=self._server.url, pbx=list(self._links))

    def _start_privacy(self) -> None:
        self._visibility = PrivacyVisibility(self._config.context.privacy)
        self._accesses = AccessBook(self._journal.keep_accesses)
        self._accesses.start(self._stack)
        self._erasures = Erasures(self._journal, self._forget)
        self._retention = RetentionChore(
            self._config.store.place, self._config.context.privacy, on_changed=self._journal.forget_recent
        )
        self._sight = Sight(self._visibility, self._accesses, agent_profiles(self._config))

    def _take_requests(self, bus: BusSection, requests: RequestReply) -> None:
        queue = request_queue(self._config, bus, requests, self._metrics)
        queue.start()
        self._stack.push_async_callback(queue.stop)

    async def _start_callbacks(self) -> None:
        config = self._config
        self._callbacks = CallbackService(
            {name: web.callback for name, feed in config.inbound.items() if (web := feed.web) and web.callback},
            region=config.hub.region,
            journal=self._journal,
            store=self._journal,
            control=self._control,
            directory=self,
            live=self,
            status=self,
            on_recorded=self._feed_happened,
        )
        self._stack.push_async_callback(self._callbacks.stop)
        await self._callbacks.start()

    def _start_chores(self) -> None:
        self._erasures.start(self._stack)
        self._retention.start(self._stack)
        if self._watch:
            backends = self._backends
            watching = asyncio.create_task(FileWatch(backends.files, backends.reload).run(), name="file watch")
            self._stack.callback(watching.cancel)

    async def _forget(self, keys: Collection[str]) -> None:
        """Let go of a customer who is being erased: what is kept of them, whom to call back, what is to be written."""
        self._context.forget(keys)
        self._server.forget(keys)
        await self._accesses.flush()
        self._outbound.look_again()
        for callback in self._callbacks.waiting():
            if not set(keys).isdisjoint((*callback.customer.keys(), f"tel:{callback.phone}")):
                await self._callbacks.cancel(callback.id, reason=ERASED)

    def _start_contexts(self, backends: Backends) -> None:
        config = self._config
        self._remembering = Remembering(config, self._feeds, backends, self._journal)
        self._context = ContextService(
            self._remembering.connectors(),
            config.context,
            interactions=self._journal,
            decisions=self._journal,
            kept=self._remembering.kept(),
            stand_in=self._remembering.stand_in,
            on_lookup=self._observe_lookup,
            on_complete=self._context_completed,
            anticipation=anticipation_of(config),
            callback_of=self._callback_of,
        )
        self._stack.push_async_callback(self._context.close)
        self._customers = RememberedCustomers(
            self._journal.customers,
            self._journal,
            self._context,
            region=config.hub.region,
            within_s=config.context.budget_s,
            systems=self._remembering.systems,
        )
        backends.on_swap(self._backends_swapped)

    def _start_warming(self) -> None:
        backends = self._backends
        warming = Warming(
            self._config.context.warm,
            journal=self._journal,
            lookups=self._context.lookups,
            connectors=lambda: tuple(backends.connectors.values()),
            left_alone=lambda: {one.name for one in backends.backends() if one.state in NOT_ASKED},
        )
        self._metrics.show_warm(warming.asked, lambda: warming.customers)
        self._stack.push_async_callback(warming.close)
        task = asyncio.create_task(warming.run(), name="warm customers")
        task.add_done_callback(report_failure)
        self._stack.callback(task.cancel)

    async def _start_routing(self) -> None:
        config = self._config
        if config.routing is None:
            return
        routing = CustomerRouting(
            config.routing,
            contexts=self._context,
            history=self._journal,
            agents=config.agents,
            devices=config.agent_devices,
            directory=self,
            on_answer=self._observe_routing,
        )
        server = FastAgiServer(
            config.routing,
            pbx_hosts={name: section.host for name, section in config.pbx.items()},
            region=config.hub.region,
            routing=routing,
        )
        await server.start()
        self._stack.push_async_callback(server.stop)
        self._metrics.read_counter(
            "ctihub_fastagi_refused",
            "FastAGI connections that were refused or did not keep to the protocol; the log has why.",
            {"": lambda: server.refused_total},
        )

    def _measure(self) -> None:
        metrics, links = self._metrics, self._links
        metrics.read_counter(
            "ctihub_ami_events",
            "Messages received from Asterisk.",
            {name: partial(_events_total, link) for name, link in links.items()},
            label="pbx",
        )
        for name, link in links.items():
            metrics.pbx_connected.labels(name).set_function(partial(_is_connected, link))
        metrics.connected_agents.set_function(self._desk.connected_agents)
        metrics.live_calls.set_function(lambda: len(self.live_calls()))
        metrics.show_floor(self._agents)
        lookups = self._context.lookups
        metrics.show_backends(self._backends.backends, lookups.from_cache, lookups.cache)
        metrics.read_counter(
            "ctihub_accesses",
            "Looks at customers' data that were written down.",
            {"": lambda: self._accesses.kept_total},
        )
        metrics.read_counter(
            "ctihub_customers_erased", "Customers that were erased.", {"": lambda: self._erasures.told_total}
        )
        retired = self._retention.retired
        metrics.read_counter(
            "ctihub_retired",
            "What was kept for its time and is erased: events, records, dead letters, accesses.",
            {what: partial(retired.__getitem__, what) for what in ("events", "records", "dead_letters", "accesses")},
            label="what",
        )
        metrics.read_counter(
            "ctihub_accesses_lost",
            "Looks at customers' data that could not be written down, since the store took none for too long.",
            {"": lambda: self._accesses.lost_total},
        )
        metrics.journal_backlog.set_function(lambda: self._journal.pending)
        metrics.read_counter(
            "ctihub_journal_dropped",
            "Events lost because the disk failed for longer than the memory holds.",
            {"": lambda: self._journal.dropped_total},
        )
        metrics.read_counter(
            "ctihub_journal_refused",
            "Events lost because they could not be stored whatever the disk did; each is in the log.",
            {"": lambda: self._journal.refused_total},
        )
        metrics.show_callbacks(self._callbacks.counts, lambda: len(self._callbacks.waiting()))

    def live_calls(self) -> Sequence[Call]:
        calls = [call for link in self._links.values() for call in link.live_calls()]
        return sorted(self._calls.live(calls), key=lambda call: call.started_at)

    def agents(self) -> Sequence[AgentStatus]:
        return self._agents.agents()

    def agent(self, agent_id: str) -> AgentStatus | None:
        return self._agents.agent(agent_id)

    def queues(self) -> Sequence[QueueStatus]:
        return self._agents.queues()

    def pbx_status(self) -> Sequence[PbxStatus]:
        return [link.status() for link in self._links.values()]

    def problems(self) -> Sequence[str]:
        """Reasons not to send anyone here: no PBX at all, or a journal that can't write."""
        found = [problem] if (problem := self._journal.problem()) else []
        statuses = self.pbx_status()
        if not any(status.connected for status in statuses):
            found += [f"pbx {status.name} is not connected: {status.reason}" for status in statuses]
        return found

    def _call_arrived(self, call: Call) -> None:
        with structlog.contextvars.bound_contextvars(call_id=call.id):
            self._context.begin(call)

    def _call_happened(self, event: CallEvent) -> None:
        call = event.call
        with structlog.contextvars.bound_contextvars(call_id=call.id):
            try:
                self._show(event)
            finally:
                # Whatever goes wrong on a screen, what happened is written down.
                if not self._takeover.is_known(event):
                    self._journal.publish(call_event(event))
                self._agents.call_happened(event)
                self._callbacks.call_happened(event)
            log.info(
                "call",
                step=event.kind,
                pbx=call.pbx,
                queue=call.queue,
                agent=event.connection.agent if event.connection else None,
                cause=event.cause,
            )

    def _show(self, event: CallEvent) -> None:
        """Bring the step to the agents' pages, with what is known by now of the call's other party."""
        is_over = event.kind is CallEventKind.CLEARED
        if not is_over:
            self._context.begin(event.call)
        frames = self._desk.call_happened(event)
        if frames and event.kind is CallEventKind.DELIVERED:
            self._metrics.pop_seconds.observe(max(0.0, (datetime.now(UTC) - event.time).total_seconds()))
        if is_over and was_rung_into_another(event.call):
            self._context.drop(event.call.id)
        elif is_over:
            self._context.end(event.call.id)

    def _manager_of(self, pbx: str) -> AsyncManager | None:
        link = self._links.get(pbx)
        return link.manager if link else None

    def _agent_happened(self, event: AgentEvent) -> None:
        self._journal.publish(agent_event(event))

    def _agent_changed(self, status: AgentStatus) -> None:
        self._desk.agent_changed(status)
        self._callbacks.floor_changed()

    def _queues_changed(self, _pbx: str, _queue: str) -> None:
        self._desk.queues_changed()

    def _callback_of(self, call: Call) -> Callback | None:
        return self._callbacks.callback_of(call)

    def _pbx_changed(self, status: PbxStatus) -> None:
        if status.connected:
            live = self.live_calls()
            for event in self._takeover.ended_meanwhile(status.name, live, datetime.now(UTC)):
                self._journal.publish(call_event(event))
            self._agents.calls_are(status.name, [call for call in live if call.pbx == status.name])
            self._desk.resync()
        self._desk.status_changed()

    def _feed_happened(self, event: Event) -> None:
        """Show what a legacy system has just told to whoever is talking to that customer."""
        match event.data:
            case Interaction() as interaction:
                self._context.interaction_recorded(interaction)
            case CustomerChange(customer=customer, change=change):
                self._context.customer_changed(customer, is_deleted=change is ChangeKind.DELETED)
            case OrderChange() | CaseChange() as changed:
                self._context.matter_changed(changed, received=event.time)

    def _context_completed(self, context: CustomerContext, pbx: str) -> None:
        self._journal.publish(context_event(context, pbx=pbx))

    def _connector_changed(self, status: ConnectorStatus, up: bool) -> None:
        log.warning("connector up" if up else "connector down", connector=status.connector, reason=status.reason)
        self._journal.publish(connector_event(status, up=up))
        if up:
            self._outbound.is_up(status.connector)

    def _are_dead(self, letters: Sequence[DeadLetter]) -> None:
        self._inbound.are_dead(letters)

    def _backends_swapped(self) -> None:
        self._context.use(self._remembering.connectors(), self._remembering.kept())
        self._outbound.swapped()

    def _observe_routing(self, status: EnquiryStatus, seconds: float) -> None:
        self._metrics.routing_seconds.labels(status.value).observe(seconds)

    def _observe_lookup(self, connector: str, seconds: float, state: str) -> None:
        self._metrics.lookup_seconds.labels(connector, state).observe(seconds)
