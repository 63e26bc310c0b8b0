"""The desk's HTTP server: puts the API together from what the composition root hands in, starts and stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import structlog
from aiohttp import web

from hub.config.inbound import InboundFeed
from hub.config.model import TokenSection
from hub.config.privacy import PrivacySection
from hub.desk.access import Gate
from hub.desk.agents_api import AgentsApi
from hub.desk.application import make_application
from hub.desk.callbacks_api import CallbacksApi
from hub.desk.calls_api import CallsApi
from hub.desk.commands_api import CommandsApi
from hub.desk.connectors_api import ConnectorsApi
from hub.desk.customers_api import CustomersApi
from hub.desk.dead_letters_api import DeadLettersApi
from hub.desk.description_api import DescriptionApi
from hub.desk.desk import Desk
from hub.desk.desk_api import DeskApi
from hub.desk.embed_api import EmbedApi
from hub.desk.events_api import EventsApi
from hub.desk.feed_body import FeedBodies
from hub.desk.identity_api import IdentityApi
from hub.desk.inbound_api import InboundApi
from hub.desk.interactions_api import InteractionsApi
from hub.desk.operations_api import MetricsRenderer, OperationsApi
from hub.desk.pages import STATIC_DIR, Pages
from hub.desk.privacy_api import PrivacyApi
from hub.desk.route import Route
from hub.desk.rpc_api import RpcApi
from hub.desk.senders import Senders
from hub.desk.session_api import SessionApi
from hub.desk.sight import Sight
from hub.desk.sign_in import SignIn
from hub.desk.timeline_api import TimelineApi
from hub.desk.user_store import UserStore, UserStoreError
from hub.desk.wrap_up_api import WrapUpApi
from hub.domain.event import Event
from hub.domain.ports import (
    AccessRecords,
    AgentDirectory,
    BackendDirectory,
    CallArchive,
    Callbacks,
    CallControl,
    CallLog,
    CallWrapUp,
    ContextProvider,
    DeadLetters,
    EventJournal,
    IdentityDecider,
    IdentityDecisions,
    LiveCalls,
    Reception,
    SoapFeed,
    StatusSource,
    Timeline,
)
from hub.domain.rpc import RequestReply
from hub.domain.search import KnownCustomers

log = structlog.get_logger(__name__)

SESSION_CHECK_S = 5.0
KEEPALIVE_S = 20.0
IDLE_S = 75.0
"""How long a connection may go without a whole request; proxies keep theirs for less, so none meets a closed one."""
_SHUTDOWN_S = 3.0


class DeskServer:
    """Serves the pages, the API and the WebSocket on one address.

    `users` stays the composition root's to close. `public_url`, `session_s` and `tokens` come from the
    configuration's `desk` and `auth`. `on_visit` hears of what a web site's visitor looked at, and
    of contacts that other systems record; `store_problem` says why nothing can be stored at the moment.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        desk: Desk,
        users: UserStore,
        tokens: Mapping[str, TokenSection],
        live: LiveCalls,
        directory: AgentDirectory,
        control: CallControl,
        customers: KnownCustomers,
        timeline: Timeline,
        contexts: ContextProvider,
        archive: CallArchive,
        store_problem: Callable[[], str | None],
        wrap_ups: CallWrapUp,
        identity: IdentityDecider,
        decisions: IdentityDecisions,
        backends: BackendDirectory,
        call_log: CallLog,
        journal: EventJournal,
        status: StatusSource,
        metrics: MetricsRenderer,
        version: str,
        feeds: Mapping[str, InboundFeed],
        soap: Mapping[str, SoapFeed],
        reception: Reception,
        dead_letters: DeadLetters,
        replay_asked: Callable[[], None],
        requests: RequestReply,
        sight: Sight,
        callbacks: Callbacks,
        region: str,
        on_visit: Callable[[Event], None],
        privacy: PrivacySection,
        access_records: AccessRecords,
        public_url: str | None = None,
        session_s: float = 12 * 3600.0,
        static_dir: Path = STATIC_DIR,
        session_check_s: float = SESSION_CHECK_S,
        keepalive_s: float = KEEPALIVE_S,
        idle_s: float = IDLE_S,
    ) -> None:
        self._host = host
        self._port = port
        self._desk = desk
        self._session_check_s = session_check_s
        self._keepalive_s = keepalive_s
        self._sign_in = SignIn(users=users, agents=desk.agents, session_s=session_s)
        gate = Gate(sign_in=self._sign_in, tokens=tokens, public_url=public_url)
        self._embed = EmbedApi(
            feeds=feeds,
            region=region,
            gate=gate,
            journal=journal,
            callbacks=callbacks,
            on_event=on_visit,
            static_dir=static_dir,
        )
        self._events = EventsApi(journal=journal, keepalive_s=keepalive_s, sight=sight)
        description = DescriptionApi(version=version, cookie_name=gate.cookie_name)
        self.routes: tuple[Route, ...] = (
            *SessionApi(sign_in=self._sign_in, gate=gate, desk=desk, agents=desk.agents).routes(),
            *DeskApi(desk=desk).routes(),
            *self._events.routes(),
            *CallsApi(desk=desk, live=live, log=call_log, sight=sight).routes(),
            *AgentsApi(desk=desk, directory=directory, sight=sight).routes(),
            *CommandsApi(agents=desk.agents, control=control).routes(),
            *WrapUpApi(agents=desk.agents, wrap_ups=wrap_ups).routes(),
            *IdentityApi(agents=desk.agents, decider=identity, decisions=decisions, sight=sight).routes(),
            *CustomersApi(customers=customers, sight=sight).routes(),
            *TimelineApi(
                timeline=timeline,
                customers=customers,
                contexts=contexts,
                live=live,
                archive=archive,
                sight=sight,
            ).routes(),
            *InteractionsApi(journal=journal, region=region, on_event=on_visit, problem=store_problem).routes(),
            *ConnectorsApi(backends=backends).routes(),
            *InboundApi(
                feeds=feeds,
                soap=soap,
                reception=reception,
                senders=Senders(feeds, gate),
                bodies=FeedBodies(),
                public_url=public_url,
            ).routes(),
            *self._embed.routes(),
            *CallbacksApi(
                agents=desk.agents,
                sites=tuple(name for name, feed in feeds.items() if feed.web is not None and feed.web.callback),
                callbacks=callbacks,
                directory=directory,
                sight=sight,
            ).routes(),
            *RpcApi(requests=requests).routes(),
            *DeadLettersApi(letters=dead_letters, replay_asked=replay_asked, sight=sight).routes(),
            *PrivacyApi(section=privacy, accesses=access_records, agents=desk.agents, region=region).routes(),
            *description.routes(),
            *OperationsApi(status=status, metrics=metrics).routes(),
        )
        description.describe(self.routes)
        application = make_application(self.routes, gate=gate, pages=Pages(static_dir))
        application.on_shutdown.append(self._say_goodbye)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            shutdown_timeout=_SHUTDOWN_S,
            keepalive_timeout=idle_s,
            auto_decompress=False,  # a few KiB can be a GiB; what is compressed is refused where it is taken as it is
        )
        self._chores: tuple[asyncio.Task[None], ...] = ()

    @property
    def port(self) -> int:
        """The port that is listened on; once started, the real one where 0 was asked for."""
        addresses = self._runner.addresses
        return int(addresses[0][1]) if addresses else self._port

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Begin to listen. Raises `OSError` when the address can't be had."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        loop = asyncio.get_running_loop()
        self._chores = (loop.create_task(self._end_sessions()), loop.create_task(self._keep_alive()))
        log.info("desk_listens", url=self.url)

    async def stop(self) -> None:
        """Close pages and streams, finish what is being answered, and stop listening."""
        for chore in self._chores:
            chore.cancel()
        if self._chores:
            await asyncio.wait(self._chores)
        await self._runner.cleanup()
        self._sign_in.close()

    def forget(self, keys: Collection[str]) -> None:
        """Keep nothing in memory of whom these index keys name: they are being erased."""
        self._embed.forget(keys)

    async def _say_goodbye(self, _application: web.Application) -> None:
        await asyncio.gather(self._desk.close(), self._events.close())

    async def _end_sessions(self) -> None:
        """Close the pages of sessions that expired, or whose user was removed by another process."""
        while True:
            await asyncio.sleep(self._session_check_s)
            try:
                self._desk.sign_out(await self._sign_in.over(self._desk.sessions()))
            except UserStoreError as error:
                log.warning("sessions_not_checked", reason=str(error))
            except Exception:
                log.exception("sessions_not_checked")

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._keepalive_s)
            await self._desk.keep_alive()
