"""A SOAP service that wants a login first, whose session goes in a header of each envelope."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from lxml import etree

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from hub.config.soap import SoapConnector
from hub.domain.customer import Problem
from tests.conformance.behaviour import MAPPINGS, by_phone
from tests.conformance.servers.scripted import Asked, ScriptedServer

WSDL = Path(__file__).parent / "servers/session.wsdl"
NAMES = {"s": "http://schemas.xmlsoap.org/soap/envelope/", "t": "urn:crm"}


class SessionService(ScriptedServer):
    """Sessions are `session-1`, ...; those in `valid` count."""

    def __init__(self) -> None:
        super().__init__(self.reply)
        self.logins = 0
        self.valid: set[str] = set()

    def reply(self, asked: Asked) -> web.Response:
        """Answer one call."""
        envelope = etree.fromstring(asked.body)
        if envelope.find(".//t:Login", NAMES) is not None:
            self.logins += 1
            if envelope.findtext(".//t:password", namespaces=NAMES) != "geheim":
                return enveloped(
                    "<s:Fault><faultcode>s:Client</faultcode><faultstring>wrong password</faultstring></s:Fault>", 500
                )
            self.valid.add(f"session-{self.logins}")
            return enveloped(
                f"<LoginResponse xmlns='urn:crm'><sessionId>session-{self.logins}</sessionId></LoginResponse>"
            )
        if envelope.findtext("s:Header/t:Session/t:id", namespaces=NAMES) not in self.valid:
            return enveloped(
                "<s:Fault><faultcode>s:EXPIRED</faultcode><faultstring>session over</faultstring></s:Fault>", 500
            )
        return enveloped(
            "<FindResponse xmlns='urn:crm'><customer><id>42</id><name>Petra</name></customer></FindResponse>"
        )


def enveloped(body: str, status: int = 200) -> web.Response:
    text = f"<s:Envelope xmlns:s='{NAMES['s']}'><s:Body>{body}</s:Body></s:Envelope>"
    return web.Response(text=text, status=status, content_type="text/xml")


@pytest.fixture
async def service() -> AsyncIterator[SessionService]:
    service = SessionService()
    await service.start()
    yield service
    await service.stop()


def made(service: SessionService, password: str) -> Connector:
    login = {"user": {"from": "credentials.user"}, "password": {"from": "credentials.password"}}
    config = {
        "kind": "soap",
        "wsdl": str(WSDL),
        "url": service.url,
        "mapping": "customer",
        "credentials": {"user": "hub", "password": password},
        "session": {
            "login": [{"name": "login", "operation": "Login", "arguments": login}],
            "expired": {"where": {"Body.Fault.faultcode": "s:EXPIRED"}},
        },
        "soap_headers": [{"element": "{urn:crm}Session", "children": {"id": {"from": "session.sessionId"}}}],
        "operations": {
            "by_phone": {
                "key": "phone",
                "steps": [
                    {
                        "name": "customers",
                        "operation": "Find",
                        "arguments": {"phone": {"from": "query.e164"}},
                        "rows": "customer",
                    }
                ],
            }
        },
    }
    model = SoapConnector.model_validate(config)
    return build_connector("crm", model, region="DE", mapping_folders=[MAPPINGS])


async def test_the_session_goes_in_a_header(service: SessionService) -> None:
    """One login serves all calls; when its session is over, by a fault, there is another and the call is repeated."""
    connector = made(service, "geheim")
    await connector.start()
    for number in ("+493515550123", "+493515550124"):
        assert ["42"] == [record.id for record in await connector.lookup(by_phone(number))]
    assert 1 == service.logins
    service.valid.clear()
    assert ["42"] == [record.id for record in await connector.lookup(by_phone("+493515550125"))]
    assert 2 == service.logins
    await connector.close()


async def test_a_refused_login(service: SessionService) -> None:
    """A fault of the login is told as refused, in the service's words."""
    connector = made(service, "falsches-wort")
    await connector.start()
    with pytest.raises(ConnectorError, match=r"login: step login: .*wrong password") as raised:
        await connector.check()
    assert Problem.REFUSED == raised.value.problem
    assert "falsches" not in str(raised.value)
    await connector.close()
