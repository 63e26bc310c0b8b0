"""Entities made and changed (OData 2.0 Operations, 2.4 to 2.7; OData 4.01 Part 1, 11.4)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote, urlencode

from yarl import URL

from connectors.base import ConnectorError
from connectors.http import HttpClient
from connectors.http_failures import refuse_status
from connectors.odata.address import entity_address, key_parts, service_address
from connectors.odata.body import entity_json
from connectors.odata.csrf import FORBIDDEN, CsrfTokens
from connectors.odata.reply import failure, read_page
from connectors.reply import Reply
from connectors.reply_signs import has_sign
from connectors.resolve import Scope, resolve, value_of
from connectors.rows import Kept, Row
from hub.config.connectors import ODataConnector
from hub.config.operations import ODataStep
from hub.config.request import Found
from hub.domain.customer import Problem

ID = "@id"
"""The field under which a row carries its entity's key, where the service answers with nothing else."""

MAX_ETAG = 500
_NO_CONTENT = 204
_PRECONDITION_FAILED = 412
_IN_PARENTHESES = re.compile(r"\(([^()]{1,200})\)$")


class Changes:
    """Makes the changes of one connector's steps."""

    def __init__(self, config: ODataConnector, http: HttpClient) -> None:
        self._config = config
        self._version = config.version
        self._tokens = CsrfTokens(http, eager=config.version == "v2")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request of this version of the protocol."""
        if self._version == "v2":
            version = {"MaxDataServiceVersion": "2.0"}
        else:
            version = {"OData-MaxVersion": "4.0", "OData-Version": "4.0"}
        prefer = {"Prefer": self._config.prefer} if self._config.prefer else {}
        return {"Accept": "application/json", **version, **prefer}

    async def make(self, step: ODataStep, scope: Scope) -> list[Row]:
        """Make or change one entity; return it as the service tells it, or just its key.

        Raises ConnectorError, NothingToAskError.
        """
        url = entity_address(self._config, step, scope) if step.has_key else self._collection(step)
        body = entity_json(resolve(step.body, scope), self._version)
        headers = {**self._change_headers(step, scope), "Content-Type": "application/json"}
        method: str = step.method
        if self._config.tunnel and method != "POST":
            method, headers["X-HTTP-Method"] = "POST", step.method
        reply = await self._tokens.change(
            self._service(step), method, url, headers=headers, body=body, accept=self.headers
        )
        if has_sign(reply, step.exists):
            return [Kept(_told(step, scope))]
        return await self._made(step, scope, reply)

    def _change_headers(self, step: ODataStep, scope: Scope) -> dict[str, str]:
        headers = self.headers
        if self._version == "v4":
            headers["Prefer"] = ", ".join(part for part in (self._config.prefer, "return=representation") if part)
        if step.create_only:
            headers["If-None-Match"] = "*"
        elif step.if_match is not None:
            headers["If-Match"] = _etag(step.if_match, scope)
        return headers

    async def _made(self, step: ODataStep, scope: Scope, reply: Reply) -> list[Row]:
        asked = f"{step.service}/{step.entity}".lstrip("/")
        if reply.status == FORBIDDEN:
            refuse_status(reply)
        if reply.status == _PRECONDITION_FAILED and step.create_only:
            return [Kept(_key_row(step, scope))]
        if reply.status in step.absent:
            return []
        if reply.status == _PRECONDITION_FAILED and step.if_match == "*":
            raise ConnectorError(Problem.FAULT, "HTTP 412: what is to be changed is not there", status=reply.status)
        if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
            raise await failure(reply, asked)
        key = _key_row(step, scope) if step.has_key else _told_key(reply)
        if reply.status == _NO_CONTENT or not reply.body.strip():
            return [key]
        page = await read_page(reply, asked)
        return [{**key, **row} for row in page.rows]

    def _collection(self, step: ODataStep) -> URL:
        return URL(f"{service_address(self._config, step.service)}/{step.entity}{self._query()}", encoded=True)

    def _service(self, step: ODataStep) -> URL:
        return URL(f"{service_address(self._config, step.service)}/{self._query()}", encoded=True)

    def _query(self) -> str:
        return f"?{urlencode(self._config.params, quote_via=quote)}" if self._config.params else ""


def _etag(argument: Any, scope: Scope) -> str:
    etag = value_of(argument, scope) if isinstance(argument, Found) else argument
    if not isinstance(etag, str) or not etag.isprintable() or len(etag) > MAX_ETAG:
        raise ConnectorError(Problem.INTERNAL, '`if_match` is no ETag: point it to `STEP."@etag"`')
    return etag


def _told(step: ODataStep, scope: Scope) -> Row:
    """Return what is known of an entity that is there already: the plain fields that it was to be made with."""
    body = resolve(step.body, scope)
    plain = {name: value for name, value in body.items() if not isinstance(value, dict | list)}
    return {**plain, **(_key_row(step, scope) if step.has_key else {})}


def _key_row(step: ODataStep, scope: Scope) -> Row:
    parts = {name: value for name, (value, _) in key_parts(step.key, scope).items()}
    return {ID: parts[""]} if "" in parts else parts


def _told_key(reply: Reply) -> Row:
    """Return the key that stands in the address of what was made, without its quotes."""
    address = reply.headers.get("OData-EntityId") or reply.headers.get("Location") or ""
    found = _IN_PARENTHESES.search(unquote(address[:2_000]))
    return {ID: found[1].removeprefix("guid").strip("'")} if found else {}
