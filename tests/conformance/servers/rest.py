"""Customers over JSON: `GET /customers?phone=`, `?email=`, `/customers/{id}`, `/customers/{id}/orders`."""

from typing import Any
from urllib.parse import unquote

import msgspec
from aiohttp import web

from tests.conformance.servers.backend import CUSTOMERS, Backend

NOTE_FIELDS = {"interaction": "id", "customer": "customer", "text": "note"}


class RestBackend(Backend):
    """Ids stand in the path, so that a hostile one could become another path."""

    def config(self) -> dict[str, Any]:
        orders = {
            "name": "orders",
            "each": "customers.id",
            "path": "/customers/{id}/orders",
            "values": {"id": {"from": "item"}},
            "rows": "items",
        }
        by = {"records": "customers", "attach": {"orders": {"customer": "id"}}}
        return {
            "kind": "rest",
            "url": self.url + "/api",
            "mapping": "customer",
            "check": "/status",
            "auth": {"type": "api_key", "header": "X-Key", "key": "secret-key"},
            "params": {"client": "100"},
            "writes": {"note": {"id": ["found.id", "made.id"], "needs": ["customer"], "steps": self._note_steps()}},
            "operations": {
                "by_phone": {
                    **by,
                    "key": "phone",
                    "steps": [
                        {
                            "name": "customers",
                            "path": "/customers",
                            "params": {"phone": {"from": "query.e164"}},
                            "rows": "items",
                        },
                        orders,
                    ],
                },
                "by_email": {
                    "key": "email",
                    "steps": [
                        {
                            "name": "customers",
                            "method": "POST",
                            "path": "/search",
                            "body": {"email": {"from": "query.email"}},
                            "rows": "items",
                        }
                    ],
                },
                "by_id": {
                    "key": "id",
                    "steps": [
                        {"name": "customers", "path": "/customers/{id}", "values": {"id": {"from": "query.id"}}},
                    ],
                },
            },
        }

    def _note_steps(self) -> list[dict[str, Any]]:
        look = {"path": "/notes", "params": {"interaction": {"from": "entry.id"}}, "rows": "items"}
        note = {name: {"from": f"entry.{source}"} for name, source in NOTE_FIELDS.items()}
        return [
            {"name": "found", **look},
            {"name": "made", "unless": "found", "method": "POST", "path": "/notes", "body": note},
        ]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("X-Key") != "secret-key" or request.query.get("client") != "100":
            return web.json_response({"message": "no key"}, status=401)
        return await (self._note if request.path == "/api/notes" else self._routed)(request)

    async def _routed(self, request: web.Request) -> web.Response:
        match request.rel_url.raw_path.split("/")[1:]:
            case ["api", "customers"]:
                wanted = request.query.get("phone")
                return self._listed(lambda customer: customer.phone == wanted)
            case ["api", "search"]:
                email = (await request.json())["email"]
                self.searched.append(email)
                return self._listed(lambda customer: customer.email == email)
            case ["api", "customers", number]:
                return self._one(unquote(number))
            case ["api", "customers", number, "orders"]:
                return web.json_response({"items": [{"id": f"A{number}", "customer": number, "date": "2026-11-20"}]})
            case ["api", "status"]:
                return web.json_response({"ok": True})
            case _:
                return web.json_response({"message": "there is no such path"}, status=400)

    async def _note(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            wanted = request.query["interaction"]
            return web.json_response({"items": [{"id": f"N-{wanted}"}] if wanted in self.notes else []})
        note = await request.json()
        self.notes.setdefault(note["interaction"], []).append(note["text"])
        return web.json_response({"id": f"N-{note['interaction']}"}, status=201)

    def _one(self, number: str) -> web.Response:
        self.searched.append(number)
        found = [customer for customer in CUSTOMERS if customer.id == number]
        return web.json_response(msgspec.to_builtins(found[0])) if found else web.json_response({}, status=404)

    def _listed(self, fits: Any) -> web.Response:
        return web.json_response({"items": [msgspec.to_builtins(one) for one in CUSTOMERS if fits(one)]})

    def fault(self, message: str) -> web.StreamResponse:
        return web.json_response({"error": {"code": "E1", "message": message}}, status=500)

    def strange(self) -> bytes:
        return b'{"items": ["text"]}'

    def deep(self) -> bytes:
        return b'{"items": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"

    def nulls(self) -> web.StreamResponse:
        return web.json_response(
            {"items": [{"id": "1", "name": None, "phone": None, "email": None, "orders": None}, None]}
        )


class KeepingRestBackend(RestBackend):
    """Takes the caller's id for its own: a second PUT of the same is refused (HTTP 412), as If-None-Match asks."""

    def _note_steps(self) -> list[dict[str, Any]]:
        note = {name: {"from": f"entry.{source}"} for name, source in NOTE_FIELDS.items()}
        step = {
            "name": "made",
            "method": "PUT",
            "path": "/notes/{id}",
            "values": {"id": {"from": "entry.id"}},
            "if_none_match": "*",
            "exists": [412],
            "send": "form",
            "body": note,
        }
        return [step]

    def config(self) -> dict[str, Any]:
        config = super().config()
        config["writes"]["note"]["id"] = 'made."@location_id"'
        return config

    async def _routed(self, request: web.Request) -> web.Response:
        match request.rel_url.raw_path.split("/")[1:], request.method:
            case ["api", "notes", number], "PUT":
                place = {"Location": f"{self.url}/api/notes/N-{number}"}
                if request.headers.get("If-None-Match") == "*" and unquote(number) in self.notes:
                    return web.Response(status=412, headers=place)
                form = await request.post()
                self.notes.setdefault(unquote(number), []).append(str(form["text"]))
                return web.Response(status=204, headers=place)
        return await super()._routed(request)
