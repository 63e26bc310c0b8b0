"""What goes with SOAP messages, over a socket: sessions, headers, further contracts, vendors' faults, attachments."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from lxml import etree

from connectors.base import Connector, ConnectorError
from hub.config.connectors import SoapConnector
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteBack, WriteKind
from tests.conformance.behaviour import connector_for
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.soap import WSDL, SoapBackend

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
NS = "urn:customers"
BY_PHONE = CustomerQuery(phone=parse_number(KNOWN.phone, "DE"))
Answer = Callable[[etree._Element, web.Request], str | web.Response]


def customer(content: str = "<c:id>0042</c:id>") -> str:
    return f'<c:FindResponse xmlns:c="{NS}"><c:customer>{content}</c:customer></c:FindResponse>'


class TalkingSoap(SoapBackend):
    """Answers with what a test says; what it returns as text is the body's content."""

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[etree._Element] = []
        self.says: Answer = lambda _asked, _request: customer()
        self.header = ""

    def config(self) -> dict[str, Any]:
        return {**super().config(), "auth": None, "soap_headers": []}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(text=WSDL.format(soap=self.binding), content_type="text/xml")
        envelope = etree.fromstring(await request.read())
        self.envelopes.append(envelope)
        body = envelope.find(f"{{{ENVELOPE}}}Body")
        assert body is not None
        said = self.says(body[0], request)
        if isinstance(said, web.Response):
            return said
        return web.Response(
            text=f'<e:Envelope xmlns:e="{ENVELOPE}">{self.header}<e:Body>{said}</e:Body></e:Envelope>',
            content_type="text/xml",
        )


@pytest.fixture
async def backend() -> AsyncIterator[TalkingSoap]:
    backend = TalkingSoap()
    await backend.start()
    yield backend
    await backend.stop()


async def connected(backend: TalkingSoap, **changes: Any) -> Connector:
    connector = connector_for(backend, retry={"attempts": 1}, **changes)
    await connector.start()
    return connector


def looked_up(**step: Any) -> dict[str, Any]:
    """Return operations with one step by phone."""
    find = {
        "name": "customers",
        "operation": "Find",
        "arguments": {"Phone": {"from": "query.e164"}},
        "rows": "customer",
    }
    return {"by_phone": {"key": "phone", "steps": [{**find, **step}]}}


async def test_a_session_stands_in_the_header(backend: TalkingSoap) -> None:
    """What the login gave goes into each later message's header; the login itself goes without it."""

    def says(asked: etree._Element, _request: web.Request) -> str:
        if asked.tag == f"{{{NS}}}FindNote":
            note = "<c:note><c:id>S<![CDATA[<1>]]></c:id></c:note>"
            return f'<c:FindNoteResponse xmlns:c="{NS}">{note}</c:FindNoteResponse>'
        return customer()

    backend.says = says
    login = {"name": "login", "operation": "FindNote", "arguments": {"Interaction": {"from": "credentials.key"}}}
    header = {"element": f"{{{NS}}}Session", "children": {"Id": {"from": "session.id"}, "App": {"Name": "ctihub"}}}
    connector = await connected(
        backend,
        credentials={"key": "geheim"},
        session={"login": [{**login, "rows": "note"}]},
        soap_headers=[header],
        check={"operation": "Find", "arguments": {"Phone": "0"}},
    )
    assert await connector.check()
    assert [KNOWN.id] == [record.id for record in await connector.lookup(BY_PHONE)]
    await connector.close()
    session = f"{{{ENVELOPE}}}Header/{{{NS}}}Session"
    assert [None, "S<1>", "S<1>"] == [one.findtext(f"{session}/{{{NS}}}Id") for one in backend.envelopes]
    assert "ctihub" == backend.envelopes[1].findtext(f"{session}/{{{NS}}}App/{{{NS}}}Name")


async def test_header_and_body_of_a_reply(backend: TalkingSoap) -> None:
    """With `header` a step's paths begin with header or body."""
    backend.header = f'<e:Header><c:Info xmlns:c="{NS}"><c:Total>1</c:Total></c:Info></e:Header>'
    backend.says = lambda _asked, _request: customer()
    connector = await connected(backend, operations=looked_up(header=True, rows="body.customer"))
    assert [KNOWN.id] == [record.id for record in await connector.lookup(BY_PHONE)]
    await connector.close()
    told = await connected(backend, operations=looked_up(header=True, rows="header.Info.Total"))
    with pytest.raises(ConnectorError, match=r"stands at 'header\.Info\.Total' is no record"):
        await told.lookup(BY_PHONE)
    await told.close()


def fault(code: str, words: str, detail: str = "") -> str:
    return (
        f"<e:Fault><faultcode>{code}</faultcode><faultstring>{words}</faultstring><detail>{detail}</detail></e:Fault>"
    )


SIEBEL = (
    '<s:siebdetail xmlns:s="http://www.siebel.com/ws/fault"><s:errorstack><s:error><s:errorcode>(SBL-DAT-00144)'
    "</s:errorcode><s:errormsg>Could not find 'Class' named 'X'</s:errormsg></s:error></s:errorstack></s:siebdetail>"
)
SAP = (
    '<n:StandardFaultMessage xmlns:n="urn:n"><standard><faultText>Web service processing error</faultText>'
    "<faultDetail><severity>E</severity><text>No access to customers</text><id>CX_ACCESS</id></faultDetail></standard>"
    "</n:StandardFaultMessage>"
)
FUSION = (
    '<o:ServiceErrorMessage xmlns:o="urn:o"><o:code>JBO-25014</o:code><o:message>Another user has changed the row'
    "</o:message></o:ServiceErrorMessage>"
)


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        (SIEBEL, "SOAP fault SBL-DAT-00144: it broke (Could not find 'Class' named 'X')"),
        (SAP, "SOAP fault Server: it broke (No access to customers)"),
        (FUSION, "SOAP fault JBO-25014: it broke (Another user has changed the row)"),
        ("", "SOAP fault Server: it broke"),
    ],
)
async def test_what_vendors_say_in_a_fault(backend: TalkingSoap, detail: str, words: str) -> None:
    """The vendor's own code and words are told beside the protocol's."""
    backend.says = lambda _asked, _request: fault("e:Server", "it broke", detail)
    connector = await connected(backend)
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(BY_PHONE)
    await connector.close()
    assert Problem.FAULT is raised.value.problem
    assert raised.value.message.endswith(words)


async def test_faults_that_mean_something(backend: TalkingSoap) -> None:
    """Texts of faults say that the user may not, that there were too many requests, or that there is nobody."""
    settings: dict[str, Any] = {"refused_faults": ["NO_RIGHT"], "throttled_faults": ["LIMIT"]}
    connector = await connected(backend, **settings, operations=looked_up(absent=["NOT_FOUND"]))
    for code, problem in (("NO_RIGHT", Problem.REFUSED), ("LIMIT", Problem.THROTTLED), ("ELSE", Problem.FAULT)):
        backend.says = lambda _asked, _request, code=code: fault(code, "no")  # type: ignore[misc]  # bound here
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(BY_PHONE)
        assert problem is raised.value.problem
    backend.says = lambda _asked, _request: fault("x:NOT_FOUND", "nobody")
    assert [] == list(await connector.lookup(BY_PHONE))
    await connector.close()


async def test_attachments(backend: TalkingSoap) -> None:
    """A reply in several parts is refused with what to do."""
    parts = web.Response(body=b"--x\r\n\r\n--x--", headers={"Content-Type": 'multipart/related; boundary="x"'})
    backend.says = lambda _asked, _request: parts
    connector = await connected(backend)
    with pytest.raises(ConnectorError, match="attachments"):
        await connector.lookup(BY_PHONE)
    await connector.close()


def in_orders(**changes: Any) -> dict[str, Any]:
    second = {
        "name": "orders",
        "contract": "orders",
        "each": "customers.id",
        "operation": "Find",
        "arguments": {"Id": {"from": "item"}},
        "rows": "customer",
        **changes,
    }
    steps = [*looked_up()["by_phone"]["steps"], second]
    return {"by_phone": {"key": "phone", "records": "customers", "steps": steps}}


async def test_a_further_contract(backend: TalkingSoap) -> None:
    """A step that names a contract is called at its address; both are loaded and checked."""
    paths: list[str] = []

    def says(_asked: etree._Element, request: web.Request) -> str:
        paths.append(request.path)
        return customer()

    backend.says = says
    contracts = {"orders": {"wsdl": f"{backend.url}/orders?wsdl", "url": f"{backend.url}/orders"}}
    connector = await connected(backend, contracts=contracts, operations=in_orders())
    assert "6 operations in 2 contracts" in await connector.check()
    await connector.lookup(BY_PHONE)
    await connector.close()
    assert ["/soap", "/orders"] == paths


async def test_a_contract_that_is_missing(backend: TalkingSoap) -> None:
    """An optional step is left out without its contract, and what it would write isn't offered; others are errors."""
    note = {"name": "made", "contract": "notes", "optional": True, "idempotent": True, "operation": "AddNote"}
    writes = {"note": {"steps": [note]}}
    connector = await connected(backend, operations=in_orders(optional=True), writes=writes)
    assert frozenset() == connector.writes
    assert [KNOWN.id] == [record.id for record in await connector.lookup(BY_PHONE)]
    with pytest.raises(ConnectorError):
        await connector.write(WriteBack(id="1", kind=WriteKind.NOTE, customer="1"))
    await connector.close()
    with pytest.raises(ValueError, match="needs the contract 'orders': give its `wsdl` under `contracts`"):
        SoapConnector.model_validate({**backend.config(), "operations": in_orders()})


async def test_a_contract_that_can_not_be_loaded(backend: TalkingSoap) -> None:
    """Which contract it is that can't be loaded is told."""
    contracts = {"orders": {"wsdl": "http://127.0.0.1:1/orders?wsdl"}}
    connector = await connected(backend, contracts=contracts, operations=in_orders())
    with pytest.raises(ConnectorError, match=r"crm, .*contract orders: no connection to 127\.0\.0\.1:1"):
        await connector.lookup(BY_PHONE)
    await connector.close()
