"""The HTTP side of the simulated SAP: entity sets, `$metadata`, `$filter`, new documents, errors as SAP gives them."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from xml.sax.saxutils import quoteattr

from aiohttp import web

from hub.demo.sap.documents import TOKEN, Documents
from hub.demo.sap.entities import KEYS, Row, entity
from hub.demo.sap.filters import FilterError, parse_filter

EntitySets = Mapping[str, Sequence[Row]]


class SimulatedSap:
    """`services` are entity sets by service name. `delay` tells how many seconds a `$filter` takes to answer."""

    def __init__(
        self,
        services: Mapping[str, EntitySets],
        *,
        username: str,
        password: str,
        delay: Callable[[str], float] = lambda _: 0.0,
    ) -> None:
        self._documents = Documents()
        self._services: Mapping[str, EntitySets] = {**self._documents.services, **services}
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._authorization = f"Basic {credentials}"
        self._delay = delay

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/sap/opu/odata/sap/{service}/", self._document)
        app.router.add_get("/sap/opu/odata/sap/{service}/$metadata", self._metadata)
        app.router.add_get("/sap/opu/odata/sap/{service}/{entity_set}", self._query)
        app.router.add_post("/sap/opu/odata/sap/{service}/{entity_set}", self._make)
        return app

    def _entity_sets(self, request: web.Request) -> EntitySets:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), self._authorization.encode()):
            raise web.HTTPUnauthorized(text="<html><body>Logon failed</body></html>", content_type="text/html")
        entity_sets = self._services.get(request.match_info["service"])
        if entity_sets is None:
            raise _error(web.HTTPNotFound, "/IWFND/MAED/170", "No service found for this namespace and name")
        return entity_sets

    async def _document(self, request: web.Request) -> web.Response:
        response = web.json_response({"d": {"EntitySets": list(self._entity_sets(request))}})
        self._documents.give_token(request, response)
        return response

    async def _make(self, request: web.Request) -> web.Response:
        self._entity_sets(request)
        if not self._documents.is_permitted(request):
            return web.Response(status=403, text="CSRF token validation failed", headers={TOKEN: "Required"})
        try:
            given = await request.json()
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise _error(web.HTTPBadRequest, "/IWBEP/CM_MGW_RT/002", "Error while parsing the request's body")
        name = request.match_info["entity_set"]
        made = self._documents.make(request.match_info["service"], name, given)
        if made is None:
            raise _error(web.HTTPBadRequest, "/IWBEP/CM_MGW_RT/021", f"Method 'POST' is not allowed for '{name}'")
        service_url = f"{request.url.origin()}{request.path.rpartition('/')[0]}"
        return web.json_response({"d": entity(service_url, name, made, fields=(), expand=())}, status=201)

    async def _metadata(self, request: web.Request) -> web.Response:
        types, sets = [], []
        for name, rows in self._entity_sets(request).items():
            keys = "".join(f"<PropertyRef Name={quoteattr(key)}/>" for key in KEYS[name])
            properties = "".join(
                f"<Property Name={quoteattr(field)} Type={quoteattr(_edm_type(value))}/>"
                for field, value in (rows[0].items() if rows else ())
                if isinstance(value, str)
            )
            types.append(f'<EntityType Name="{name}Type"><Key>{keys}</Key>{properties}</EntityType>')
            sets.append(f'<EntitySet Name="{name}" EntityType="simulated.{name}Type"/>')
        document = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">'
            '<edmx:DataServices m:DataServiceVersion="2.0" '
            'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
            '<Schema Namespace="simulated" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">'
            f'{"".join(types)}<EntityContainer Name="simulated_Entities" m:IsDefaultEntityContainer="true">'
            f"{''.join(sets)}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
        )
        return web.Response(text=document, content_type="application/xml")

    async def _query(self, request: web.Request) -> web.Response:
        entity_sets = self._entity_sets(request)
        name = request.match_info["entity_set"]
        if name not in entity_sets:
            raise _error(
                web.HTTPNotFound, "005056A509B11EE1B9A8FEC11C21D78E", f"Resource not found for segment '{name}'"
            )
        expression = request.query.get("$filter", "")
        await asyncio.sleep(self._delay(expression))
        try:
            predicate = parse_filter(expression) if expression else lambda _: True
            rows = [row for row in entity_sets[name] if predicate(row)]
        except FilterError as error:
            raise _error(web.HTTPBadRequest, "005056A509B11EE1B9A8FEC11C21578E", str(error)) from error
        rows = _in_order(rows, request.query.get("$orderby", ""))
        skip, top = (_count(request, "$skip", 0), _count(request, "$top", 1_000))
        service_url = f"{request.url.origin()}{request.path.rpartition('/')[0]}"
        results = [
            entity(service_url, name, row, fields=_listed(request, "$select"), expand=_listed(request, "$expand"))
            for row in rows[skip : skip + top]
        ]
        count = {"__count": str(len(rows))} if request.query.get("$inlinecount") == "allpages" else {}
        return web.json_response({"d": {**count, "results": results}})


def _listed(request: web.Request, option: str) -> list[str]:
    return [item.strip() for item in request.query.get(option, "").split(",") if item.strip()]


def _in_order(rows: list[Row], orderby: str) -> list[Row]:
    for term in reversed([term.split() for term in orderby.split(",") if term.strip()]):
        field = term[0]
        rows = sorted(rows, key=partial(_text_of, field), reverse=term[1:] == ["desc"])
    return rows


def _text_of(field: str, row: Row) -> str:
    return str(row.get(field, ""))


def _count(request: web.Request, option: str, default: int) -> int:
    text = request.query.get(option, str(default))
    if not text.isdigit():
        raise _error(web.HTTPBadRequest, "005056A509B11ED1BEC0A2BBD3DD41C8", f"Invalid value for {option}")
    return int(text)


def _edm_type(value: str) -> str:
    return "Edm.DateTime" if value.startswith("/Date(") else "Edm.String"


def _error(kind: type[web.HTTPError], code: str, message: str) -> web.HTTPError:
    body = web.json_response(
        {
            "error": {
                "code": code,
                "message": {"lang": "en", "value": message},
                "innererror": {"errordetails": []},
            },
        },
    )
    return kind(text=body.text, content_type="application/json")
