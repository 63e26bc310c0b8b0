"""JSON over HTTP, as declared in the configuration."""

from __future__ import annotations

from collections.abc import Mapping as Section
from collections.abc import Sequence
from urllib.parse import quote, urlencode

import msgspec
from yarl import URL

from connectors.base import ConnectorError
from connectors.documents import read_json
from connectors.http import HttpClient
from connectors.quoting import path_segment, plain
from connectors.reasons import reason_of
from connectors.resolve import Scope, resolve, value_of
from connectors.rows import Row, rows_at
from connectors.stepped import SteppedConnector
from connectors.wording import refusal
from hub.config.connectors import RestConnector as RestConfig
from hub.config.operations import OperationBase, RestOperation, RestStep
from hub.config.request import HOLE
from hub.config.writes import RestWrite, WriteOperationBase
from hub.domain.customer import Problem
from hub.mapping.mapping import Mapping


class RestConnector(SteppedConnector[RestStep]):
    def __init__(self, name: str, config: RestConfig, mappings: Section[str, Mapping], *, region: str) -> None:
        super().__init__(name, config, mappings, region=region)
        self._rest = config
        self._http = HttpClient(config, config.auth)

    async def start(self) -> None:
        self._http.start()

    async def close(self) -> None:
        await self._http.close()

    def _steps(self, operation: OperationBase | WriteOperationBase) -> Sequence[RestStep]:
        return operation.steps if isinstance(operation, RestOperation | RestWrite) else ()

    async def _ask(self, step: RestStep, scope: Scope) -> list[Row]:
        path = HOLE.sub(lambda match: path_segment(value_of(step.values[match[1]], scope)), step.path)
        params: list[tuple[str, str]] = list(self._rest.params.items())
        for name, argument in step.params.items():
            value = resolve(argument, scope)
            params += [(name, plain(one)) for one in (value if isinstance(value, list) else [value])]
        headers = {"Accept": "application/json"}
        body = None
        if step.body is not None:
            body = msgspec.json.encode(resolve(step.body, scope))
            headers["Content-Type"] = "application/json"
        reply = await self._http.send(step.method, self._address(path, params), headers=headers, body=body)
        if reply.status in step.absent_statuses or reply.status == 204:  # noqa: PLR2004 - No Content
            return []
        if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
            raise ConnectorError(Problem.FAULT, refusal(reply.status, reason_of(reply), step.path))
        return rows_at(await read_json(reply), step.rows)

    def _address(self, path: str, params: Sequence[tuple[str, str]] = ()) -> URL:
        address = self._rest.url.rstrip("/") + "/" + path.lstrip("/") if path else self._rest.url
        query = urlencode(params, quote_via=quote)
        joint = "&" if "?" in address else "?"
        return URL(f"{address}{joint}{query}" if query else address, encoded=True)

    async def _probe(self) -> str:
        reply = await self._http.send("GET", self._address(self._rest.check, list(self._rest.params.items())))
        if reply.status >= 300 and self._rest.check:  # noqa: PLR2004 - neither success nor redirect
            raise ConnectorError(Problem.FAULT, refusal(reply.status, reason_of(reply), self._rest.check))
        hint = "" if self._rest.check else ", which shows no more than that it is there (give `check` a path to read)"
        return f"HTTP {reply.status}, {len(reply.body)} bytes{hint}"
