"""Customers over OData: entity sets `Customers` and `Orders`, with `$filter` read strictly."""

import re
from typing import Any

import msgspec
from aiohttp import web

from tests.conformance.servers.backend import CUSTOMERS, Backend

_LITERAL = r"'((?:[^']|'')*)'"
_TERM = re.compile(rf"(\w+) (eq|ne) {_LITERAL}")


class ODataBackend(Backend):
    """Reads filters strictly: a value that became syntax is an error."""

    version = "v2"

    def config(self) -> dict[str, Any]:
        def customers(field: str, source: str) -> dict[str, Any]:
            return {"name": "customers", "service": "CRM", "entity": "Customers", "where": {field: {"from": source}}}

        orders = {
            "name": "orders",
            "service": "CRM",
            "entity": "Orders",
            "where": {"customer": {"from": "customers.id"}, "status": {"ne": "C"}},
        }
        return {
            "kind": "odata",
            "version": self.version,
            "url": self.url + "/odata",
            "mapping": "customer",
            "auth": {"type": "basic", "username": "ctihub", "password": "geheim"},
            "params": {"sap-client": "100"},
            "operations": {
                "by_phone": {
                    "key": "phone",
                    "records": "customers",
                    "attach": {"orders": {"customer": "id"}},
                    "steps": [customers("phone", "query.numbers"), orders],
                },
                "by_email": {"key": "email", "steps": [customers("email", "query.email")]},
                "by_id": {"key": "id", "steps": [customers("id", "query.id")]},
            },
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != "Basic Y3RpaHViOmdlaGVpbQ==":
            return web.Response(status=401)
        if request.path.endswith("$metadata"):
            return web.Response(
                text='<edmx:Edmx xmlns:edmx="x"><EntitySet Name="Customers" EntityType="c"/>'
                '<EntitySet Name="Orders" EntityType="o"/></edmx:Edmx>',
                content_type="application/xml",
            )
        rows: list[dict[str, Any]]
        if request.path.endswith("/Customers"):
            rows = [msgspec.to_builtins(customer) for customer in CUSTOMERS]
        else:
            rows = [
                {"id": f"A{one.id}", "customer": one.id, "status": "A", "date": "/Date(1795132800000)/"}
                for one in CUSTOMERS
            ]
        wanted = self._wanted(request.query.get("$filter", ""))
        if wanted is None:
            return self.fault("The filter can't be read")
        return self._entities(
            [row for row in rows if all(row[field] in values for field, values in wanted.items() if values)]
        )

    def _wanted(self, text: str) -> dict[str, set[str]] | None:
        wanted: dict[str, set[str]] = {}
        # Take the terms out: what is left may only be the words that join them.
        rest = _TERM.sub("", text)
        if not re.fullmatch(r"(\(|\)| and | or )*", rest):
            return None
        for field, operator, literal in _TERM.findall(text):
            value = literal.replace("''", "'")
            self.searched.append(value)
            if operator == "eq":
                wanted.setdefault(field, set()).add(value)
        return wanted

    def _entities(self, rows: list[dict[str, Any]]) -> web.Response:
        return web.json_response({"d": {"results": [{"__metadata": {"type": "x"}, **row} for row in rows]}})

    def fault(self, message: str) -> web.StreamResponse:
        return web.json_response(
            {"error": {"code": "CRM/001", "message": {"lang": "en", "value": message}}}, status=400
        )

    def strange(self) -> bytes:
        return b'{"values": []}'

    def deep(self) -> bytes:
        return b'{"d": {"results": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}"

    def nulls(self) -> web.StreamResponse:
        nothing = {"__deferred": {"uri": "http://127.0.0.1/x"}}
        return self._entities([{"id": "1", "name": None, "phone": None, "email": None, "to_Orders": nothing}])


class ODataV4Backend(ODataBackend):
    """The same in V4."""

    version = "v4"

    def _entities(self, rows: list[dict[str, Any]]) -> web.Response:
        plain = [{**row, "date": "2026-11-20"} if "date" in row else row for row in rows]
        return web.json_response({"@odata.context": "$metadata#Customers", "value": plain})

    def fault(self, message: str) -> web.StreamResponse:
        return web.json_response({"error": {"code": "CRM/001", "message": message}}, status=400)
