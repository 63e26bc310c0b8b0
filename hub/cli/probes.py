"""What `ctihub check` asks each thing that a configuration names; a problem is a `ProbeError` in plain words."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from connectors.base import ConnectorError
from connectors.registry import build_connector
from connectors.tracing import Exchange, Trace, recorded
from hub.config.connector_base import ConnectorBase
from hub.config.model import BusSection, Config, StoreSection
from hub.config.pbx import PbxSection
from hub.domain.store_place import ServerPlace
from hub.store.connection import StoreFailedError
from hub.store.sqlite import check_file
from hub.telephony.ami.errors import AmiError
from hub.telephony.check import check as check_pbx
from hub.telephony.link import ami_settings

if TYPE_CHECKING:
    from hub.bus.amqp import AmqpConnection
    from hub.config.inbound import FolderWatch
    from hub.config.mailbox import ImapMailbox


_HTTP = frozenset({"http", "https"})


class ProbeError(Exception):
    """Something named in the configuration can't be used; the message says why."""


class Probe(NamedTuple):
    """`ask` returns a short fact, or raises ProbeError."""

    kind: str
    name: str
    ask: Callable[[], Awaitable[str]]


def probes(config: Config) -> Iterator[Probe]:
    """Yield one for each thing outside that the hub needs."""
    yield Probe("store", "journal", partial(asyncio.to_thread, _store, config.store))
    for name, pbx in config.pbx.items():
        yield Probe("pbx", name, partial(_pbx, config, name, pbx))
    for name, connector in config.connectors.items():
        yield Probe("connector", name, partial(_connector, config, name, connector))
    for name, feed in config.inbound.items():
        if feed.folder is not None:
            yield Probe("folder", name, partial(asyncio.to_thread, _folder, feed.folder, name))
        if feed.imap is not None:
            yield Probe("mailbox", name, partial(_mailbox, feed.imap))
    if config.bus is not None:
        yield Probe("bus", config.bus.exchange, partial(_bus, config.bus))
        for name, feed in config.inbound.items():
            if queue := feed.queue_of(name):
                yield Probe("feed", name, partial(_feed, config.bus, queue))


def _store(section: StoreSection) -> str:
    place = section.place
    try:
        return _file(place) if isinstance(place, Path) else _server(place)
    except StoreFailedError as error:
        raise ProbeError(str(error)) from error


def _file(path: Path) -> str:
    if not path.exists():
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise ProbeError(f"{path}: its folder must exist, and the hub's user must be able to write there")
        return f"{path} will be made at the first start"
    check_file(path)
    return f"{path} can be written, {path.stat().st_size / 1_000_000:.1f} MB"


def _server(place: ServerPlace) -> str:
    # asyncpg is not needed where the store is a file.
    from hub.store.server_schema import check_server

    return f"{place} {check_server(place)}"


def _folder(watch: FolderWatch, feed: str) -> str:
    # Here, because only some configurations have one.
    from hub.bus.folder_moves import FolderError, FolderMoves

    try:
        FolderMoves(watch, feed).check()
    except FolderError as error:
        raise ProbeError(str(error)) from error
    return f"{watch.path} can be read, and files be moved there"


async def _mailbox(section: ImapMailbox) -> str:
    # Here, because only some configurations have one.
    from hub.bus.imap_check import check_mailbox
    from hub.bus.imap_errors import MailboxError
    from hub.mail_token import FetchedToken

    token = FetchedToken(section.auth, section.timeout_s) if section.auth is not None else None
    try:
        return await check_mailbox(section, "" if token is None else await token.get())
    except MailboxError as error:
        raise ProbeError(str(error)) from error
    finally:
        if token is not None:
            await token.close()


async def _pbx(config: Config, name: str, section: PbxSection) -> str:
    try:
        devices = (*config.agent_devices(name), *section.trunks, *section.shared_call_trunks)
        return await check_pbx(ami_settings(name, section), devices, section.control, config.named_queues(name))
    except AmiError as error:
        raise ProbeError(str(error)) from error


async def _connector(config: Config, name: str, section: ConnectorBase) -> str:
    with recorded() as trace:
        try:
            connector = build_connector(name, section, region=config.hub.region, mapping_folders=config.hub.mappings)
            try:
                await connector.start()
                found = await connector.check()
            finally:
                await connector.close()
        except ConnectorError as error:
            raise ProbeError(f"{error.problem}: {error.message}{_asked_last(trace)}") from error
    return f"{found}{_asked_last(trace)}"


def _asked_last(trace: Trace) -> str:
    """Name the harmless call, so that an administrator finds it in the backend's log; nothing if none was made."""
    calls = [one for one in trace.happened if isinstance(one, Exchange) and urlsplit(one.address).scheme in _HTTP]
    # What follows the path may hold keys.
    return f" (asked {calls[-1].method} {urlsplit(calls[-1].address).path or '/'})" if calls else ""


async def _bus(section: BusSection) -> str:
    async def exchange_is_there(connection: AmqpConnection) -> str:
        from hub.bus.topology import events_exchange, make

        found = await make(connection, events_exchange(section.exchange))
        return f"lets in, exchange {section.exchange} is there{_remark(found.remark)}"

    return await _broker(section, exchange_is_there)


async def _feed(section: BusSection, queue: str) -> str:
    async def look_for_queue(connection: AmqpConnection) -> str:
        from hub.bus.errors import BrokerError
        from hub.bus.topology import inbound_exchange, inbound_queue, look

        found = await look(connection, inbound_queue(queue))
        try:
            leading = (await look(connection, inbound_exchange(queue))).remark
        except BrokerError as error:
            leading = str(error)  # the queue serves without it
        if not found.usable:
            return f"queue {queue} will be made at the hub's start{_remark(leading)}"
        return f"queue {queue} is there{_remark('; '.join(filter(None, (found.remark, leading))))}"

    return await _broker(section, look_for_queue)


def _remark(remark: str) -> str:
    return f" ({remark})" if remark else ""


async def _broker(section: BusSection, ask: Callable[[AmqpConnection], Awaitable[str]]) -> str:
    # Here, because only some configurations have a broker.
    from pika.adapters.utils.connection_workflow import AMQPConnectorException
    from pika.exceptions import AMQPError

    from hub.bus.amqp import AmqpConnection
    from hub.bus.errors import BrokerError, explain
    from hub.bus.parameters import broker_parameters

    try:
        parameters = broker_parameters(section, "check")
    except BrokerError as error:
        raise ProbeError(str(error)) from error
    broker = f"{parameters.host}:{parameters.port}"
    try:
        connection = await AmqpConnection.open(parameters)
        try:
            found = await ask(connection)
        finally:
            await connection.close()
    except (AMQPError, AMQPConnectorException, BrokerError, OSError) as error:
        raise ProbeError(explain(error, broker)) from error
    return f"{broker} {found}"
