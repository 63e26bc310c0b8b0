"""`ctihub new connector`: what it writes passes `lint` and `test` as it is."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.cli.conftest import Ctihub
from tests.unit.cli.contracts import DOCUMENT_WSDL, EDMX_V2, EDMX_V4, OPENAPI_JSON, OPENAPI_YAML, RPC_WSDL

CONTRACTS = Path(os.environ.get("CTIHUB_CONTRACTS") or Path(__file__).parents[4] / "shared" / "contracts")
SMALL = {
    "crm.wsdl": DOCUMENT_WSDL, "old.wsdl": RPC_WSDL, "v4.edmx": EDMX_V4, "v2.edmx": EDMX_V2,
    "shop.json": OPENAPI_JSON, "tickets.yaml": OPENAPI_YAML,
}  # fmt: skip


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    for name, content in SMALL.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def made(ctihub: Ctihub, folder: Path, *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run `new connector`, see that what it wrote passes, and return the connector and the mapping's fields."""
    done = ctihub("new", "connector", "crm", *words, "--output", "out")
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    linted = ctihub("lint", "out/crm.ctihub.yaml")
    assert (0, "2 files checked, nothing wrong\n") == (linted.returncode, linted.stdout)
    tested = ctihub("test", "out/mappings")
    assert (0, "1 passed, 0 failed\n") == (tested.returncode, tested.stdout)
    config = yaml.safe_load((folder / "out/crm.ctihub.yaml").read_text("utf-8"))
    mapping = yaml.safe_load((folder / "out/mappings/crm/customer.yaml").read_text("utf-8"))
    return config["connectors"]["crm"], mapping["fields"]


def test_from_a_wsdl(ctihub: Ctihub, contracts: Path) -> None:
    """The field for the number in its section, what is demanded beside it, and where the records are."""
    connector, fields = made(ctihub, contracts, "--wsdl", "crm.wsdl")
    assert ("soap", "https://crm.example.com/soap") == (connector["kind"], connector["url"])
    [step] = connector["operations"]["by_phone"]["steps"]
    assert ("FindCustomers", "Result.Customer") == (step["operation"], step["rows"])
    assert {"Criteria": {"PhoneNumber": {"from": "item"}, "MaxRows": 20}} == step["arguments"]
    assert ("CustomerNo", "DisplayName") == (fields["id"], fields["name.full"])
    assert {"each": "Phones", "fields": {"number": {"from": "Number", "phone": True}}} == fields["phones"]


def test_from_an_rpc_wsdl_in_german(ctihub: Ctihub, contracts: Path) -> None:
    """RPC/encoded, named in another language."""
    connector, fields = made(ctihub, contracts, "--wsdl", "old.wsdl")
    [step] = connector["operations"]["by_phone"]["steps"]
    assert ("suche_kunde", "return") == (step["operation"], step["rows"])
    assert {"from": "item"} == step["arguments"]["telefon"]
    assert ("id", "vorname", "nachname") == (fields["id"], fields["name.given"], fields["name.surname"])


def test_from_odata_v4(ctihub: Ctihub, contracts: Path) -> None:
    """An entity set with numbers of its own is asked at once; its key is the id."""
    connector, fields = made(ctihub, contracts, "--edmx", "v4.edmx", "--url", "https://shop.example.com/odata")
    assert ("odata", "v4", "https://shop.example.com/odata") == (
        connector["kind"], connector["version"], connector["url"],
    )  # fmt: skip
    [step] = connector["operations"]["by_phone"]["steps"]
    assert ("Customers", {"Telephone1": {"from": "query.numbers"}}) == (step["entity"], step["where"])
    assert ("CustomerID", "CompanyName") == (fields["id"], fields["organization"])


def test_from_odata_v2(ctihub: Ctihub, contracts: Path) -> None:
    """What is behind navigations is expanded where it holds addresses."""
    connector, fields = made(ctihub, contracts, "--edmx", "v2.edmx")
    [step] = connector["operations"]["by_phone"]["steps"]
    assert ("Contacts", ["to_Mail"]) == (step["entity"], step["expand"])
    assert "to_Mail" == fields["emails"]["each"]


def test_from_openapi_in_json(ctihub: Ctihub, contracts: Path) -> None:
    """3.1, with $ref and a schema that holds itself; demanded parameters are given."""
    connector, fields = made(ctihub, contracts, "--openapi", "shop.json")
    [step] = connector["operations"]["by_phone"]["steps"]
    assert ("/customers", "items", {"tenant": "", "mobile_phone": {"from": "item"}}) == (
        step["path"], step["rows"], step["params"],
    )  # fmt: skip
    assert "https://shop.example.com/api" == connector["url"]
    assert ("id", "displayName") == (fields["id"], fields["name.full"])


def test_from_openapi_in_yaml(ctihub: Ctihub, contracts: Path) -> None:
    """3.0, a search by POST, a person put together of parts (allOf)."""
    connector, fields = made(ctihub, contracts, "--openapi", "tickets.yaml")
    [step] = connector["operations"]["by_phone"]["steps"]
    assert ("POST", "/people/search", {"telefon": {"from": "item"}}) == (step["method"], step["path"], step["body"])
    assert ("id", "first_name") == (fields["id"], fields["name.given"])


@pytest.mark.parametrize(
    ("words", "operation"),
    [
        (["--wsdl", "sap-query-customer/QueryCustomerIn.wsdl"], "FindByCommunicationData"),
        (["--wsdl", "oracle-siebel/http---siebel1.wsdl"], "WC_Contacts_BSQueryPage"),
        (["--wsdl", "oracle-ebs/EBSMockSvc.wsdl"], "cxLookupContact"),
        (["--edmx", "sap-s4hana/API_BUSINESS_PARTNER.edmx"], "A_AddressPhoneNumber"),
    ],
)
def test_from_the_vendors_contracts(ctihub: Ctihub, tmp_path: Path, words: list[str], operation: str) -> None:
    """The operation that a person would choose, from contracts as published."""
    file = CONTRACTS / words[1]
    if not file.is_file():
        pytest.skip(f"the contract {words[1]} is not here: set CTIHUB_CONTRACTS to a folder that has it")
    connector, fields = made(ctihub, tmp_path, words[0], str(file))
    first = connector["operations"]["by_phone"]["steps"][0]
    assert operation == first.get("operation", first.get("entity"))
    assert {"id", "phones", "emails"} <= fields.keys()


@pytest.mark.parametrize("name", ["oracle-service-cloud/RightNow.wsdl", "oracle-fusion/ContactService.wsdl"])
def test_without_a_clear_operation_candidates_are_told(ctihub: Ctihub, tmp_path: Path, name: str) -> None:
    """These ask by statements or filters of their own: nothing is written, and how to choose is said."""
    file = CONTRACTS / name
    if not file.is_file():
        pytest.skip(f"the contract {name} is not here: set CTIHUB_CONTRACTS to a folder that has it")
    svcmap = str(file.with_name("Reference.svcmap"))
    done = ctihub("new", "connector", "crm", "--wsdl", str(file), "--svcmap", svcmap)
    assert (1, "") == (done.returncode, done.stderr)
    assert "choose one by --operation" in done.stdout
    assert [] == list(tmp_path.iterdir())


def test_types_that_hold_one_another_have_an_end(ctihub: Ctihub, tmp_path: Path) -> None:
    """A contract in which each of many types holds all the others: there are more ways down than could be walked."""
    schemas = {
        f"T{one}": {
            "type": "object",
            "properties": {f"t{other}": {"$ref": f"#/components/schemas/T{other}"} for other in range(60)},
        }
        for one in range(60)
    }
    found = {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T0"}}}}
    search = {"parameters": [{"name": "phone", "in": "query"}], "responses": {"200": found}}
    document = {"openapi": "3.0.0", "paths": {"/c": {"get": search}}, "components": {"schemas": schemas}}
    (tmp_path / "wide.json").write_text(json.dumps(document))
    began = time.process_time()
    done = ctihub("new", "connector", "crm", "--openapi", "wide.json")
    assert 1 == done.returncode
    assert "answers with no customer that could be told" in done.stdout
    assert time.process_time() - began < 20, "seconds of the processor"


def test_nothing_is_overwritten(ctihub: Ctihub, contracts: Path) -> None:
    """A second run would take away what was corrected by hand."""
    made(ctihub, contracts, "--wsdl", "crm.wsdl")
    again = ctihub("new", "connector", "crm", "--wsdl", "crm.wsdl", "--output", "out")
    assert 2 == again.returncode
    assert "is there already" in again.stderr


def test_operations_are_listed(ctihub: Ctihub, contracts: Path) -> None:
    """With what they are asked by."""
    assert contracts.is_dir()
    done = ctihub("new", "connector", "crm", "--openapi", "shop.json", "--list")
    assert (0, "  GET /customers  by mobile_phone, Find customers\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--wsdl", "none.wsdl"], "none.wsdl can't be read: No such file or directory"),
        (["--wsdl", "bomb.xml"], "the WSDL holds a DTD: that is refused"),
        (["--wsdl", "private.wsdl"], "http://10.0.0.1/x.wsdl, which is not its own host"),
        (["--edmx", "bomb.xml"], "the metadata holds a DTD: that is refused"),
        (["--openapi", "bomb.xml"], "this is no OpenAPI document"),
        (["--wsdl", "http://127.0.0.1:1/a?wsdl"], "no connection to 127.0.0.1:1"),
        (["--wsdl", "crm.wsdl", "--operation", "FindCustomer"], "did you mean 'FindCustomers'?"),
        (["--wsdl", "crm.wsdl", "--region", "XX"], "a two-letter country code"),
    ],
)
def test_what_can_not_be_read_is_refused_in_words(
    ctihub: Ctihub, contracts: Path, words: list[str], expected: str
) -> None:
    """Hostile and missing contracts, before anything is written."""
    (contracts / "bomb.xml").write_text("<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a>&b;</a>")
    imported = "<import namespace='urn:x' location='http://10.0.0.1/x.wsdl'/><types>"
    (contracts / "private.wsdl").write_text(DOCUMENT_WSDL.replace("<types>", imported))
    done = ctihub("new", "connector", "crm", *words, "--output", "out")
    assert (2, "") == (done.returncode, done.stdout)
    assert expected in done.stderr
    assert not (contracts / "out").exists()
