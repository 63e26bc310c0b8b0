"""A contract that is loaded in the background, once for all who wait for it, and again if that failed."""

from __future__ import annotations

import asyncio

import structlog
from yarl import URL

from connectors.base import ConnectorError
from connectors.documents import is_page
from connectors.http import HttpClient
from connectors.soap.addresses import ContractLoader, address_map
from connectors.soap.contract import Contract, load_contract
from hub.config.soap import SoapContract
from hub.domain.customer import Problem

log = structlog.get_logger(__name__)

DOCUMENT_TIMEOUT_S = 30.0


class ContractInUse:
    """`contract_name` is None for the connector's own."""

    def __init__(self, connector: str, contract_name: str | None, config: SoapContract, http: HttpClient) -> None:
        self._connector = connector
        self._contract_name = contract_name
        self._config = config
        self._http = http
        self._loading: asyncio.Task[Contract] | None = None

    def begin(self) -> asyncio.Task[Contract]:
        """Load, unless it is loaded or on the way."""
        if self._loading is None or (self._loading.done() and _failed(self._loading)):
            self._loading = asyncio.create_task(self._load(), name=f"contract of {self._connector}")
            self._loading.add_done_callback(self._loaded)
        return self._loading

    async def get(self) -> Contract:
        """Return the contract; who gives up waiting does not stop it for the others. Raises ConnectorError."""
        loading = self.begin()
        return loading.result() if loading.done() else await asyncio.shield(loading)

    async def close(self) -> None:
        loading, self._loading = self._loading, None
        if loading is not None and not loading.done():
            loading.cancel()
            await asyncio.wait([loading])

    def _loaded(self, task: asyncio.Task[Contract]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("contract not loaded", connector=self._connector, reason=str(error))

    async def _load(self) -> Contract:
        loop = asyncio.get_running_loop()

        def fetch(address: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(self._fetched(address), loop).result()

        def load() -> Contract:
            return load_contract(self._config, ContractLoader(self._config.wsdl, address_map(self._config), fetch))

        try:
            return await asyncio.to_thread(load)
        except ConnectorError as error:
            raise (error.within(f"contract {self._contract_name}") if self._contract_name else error) from error

    async def _fetched(self, address: str) -> bytes:
        """Fetch a document within its time: one that never ends must not keep a connection for good."""
        try:
            async with asyncio.timeout(DOCUMENT_TIMEOUT_S):
                return await self._fetch(address)
        except TimeoutError:
            message = f"the WSDL or schema at {address} was not there within {DOCUMENT_TIMEOUT_S:g} s"
            raise ConnectorError(Problem.TIMEOUT, message) from None

    async def _fetch(self, address: str) -> bytes:
        url = URL(address, encoded=True)
        reply = await self._http.send("GET", url, headers={"Accept": "text/xml, application/xml"})
        if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
            raise ConnectorError(Problem.FAULT, f"no WSDL or schema at {address} (HTTP {reply.status}): check `wsdl`")
        if is_page(reply.body):
            message = f"the WSDL at {address} is an HTML page: check `wsdl`; many services want ?wsdl behind it"
            raise ConnectorError(Problem.MALFORMED, message)
        return reply.body


def _failed(task: asyncio.Task[Contract]) -> bool:
    return task.cancelled() or task.exception() is not None
