from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hub.cli.main import main
from hub.config.document import read_document
from hub.config.mapping_files import SHIPPED
from hub.config.presets import preset_file, preset_names
from hub.domain.event import encode_event
from hub.mapping.mapping import load_mapping
from tests.unit.cli.conftest import CONFIG
from tests.unit.journal import samples

ROOT = Path(__file__).parents[3]
PAGES = sorted({ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("connectors/**/README.md")})
EXAMPLES = [
    pytest.param(page, text, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, text in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL))
    if re.search(r"^(connectors|pbx|hub):", text, re.MULTILINE)
]
CRM = """\
connectors:
  crm:
    kind: rest
    url: https://crm.example.com/api
    mapping: crm/customer
    operations:
      by_phone: {key: phone, steps: [{name: found, path: /customers, params: {phone: {from: query.e164}}}]}
"""
MAPPING = "source: CRM\nversion: 1\ntarget: customer\nfields: {id: no}\n"


def mistakes(schema: dict[str, Any], file: Path) -> list[str]:
    found = Draft202012Validator(schema).iter_errors(read_document(file).data)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]


@lru_cache
def printed(what: str) -> str:
    """Print a schema once for all tests: making that of the configuration takes a second."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert 0 == main(["schema", what])
    Draft202012Validator.check_schema(json.loads(said.getvalue()))
    return said.getvalue()


@pytest.fixture
def schema() -> Callable[[str], Any]:
    return lambda what: json.loads(printed(what))


@pytest.mark.parametrize("name", preset_names())
def test_each_shipped_preset_fits(schema: Any, name: str) -> None:
    """What ctihub itself reads, an editor doesn't mark."""
    assert [] == mistakes(schema("preset"), preset_file(name))


@pytest.mark.parametrize("file", sorted(SHIPPED.rglob("*.yaml")), ids=lambda file: str(file.relative_to(SHIPPED)))
def test_each_shipped_mapping_and_its_tests_fit(schema: Any, file: Path) -> None:
    """As `ctihub lint` has nothing to say of them; the rules of proposals have a schema of their own."""
    what = "rule" if file.parent.name == "anticipation" else "mapping"
    assert [] == mistakes(schema(f"{what}-test" if file.name.endswith(".test.yaml") else what), file)


@pytest.mark.parametrize(("page", "text"), EXAMPLES)
def test_each_documented_configuration_fits(schema: Any, tmp_path: Path, page: Path, text: str) -> None:
    """Pieces of a configuration are checked as far as they go."""
    assert page.is_file()
    file = tmp_path / "ctihub.yaml"
    file.write_text(text)
    document = schema("config")
    given = read_document(file).data
    assert isinstance(given, dict)
    document["required"] = [key for key in document["required"] if key in given]
    assert [] == mistakes(document, file)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("kind: rest", "kind: rset"),
        ("    url: https://crm.example.com/api\n", ""),
        ("url:", "adress:"),
        ("steps: [", "stepps: ["),
        ("key: phone", "key: telephone"),
        ("{from: query.e164}", "{from: query.e164, tyype: text}"),
        ("{name: found, path: /customers", "{name: found"),
        ("    mapping: crm/customer", "    timeout_s: soon\n    mapping: crm/customer"),
        ("    mapping: crm/customer", "    timeout_s: 100\n    mapping: crm/customer"),
        ("region: DE", "regoin: DE"),
        ('"PJSIP/1001"', "1001"),
        ("operations:", "preset: sap_s4hana\n    operatoins:"),
    ],
)  # fmt: skip
def test_typical_mistakes_are_marked(schema: Any, tmp_path: Path, was: str, becomes: str) -> None:
    """A misspelt, missing or misplaced thing in a configuration, which is right otherwise."""
    file = tmp_path / "ctihub.yaml"
    file.write_text(CONFIG + CRM)
    assert [] == mistakes(schema("config"), file)
    assert was in file.read_text()
    file.write_text((CONFIG + CRM).replace(was, becomes, 1))
    assert mistakes(schema("config"), file)


@pytest.mark.parametrize(
    "line",
    [
        "    timeout_s: 2.5",
        '    timeout_s: "${CRM_TIMEOUT}"',
        '    max_concurrent: "4"',
        "    tls: {verify: false}",
        "    auth: {type: bearer, token: '${CRM_TOKEN}'}",
        "    headers: {X-Site: '${file:site}'}",
    ],
)
def test_what_comes_from_elsewhere_fits(schema: Any, tmp_path: Path, line: str) -> None:
    """Values from the environment or a file are not known to an editor, and no mistake."""
    file = tmp_path / "ctihub.yaml"
    file.write_text(f"{CONFIG}{CRM}{line}\n")
    assert [] == mistakes(schema("config"), file)


@pytest.mark.parametrize(
    "fields",
    [
        "products: 'b[].name'",
        "phones: {from: a, phone: true}",
        "emails: [a, {each: b, where: {c: d}, from: e, email: true}, {fields: {address: f}}]",
        "value: {amount: a, currency: {const: EUR}}, preferences.channel: b",
    ],
)
def test_short_forms_fit(schema: Any, tmp_path: Path, fields: str) -> None:
    """Sections by the one field that each of them needs, beside those that are written out."""
    file = tmp_path / "customer.yaml"
    file.write_text(MAPPING.replace("id: no", f"id: no, {fields}"))
    load_mapping(file)
    assert [] == mistakes(schema("mapping"), file)


@pytest.mark.parametrize(
    "text",
    [
        MAPPING.replace("id: no", "nmae: no"),
        MAPPING.replace("id: no", "name.full: no"),
        MAPPING.replace("id: no", "id: {from: no, tabel: {A: b}}"),
        MAPPING.replace("id: no", "id: {from: no, expr: no}"),
        MAPPING.replace("id: no", "id: no, phones: {each: a, fields: {nubmer: b}}"),
        MAPPING.replace("id: no", "id: no, phones: {each: a}"),
        MAPPING.replace("id: no", "id: no, phones: {from: a, fields: {number: b}}"),
        MAPPING.replace("id: no", "id: no, consents: a"),
        MAPPING.replace("id: no", "id: no, system: crm"),
        MAPPING.replace("target: customer", "target: custmer"),
        MAPPING.replace("version: 1\n", ""),
    ],
)
def test_mistakes_in_a_mapping_are_marked(schema: Any, tmp_path: Path, text: str) -> None:
    """Unknown fields and keys, two sources, missing parts, what the hub fills itself."""
    file = tmp_path / "customer.yaml"
    file.write_text(MAPPING)
    assert [] == mistakes(schema("mapping"), file)
    file.write_text(text)
    assert mistakes(schema("mapping"), file)


def test_a_test_without_expectation_is_marked(schema: Any, tmp_path: Path) -> None:
    """A case says what it expects, or which error."""
    file = tmp_path / "customer.test.yaml"
    file.write_text("cases: [{name: a, input: {no: 1}}]\n")
    assert mistakes(schema("mapping-test"), file)


def test_events_are_cloud_events(schema: Any) -> None:
    """The schema of the bus names the attributes that CloudEvents 1.0 demands."""
    document = schema("events")
    assert {"id", "source", "type"} <= set(document["required"])
    assert {"specversion", "data"} <= set(document["properties"])


def test_an_events_data_is_checked_by_its_type(schema: Any) -> None:
    """What the hub writes fits; the same data under another type, without a field, or of a later schema, does not."""
    document = schema("events")
    event = json.loads(encode_event(samples.step(samples.call(1))))
    check = Draft202012Validator(document).is_valid
    assert check(event)
    assert not check({**event, "type": "cti.interaction.recorded"})
    assert not check({**event, "data": {**event["data"], "call": None}})
    assert not check({**event, "dataschema": "urn:ctihub:schema:call:2"})
    del event["dataschema"]
    assert check(event), "as it lies in a journal of before there were schemas"


def test_the_bus_is_described(schema: Any) -> None:
    """AsyncAPI without a hub that runs: the exchange, the queues and the stream are in it."""
    document = schema("asyncapi")
    assert document["asyncapi"].startswith("3.")
    assert {"desk", "events", "eventStream", "inbound", "dead", "rpc", "rpcReply"} == set(document["channels"])


def test_what_a_reader_does_not_know_fits(schema: Any) -> None:
    """A type of event, a field and a value of an enumeration that come with a later version are no mistake."""
    document = schema("events")
    event = json.loads(encode_event(samples.cleared(samples.call(1))))
    check = Draft202012Validator(document).is_valid
    assert check({**event, "type": "cti.weather.changed", "data": {"rain": True}})
    assert check({**event, "data": {**event["data"], "cause": "struck_by_lightning", "mood": "calm"}})


KIND = """\
from typing import Literal
from connectors.kind import ConnectorKind
from hub.config.connector_base import ConnectorBase

class Acme(ConnectorBase):
    \"\"\"Acme's directory.\"\"\"
    kind: Literal["acme"]
    shelf: int

kind = ConnectorKind(Acme, lambda name, config, mappings, region: None)
"""


def test_kinds_of_other_packages_are_known(tmp_path: Path) -> None:
    """An editor completes them as it does ctihub's own; one that can't be loaded is listed with the reason."""
    info = tmp_path / "packages/acme_ctihub-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "packages/acme_ctihub.py").write_text(KIND)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-ctihub\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[ctihub.connectors]\nacme = acme_ctihub:kind\nbroken = no_such_module:kind\n"
    )

    def said(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hub", *words],
            env={**os.environ, "PYTHONPATH": f"{tmp_path / 'packages'}{os.pathsep}{ROOT}"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout

    document = json.loads(said("schema"))
    file = tmp_path / "ctihub.yaml"
    for shelf, wrong in (("7", False), ("seven", True)):
        file.write_text(f"{CONFIG}connectors:\n  a: {{kind: acme, shelf: {shelf}}}\n")
        assert wrong == bool(mistakes(document, file))
    kinds = {one["name"]: one for one in json.loads(said("list", "kinds", "--json"))["kinds"]}
    assert ("of another package", "Acme's directory") == (kinds["acme"]["from"], kinds["acme"]["about"])
    assert "no_such_module" in kinds["broken"]["about"]
