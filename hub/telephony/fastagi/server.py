"""Listens for dialplans that ask, within limits: no peer can take more than its share of connections or time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import structlog

from hub.config.routing import RoutingSection
from hub.domain.ports import CallerRouting
from hub.domain.routing import Enquiry
from hub.telephony.fastagi.admission import Address, Admission, plain_address
from hub.telephony.fastagi.environment import Environment, enquiry_of
from hub.telephony.fastagi.errors import ChannelGoneError, FastAgiError, ListenError
from hub.telephony.fastagi.session import MAX_LINE, Session
from hub.telephony.tracker.calls import call_id

log = structlog.get_logger(__name__)

MAX_CONNECTIONS = 400
MAX_PER_PEER = 300
"""Together well below the 1,024 files that a process may usually have open: pages and backends need some too."""

BACKLOG = 512
ENVIRONMENT_S = 2.0
ANSWER_S = 2.0
LOGGED_A_MINUTE = 10
"""Lines about refused connections: who floods the port does not flood the log."""


class FastAgiServer:
    """Answers `agi://HUB/customer` by what `routing` decides. `pbx_hosts` are the PBXs' hosts by name."""

    def __init__(
        self,
        section: RoutingSection,
        *,
        pbx_hosts: Mapping[str, str],
        region: str,
        routing: CallerRouting,
        max_connections: int = MAX_CONNECTIONS,
        max_per_peer: int = MAX_PER_PEER,
        environment_s: float = ENVIRONMENT_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._host = section.listen_host
        self._port = section.listen_port
        self._region = region
        self._routing = routing
        self._environment_s = environment_s
        self._answer_s = answer_s
        self._admission = Admission(
            pbx_hosts=pbx_hosts, permit=section.permit, max_connections=max_connections, max_per_peer=max_per_peer
        )
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._told: list[float] = []
        self.refused_total = 0

    @property
    def port(self) -> int:
        """The port that is listened on; once started, the real one where 0 was asked for."""
        sockets = self._server.sockets if self._server else ()
        return int(sockets[0].getsockname()[1]) if sockets else self._port

    @property
    def connections(self) -> int:
        """How many dialplans are waiting for an answer."""
        return self._admission.connections

    async def start(self) -> None:
        """Begin to listen. Raises ListenError when the address can't be had."""
        try:
            self._server = await asyncio.start_server(
                self._connected, self._host, self._port, limit=MAX_LINE, backlog=BACKLOG
            )
        except OSError as error:
            raise ListenError(f"routing.listen {self._host}:{self._port}: {error}") from error
        log.info("fastagi_listens", host=self._host, port=self.port)

    async def stop(self) -> None:
        """Stop listening and close what is open: those calls go on without an answer."""
        if self._server is not None:
            self._server.close()
        sessions = list(self._sessions)
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.current_task()
        if session is not None:
            self._sessions.add(session)
            session.add_done_callback(self._sessions.discard)
        peer = writer.get_extra_info("peername")
        address = plain_address(str(peer[0])) if peer else None
        try:
            if address is None or not await self._admission.is_permitted(address):
                self._refuse("this address may not ask; routing.permit names who may", address)
            elif not self._admission.enter(address):
                self._refuse("too many connections at once", address)
            else:
                try:
                    await self._serve(reader, writer, address)
                finally:
                    self._admission.leave(address)
        finally:
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()  # who does not read would keep a polite end waiting for ever
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address) -> None:
        async def make_enquiry(environment: Environment) -> Enquiry:
            pbx = await self._admission.pbx_of(address, environment.arguments.get("pbx", ""))
            known_as = call_id(pbx, environment["uniqueid"]) if pbx else ""
            structlog.contextvars.bind_contextvars(call_id=known_as, pbx=pbx)
            return enquiry_of(environment, pbx=pbx, call_id=known_as, region=self._region)

        session = Session(
            reader,
            writer,
            routing=self._routing,
            make_enquiry=make_enquiry,
            environment_s=self._environment_s,
            answer_s=self._answer_s,
        )
        try:
            await session.run()
        except ChannelGoneError:
            log.debug("fastagi_channel_gone", peer=str(address))
        except FastAgiError as error:
            self._refuse(str(error), address)
        except ConnectionError:
            log.debug("fastagi_connection_lost", peer=str(address))

    def _refuse(self, reason: str, address: Address | None) -> None:
        self.refused_total += 1
        now = asyncio.get_running_loop().time()
        self._told = [moment for moment in self._told if now - moment < 60]  # noqa: PLR2004 - seconds in a minute
        if len(self._told) < LOGGED_A_MINUTE:
            self._told.append(now)
            log.warning("fastagi_refused", peer=str(address), reason=reason, refused_total=self.refused_total)
