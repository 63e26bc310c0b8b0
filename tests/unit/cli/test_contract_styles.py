"""Contracts as different makers of services publish them: a connector comes of each, and finds somebody."""

from __future__ import annotations

import codecs
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Ctihub
from tests.unit.cli.style_replies import replying

STYLES = Path(__file__).parent / "styles"
V4 = ["--edmx", "styles/v4.edmx"]
OPENAPI = ["--openapi", "styles/openapi31.yaml"]
NUMBER = [{"number": "+493515550123"}]
BOTH = [*NUMBER, {"number": "+491725550123"}]


@pytest.fixture
def styles(tmp_path: Path) -> Path:
    """Return a copy of the contracts; the one with several schemas is in UTF-16 with its mark, as Windows saves it."""
    folder = tmp_path / "styles"
    shutil.copytree(STYLES, folder)
    wsdl = folder / "soap12_schemas.wsdl"
    text = wsdl.read_text("utf-8")
    wsdl.write_bytes(codecs.BOM_UTF16_LE + text.encode("utf-16-le"))
    return folder


@pytest.fixture
def backend() -> Iterator[tuple[str, list[str]]]:
    with replying() as served:
        yield served


@pytest.mark.parametrize(
    ("contract", "path", "asked", "found"),
    [
        pytest.param(
            ["--wsdl", "styles/soap12_schemas.wsdl"], "/soap12", '<n0:SucheKunde mandant=""><Telefon>+493515550123<',
            {"id": "K17", "name": {"full": "Vögt"}, "phones": BOTH, "addresses": [{"locality": "Dresden"}]},
            id="SOAP 1.2 alone, schemas that include and import one another in a circle, attributes as data",
        ),
        pytest.param(
            ["--wsdl", "styles/several_parts.wsdl"], "/parts",
            "<n0:Phone>+493515550123</n0:Phone><n0:Limit>20</n0:Limit>",
            {"id": "7", "name": {"full": "Petra Vogt"}, "phones": NUMBER},
            id="document/literal with several parts",
        ),
        pytest.param(
            ["--wsdl", "styles/rpc_literal.wsdl"], "/rpc", "<numbers><item>+493515550123</item></numbers><max>20</max>",
            {"id": "9007199254740993", "name": {"surname": "Vogt"}, "phones": NUMBER},
            id="rpc/literal with arrays",
        ),
        pytest.param(
            ["--wsdl", "styles/wcf/crm.wsdl"], "/wcf", "<n0:filter><n1:Phone>+493515550123</n1:Phone></n0:filter>",
            {"id": "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "name": {"full": "Petra Vogt"}, "phones": BOTH},
            id="a WSDL in two, data contracts with references",
        ),
        pytest.param(
            V4, "/v4", "$filter=Phones/any(one:one/Number eq '+493515550123' or one/Number eq",
            {
                "id": "petra", "name": {"full": "Petra Vogt"}, "phones": NUMBER,
                "emails": [{"address": "p@example.com"}],
            },
            id="OData V4 with derived and complex types, enumerations, collections, contained entities, a singleton",
        ),
        pytest.param(
            ["--edmx", "styles/v2.edmx"], "/v2", "$filter=(PhoneNo eq '+493515550123' or PhoneNo eq",
            {"id": "0042", "name": {"full": "Petra Vogt"}, "phones": NUMBER},
            id="OData V2 with function imports and complex types",
        ),
        pytest.param(
            OPENAPI, "/openapi", "pageSize=20&phone=+493515550123",
            {"id": "17", "name": {"full": "Petra Vogt"}, "phones": NUMBER},
            id="OpenAPI 3.1 with oneOf, allOf, null among types, a server's variables and a header that is needed",
        ),
        pytest.param(
            ["--openapi", "styles/swagger.json"], "/swagger", "limit=20&tel=+493515550123",
            {"id": "0042", "name": {"surname": "Vogt"}, "phones": NUMBER},
            id="Swagger 2.0",
        ),
    ],
)  # fmt: skip
def test_a_connector_comes_of_it(  # noqa: PLR0917 - pytest's fixtures, and a case's four parts
    ctihub: Ctihub,
    styles: Path,
    backend: tuple[str, list[str]],
    contract: list[str],
    path: str,
    asked: str,
    found: dict[str, Any],
) -> None:
    """What `new` writes passes `lint` and `test`, asks as the contract wants it, and finds the whole customer."""
    assert styles.is_dir()
    address, requests = backend
    made = ctihub("new", "connector", "crm", *contract, "--url", address + path, "--output", "out")
    assert (0, "") == (made.returncode, made.stderr), made.stdout
    assert "2 files checked, nothing wrong\n" == ctihub("lint", "out/crm.ctihub.yaml").stdout
    assert "1 passed, 0 failed\n" == ctihub("test", "out/mappings").stdout
    done = ctihub("call", "-c", "out/crm.ctihub.yaml", "crm", "by_phone", "phone=+493515550123", "--json")
    assert (0, "") == (done.returncode, done.stderr)
    [record] = json.loads(done.stdout)
    assert found == {key: value for key, value in record.items() if key not in {"system", "mapping", "fetched_at"}}
    assert asked in requests[-1]


def test_an_address_in_parts(ctihub: Ctihub, styles: Path) -> None:
    """Where the service is comes of the contract: with a server's variables filled in, or put together (Swagger)."""
    assert styles.is_dir()
    for contract, expected in (
        ("openapi31.yaml", "url: https://backend.example.com/g "),
        ("swagger.json", "url: https://backend.example.com/h/v1 "),
    ):
        folder = contract.partition(".")[0]
        ctihub("new", "connector", "crm", "--openapi", f"styles/{contract}", "--output", folder)
        assert expected in (styles.parent / folder / "crm.ctihub.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("contract", "right", "wrong", "told"),
    [
        (V4, "Phones[]/Number", "Phones/Number", "several of 'Phones': write Phones[]/Number"),
        (V4, "Phones[]/Number", "UserName[]", "there is one 'UserName': write UserName"),
        (V4, "Phones[]/Number", "Phones[]/Numbr", "no property 'Numbr'; did you mean 'Number'?"),
        (V4, "version: v4", "version: v2", "OData V2 can't ask for one of several"),
        (OPENAPI, "headers: {X-Tenant: ''}", "headers: {}", "needs the header 'X-Tenant'"),
        (["--openapi", "styles/swagger.json"], "tel: {", "tell: {", "has no parameter 'tell'; did you mean 'tel'?"),
        (
            ["--wsdl", "styles/soap12_schemas.wsdl"], "Telefon: {", "Telefn: {",
            "has no field 'Telefn'; did you mean 'Telefon'?",
        ),
        (["--wsdl", "styles/rpc_literal.wsdl"], "rows: return.item", "rows: return.itm", "did you mean 'item'?"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(  # noqa: PLR0917 - pytest's fixtures, and a case's four parts
    ctihub: Ctihub, styles: Path, contract: list[str], right: str, wrong: str, told: str
) -> None:
    """A name that the contract does not have is told at its place, with the one that it has."""
    ctihub("new", "connector", "crm", *contract, "--output", "out")
    config = styles.parent / "out" / "crm.ctihub.yaml"
    text = config.read_text("utf-8")
    assert right in text
    config.write_text(text.replace(right, wrong), "utf-8")
    done = ctihub("lint", "out/crm.ctihub.yaml")
    assert 1 == done.returncode
    assert told in done.stdout
    assert done.stdout.startswith("out/crm.ctihub.yaml:"), done.stdout
