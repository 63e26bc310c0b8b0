"""A SOAP service as declared in the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping as Section
from collections.abc import Sequence
from typing import Any

import structlog
import zeep.exceptions
from lxml import etree
from yarl import URL

from connectors.base import ConnectorError
from connectors.documents import is_page
from connectors.http import HttpClient, Reply
from connectors.resolve import Scope, resolve
from connectors.rows import Row, delimited_rows, rows_at
from connectors.soap.addresses import ContractLoader, address_map
from connectors.soap.contract import Contract, load_contract
from connectors.soap.envelope import header_blocks, http_auth, read_reply, username_token
from connectors.stepped import SteppedConnector
from connectors.wording import backend_words
from hub.config.connectors import SoapConnector as SoapConfig
from hub.config.operations import OperationBase, SoapOperation, SoapStep
from hub.config.wording import counted
from hub.config.writes import SoapWrite, WriteOperationBase
from hub.domain.customer import Problem
from hub.mapping.mapping import Mapping

log = structlog.get_logger(__name__)

CONTRACT_TIMEOUT_S = 30.0
THREAD_BYTES = 32 * 1024
"""From this size on a reply is read in a thread: zeep takes a quarter of a millisecond for each KB of it."""


class SoapConnector(SteppedConnector[SoapStep]):
    def __init__(self, name: str, config: SoapConfig, mappings: Section[str, Mapping], *, region: str) -> None:
        super().__init__(name, config, mappings, region=region)
        self._soap = config
        self._http = HttpClient(config, http_auth(config.auth))
        self._wsse = username_token(config.auth)
        self._loading: asyncio.Task[Contract] | None = None
        self._proxy: tuple[Contract, Any] | None = None

    async def start(self) -> None:
        """Begin to load the contract; it goes on in the background, and is tried again if it fails."""
        self._http.start()
        self._begin_loading()

    async def close(self) -> None:
        loading, self._loading = self._loading, None
        if loading is not None and not loading.done():
            loading.cancel()
            await asyncio.wait([loading])
        await self._http.close()

    def _steps(self, operation: OperationBase | WriteOperationBase) -> Sequence[SoapStep]:
        return operation.steps if isinstance(operation, SoapOperation | SoapWrite) else ()

    async def _ask(self, step: SoapStep, scope: Scope) -> list[Row]:
        arguments = resolve(step.arguments, scope)
        document = await self._call(await self._contract(), step.operation, arguments)
        return delimited_rows(document, step.delimited) if step.delimited else rows_at(document, step.rows)

    async def _call(self, contract: Contract, name: str, arguments: dict[str, Any]) -> Any:
        operation = contract.operation(name)
        try:
            reply: Reply = await self._proxy_of(contract)[name](
                **arguments, _soapheaders=header_blocks(self._soap.soap_headers)
            )
        except ConnectorError as error:
            if error.problem is not Problem.UNREACHABLE or self._soap.url:
                raise
            message = f"{error.message}; it is the WSDL that has calls go there: give the right address as `url`"
            raise ConnectorError(Problem.UNREACHABLE, message) from error
        except (zeep.exceptions.Error, TypeError, ValueError, AttributeError, LookupError) as error:
            raise ConnectorError(
                Problem.INTERNAL, f"the arguments do not fit the WSDL: {backend_words(str(error))}"
            ) from error
        if len(reply.body) > THREAD_BYTES:
            return await asyncio.to_thread(read_reply, operation, reply, self._soap.refused_faults)
        return read_reply(operation, reply, self._soap.refused_faults)

    def _proxy_of(self, contract: Contract) -> Any:
        """Return zeep's proxy of the contract, made once for it."""
        if self._proxy is None or self._proxy[0] is not contract:
            self._proxy = (contract, contract.proxy(_Transport(self._http), self._wsse))
        return self._proxy[1]

    async def _contract(self) -> Contract:
        """Wait for the contract; who gives up waiting does not stop it for the others."""
        return await asyncio.shield(self._begin_loading())

    def _begin_loading(self) -> asyncio.Task[Contract]:
        if self._loading is None or (self._loading.done() and _failed(self._loading)):
            self._loading = asyncio.create_task(self._load(), name=f"contract of {self._name}")
            self._loading.add_done_callback(self._loaded)
        return self._loading

    def _loaded(self, task: asyncio.Task[Contract]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("contract not loaded", connector=self._name, reason=str(error))

    async def _load(self) -> Contract:
        loop = asyncio.get_running_loop()

        def fetch(address: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(self._fetch(address), loop).result(CONTRACT_TIMEOUT_S)

        def load() -> Contract:
            return load_contract(self._soap, ContractLoader(self._soap.wsdl, address_map(self._soap), fetch))

        return await asyncio.to_thread(load)

    async def _fetch(self, address: str) -> bytes:
        reply = await self._http.send(
            "GET", URL(address, encoded=True), headers={"Accept": "text/xml, application/xml"}
        )
        if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
            raise ConnectorError(Problem.FAULT, f"no WSDL or schema at {address} (HTTP {reply.status}): check `wsdl`")
        if is_page(reply.body):
            message = f"the WSDL at {address} is an HTML page: check `wsdl`; many services want ?wsdl behind it"
            raise ConnectorError(Problem.MALFORMED, message)
        return reply.body

    async def _probe(self) -> str:
        """Load the contract, see that it has the operations that the steps call, and call the harmless one."""
        contract = await self._contract()
        for operation in self._soap.operations.values():
            for step in operation.steps:
                contract.operation(step.operation)
        check = self._soap.check
        if check is not None:
            await self._call(contract, check.operation, resolve(check.arguments, {}))
        called = (
            f", {check.operation} answered" if check is not None else ", nothing called (give `check` an operation)"
        )
        host = URL(contract.address).host
        return f"SOAP {contract.version}, {counted(len(contract.operations), 'operation')} at {host}{called}"


def _failed(task: asyncio.Task[Contract]) -> bool:
    return task.cancelled() or task.exception() is not None


class _Transport:
    """What zeep takes for a transport when it calls: our own client."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def post_xml(self, address: str, envelope: etree._Element, headers: dict[str, str]) -> Reply:
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return await self._http.send("POST", URL(address, encoded=True), headers=headers, body=body)
