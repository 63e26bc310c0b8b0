"""The house at a glance: what it is built of, in which order it comes to life, and that it goes down the other way."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack

import structlog

from hub.bus.feeds import Feeds
from hub.collector import spare_collector
from hub.config.model import Config
from hub.context.health import ConnectorHealth
from hub.desk.desk import agent_profiles
from hub.desk.sight import Sight
from hub.house.backends import Backends, ConfigSource
from hub.house.broker import start_broker_side
from hub.house.caller_routing import start_caller_routing
from hub.house.calling_back import callbacks_of
from hub.house.customer_rules import CustomerRules
from hub.house.customers import Customers
from hub.house.erasures import Erasures, forget_in
from hub.house.exchanges import Exchanges
from hub.house.figures import show_rooms
from hub.house.file_watch import start_watching
from hub.house.happenings import Happenings
from hub.house.inbound import Inbound
from hub.house.requests import request_reply, start_request_queue
from hub.house.retention import RetentionChore
from hub.house.screens import desk_of, server_of
from hub.house.store import open_store
from hub.house.takeover import taken_over
from hub.house.write_backs import outbound_of
from hub.metrics import Metrics
from hub.outbound.dead import ORIGIN
from hub.privacy.accesses import AccessBook
from hub.privacy.visibility import PrivacyVisibility
from hub.version import VERSION

log = structlog.get_logger(__name__)


class Hub:
    """One hub: `start`, then `stop` once. Everything between is driven by what comes in.

    With a `source` its connectors can be reloaded, with `watch` they are whenever their files change.
    """

    def __init__(self, config: Config, *, source: ConfigSource | None = None, watch: bool = False) -> None:
        self._config = config
        self._source = source
        self._watch = watch
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Bring every room up; what was brought up is taken down again when one can't be.

        Raises JournalError, UserStoreError, ConnectorError or OSError (the address to listen on), in plain words.
        """
        try:
            await self._start(self._stack)
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

    async def _start(self, stack: AsyncExitStack) -> None:
        """Open what the rooms stand on, build them, each from those before it, and let the outside in, calls last."""
        config, metrics = self._config, Metrics()

        journal, users = await open_store(config, stack)
        takeover = await taken_over(journal, config.pbx)
        happenings = Happenings(journal, takeover, metrics)
        feeds = Feeds(config)
        rules = CustomerRules(config)
        backends = Backends(
            config,
            health=ConnectorHealth(happenings.connector_changed),
            source=self._source,
            feeds=feeds,
            rules=rules,
        )
        outbound = outbound_of(
            config,
            backends,
            journal=journal,
            records=journal.customers,
            customers_of=lambda records: customers.known.customers_of(records),  # noqa: PLW0108 - there only later
            metrics=metrics,
            on_dead=happenings.letters_died,
        )
        stack.push_async_callback(backends.close)
        await backends.start()

        exchanges = Exchanges(
            config,
            journal=journal,
            known=await journal.agent_states(),
            open_calls=takeover.ids,
            listener=happenings,
        )
        callbacks = callbacks_of(
            config,
            exchanges=exchanges,
            journal=journal,
            on_recorded=happenings.feed_happened,
            on_changed=happenings.callback_changed,
        )
        customers = Customers(
            config,
            feeds=feeds,
            backends=backends,
            rules=rules,
            outbound=outbound,
            journal=journal,
            live=exchanges,
            callback_of=callbacks.callback_of,
            on_complete=happenings.context_completed,
            metrics=metrics,
        )
        backends.on_swap(happenings.connectors_replaced)
        visibility = PrivacyVisibility(config.context.privacy)
        accesses = AccessBook(journal.keep_accesses)
        sight = Sight(visibility, accesses, agent_profiles(config))
        desk = desk_of(
            config, exchanges=exchanges, customers=customers, callbacks=callbacks, backends=backends, sight=sight
        )
        inbound = Inbound(config, feeds, journal=journal, metrics=metrics, on_event=happenings.feed_happened)
        inbound.replayer.on_replay(ORIGIN, outbound.replay)
        happenings.heard_by(
            live=exchanges, customers=customers, desk=desk, callbacks=callbacks, inbound=inbound, outbound=outbound
        )
        requests = request_reply(
            config,
            customers=customers.context,
            known=customers.known,
            control=exchanges.control,
            directory=exchanges,
            live=exchanges,
            metrics=metrics,
            visibility=visibility,
            accesses=accesses,
        )
        self._server = server_of(
            config,
            users=users,
            journal=journal,
            desk=desk,
            exchanges=exchanges,
            customers=customers,
            callbacks=callbacks,
            backends=backends,
            inbound=inbound,
            requests=requests,
            sight=sight,
            happenings=happenings,
            metrics=metrics,
        )
        forget = forget_in(
            context=customers.context,
            server=self._server,
            accesses=accesses,
            outbound=outbound,
            callbacks=callbacks,
        )
        erasures = Erasures(journal, forget)
        retention = RetentionChore(config.store.place, config.context.privacy, on_changed=journal.forget_recent)
        show_rooms(
            metrics,
            journal=journal,
            backends=backends,
            exchanges=exchanges,
            callbacks=callbacks,
            customers=customers,
            desk=desk,
            accesses=accesses,
            erasures=erasures,
            retention=retention,
        )

        accesses.start(stack)
        stack.push_async_callback(customers.context.close)
        stack.push_async_callback(exchanges.stop)
        stack.push_async_callback(callbacks.stop)
        await callbacks.start()
        if config.bus is not None:
            await start_broker_side(config.bus, journal=journal, metrics=metrics, stack=stack)
        stack.push_async_callback(outbound.stop)
        await outbound.start()
        await self._server.start()
        stack.push_async_callback(self._server.stop)
        await inbound.start(stack)
        await start_caller_routing(
            config, customers=customers, exchanges=exchanges, journal=journal, metrics=metrics, stack=stack
        )
        customers.start_warming(stack)
        await exchanges.connect(stack)
        if config.bus is not None:
            start_request_queue(config, config.bus, requests, metrics, stack)
        erasures.start(stack)
        retention.start(stack)
        if self._watch:
            start_watching(backends.files, backends.reload, stack)
        log.info("hub started", version=VERSION, url=self._server.url, pbx=list(exchanges.links))
