"""The agents' side of the house: what their pages are told, and the server by which pages and programs come in."""

from __future__ import annotations

from hub.bus.rpc_dispatcher import Dispatcher
from hub.callbacks.service import CallbackService
from hub.config.model import Config
from hub.desk.desk import Desk, agent_profiles, titles_of
from hub.desk.server import DeskServer
from hub.desk.sight import Sight
from hub.desk.user_store import UserStore
from hub.domain.control import COMMAND_NAMES
from hub.house.backends import Backends
from hub.house.customers import Customers
from hub.house.exchanges import Exchanges
from hub.house.happenings import Happenings
from hub.house.inbound import Inbound
from hub.journal.journal import Journal
from hub.metrics import Metrics
from hub.version import VERSION


def desk_of(
    config: Config,
    *,
    exchanges: Exchanges,
    customers: Customers,
    callbacks: CallbackService,
    backends: Backends,
    sight: Sight,
) -> Desk:
    """Return the live desk, which hears of every revision of what is known of a caller."""
    desk = Desk(
        agents=agent_profiles(config),
        live=exchanges,
        contexts=customers.context,
        status=exchanges,
        directory=exchanges,
        callbacks=callbacks.waiting,
        version=VERSION,
        sight=sight,
        commands=COMMAND_NAMES,
        not_ready_reasons=config.desk.not_ready_reasons,
        dispositions=config.desk.dispositions,
        writes=lambda: frozenset(kind for one in backends.connectors.values() for kind in one.writes),
        titles=titles_of(config),
    )
    customers.context.subscribe(desk.context_changed)
    return desk


def server_of(
    config: Config,
    *,
    users: UserStore,
    journal: Journal,
    desk: Desk,
    exchanges: Exchanges,
    customers: Customers,
    callbacks: CallbackService,
    backends: Backends,
    inbound: Inbound,
    requests: Dispatcher,
    sight: Sight,
    happenings: Happenings,
    metrics: Metrics,
) -> DeskServer:
    """Return the server, not started yet."""
    return DeskServer(
        host=config.listen_host,
        port=config.listen_port,
        desk=desk,
        users=users,
        tokens=config.auth.tokens,
        live=exchanges,
        directory=exchanges,
        control=exchanges.control,
        customers=customers.known,
        timeline=journal,
        contexts=customers.context,
        archive=journal,
        store_problem=journal.problem,
        wrap_ups=customers.wrap_ups,
        identity=customers.identity,
        decisions=journal,
        backends=backends,
        call_log=journal,
        journal=journal,
        feeds=config.inbound,
        soap=inbound.soap,
        reception=inbound.reception,
        dead_letters=journal,
        replay_asked=inbound.replayer.asked,
        requests=requests,
        callbacks=callbacks,
        region=config.hub.region,
        on_visit=happenings.feed_happened,
        sight=sight,
        privacy=config.context.privacy,
        access_records=journal,
        status=exchanges,
        metrics=metrics.render,
        version=VERSION,
        public_url=config.desk.public_url,
        session_s=config.desk.session_hours * 3600,
    )
