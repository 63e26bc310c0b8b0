"""`ctihub lint` compares what a connector asks with what its backend has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.cli.conftest import CONFIG, Ctihub
from tests.unit.cli.contracts import DOCUMENT_WSDL, EDMX_V2, EDMX_V4, OPENAPI_JSON, RPC_WSDL
from tests.unit.cli.crm_server import running_crm

CONTRACTS = Path(os.environ.get("CTIHUB_CONTRACTS") or Path(__file__).parents[4] / "shared" / "contracts")

SOAP = """\
connectors:
  crm:
    kind: soap
    wsdl: crm.wsdl
    mapping: crm/customer
    operations:
      by_phone:
        key: phone
        steps:
          - name: found
            operation: FindCustomers
            arguments: {Criteria: {PhoneNumber: {from: query.e164}, MaxRows: 10}}
            rows: Result.Customer
          - name: parents
            each: found.Parent.CustomerNo
            operation: FindCustomers
            arguments: {Criteria: {PhoneNumber: {from: item}, MaxRows: 1}}
            rows: Result.Customer
        records: found
        attach: {parents: {CustomerNo: Parent.CustomerNo}}
"""
ODATA = """\
connectors:
  crm:
    kind: odata
    url: https://shop.example.com/odata
    version: v4
    metadata: shop.edmx
    mapping: crm/customer
    operations:
      by_phone:
        key: phone
        steps:
          - name: found
            entity: Customers
            where: {Telephone1: {from: query.e164}}
            select: [CustomerID, CompanyName]
            expand: [Orders]
            order: [CompanyName desc]
"""
REST = """\
connectors:
  crm:
    kind: rest
    url: https://shop.example.com/api
    openapi: shop.json
    mapping: crm/customer
    operations:
      by_phone:
        key: phone
        records: found
        steps:
          - {name: found, path: /customers, params: {tenant: a, mobile_phone: {from: query.e164}}, rows: items}
          - {name: orders, each: found.id, path: "/customers/{no}/orders", values: {no: {from: item}}}
"""
MAPPINGS = {
    "soap": "id: CustomerNo\n  name.full: DisplayName\n"
    "  phones: {each: Phones, where: {Kind: work}, fields: {number: Number}}\n  extra.group: parents.DisplayName\n",
    "odata": "id: CustomerID\n  organization: CompanyName\n  orders: {each: Orders, fields: {id: OrderID}}\n",
    "rest": "id: id\n  name.full: displayName\n",
}


class Wrong(NamedTuple):
    """`was` in the connector, or the mapping, becomes what is wrong; `expected` begins behind the file's name."""

    kind: str
    was: str
    becomes: str
    expected: str


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, content in {
        "crm.wsdl": DOCUMENT_WSDL, "old.wsdl": RPC_WSDL, "shop.edmx": EDMX_V4, "crm.edmx": EDMX_V2,
        "shop.json": OPENAPI_JSON,
    }.items():  # fmt: skip
        (tmp_path / name).write_text(content)
    (tmp_path / "mappings/crm").mkdir(parents=True)
    return tmp_path


def configured(site: Path, connector: str, fields: str) -> None:
    (site / "ctihub.yaml").write_text(CONFIG + connector)
    mapping = f"source: CRM\nversion: 1\ntarget: customer\nfields:\n  {fields}"
    (site / "mappings/crm/customer.yaml").write_text(mapping)


def problems(ctihub: Ctihub) -> list[str]:
    done = ctihub("lint")
    assert (1, "") == (done.returncode, done.stderr), done.stdout
    return done.stdout.splitlines()


@pytest.mark.parametrize(("kind", "connector"), [("soap", SOAP), ("odata", ODATA), ("rest", REST)])
def test_what_fits_passes(ctihub: Ctihub, site: Path, kind: str, connector: str) -> None:
    """Steps, what they read of one another, and the mapping: all of it is in the contract."""
    configured(site, connector, MAPPINGS[kind])
    done = ctihub("lint")
    assert (0, "2 files checked, nothing wrong\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong("soap", "operation: FindCustomers\n            arguments: {Criteria: {PhoneNumber: {from: query.e164}",
         "operation: FindCustomer\n            arguments: {Criteria: {PhoneNumber: {from: query.e164}",
         "16:24: the WSDL has no operation 'FindCustomer'; did you mean 'FindCustomers'?"),
        Wrong("soap", "{PhoneNumber: {from: query.e164}", "{PhoneNo: {from: query.e164}",
         "17:36: operation 'FindCustomers' has no field 'PhoneNo'; did you mean 'PhoneNumber'?"),
        Wrong("soap", "MaxRows: 10}", "MaxRows: {Value: 10}}",
         "17:69: operation 'FindCustomers' has a plain value here, not a section of fields"),
        Wrong("soap", "arguments: {Criteria: {PhoneNumber: {from: query.e164}, MaxRows: 10}}",
         "arguments: {Criteria: 1}",
         "17:25: operation 'FindCustomers' has a section here, with PhoneNumber, MaxRows, not one value"),
        Wrong("soap", "rows: Result.Customer\n          - name: p", "rows: Result.Customers\n          - name: p",
         "18:19: the reply has no field 'Customers'; did you mean 'Customer'?"),
        Wrong("soap", "found.Parent.CustomerNo", "found.Parent.CustomerNr",
         "20:19: 'found.Parent.CustomerNr': step 'found' has no field 'CustomerNr'; did you mean 'CustomerNo'?"),
        Wrong("soap", "{CustomerNo: Parent.CustomerNo}", "{CustomerNo: Parent.Customer}",
         "25:28: the record has no field 'Customer'; did you mean 'CustomerNo'?"),
        Wrong("odata", "entity: Customers", "entity: Custmers",
         "18:21: the service has no entity set 'Custmers'; did you mean 'Customers'?"),
        Wrong("odata", "where: {Telephone1:", "where: {Telephone:",
         "19:21: Customers has no property 'Telephone'; did you mean 'Telephone1'?"),
        Wrong("odata", "select: [CustomerID,", "select: [CustomerId,",
         "20:22: Customers has no property 'CustomerId'; did you mean 'CustomerID'?"),
        Wrong("odata", "expand: [Orders]", "expand: [Address]",
         "21:22: 'Address' leads nowhere, so that it can't be expanded; known here: Orders"),
        Wrong("odata", "order: [CompanyName desc]", "order: [Company desc]",
         "22:21: Customers has no property 'Company'; did you mean 'CompanyName'?"),
        Wrong("odata", "version: v4", "version: v2", "10:14: the metadata is that of OData V4: write version: v4"),
        Wrong("rest", "path: /customers,", "path: /customer,",
         "17:33: the service has no path '/customer'; did you mean '/customers'?"),
        Wrong("rest", "mobile_phone:", "phone:",
         "17:65: GET /customers has no parameter 'phone'; did you mean 'mobile_phone'?"),
        Wrong("rest", "tenant: a, ", "",
         "17:33: GET /customers needs the parameter 'tenant': give it in `params`"),
        Wrong("rest", "rows: items", "rows: itmes", "17:106: the reply has no field 'itmes'; did you mean 'items'?"),
        Wrong("rest", "path: /customers,", "method: POST, path: /customers,",
         "17:35: /customers has no method POST: it has GET"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_told_at_its_place(ctihub: Ctihub, site: Path, wrong: Wrong) -> None:
    """With the nearest right name, whatever the contract is written in."""
    connector = {"soap": SOAP, "odata": ODATA, "rest": REST}[wrong.kind]
    assert wrong.was in connector
    configured(site, connector.replace(wrong.was, wrong.becomes, 1), MAPPINGS[wrong.kind])
    assert f"ctihub.yaml:{wrong.expected}" in problems(ctihub)


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong("soap", "DisplayName", "DisplyName",
         "6:14: 'DisplyName': the records of operation 'by_phone' of connector 'crm' have no 'DisplyName'; "
         "did you mean 'DisplayName'?"),
        Wrong("soap", "{Kind: work}", "{Knd: work}",
         "7:34: 'Knd': the records of operation 'by_phone' of connector 'crm' have no 'Knd'; did you mean 'Kind'?"),
        Wrong("soap", "number: Number", "number: Nummer",
         "7:64: 'Nummer': the records of operation 'by_phone' of connector 'crm' have no 'Nummer'; "
         "did you mean 'Number'?"),
        Wrong("soap", "parents.DisplayName", "parents.Name",
         "8:16: 'parents.Name': the records of operation 'by_phone' of connector 'crm' have no 'Name'; "
         "did you mean 'DisplayName'?"),
        Wrong("odata", "organization: CompanyName", "organization: Telephone1",
         "6:17: 'Telephone1': the records of operation 'by_phone' of connector 'crm' have no 'Telephone1': "
         "step 'found' does not ask for it: add it to `select` or `expand`"),
    ],
)  # fmt: skip
def test_a_mapping_reads_what_the_records_have(ctihub: Ctihub, site: Path, wrong: Wrong) -> None:
    """Told in the mapping; what could be had by asking for it is told so."""
    connector = {"soap": SOAP, "odata": ODATA}[wrong.kind]
    configured(site, connector, MAPPINGS[wrong.kind].replace(wrong.was, wrong.becomes, 1))
    assert [str(site / f"mappings/crm/customer.yaml:{wrong.expected}")] == problems(ctihub)


def test_a_name_that_one_operation_has_is_no_mistake(ctihub: Ctihub, site: Path) -> None:
    """A mapping may serve several operations whose records differ."""
    other = "\n      by_id: {key: id, steps: [{name: one, entity: Customers, where: {CustomerID: {from: query.id}}}]}\n"
    configured(site, ODATA.rstrip() + other, MAPPINGS["odata"] + "  title: Telephone1\n")
    assert 0 == ctihub("lint").returncode


def test_v2_navigations_come_when_expanded(ctihub: Ctihub, site: Path) -> None:
    """Relationships of OData V2 lead to the other end's entity."""
    connector = (
        "connectors: {crm: {kind: odata, url: 'https://h/x', metadata: crm.edmx, mapping: crm/customer, operations: {\n"
        "  by_phone: {key: phone, steps: [{name: found, entity: Contacts,\n"
        "  where: {MobilePhone: {from: query.e164}}, expand: [to_Mail]}]}}}}\n"
    )
    fields = "id: Contact\n  emails: {each: to_Mail, fields: {address: EmailAddress}}\n"
    configured(site, connector, fields)
    assert 0 == ctihub("lint").returncode
    configured(site, connector.replace(", expand: [to_Mail]", ""), fields)
    said = problems(ctihub)
    assert ["add it to `select` or `expand`"] == sorted({line.rpartition(": ")[2] for line in said})
    configured(site, connector, fields.replace("EmailAddress", "Email"))
    assert "did you mean 'EmailAddress'?" in problems(ctihub)[0]


def test_rpc_parts_are_arguments(ctihub: Ctihub, site: Path) -> None:
    """RPC/encoded: the parts of the messages are the fields."""
    connector = (
        "connectors: {old: {kind: soap, wsdl: old.wsdl, mapping: crm/customer, operations: {by_phone: {key: phone,\n"
        "  steps: [{name: found, operation: suche_kunde, rows: return,\n"
        "    arguments: {session: a, telefon: {from: query.e164}}}]}}}}\n"
    )
    configured(site, connector, "id: id\n  name.surname: nachname\n")
    assert 0 == ctihub("lint").returncode
    configured(site, connector.replace("telefon:", "telephon:"), "id: id\n  name.surname: nachnahme\n")
    said = problems(ctihub)
    assert "ctihub.yaml:8:29: operation 'suche_kunde' has no field 'telephon'; did you mean 'telefon'?" in said
    assert any("did you mean 'nachname'?" in line for line in said)


def test_a_preset_is_told_where_the_site_names_it(ctihub: Ctihub, site: Path) -> None:
    """A service that lacks what the preset asks: nothing of it is in the site's file but the preset's name."""
    connector = (
        "connectors:\n  sap:\n    kind: odata\n    preset: sap_s4hana\n    url: https://s4.example.com/sap\n"
        "    metadata: {API_BUSINESS_PARTNER: crm.edmx}\n"
    )
    configured(site, connector, MAPPINGS["rest"])
    said = problems(ctihub)
    assert said
    assert {"ctihub.yaml:9:13"} == {line.split(": ")[0] for line in said}
    assert any("has no entity set 'A_AddressPhoneNumber'" in line and "preset 'sap_s4hana'" in line for line in said)


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("crm.wsdl", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "the WSDL holds a DTD: that is refused"),
        ("crm.wsdl", DOCUMENT_WSDL.replace("<types>",
            "<import namespace='urn:x' location='http://10.0.0.1/x.wsdl'/><types>"), "which is not its own host"),
        ("shop.edmx", "<!DOCTYPE a><edmx:Edmx xmlns:edmx='urn:x'/>", "the metadata holds a DTD: that is refused"),
        ("shop.edmx", "<html></html>", "this is no OData metadata: its element is html, not Edmx"),
        ("shop.edmx", "{}", "the metadata is no well-formed XML"),
        ("shop.json", '{"openapi": "3.0.0", "paths": {"/a": {"$ref": "http://10.0.0.1/x"}}}', "to another document"),
        ("shop.json", '{"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/paths/~1a"}}}', "a $ref leads to itself"),
        ("shop.json", '{"swagger": "1.2"}', "neither `openapi: 3..` nor `swagger: '2.0'`"),
        ("shop.json", "[" * 100_000, "is too large: 200 levels"),
        ("shop.json", "a: &b {c: d}\ne: *b\n", "uses YAML aliases"),
    ],
)  # fmt: skip
def test_a_hostile_contract_is_refused_in_words(
    ctihub: Ctihub, site: Path, file: str, content: str, expected: str
) -> None:
    """At the place of the configuration that names it."""
    (site / file).write_text(content)
    connector = {"crm.wsdl": SOAP, "shop.edmx": ODATA, "shop.json": REST}[file]
    kind = {"crm.wsdl": "soap", "shop.edmx": "odata", "shop.json": "rest"}[file]
    configured(site, connector, MAPPINGS[kind])
    [line] = problems(ctihub)
    assert expected in line
    assert line.startswith("ctihub.yaml:")


def test_writes_are_compared_too(ctihub: Ctihub, site: Path) -> None:
    """What is written back names properties of the entity."""
    written = """\
    writes:
      activity:
        steps:
          - name: made
            entity: Orders
            method: POST
            idempotent: true
            body: {OrderId: {from: entry.id}}
"""
    configured(site, ODATA + written, MAPPINGS["odata"])
    assert ["ctihub.yaml:30:20: Orders has no field 'OrderId'; did you mean 'OrderID'?"] == problems(ctihub)


def test_a_list_that_is_not_there_is_told_once(ctihub: Ctihub, site: Path) -> None:
    """At its `each`, not for every field of its items again."""
    configured(site, SOAP, MAPPINGS["soap"].replace("each: Phones", "each: Phone"))
    [line] = problems(ctihub)
    assert "customer.yaml:7:18: 'Phone': the records of operation" in line


def test_online_reads_contracts_from_their_addresses(ctihub: Ctihub, site: Path) -> None:
    """A WSDL and $metadata given by address are read with --online, and not without."""
    with running_crm() as server:
        server.files = {"/crm.wsdl": DOCUMENT_WSDL, "/odata/$metadata": EDMX_V4}
        here = f"http://127.0.0.1:{server.port}"
        soap = SOAP.replace("wsdl: crm.wsdl", f"wsdl: {here}/crm.wsdl")
        odata = ODATA.partition("crm:\n")[2].replace("    metadata: shop.edmx\n", "")
        odata = odata.replace("https://shop.example.com/odata", f"{here}/odata").replace(
            "entity: Customers", "entity: Cust"
        )
        configured(site, soap.replace("MaxRows: 10", "MaxRow: 10") + "  shop:\n" + odata, "id: CustomerNo\n")
        assert 0 == ctihub("lint").returncode
        assert [] == server.asked
        done = ctihub("lint", "--online")
    assert 1 == done.returncode
    assert "has no field 'MaxRow'; did you mean 'MaxRows'?" in done.stdout
    assert "the service has no entity set 'Cust'" in done.stdout
    assert {"/crm.wsdl", "/odata/$metadata"} == set(server.asked)


@pytest.mark.parametrize(
    ("connector", "files"),
    [
        ("kind: odata, preset: sap_s4hana, url: 'https://h/x', metadata: {API_BUSINESS_PARTNER: %s}",
         ["sap-s4hana/API_BUSINESS_PARTNER.edmx"]),
        ("kind: soap, preset: oracle_service_cloud, wsdl: %s, svcmap: %s",
         ["oracle-service-cloud/RightNow.wsdl", "oracle-service-cloud/Reference.svcmap"]),
        ("kind: soap, preset: oracle_siebel, wsdl: %s", ["oracle-siebel/http---siebel1.wsdl"]),
        ("kind: soap, preset: oracle_ebs, wsdl: %s", ["oracle-ebs/EBSMockSvc.wsdl"]),
        ("kind: soap, preset: oracle_fusion/soap, wsdl: %s, svcmap: %s",
         ["oracle-fusion/ContactService.wsdl", "oracle-fusion/Reference.svcmap"]),
        ("kind: soap, preset: sap_query_customer, wsdl: %s", ["sap-query-customer/QueryCustomerIn.wsdl"]),
    ],
)  # fmt: skip
def test_shipped_presets_fit_the_vendors_contracts(
    ctihub: Ctihub, site: Path, connector: str, files: list[str]
) -> None:
    """What the presets ask, and how they put records together, is in the contracts as published."""
    for file in files:
        if not (CONTRACTS / file).is_file():
            pytest.skip(f"the contract {file} is not here: set CTIHUB_CONTRACTS to a folder that has it")
    filled = connector % tuple(str(CONTRACTS / file) for file in files)
    configured(site, f"connectors: {{crm: {{{filled}}}}}\n", "id: id\n")
    done = ctihub("lint")
    assert (0, "2 files checked, nothing wrong\n") == (done.returncode, done.stdout)
