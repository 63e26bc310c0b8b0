"""Oracle Service Cloud over SOAP, as its page documents it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from lxml import etree

from connectors.base import Connector, ConnectorError
from hub.demo.site import Site
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.writeback import WriteKind
from tests.conformance.systems.behaviour import SystemBehaviour, entry
from tests.conformance.systems.servers.oracle_service_cloud import KNOWN, OracleServiceCloud, service_fault
from tests.conformance.systems.system import Weather
from tests.conformance.test_contracts import MESSAGES, SOAP, contract, rightnow_schema


class Recorder:
    """Answers every query with nobody and every Create with an object, and keeps the requests."""

    def __init__(self) -> None:
        self.bodies: list[etree._Element] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/soap", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = etree.fromstring(await request.read()).find(f"{{{SOAP}}}Body")
        assert body is not None
        self.bodies.append(body[0])
        inner = (
            f'<CreateResponse xmlns="{MESSAGES}"><RNObjectsResult><RNObjects><ID id="77" '
            'xmlns="urn:base.ws.rightnow.com/v1_2"/></RNObjects></RNObjectsResult></CreateResponse>'
            if body[0].tag.endswith("}Create")
            else f'<QueryCSVResponse xmlns="{MESSAGES}"/>'
        )
        text = f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{inner}</e:Body></e:Envelope>'
        return web.Response(text=text, content_type="text/xml")


class TestOracleServiceCloud(SystemBehaviour):
    system = "oracle_service_cloud"
    server_type = OracleServiceCloud

    @pytest.fixture
    async def recorder(self) -> AsyncIterator[tuple[Recorder, str]]:
        recorder = Recorder()
        site = Site(recorder.app)
        await site.start()
        yield recorder, f"{site.url}/soap"
        await site.stop()

    @pytest.mark.parametrize("kind", list(WriteKind))
    async def test_what_is_written_fits_the_real_contract(
        self, server: OracleServiceCloud, recorder: tuple[Recorder, str], kind: WriteKind
    ) -> None:
        """Tasks and incidents, custom field and thread, are valid against RightNow's own schema."""
        service, address = recorder
        connector = self.connector_of(
            server,
            wsdl=str(contract("oracle-service-cloud/RightNow.wsdl")),
            svcmap=str(contract("oracle-service-cloud/Reference.svcmap")),
            url=address,
        )
        async with self.started(connector):
            result = await connector.write(entry(kind, KNOWN))
        assert ("" if kind is WriteKind.CASE else "77") == result.id
        schema = rightnow_schema()
        for body in service.bodies:
            schema.assertValid(etree.fromstring(etree.tostring(body)))
        [created] = [body for body in service.bodies if body.tag.endswith("}Create")]
        chosen = created[0].get("{http://www.w3.org/2001/XMLSchema-instance}type") or ""
        assert ("Incident" if kind is WriteKind.CASE else "Task") == chosen.rpartition(":")[2]
        assert "main-1763631000.17" in etree.tostring(created).decode()

    @pytest.mark.parametrize(
        ("fault", "problem"),
        [
            (("RequestErrorFault", "INVALID_FIELD"), Problem.FAULT),
            (("RequestErrorFault", "ACCESS_DENIED"), Problem.REFUSED),
            (("ServerErrorFault", "QUERY_TIMEOUT"), Problem.FAULT),
            (("UnexpectedErrorFault", "UNKNOWN_EXCEPTION"), Problem.FAULT),
        ],
    )
    async def test_each_fault_is_told(
        self,
        server: OracleServiceCloud,
        connector: Connector,
        monkeypatch: pytest.MonkeyPatch,
        fault: tuple[str, str],
        problem: Problem,
    ) -> None:
        """The code in a fault's detail says what it is, for the integrator."""
        monkeypatch.setattr(server, "fault", lambda _asked: service_fault(*fault, "words of the service"))
        server.weather = Weather.FAULTY
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(CustomerQuery(email=KNOWN.email))
        assert problem is raised.value.problem
        assert fault[1] in raised.value.message
        assert "words of the service" in raised.value.message

    @pytest.mark.parametrize("identifier", ["a'b", "x' OR T.ID > 0 OR T.Name = 'y", "a\\", "a%", "a_b"])
    async def test_an_id_stays_an_id(self, server: OracleServiceCloud, connector: Connector, identifier: str) -> None:
        """Whatever an interaction's id holds, it is found again by itself alone."""
        await connector.write(entry(WriteKind.ACTIVITY, KNOWN, id="other"))
        for _ in range(2):
            await connector.write(entry(WriteKind.ACTIVITY, KNOWN, id=identifier))
        assert ["other", identifier] == [written.interaction for written in server.written]
