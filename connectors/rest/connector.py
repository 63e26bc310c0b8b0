"""JSON and XML over HTTP, as declared in the configuration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Mapping as Section
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from multidict import CIMultiDict
from yarl import URL

from connectors.base import ConnectorError
from connectors.documents import read_document
from connectors.headers import header_value, header_values
from connectors.http import HttpClient
from connectors.http_failures import refuse_status
from connectors.optional_fields import FieldLeftOutError, OptionalFields, statements_without, told_left_out
from connectors.quoting import path_segment
from connectors.reasons import reason_of
from connectors.reply import Reply
from connectors.reply_signs import has_sign
from connectors.resolve import Scope, resolve, value_of
from connectors.rest.bodies import text_of, written_body
from connectors.rest.paging import Pages
from connectors.rest.reply_headers import told_by_headers
from connectors.rows import Kept, Row, rows_at
from connectors.stepped import SteppedConnector
from connectors.wording import refusal
from hub.config.connectors import RestConnector as RestConfig
from hub.config.operations import OperationBase, RestCheck, RestOperation, RestStep
from hub.config.request import HOLE, Argument, found_in
from hub.config.writes import RestWrite, WriteOperationBase
from hub.domain.customer import Problem
from hub.domain.path import Path
from hub.mapping.mapping import Mapping

ACCEPT = "application/json, application/xml;q=0.8, text/xml;q=0.7"
_NO_TRACE = frozenset({"authorization", "proxy-authorization", "cookie"})


class RestConnector(SteppedConnector[RestStep]):
    def __init__(self, name: str, config: RestConfig, mappings: Section[str, Mapping], *, region: str) -> None:
        super().__init__(name, config, mappings, region=region)
        self._rest = config
        self._http = HttpClient(config, config.auth)
        self._fields = OptionalFields(name, config.unknown_fields)

    async def start(self) -> None:
        self._http.start()

    async def close(self) -> None:
        await self._end_session()
        await self._http.close()

    def _steps(self, operation: OperationBase | WriteOperationBase) -> Sequence[RestStep]:
        return operation.steps if isinstance(operation, RestOperation | RestWrite) else ()

    @property
    def left_out(self) -> Sequence[str]:
        return self._fields.left_out

    async def _ask(self, step: RestStep, scope: Scope) -> list[Row]:
        while True:
            try:
                return await self._asked(self._allowed(step), scope)
            except FieldLeftOutError:
                continue

    def _allowed(self, step: RestStep) -> RestStep:
        """Return a step that asks for nothing that the backend has refused."""
        if not self._fields.left_out or not step.optional_fields:
            return step
        parts = {"params": step.params, "body": step.body}
        return step.model_copy(update={name: statements_without(part, self._fields) for name, part in parts.items()})

    async def _asked(self, step: RestStep, scope: Scope) -> list[Row]:
        send, url = self._request(step, scope)
        if step.paging is None:
            return (await self._read(step, await send(url)))[1]
        pages = Pages(step.paging, url)
        rows: list[Row] = []
        page: URL | None = pages.first()
        while page is not None and len(rows) < self._rest.max_records:
            reply = await send(page)
            document, found = await self._read(step, reply)
            rows += found
            page = pages.next(reply, document, found)
        return rows

    def _request(self, step: RestStep, scope: Scope) -> tuple[Callable[[URL], Awaitable[Reply]], URL]:
        """Return what sends a step's request, and where to."""
        url = self._url(step, scope)
        shown, hidden = _headers(step, scope, own=self._rest.headers)
        body = None
        if step.body is not None:
            body, media_type = written_body(step.send, resolve(step.body, scope))
            shown.setdefault("Content-Type", media_type)
        answers = {status for sign in (*step.absent_signs, *step.exists) for status in sign.statuses}
        return partial(self._http.send, step.method, headers=shown, hidden=hidden, body=body, answers=answers), url

    async def _read(self, step: RestStep, reply: Reply) -> tuple[Any, list[Row]]:
        """Return a reply's document, and its rows. Raises ConnectorError."""
        if has_sign(reply, step.absent_signs):
            return None, []
        if has_sign(reply, step.exists):
            return None, [Kept(told_by_headers(step, reply))]
        self._refuse_errors(step, reply)
        if reply.status in {204, 205} or (not step.only_looks and not reply.body.strip()):
            tells = not step.only_looks or step.reply_headers or step.reply_cookies
            return None, [told_by_headers(step, reply)] if tells else []
        document = await read_document(reply)
        rows = rows_at(document, step.rows)
        if len(rows) == 1:
            rows = [{**told_by_headers(step, reply), **rows[0]}]
        return document, rows

    def _refuse_errors(self, step: RestStep, reply: Reply) -> None:
        if reply.status >= 300 or has_sign(reply, self._rest.errors):  # noqa: PLR2004 - neither success nor redirect
            self._fields.hear(reply, step.optional_fields)
            message = refusal(reply.status, reason_of(reply), step.path)
            refuse_status(reply)
            raise ConnectorError(Problem.FAULT, message, status=reply.status)

    def _url(self, step: RestStep, scope: Scope) -> URL:
        path = HOLE.sub(lambda match: path_segment(value_of(step.values[match[1]], scope)), step.path)
        params: list[tuple[str, str]] = list(self._rest.params.items())
        for name, value in resolve(step.params, scope).items():
            params += [(name, text_of(one)) for one in (value if isinstance(value, list) else [value])]
        return self._address(path, params)

    def _address(self, path: str, params: Sequence[tuple[str, str]] = ()) -> URL:
        address = self._rest.url.rstrip("/") + "/" + path.lstrip("/") if path else self._rest.url
        query = urlencode(params, quote_via=quote)
        joint = "&" if "?" in address else "?"
        return URL(f"{address}{joint}{query}" if query else address, encoded=True)

    async def _probe(self) -> str:
        check = self._rest.check
        if check is not None:
            reply = await self._tried(check)
            hint = ""
        elif self._sessions is not None:
            return f"logged in, and nothing asked (give `check` something to read){self._http.clock_note()}"
        else:
            reply = await self._http.send("GET", self._address("", list(self._rest.params.items())))
            hint = ", which shows no more than that it is there (give `check` a path to read)"
        left_out = told_left_out(self.left_out)
        return f"HTTP {reply.status}, {len(reply.body)} bytes{hint}{left_out}{self._http.clock_note()}"

    async def _tried(self, check: RestCheck) -> Reply:
        async def send(session: Row) -> Reply:
            while True:
                allowed = self._allowed(check)
                send, url = self._request(allowed, {**self._given, "session": session})
                reply = await send(url)
                try:
                    self._refuse_errors(allowed, reply)
                except FieldLeftOutError:
                    continue
                return reply

        return await (self._sessions.run(send) if self._sessions is not None else send({}))


def _headers(step: RestStep, scope: Scope, own: Iterable[str]) -> tuple[CIMultiDict[str], dict[str, str]]:
    """Return a step's headers: those that a trace may show, and the others. `own` names the connector's."""
    private = {name: value for name, value in step.headers.items() if name.lower() in _NO_TRACE or _is_secret(value)}
    shown = CIMultiDict({} if "accept" in map(str.lower, own) else {"Accept": ACCEPT})
    shown.update(header_values({name: step.headers[name] for name in step.headers if name not in private}, scope))
    for name, argument in (("If-Match", step.if_match), ("If-None-Match", step.if_none_match)):
        if argument is not None:
            shown[name] = header_value(name, resolve(argument, scope))
    return shown, header_values(private, scope)


def _is_secret(argument: Argument) -> bool:
    return any(Path(found.source).first in {"session", "credentials"} for found in found_in(argument))
