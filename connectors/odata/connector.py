"""An OData service as declared in the configuration."""

from __future__ import annotations

from collections.abc import Mapping as Section
from collections.abc import Sequence

from yarl import URL

from connectors.base import ConnectorError
from connectors.http import HttpClient
from connectors.odata.address import entity_address, query_address, service_address
from connectors.odata.changes import Changes
from connectors.odata.offered import offered
from connectors.odata.paging import next_address
from connectors.odata.query import filters, query_string
from connectors.odata.reply import Page, read_page
from connectors.optional_fields import FieldLeftOutError, OptionalFields, told_left_out
from connectors.resolve import Scope
from connectors.rows import Row, rows_at
from connectors.stepped import SteppedConnector
from hub.config.connectors import ODataConnector as ODataConfig
from hub.config.operations import ODataOperation, ODataStep, OperationBase
from hub.config.writes import ODataWrite, WriteOperationBase
from hub.domain.customer import Problem
from hub.mapping.mapping import Mapping

MAX_PAGES = 20
"""Pages of one answer; a service that sends more is asked too broadly, or pages without end."""

_NOT_FOUND = 404


class ODataConnector(SteppedConnector[ODataStep]):
    def __init__(self, name: str, config: ODataConfig, mappings: Section[str, Mapping], *, region: str) -> None:
        super().__init__(name, config, mappings, region=region)
        self._odata = config
        self._http = HttpClient(config, config.auth)
        self._changes = Changes(config, self._http)
        self._fields = OptionalFields(name, config.unknown_fields)

    async def start(self) -> None:
        self._http.start()

    async def close(self) -> None:
        await self._end_session()
        await self._http.close()

    def _steps(self, operation: OperationBase | WriteOperationBase) -> Sequence[ODataStep]:
        return operation.steps if isinstance(operation, ODataOperation | ODataWrite) else ()

    @property
    def left_out(self) -> Sequence[str]:
        return self._fields.left_out

    async def _ask(self, step: ODataStep, scope: Scope) -> list[Row]:
        while True:
            try:
                return await self._asked(self._allowed(step), scope)
            except FieldLeftOutError:
                continue

    def _allowed(self, step: ODataStep) -> ODataStep:
        """Return a step that selects nothing that the service has refused."""
        if not self._fields.left_out or not step.optional_fields:
            return step
        still = self._fields.still({step.entity: step.optional_fields})
        return step.model_copy(update={"optional_fields": still[step.entity]})

    async def _asked(self, step: ODataStep, scope: Scope) -> list[Row]:
        if step.method != "GET":
            rows = await self._changes.make(step, scope)
        elif step.has_key:
            rows = await self._pages(step, entity_address(self._odata, step, scope), {*step.absent, _NOT_FOUND})
        else:
            rows = []
            for filter_text in filters(step, scope, self._odata.version):
                query = query_string(step, filter_text, self._odata.params, self._odata.version, scope)
                rows += await self._pages(step, query_address(self._odata, step, query), set(step.absent))
        return rows_at(rows, step.rows)

    async def _pages(self, step: ODataStep, url: URL, absent: set[int]) -> list[Row]:
        """Read an answer page by page, until the step has as many rows as it wants."""
        rows: list[Row] = []
        seen: set[URL] = set()
        while len(seen) < MAX_PAGES:
            page = await self._page(step, url, absent)
            rows += page.rows
            if page.next is None or len(rows) >= step.top:
                return rows[: step.top]
            seen.add(url)
            url = next_address(url, page.next, self._odata.params)
            if url in seen:
                raise ConnectorError(Problem.MALFORMED, "the service's next page is one that it has sent already")
        raise ConnectorError(
            Problem.TOO_LARGE, f"the answer has more than {MAX_PAGES} pages: ask for less, or give a smaller `top`"
        )

    async def _page(self, step: ODataStep, url: URL, absent: set[int]) -> Page:
        reply = await self._http.send("GET", url, headers=self._changes.headers, answers=absent)
        if reply.status in absent:
            return Page([], None)
        if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
            self._fields.hear(reply, {step.entity: step.optional_fields})
        return await read_page(reply, f"{step.service}/{step.entity}".lstrip("/"))

    async def _probe(self) -> str:
        """See that each service has the entity sets that the steps ask."""
        wanted: dict[str, set[str]] = {}
        for step in self._odata.every_step():
            wanted.setdefault(step.service, set()).add(step.entity)
        lookups = [step for operation in self._odata.operations.values() for step in operation.steps]
        needed = {step.service for step in lookups if not step.absent}
        facts = [
            await offered(
                self._http,
                service_address(self._odata, service),
                service,
                entities,
                params=self._odata.params,
                version=self._odata.version,
                headers=self._changes.headers,
                may_be_absent=service not in needed,
            )
            for service, entities in wanted.items()
        ]
        left_out = told_left_out(self.left_out)
        return f"OData {self._odata.version.upper()}, {', '.join(facts)}{left_out}{self._http.clock_note()}"
