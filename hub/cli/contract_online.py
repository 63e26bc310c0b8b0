"""Reads contracts from their addresses, signed in as the connector is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from yarl import URL

from connectors.base import ConnectorError
from connectors.http import HttpClient
from connectors.shapes import ContractError
from connectors.soap.addresses import MAX_DOCUMENT
from hub.config.connector_base import ConnectorBase
from hub.domain.customer import Problem

TIMEOUT_S = 30.0


def read_online(name: str, connector: ConnectorBase, address: str) -> bytes:
    """Read one document with the sign-in, headers and certificates of a connector. Raises ContractError."""
    try:
        return asyncio.run(_read(connector, address))
    except ConnectorError as error:
        raise ContractError(f"{name}: {error.message}") from None


def read_for(name: str) -> Callable[[str], bytes]:
    """Return what reads a document for a connector that is not configured yet; raises ConnectorError."""
    connector = ConnectorBase(kind=name)
    return lambda address: asyncio.run(_read(connector, address))


async def _read(connector: ConnectorBase, address: str) -> bytes:
    larger = connector.model_copy(update={"max_reply_bytes": MAX_DOCUMENT})
    auth = getattr(connector, "auth", None)
    # What signs envelopes has none to sign here.
    client = HttpClient(larger, auth if getattr(auth, "type", "") in _BY_HTTP else None)
    client.start()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reply = await client.send("GET", _address(connector, address), headers={"Accept": "application/xml, */*"})
    except TimeoutError:
        raise ConnectorError(Problem.TIMEOUT, f"{address} gave no answer within {TIMEOUT_S:g} s") from None
    finally:
        await client.close()
    if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
        raise ConnectorError(Problem.FAULT, f"{address} answered with HTTP {reply.status}")
    return reply.body


_BY_HTTP = frozenset({"basic", "bearer", "api_key", "oauth2_client", "jwt_bearer", "oauth1"})


def _address(connector: ConnectorBase, address: str) -> URL:
    """Return the address with what the connector sends with each request (sap-client)."""
    url = URL(address, encoded=True)
    params = getattr(connector, "params", None)
    return url.update_query(params) if params else url
