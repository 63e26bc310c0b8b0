"""The HTTP side of the simulated Service Cloud: `GET ?wsdl`, and SOAP requests with a UsernameToken."""

from __future__ import annotations

import hmac
from xml.sax.saxutils import escape

from aiohttp import web
from lxml import etree

from hub.demo.service_cloud.contract import BASE, FAULTS, MESSAGES, OBJECTS, wsdl
from hub.demo.service_cloud.objects import NotMadeError, made_of, with_all_fields
from hub.demo.service_cloud.roql import RoqlError, Tables, query

PATH = "/services/soap/connect/soap"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_NAMESPACES = {"e": _ENVELOPE, "s": _SECURITY, "m": MESSAGES}


class SimulatedServiceCloud:
    """`tables` are what can be asked for by ROQL, rows by object name; tasks and incidents that are made come to them.

    An incident's first thread, a task's comment and the like are in the row, too.
    """

    def __init__(self, tables: Tables, *, username: str, password: str) -> None:
        self.tables = with_all_fields(tables)
        self._username = username
        self._password = password

    def app(self) -> web.Application:
        app = web.Application(client_max_size=256 * 1024)
        app.router.add_get(PATH, self._contract)
        app.router.add_post(PATH, self._call)
        return app

    async def _contract(self, request: web.Request) -> web.Response:
        return web.Response(text=wsdl(f"{request.url.origin()}{PATH}"), content_type="text/xml")

    async def _call(self, request: web.Request) -> web.Response:
        return self.answer(await request.read())

    def answer(self, body: bytes) -> web.Response:
        """Answer one SOAP request."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            envelope = etree.fromstring(body, parser)
        except etree.XMLSyntaxError:
            return _fault("SOAP-ENV:Client", "INVALID_REQUEST", "The request is not well-formed XML")
        if not self._is_signed_in(envelope):
            return _fault("rnf:INVALID_LOGIN", "INVALID_LOGIN", "Invalid login credentials")
        if not _text(envelope, "e:Header/m:ClientInfoHeader/m:AppID"):
            return _fault("SOAP-ENV:Client", "INVALID_REQUEST", "ClientInfoHeader with an AppID is required")
        created = envelope.find("e:Body/m:Create", _NAMESPACES)
        return self._query(envelope) if created is None else self._create(created)

    def _create(self, created: etree._Element) -> web.Response:
        made = ""
        try:
            for element in created.iterfind("m:RNObjects", _NAMESPACES):
                name, row = made_of(element, self.tables)
                self.tables[name].append(row)
                made += f'<m:RNObjects i:type="o:{name}"><b:ID id="{row["ID"]}"/></m:RNObjects>'
        except NotMadeError as error:
            return _fault("rnf:INVALID_FIELD", "INVALID_FIELD", str(error))
        return _reply(
            f'<m:CreateResponse xmlns:m="{MESSAGES}" xmlns:b="{BASE}" xmlns:o="{OBJECTS}" '
            f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><m:RNObjectsResult>{made}</m:RNObjectsResult>'
            "</m:CreateResponse>"
        )

    def _query(self, envelope: etree._Element) -> web.Response:
        try:
            columns, rows = query(_text(envelope, "e:Body/m:QueryCSV/m:Query"), self.tables)
        except RoqlError as error:
            return _fault("rnf:INVALID_QUERY", "INVALID_QUERY", str(error))
        delimiter = _text(envelope, "e:Body/m:QueryCSV/m:Delimiter") or ","
        lines = "".join(f"<m:Row>{escape(delimiter.join(row))}</m:Row>" for row in rows)
        return _reply(
            f'<m:QueryCSVResponse xmlns:m="{MESSAGES}"><m:CSVTableSet><m:CSVTables><m:CSVTable><m:Name>Result</m:Name>'
            f"<m:Columns>{escape(delimiter.join(columns))}</m:Columns><m:Rows>{lines}</m:Rows>"
            "</m:CSVTable></m:CSVTables></m:CSVTableSet></m:QueryCSVResponse>",
        )

    def _is_signed_in(self, envelope: etree._Element) -> bool:
        path = "e:Header/s:Security/s:UsernameToken/s:"
        username, password = (_text(envelope, f"{path}{part}") for part in ("Username", "Password"))
        return hmac.compare_digest(
            f"{username}\n{password}".encode(),
            f"{self._username}\n{self._password}".encode(),
        )


def _text(envelope: etree._Element, path: str) -> str:
    return envelope.findtext(path, default="", namespaces=_NAMESPACES)


def _reply(body: str, status: int = 200) -> web.Response:
    envelope = f'<e:Envelope xmlns:e="{_ENVELOPE}"><e:Body>{body}</e:Body></e:Envelope>'
    return web.Response(
        status=status,
        text=f'<?xml version="1.0" encoding="utf-8"?>{envelope}',
        content_type="text/xml",
    )


def _fault(code: str, exception: str, message: str) -> web.Response:
    detail = (
        f'<f:RequestErrorFault xmlns:f="{FAULTS}"><f:exceptionCode>{exception}</f:exceptionCode>'
        f"<f:exceptionMessage>{escape(message)}</f:exceptionMessage></f:RequestErrorFault>"
    )
    return _reply(
        f'<e:Fault><faultcode xmlns:rnf="{FAULTS}" xmlns:SOAP-ENV="{_ENVELOPE}">{code}</faultcode>'
        f"<faultstring>{escape(message)}</faultstring><detail>{detail}</detail></e:Fault>",
        status=500,
    )
