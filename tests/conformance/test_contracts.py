"""The vendors' own contracts, where they are at hand: CTIHUB_CONTRACTS, or `shared/contracts` beside the project."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from lxml import etree

from connectors.odata.metadata import Metadata, read_metadata
from connectors.registry import build_connector
from connectors.soap.addresses import ContractLoader, address_map
from connectors.soap.contract import load_contract
from hub.config.connectors import ODataConnector, SoapConnector
from hub.config.document import read_document
from hub.config.mapping_files import find_mapping
from hub.config.request import Found
from hub.demo.site import Site
from hub.domain.customer import CustomerQuery, Email, Name, Phone
from hub.domain.phone import parse_number
from hub.mapping.sources import sources_of

CONTRACTS = Path(os.environ.get("CTIHUB_CONTRACTS") or Path(__file__).parents[3] / "shared" / "contracts")
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "urn:messages.ws.rightnow.com/v1_2"


def contract(name: str) -> Path:
    file = CONTRACTS / name
    if not file.is_file():
        pytest.skip(f"the contract {name} is not here: set CTIHUB_CONTRACTS to a folder that has it")
    return file


def never(address: str) -> bytes:
    raise AssertionError(f"{address} was fetched")


@pytest.mark.parametrize(
    ("name", "svcmap", "operation"),
    [
        ("oracle-service-cloud/RightNow.wsdl", "oracle-service-cloud/Reference.svcmap", "QueryCSV"),
        ("oracle-fusion/ContactService.wsdl", "oracle-fusion/Reference.svcmap", "findContact"),
        ("oracle-siebel/http---siebel1.wsdl", None, "WC_Contacts_BSQueryPage"),
        ("oracle-ebs/EBSMockSvc.wsdl", None, None),
        ("sap-query-customer/QueryCustomerIn.wsdl", None, "FindByCommunicationData"),
    ],
)
def test_real_wsdls_load_without_the_network(name: str, svcmap: str | None, operation: str | None) -> None:
    """Contracts as published, dead imports and all, load from local files alone."""
    config = SoapConnector.model_validate(
        {
            "kind": "soap",
            "preset": "oracle_service_cloud",
            "wsdl": str(contract(name)),
            "url": "https://backend.example/soap",
            **({"svcmap": str(contract(svcmap))} if svcmap else {}),
        }
    )
    loaded = load_contract(config, ContractLoader(config.wsdl, address_map(config), never))
    assert loaded.operations
    assert operation is None or operation in loaded.operations
    assert "https://backend.example/soap" == loaded.address


def rightnow_schema() -> etree.XMLSchema:
    """Return the schema of RightNow's messages, its dead imports answered from the local files."""
    config = SoapConnector.model_validate(
        {
            "kind": "soap",
            "preset": "oracle_service_cloud",
            "wsdl": str(contract("oracle-service-cloud/RightNow.wsdl")),
            "svcmap": str(contract("oracle-service-cloud/Reference.svcmap")),
        }
    )
    files = address_map(config)

    base: Any = etree.Resolver  # lxml-stubs don't know what its resolvers can do

    class Resolver(base):  # type: ignore[misc]  # see above
        def resolve(self, system_url: str, _public_id: str, context: object) -> object:
            return self.resolve_filename(str(files[system_url]), context) if system_url in files else None

    parser = etree.XMLParser()
    parser.resolvers.add(Resolver())
    return etree.XMLSchema(etree.parse(str(contract("oracle-service-cloud/soap.xsd")), parser))


class RightNow:
    """Answers QueryCSV with what Service Cloud's documentation shows, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[etree._Element] = []
        self.actions: list[str] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/services/soap", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        envelope = etree.fromstring(await request.read())
        self.requests.append(envelope)
        self.actions.append(request.headers["SOAPAction"])
        query = envelope.findtext(f".//{{{MESSAGES}}}Query") or ""
        if "FROM Contact" in query:
            columns = "ID|LookupName|FirstName|LastName|Title|Organization|Phone|Email|Street|City|PostalCode|Country"
            base = '1022|"Vogt, Petra | Dresden"|Petra|Vogt||Hansen|'
            rows = [
                base + "+49 351 5550123|p@example.com|K 12|Dresden|01067|DE",
                base + "0171 5550123|p@example.com|K 12|Dresden|01067|DE",
            ]
        else:
            columns = "Reference|Subject|Status|StatusType|Severity|Created|ContactID"
            rows = ["261121-000004|Late|Unresolved|1|High|2026-11-20T08:15:00Z|1022"]
        content = "".join(f"<Row>{row}</Row>" for row in rows)
        return web.Response(
            text=f'<e:Envelope xmlns:e="{SOAP}"><e:Body><QueryCSVResponse xmlns="{MESSAGES}"><CSVTableSet><CSVTables>'
            f"<CSVTable><Name>Contact</Name><Columns>{columns}</Columns><Rows>{content}</Rows></CSVTable></CSVTables>"
            "</CSVTableSet></QueryCSVResponse></e:Body></e:Envelope>",
            content_type="text/xml",
        )


@pytest.fixture
async def rightnow() -> AsyncIterator[tuple[RightNow, str]]:
    """Run a service that follows RightNow.wsdl; gives it and its address."""
    service = RightNow()
    site = Site(service.app)
    await site.start()
    yield service, f"{site.url}/services/soap"
    await site.stop()


async def test_service_cloud_preset_on_the_real_contract(rightnow: tuple[RightNow, str]) -> None:
    """What the preset sends is valid against RightNow's schema, and its replies become customers with their cases."""
    service, address = rightnow
    config = SoapConnector.model_validate(
        {
            "kind": "soap",
            "preset": "oracle_service_cloud",
            "wsdl": str(contract("oracle-service-cloud/RightNow.wsdl")),
            "svcmap": str(contract("oracle-service-cloud/Reference.svcmap")),
            "url": address,
            "auth": {"type": "wsse", "username": "ctihub", "password": "geheim"},
        }
    )
    connector = build_connector("osc", config, region="DE")
    await connector.start()
    assert "SOAP 1.1, 20 operations at 127.0.0.1, QueryCSV answered" == await connector.check()
    records = await connector.lookup(CustomerQuery(phone=parse_number("0351 5550123", "DE")))
    await connector.close()

    assert ["1022"] == [record.id for record in records]
    assert Name(full="Vogt, Petra | Dresden", given="Petra", surname="Vogt") == records[0].name
    assert (Phone(number="+493515550123"), Phone(number="+491715550123")) == records[0].phones
    assert (Email(address="p@example.com"),) == records[0].emails
    assert ["261121-000004"] == [case.id for case in records[0].cases]

    schema = rightnow_schema()
    for envelope in service.requests:
        body = envelope.find(f"{{{SOAP}}}Body")
        header = envelope.find(f"{{{SOAP}}}Header/{{{MESSAGES}}}ClientInfoHeader")
        assert body is not None
        assert header is not None
        schema.assertValid(etree.fromstring(etree.tostring(body[0])))
        schema.assertValid(etree.fromstring(etree.tostring(header)))
    assert ['"QueryCSV"'] * 3 == service.actions
    query = service.requests[1].findtext(f".//{{{MESSAGES}}}Query") or ""
    assert "IN ('493515550123', '03515550123', '3515550123', '00493515550123')" in query
    assert "IN (1022)" in (service.requests[2].findtext(f".//{{{MESSAGES}}}Query") or "")


def business_partner() -> Metadata:
    return read_metadata(contract("sap-s4hana/API_BUSINESS_PARTNER.edmx").read_bytes())


def test_sap_preset_asks_only_for_what_the_service_has() -> None:
    """Entity sets, fields and navigations of the SAP preset stand in API_BUSINESS_PARTNER's metadata.

    What is searched for is no longer than the field: a longer value would find nobody, however right it is.
    """
    sets = business_partner().entity_sets
    config = ODataConnector.model_validate({"kind": "odata", "preset": "sap_s4hana", "url": "https://sap.example"})
    checked = 0
    for step in config.every_step():
        if step.service != "API_BUSINESS_PARTNER":
            continue
        fields = sets[step.entity].fields
        assert {*step.where, *step.keep, *step.select} <= set(fields), step.name
        for path in step.expand:
            holder = sets[step.entity]
            for name in path.split("/"):
                holder = holder.fields[name]
                assert holder.linked, path
            checked += 1
        for name, condition in step.where.items():
            longest = condition.value.max if isinstance(condition.value, Found) else None
            source = condition.value.source if isinstance(condition.value, Found) else ""
            # A number has 16 characters at most, an id is refused by nobody; an address has up to 254.
            if source.startswith("query.email"):
                assert longest is not None
                assert longest <= (fields[name].max_length or 0)
            checked += 1
    assert checked > 15


def test_sap_mapping_reads_only_what_the_service_has() -> None:
    """Each property that the mapping of a business partner reads is one of the service, along its navigations."""
    partner = business_partner().entity_sets["A_BusinessPartner"]
    file = find_mapping("sap_s4hana/business_partner", [])
    assert file is not None
    read = [source.names for source in sources_of(read_document(file)) if source.names]
    own = [names for names in read if names[0] not in {"orders", "requests"}]
    assert len(own) > 15
    for names in own:
        field = partner
        for name in names:
            assert name in field.fields, ".".join(names)
            field = field.fields[name]
