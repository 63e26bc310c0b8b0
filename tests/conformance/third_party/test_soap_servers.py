"""The SOAP kind and the presets against npm's `soap`: somebody else's server, hosting the vendors' own contracts."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from connectors.soap.addresses import address_map
from hub.config.connectors import SoapConnector
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteBack, WriteKind
from tests.conformance.servers.soap import WSDL
from tests.conformance.systems.behaviour import entry
from tests.conformance.systems.system import Person
from tests.conformance.test_contracts import contract
from tests.servers.requirements import place_of
from tests.servers.soap_server import PASSWORD, USERNAME, Replies, SoapServer

PHONE = "+493515550123"
PETRA = Person("1022", "Petra Vogt", PHONE, "petra@example.com", (), ("17001",))
AUTH = {"type": "wsse", "username": USERNAME, "password": PASSWORD}
MAPPINGS = Path(__file__).parents[1] / "mappings"
Serve = Callable[..., SoapServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what hosts a WSDL; all that was started is removed."""
    packages = Path(place_of("soap"))
    running: list[SoapServer] = []

    def start(wsdl: Path, replies: Replies, *, svcmap: Path | None = None) -> SoapServer:
        imported: dict[str, Path] = {}
        if svcmap is not None:
            imported = dict(address_map(SoapConnector.model_validate(config(wsdl, svcmap=str(svcmap)))))
        server = SoapServer(packages, wsdl, replies, imported=imported)
        running.append(server)
        server.start()
        return server

    yield start
    for server in running:
        server.remove()


def config(wsdl: Path, **changes: Any) -> dict[str, Any]:
    unknown = {"key": "phone", "mapping": "none", "steps": [{"name": "unknown", "operation": "unknown"}]}
    operations = {} if "preset" in changes or "operations" in changes else {"operations": {"unknown": unknown}}
    return {"kind": "soap", "wsdl": str(wsdl), "auth": AUTH, **operations, **changes}


@asynccontextmanager
async def connected(
    server: SoapServer, wsdl: Path, *, mappings: tuple[Path, ...] = (), **changes: Any
) -> AsyncIterator[Connector]:
    settings = SoapConnector.model_validate(config(wsdl, url=server.url, **changes))
    connector = build_connector("crm", settings, region="DE", mapping_folders=mappings)
    await connector.start()
    try:
        yield connector
    finally:
        await connector.close()


def by_phone(number: str = PHONE) -> CustomerQuery:
    return CustomerQuery(phone=parse_number(number, "DE"))


def calls(server: SoapServer, operation: str) -> list[dict[str, Any]]:
    return [call["parameters"] for call in server.asked() if call["operation"] == operation]


class TestOwnContract:
    """A small contract of our own, which is always there, over SOAP 1.1 and 1.2."""

    @pytest.fixture(params=["http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/"])
    def binding(self, request: pytest.FixtureRequest) -> str:
        """Give the namespace by which a WSDL says SOAP 1.1 or 1.2."""
        return str(request.param)

    @pytest.fixture
    def wsdl(self, binding: str, tmp_path: Path) -> Path:
        file = tmp_path / "customers.wsdl"
        file.write_text(WSDL.format(soap=binding), "utf-8")
        return file

    def connected(self, server: SoapServer, wsdl: Path, **changes: Any) -> AbstractAsyncContextManager[Connector]:
        step = {
            "name": "found",
            "operation": "Find",
            "arguments": {"Email": {"from": "query.email"}},
            "rows": "customer",
        }
        operations = {"by_email": {"key": "email", "steps": [step]}}
        return connected(server, wsdl, mappings=(MAPPINGS,), operations=operations, mapping="customer", **changes)

    async def test_found(self, serve: Serve, wsdl: Path) -> None:
        """The server understands the request, and we its reply."""
        reply = {"customer": [{"id": "7", "name": "Müller & Söhne <漏油>", "phone": PHONE}]}
        server = serve(wsdl, {"Find": [reply]})
        async with self.connected(server, wsdl) as connector:
            [record] = await connector.lookup(CustomerQuery(email="a&b'<c>@example.com"))
        assert ("7", "Müller & Söhne <漏油>") == (record.id, record.name.full)
        assert [{"Email": "a&b'<c>@example.com"}] == calls(server, "Find")

    async def test_nobody(self, serve: Serve, wsdl: Path) -> None:
        """An empty reply is nobody."""
        server = serve(wsdl, {"Find": [{}]})
        async with self.connected(server, wsdl) as connector:
            assert [] == list(await connector.lookup(CustomerQuery(email="nobody@example.com")))

    async def test_a_fault(self, serve: Serve, wsdl: Path, binding: str) -> None:
        """The server's own way to write a fault is understood, and the caller's data is not in the error."""
        words = "no authorisation group for petra@example.com"
        fault_11 = {"faultcode": "soap:Server", "faultstring": words}
        fault_12 = {"Code": {"Value": "soap:Receiver"}, "Reason": {"Text": words}}
        server = serve(wsdl, {"Find": [{"Fault": fault_12 if "soap12" in binding else fault_11}]})
        async with self.connected(server, wsdl) as connector:
            with pytest.raises(ConnectorError) as raised:
                await connector.lookup(CustomerQuery(email="petra@example.com"))
        assert Problem.FAULT is raised.value.problem
        assert "no authorisation group for ***" in raised.value.message

    async def test_signing_in(self, serve: Serve, wsdl: Path) -> None:
        """The server checks the UsernameToken itself: with another password nothing is answered."""
        server = serve(wsdl, {"Find": [{}]})
        wrong = {**AUTH, "password": "other"}
        async with self.connected(server, wsdl, auth=wrong, refused_faults=["Invalid username"]) as connector:
            with pytest.raises(ConnectorError) as raised:
                await connector.lookup(CustomerQuery(email="petra@example.com"))
        assert Problem.REFUSED is raised.value.problem
        assert [] == server.asked()


async def test_service_cloud(serve: Serve) -> None:
    """RightNow's contract: ROQL goes out, rows come back; a task is made as its derived type."""
    wsdl, svcmap = contract("oracle-service-cloud/RightNow.wsdl"), contract("oracle-service-cloud/Reference.svcmap")
    columns = "ID|LookupName|FirstName|LastName|Title|Organization|Phone|Email|Street|City|PostalCode|Country"
    row = "1022|Petra Vogt|Petra|Vogt||Hansen & Co|0351 5550123|petra@example.com|K 12|Dresden|01067|DE"
    made = {"RNObjectsResult": {"RNObjects": [{"ID": {"attributes": {"id": "77"}}}]}}
    server = serve(
        wsdl, {"QueryCSV": [_table(columns, row), _table("Reference"), _table("ID")], "Create": [made]}, svcmap=svcmap
    )
    async with connected(server, wsdl, preset="oracle_service_cloud", svcmap=str(svcmap)) as connector:
        [record] = await connector.lookup(by_phone())
        written = await connector.write(entry(WriteKind.ACTIVITY, PETRA))
    assert ("1022", "Petra Vogt", "Hansen & Co") == (record.id, record.name.full, record.organization)
    assert "C.Phones.RawNumber IN ('493515550123', '03515550123'" in calls(server, "QueryCSV")[0]["Query"]
    [created] = calls(server, "Create")
    task = created["RNObjects"][0] if isinstance(created["RNObjects"], list) else created["RNObjects"]
    # Which prefix stands for XMLSchema-instance is ours to choose, and this server leaves it in the name.
    [chosen] = [value for name, value in task["attributes"].items() if name.endswith(":type")]
    assert "Task" == chosen.rpartition(":")[2]
    assert ("Call main-1763631000.17", "1022") == (task["Name"], task["Contact"]["ID"]["attributes"]["id"])
    assert entry(WriteKind.ACTIVITY, PETRA).note in task["Comment"]
    assert "77" == written.id
    assert {"ctihub"} == {call["header"]["ClientInfoHeader"]["AppID"] for call in server.asked()}


def _table(columns: str, *rows: str) -> dict[str, Any]:
    table = {"Name": "Result", "Columns": columns, "Rows": {"Row": list(rows)}}
    return {"CSVTableSet": {"CSVTables": {"CSVTable": [table]}}}


async def test_fusion(serve: Serve) -> None:
    """Fusion's contract: the criteria go out in the schema's order, contacts come back below a value of any type."""
    wsdl, svcmap = contract("oracle-fusion/ContactService.wsdl"), contract("oracle-fusion/Reference.svcmap")
    petra = {
        "PartyId": "300100012",
        "ContactName": "Petra Vogt",
        "FormattedWorkPhoneNumber": "+49 (351) 5550123",
        "EmailAddress": "petra@example.com",
    }
    server = serve(wsdl, {"findContact": [{"result": {"Value": [petra]}}]}, svcmap=svcmap)
    async with connected(server, wsdl, preset="oracle_fusion/soap", svcmap=str(svcmap)) as connector:
        [record] = await connector.lookup(by_phone())
    assert ("300100012", "Petra Vogt", [PHONE]) == (
        record.id,
        record.name.full,
        [phone.number for phone in record.phones],
    )
    asked = [call["findCriteria"]["filter"]["group"] for call in calls(server, "findContact")]
    items = [group[0]["item"] if isinstance(group, list) else group["item"] for group in asked]
    assert {"MobileNumber", "WorkPhoneNumber", "HomePhoneNumber"} == {item["attribute"] for item in items[0]}
    assert {"5550123", "3515550123", "03515550123", "493515550123"} == {
        _plain(item["value"]) for group in items for item in group
    }


def _plain(value: Any) -> str:
    """Return a value that may have come with the type that it was sent as."""
    value = value[0] if isinstance(value, list) else value
    return str(value["$value"] if isinstance(value, dict) else value)


async def test_ebs(serve: Serve) -> None:
    """The contact search contract: last seven digits go out, a request is made, and its error is told."""
    wsdl = contract("oracle-ebs/EBSMockSvc.wsdl")
    request = {"ContactID": 1022, "RequestID": 9001, "RequestNumber": "17001", "Status": "Open", "Summary": "Pump"}
    other = {"ContactID": 1023, "FirstName": "Other", "LastName": "Area", "PhoneNumber": "030-5550123"}
    petra = {"ContactID": 1022, "FirstName": "Petra", "LastName": "Vogt", "PhoneNumber": "0351-5550123"}
    server = serve(
        wsdl,
        {
            "cxLookupContact": [{"cxLookupContactResult": {"MockEBSContact": [other, petra]}}],
            "wssLookupSRsByContactPartyID": [
                {"wssLookupSRsByContactPartyIDResult": {"MockEBSServiceRequest": [request]}}
            ],
            "wssCreateSR": [{"wssCreateSRResult": {"Error_Message": "no type for this request"}}],
        },
    )
    async with connected(server, wsdl, preset="oracle_ebs") as connector:
        [record] = await connector.lookup(by_phone())
        with pytest.raises(ConnectorError) as raised:
            await connector.write(entry(WriteKind.CASE, PETRA))
    assert ("1022", ["17001"]) == (record.id, [case.id for case in record.cases])
    assert [{"phone": "5550123"}] == calls(server, "cxLookupContact")
    assert Problem.FAULT is raised.value.problem
    assert "no type for this request" in raised.value.message
    [made] = calls(server, "wssCreateSR")
    assert ("1022", "main-1763631000.17") == (str(made["req"]["ContactID"]), made["req"]["IncidentRef"])


async def test_siebel_preset(serve: Serve) -> None:
    """Siebel's contract: queries by example with empty elements for the wanted fields; a call below a contact."""
    wsdl = contract("oracle-siebel/http---siebel1.wsdl")
    request = {"Id": "1-5A", "SRNumber": "1-0042", "Abstract": "Pump", "Status": "Open"}
    found = {"Id": "1-ABC", "LastName": "Vogt", "ListOfServiceRequest": {"ServiceRequest": [request]}}
    made = {"Contact": [{"Id": "1-ABC", "ListOfAction": {"Action": [{"Id": "1-W1"}]}}]}
    server = serve(
        wsdl,
        {
            "WC_Contacts_BSQueryPage": [{"ListOfWc_Contacts_Io": {"Contact": [found]}}],
            "WC_Contacts_BSExecute": [{"ListOfWc_Contacts_Io": made}],
        },
    )
    async with connected(server, wsdl, preset="oracle_siebel") as connector:
        assert await connector.check()
        [record] = await connector.lookup(by_phone())
        activity = WriteBack(id="main-1.1", kind=WriteKind.ACTIVITY, customer="1-ABC", subject="Call", note="a <b>")
        result = await connector.write(activity)
    assert ("1-ABC", "Vogt", ["1-0042"]) == (record.id, record.name.full, [case.id for case in record.cases])
    assert "1-W1" == result.id
    asked = calls(server, "WC_Contacts_BSQueryPage")
    assert 3 == sum(f"='{PHONE}'" in str(one) for one in asked)
    [sent] = calls(server, "WC_Contacts_BSExecute")
    assert all(text in str(sent) for text in ("main-1.1", "Call - Inbound", "a <b>", "skipnode", "insert"))


async def test_query_customer_preset(serve: Serve) -> None:
    """SAP's contract: a selection by number, by e-mail and by id goes out, customers come back."""
    wsdl = contract("sap-query-customer/QueryCustomerIn.wsdl")
    customer = {"InternalID": "1000017", "Organisation": {"FirstLineName": "Hansen GmbH"}}
    replies = [{"Customer": [customer]}]
    server = serve(wsdl, {"FindByCommunicationData": replies, "FindByIdentification": replies})
    async with connected(server, wsdl, preset="sap_query_customer") as connector:
        assert await connector.check()
        for query in (by_phone(), CustomerQuery(email="h@example.com"), CustomerQuery(ids={"crm": "1000017"})):
            [record] = await connector.lookup(query)
            assert ("1000017", "Hansen GmbH") == (record.id, record.name.full)
    sent = str(calls(server, "FindByCommunicationData"))
    assert PHONE in sent
    assert "h@example.com" in sent
    assert "1000017" in str(calls(server, "FindByIdentification"))
