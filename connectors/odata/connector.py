"""An OData service as declared in the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping as Section
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from yarl import URL

from connectors.base import ConnectorError
from connectors.documents import refuse_html
from connectors.http import HttpClient
from connectors.odata.query import filters, query_string
from connectors.odata.reply import read_rows
from connectors.resolve import Scope
from connectors.rows import Row, rows_at
from connectors.stepped import SteppedConnector
from connectors.wording import refusal
from hub.config.connectors import ODataConnector as ODataConfig
from hub.config.operations import ODataOperation, ODataStep, OperationBase
from hub.config.wording import counted, nearest
from hub.config.writes import ODataWrite, WriteOperationBase
from hub.domain.customer import Problem
from hub.mapping.mapping import Mapping

_ENTITY_SET = re.compile(rb"<(?:\w+:)?EntitySet\s[^>]{0,2000}?\bName=[\"']([^\"']{1,200})[\"']")


class ODataConnector(SteppedConnector[ODataStep]):
    def __init__(self, name: str, config: ODataConfig, mappings: Section[str, Mapping], *, region: str) -> None:
        super().__init__(name, config, mappings, region=region)
        self._odata = config
        self._http = HttpClient(config, config.auth)

    async def start(self) -> None:
        self._http.start()

    async def close(self) -> None:
        await self._http.close()

    def _steps(self, operation: OperationBase | WriteOperationBase) -> Sequence[ODataStep]:
        return operation.steps if isinstance(operation, ODataOperation | ODataWrite) else ()

    async def _ask(self, step: ODataStep, scope: Scope) -> list[Row]:
        version = self._odata.version
        rows: list[Row] = []
        for filter_text in filters(step, scope, version):
            query = query_string(step, filter_text, self._odata.params, version)
            url = URL(f"{self._service(step.service)}/{step.entity}?{query}", encoded=True)
            reply = await self._http.send("GET", url, headers={"Accept": "application/json"})
            rows += await read_rows(reply, f"{step.service}/{step.entity}".lstrip("/"))
        return rows_at(rows, step.rows)

    def _service(self, service: str) -> str:
        base = self._odata.url.rstrip("/")
        return f"{base}/{service.strip('/')}" if service else base

    async def _probe(self) -> str:
        """Read each service's `$metadata`, and see that it has the entity sets that the steps ask."""
        wanted: dict[str, set[str]] = {}
        for operation in self._odata.operations.values():
            for step in operation.steps:
                wanted.setdefault(step.service, set()).add(step.entity)
        facts = []
        for service, entities in wanted.items():
            offered = await self._entity_sets(service)
            for entity in sorted(entities - set(offered)):
                raise ConnectorError(
                    Problem.FAULT, f"{service or 'the service'} has no entity set {entity!r}{nearest(entity, offered)}"
                )
            facts.append(f"{service} {counted(len(offered), 'entity set')}".strip())
        return f"OData {self._odata.version.upper()}, {', '.join(facts)}"

    async def _entity_sets(self, service: str) -> list[str]:
        query = urlencode(self._odata.params, quote_via=quote)
        url = URL(f"{self._service(service)}/$metadata{'?' if query else ''}{query}", encoded=True)
        reply = await self._http.send("GET", url, headers={"Accept": "application/xml"})
        if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
            appended = f"{service}/$metadata".lstrip("/")
            raise ConnectorError(Problem.FAULT, refusal(reply.status, "the service does not describe itself", appended))
        refuse_html(reply)
        if b"Edmx" not in reply.body:
            raise ConnectorError(Problem.MALFORMED, f"$metadata of {service or 'the service'} is no OData metadata")
        return sorted({name.decode("utf-8", "replace") for name in _ENTITY_SET.findall(reply.body)})
