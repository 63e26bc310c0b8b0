"""What backends answer by the contracts in `styles/`, each as systems of its kind write it."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

_SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
_SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
_XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'

_CUSTOMER_WITH_ATTRIBUTES = f"""<m:SucheKundeResponse xmlns:m="urn:acme:msg" {_XSI}>
  <Treffer nr="K17" art="P" geaendert="2026-01-02"><Name>Vögt</Name><Vorname i:nil="true"/>
    <Rufnummer art="privat">0351 5550123</Rufnummer><Rufnummer>0172 5550123</Rufnummer>
    <Ort>Dresden</Ort><Merkmale>vip  neu</Merkmale><Umsatz waehrung="EUR">1234.50</Umsatz>
    <z:Extra xmlns:z="urn:z"><z:x>1</z:x></z:Extra></Treffer></m:SucheKundeResponse>"""
_PARTS = """<t:Contact xmlns:t="urn:b"><t:Id>7</t:Id><t:FullName>Petra Vogt</t:FullName>
  <t:PhoneNumber>0351 5550123</t:PhoneNumber></t:Contact><t:Count xmlns:t="urn:b">1</t:Count>"""
_RPC = f"""<c:getPersonsByPhoneResponse xmlns:c="http://c.example.com/" {_XSI}><return>
  <item><id>9007199254740993</id><firstName i:nil="1"/><lastName>Vogt</lastName>
    <phones><item><number>0351 5550123</number><kind>home</kind></item></phones></item>
  </return></c:getPersonsByPhoneResponse>"""
_DATA_CONTRACT = f"""<GetCustomersByPhoneResponse xmlns="http://crm/"><GetCustomersByPhoneResult
    xmlns:a="http://schemas.datacontract.org/2004/07/Crm" {_XSI}>
  <a:Customer xmlns:s="http://schemas.microsoft.com/2003/10/Serialization/" s:Id="i1">
    <a:CustomerId>6f9619ff-8b86-d011-b42d-00cf4fc964ff</a:CustomerId><a:DisplayName>Petra Vogt</a:DisplayName>
    <a:EmailAddress i:nil="true"/><a:Parent i:nil="true"/>
    <a:Phones xmlns:b="http://schemas.microsoft.com/2003/10/Serialization/Arrays">
      <b:string>0351 5550123</b:string><b:string>0172 5550123</b:string></a:Phones></a:Customer>
  </GetCustomersByPhoneResult></GetCustomersByPhoneResponse>"""


def _envelope(namespace: str, body: str) -> str:
    return f'<e:Envelope xmlns:e="{namespace}"><e:Body>{body}</e:Body></e:Envelope>'


REPLIES: dict[str, tuple[str, bytes]] = {
    "/soap12": (
        "application/soap+xml",
        ('<?xml version="1.0" encoding="ISO-8859-1"?>' + _envelope(_SOAP12, _CUSTOMER_WITH_ATTRIBUTES)).encode(
            "latin-1"
        ),
    ),
    "/parts": ("text/xml", _envelope(_SOAP11, _PARTS).encode()),
    "/rpc": ("text/xml", _envelope(_SOAP11, _RPC).encode()),
    "/wcf": ("application/soap+xml", _envelope(_SOAP12, _DATA_CONTRACT).encode()),
    "/v4/People": (
        "application/json",
        json.dumps(
            {
                "value": [
                    {
                        "UserName": "petra",
                        "FullName": "Petra Vogt",
                        "Emails": ["p@example.com"],
                        "Phones": [{"Number": "+493515550123", "Kind": "Work"}],
                    }
                ]
            }
        ).encode(),
    ),
    "/v2/Clients": (
        "application/json",
        json.dumps(
            {"d": {"results": [{"ClientId": "0042", "Name1": "Petra Vogt", "PhoneNo": "0351 5550123"}]}}
        ).encode(),
    ),
    "/openapi/parties": (
        "application/json",
        json.dumps(
            {"items": [{"type": "person", "id": 17, "fullName": "Petra Vogt", "phones": [{"number": "0351 5550123"}]}]}
        ).encode(),
    ),
    "/swagger/customer": (
        "application/json",
        json.dumps([{"customerNumber": "0042", "lastname": "Vogt", "tel": "0351 5550123"}]).encode(),
    ),
}


class _Handler(http.server.BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, body: str) -> None:
        path, _, query = self.path.partition("?")
        self.asked.append(urllib.parse.unquote(query) or body)
        media, content = REPLIES.get(path, ("text/plain", b""))
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@contextmanager
def replying() -> Iterator[tuple[str, list[str]]]:
    """Serve the replies until the end of the block; give the address, and what was asked."""
    asked: list[str] = []
    handler = type("_Bound", (_Handler,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join(10)
