"""A SOAP service as declared in the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping as Section
from collections.abc import Sequence
from typing import Any

from yarl import URL

from connectors.base import ConnectorError
from connectors.http import HttpClient
from connectors.reply import Reply
from connectors.resolve import Scope, resolve
from connectors.rows import Row, delimited_rows, rows_at
from connectors.soap.call import Call
from connectors.soap.contract import Contract
from connectors.soap.envelope import read_envelope
from connectors.soap.faults import FaultError, FaultSigns
from connectors.soap.headers import HeaderBlocks
from connectors.soap.loading import ContractInUse
from connectors.soap.reading import Reader
from connectors.soap.sign_in import http_part, message_part
from connectors.soap.signing import MessageSignIn
from connectors.stepped import SteppedConnector
from hub.config.operations import OperationBase, SoapOperation, SoapStep
from hub.config.soap import SoapConnector as SoapConfig
from hub.config.soap import SoapContract
from hub.config.wording import counted
from hub.config.writes import SoapWrite, WriteOperationBase
from hub.domain.customer import Problem
from hub.mapping.mapping import Mapping

THREAD_BYTES = 256 * 1024
"""From this size on a reply is read in a thread, so that no other call waits for it."""
OWN = None
"""The name of the connector's first contract."""


class SoapConnector(SteppedConnector[SoapStep]):
    def __init__(self, name: str, config: SoapConfig, mappings: Section[str, Mapping], *, region: str) -> None:
        super().__init__(name, config, mappings, region=region)
        self._soap = config
        self._http = HttpClient(config, http_part(config.auth))
        self._headers = HeaderBlocks(config.soap_headers)
        self._sign_in: MessageSignIn | None = None
        self._signs = FaultSigns(config.refused_faults, config.throttled_faults)
        contracts: dict[str | None, SoapContract] = {OWN: config}
        contracts.update(config.contracts.items())
        self._contracts = {key: ContractInUse(name, key, contract, self._http) for key, contract in contracts.items()}

    async def start(self) -> None:
        """Begin to load the contracts; it goes on in the background, and is tried again if it fails."""
        self._http.start()
        for contract in self._contracts.values():
            contract.begin()

    async def close(self) -> None:
        await self._end_session()
        for contract in self._contracts.values():
            await contract.close()
        await self._http.close()

    def _steps(self, operation: OperationBase | WriteOperationBase) -> Sequence[SoapStep]:
        return operation.steps if isinstance(operation, SoapOperation | SoapWrite) else ()

    async def _ask(self, step: SoapStep, scope: Scope) -> list[Row]:
        if self._soap.is_left_out(step):
            return []
        arguments = resolve(step.arguments, scope)
        contract = await self._contracts[step.contract].get()
        try:
            document = await self._call(contract, step.operation, arguments, scope, with_header=step.header)
        except FaultError as error:
            if error.holds(step.absent):
                return []
            raise
        return delimited_rows(document, step.delimited) if step.delimited else rows_at(document, step.rows)

    async def _call(
        self, contract: Contract, name: str, arguments: dict[str, Any], scope: Scope, *, with_header: bool = False
    ) -> Any:
        call = contract.call(name)
        if self._sign_in is None:
            # Certificates and keys are read when they are first used, so that a broken one is told, not thrown.
            self._sign_in = message_part(self._soap.auth, self._soap.max_concurrent)
        sign_in = self._sign_in
        address = contract.address_of(name)
        blocks = self._headers.write(scope)

        async def send(security: str) -> Reply:
            envelope = sign_in.signed(call.envelope(arguments, blocks + security))
            return await self._send(address, call.headers, envelope)

        return await sign_in.call(send, lambda reply: self._read(call, reply, with_header=with_header))

    async def _send(self, address: str, headers: Section[str, str], body: bytes) -> Reply:
        try:
            return await self._http.send("POST", URL(address, encoded=True), headers=headers, body=body)
        except ConnectorError as error:
            if error.problem is not Problem.UNREACHABLE or self._soap.url:
                raise
            message = f"{error.message}; it is the WSDL that has calls go there: give the right address as `url`"
            raise ConnectorError(Problem.UNREACHABLE, message) from error

    async def _read(self, call: Call, reply: Reply, *, with_header: bool) -> Any:
        if len(reply.body) > THREAD_BYTES:
            return await asyncio.to_thread(self._read_now, call, reply, with_header)
        return self._read_now(call, reply, with_header)

    def _read_now(self, call: Call, reply: Reply, with_header: bool) -> Any:
        header, body = read_envelope(reply, self._signs)
        document = call.read(body)
        if not with_header:
            return document
        return {"header": None if header is None else Reader(call.book, header).value(header, None), "body": document}

    async def _checked(self) -> str:
        if self._sessions is None:
            return await self._probe()
        return await self._sessions.run(lambda session: self._probe({"session": session}))

    async def _probe(self, scope: Scope | None = None) -> str:
        """Load the contracts, see that they have what the steps call, and call the harmless operation."""
        contracts = {key: await contract.get() for key, contract in self._contracts.items()}
        for step in self._soap.every_step():
            if not self._soap.is_left_out(step):
                contracts[step.contract].operation(step.operation)
        own = contracts[OWN]
        check = self._soap.check
        called = ", nothing called (give `check` an operation)"
        if check is not None:
            if check.contract not in contracts:
                raise ConnectorError(Problem.INTERNAL, f"`check` names the contract {check.contract!r}, which is none")
            await self._call(contracts[check.contract], check.operation, resolve(check.arguments, {}), scope or {})
            called = f", {check.operation} answered"
        several = f" in {len(contracts)} contracts" if len(contracts) > 1 else ""
        operations = counted(sum(len(contract.operations) for contract in contracts.values()), "operation")
        return f"SOAP {own.version}, {operations}{several} at {URL(own.address).host}{called}{self._http.clock_note()}"
