"""Connectors in the configuration: presets, and every mistake with its place."""

import textwrap
from pathlib import Path

import pytest

from hub.config import presets
from hub.config.connectors import ODataConnector, SoapConnector
from hub.config.load import load_config
from hub.config.presets import load_preset, preset_names, with_preset
from hub.config.problem import ConfigError

HEAD = """\
hub: {region: DE}
pbx: {main: {host: h, username: u, secret: s}}
connectors:
  crm:
"""
REST = """\
kind: rest
url: https://crm.example/api
mapping: feeds/order_shipped
operations:
  by_phone:
    key: phone
    steps:
      - {name: customers, path: /customers, params: {phone: {from: query.e164}}}
"""


def problems(tmp_path: Path, connector: str) -> list[str]:
    file = tmp_path / "ctihub.yaml"
    file.write_text(HEAD + textwrap.indent(connector, "    "))
    try:
        load_config(file, {"PASSWORD": "geheim"})
    except ConfigError as error:
        return [str(problem).removeprefix(f"{file}:") for problem in error.problems]
    return []


@pytest.mark.parametrize("name", preset_names())
def test_presets_stand_alone(tmp_path: Path, name: str) -> None:
    """A preset, an address and how to sign in are all that a site has to write."""
    (tmp_path / "x.wsdl").write_text("<x/>")
    kind = load_preset(name)["kind"]
    auth = 'auth: {type: basic, username: CTIHUB, password: "${PASSWORD}"}'
    place = {
        "soap": f"wsdl: x.wsdl\n{auth}",
        "sql": "url: oracle://CTIHUB:${PASSWORD}@db.example:1521/?service_name=EBS",
    }.get(kind, f"url: https://backend.example/x\n{auth}")
    assert [] == problems(tmp_path, f"kind: {kind}\n{place}\npreset: {name}\n")


def test_headers_of_a_site_stand_beside_the_presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A header of one's own does not take the preset's away."""
    monkeypatch.setattr(presets, "PRESETS", tmp_path)
    (tmp_path / "with_headers").mkdir()
    (tmp_path / "with_headers" / "preset.yaml").write_text("kind: rest\nheaders: {X-Version: '2', X-Site: none}\n")

    merged = with_preset({"preset": "with_headers", "kind": "rest", "headers": {"X-Site": "north"}})

    assert {"X-Version": "2", "X-Site": "north"} == merged["headers"]


def test_a_site_changes_a_preset() -> None:
    """What a site writes wins; its operations and params stand beside the preset's."""
    own = {"key": "id", "steps": [{"name": "a", "entity": "A_Customer", "where": {"Customer": {"from": "query.id"}}}]}
    config = ODataConnector.model_validate(
        {
            "kind": "odata",
            "preset": "sap_s4hana",
            "url": "https://sap.example",
            "title": "ERP",
            "mapping": "own/partner",
            "operations": {"by_id": own},
        }
    )
    assert ("ERP", "own/partner") == (config.title, config.mapping)
    assert {"by_phone", "by_email", "by_id"} == set(config.operations)
    assert "A_Customer" == config.operations["by_id"].steps[0].entity


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """Passwords, keys, headers and SOAP header blocks don't appear in the configuration's text."""
    (tmp_path / "x.wsdl").write_text("<x/>")
    config = SoapConnector.model_validate(
        {
            "kind": "soap",
            "preset": "oracle_service_cloud",
            "wsdl": str(tmp_path / "x.wsdl"),
            "auth": {"type": "wsse", "username": "u", "password": "geheim"},
            "headers": {"X-Key": "geheim"},
            "soap_headers": [{"element": "{urn:x}Session", "text": "geheim", "children": {"Token": "geheim"}}],
        }
    )
    assert "geheim" not in repr(config)
    assert "geheim" not in config.model_dump_json()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: rest", "kind: rset", "5:11: connectors.crm.kind: kind 'rset' is unknown; did you mean 'rest'?"),
        ("url: https", "uri: https", "unknown key 'uri' in connectors.crm; did you mean 'url'?"),
        ("https://crm.example/api", "ftp://crm.example", "6:10: connectors.crm.url: must be an address, as in https"),
        ("https://crm.example/api", "https://u:p@crm.example", "must not hold a user or password: use `auth`"),
        ("https://crm.example/api", "https://crm.example/?a=b", "must not hold a ? part: use `params`"),
        ("https://crm.example/api", "https://crm.example/#a", "must not hold a # part"),
        ("https://crm.example/api", "https://[x/", "must be an address"),
        ("path: /customers", "pth: /customers", "unknown key 'pth'"),
        ("path: /customers", "path: /all customers", "steps[0].path: must be as it stands in an address: no spaces"),
        ("path: /customers", 'path: "/a\\r\\nX: b"', "steps[0].path: must be as it stands in an address"),
        ("kind: rest", "kind: rest\ncheck: '/a#b'", "crm.check: must be as it stands in an address"),
        ("key: phone", "key: fone", "must be one of 'phone', 'email', 'id'"),
        ("query.e164", "qery.e164", "a step reads `query` and the steps before it; did you mean 'query'"),
        ("query.e164", "query..e164", "can't read the path 'query..e164' from character 6"),
        ("query.e164", "query.e146", "12:58: connectors.crm.operations.by_phone.steps[0].params.phone: step"),
        ("{name", "{each: qery.id, name", "12:14: connectors.crm.operations.by_phone.steps[0].each: step"),
        ("{from: query.e164}", "[{a: {from: 3}}, {b: {from: x.y}}]", "params.phone[0].a.from: must be text"),
        ("{from: query.e164}", "[{a: c}, {b: {from: x.y}}]", "steps[0].params.phone[1].b: step 'customers' reads"),
        ("path: /customers", "keep: {a: {from: x.y}}, path: /customers", "steps[0].keep.a: step 'customers' reads"),
        ("query.e164", "query.last7", "which a query by phone does not have; known here: numbers, e164"),
        ("query.e164", "query", "reads 'query', which a query by phone does not have"),
        (
            "{from: query.e164}",
            "{quote: soql, text: 'a{B}', optional_fields: {B: [c]}}",
            "`optional_fields` need `unknown_fields`: how the backend says that it has no such field",
        ),
        (
            "{from: query.e164}",
            "{quote: soql, text: 'a{B}', values: {B: {from: query.e164}}, optional_fields: {B: [c]}}",
            "'B' stands under `values` and under `optional_fields`: it is one hole",
        ),
        ("{from: query.e164}", "{quote: soql, text: a, optional_fields: {B: [c]}}", "'B' has no hole {B} in the text"),
        ("{from: query.e164}", "{quote: soql, text: 'a{B}', optional_fields: {B: ['c FROM d']}}", "a property's name"),
        ("kind: rest", "kind: rest\nunknown_fields: [No column]", "must hold {field} where the field's name stands"),
        ("kind: rest", "kind: rest\nunknown_fields: ['{field} {entity}']", "must hold words beside {field}"),
        ("query.e164}", "query.e164, typ: text}", "steps[0].params.phone.typ: unknown key 'typ'; did you mean 'type'?"),
        ("query.e164}", "query.e164, many: 3}", "params.phone.many: must be true or false, not a number"),
        ("{from: query.e164}", "[{a: {from: 3}}]", "params.phone[0].a.from: must be text, not a number"),
        ("key: phone", "key: phone\n    forms: [e146]", "forms[0]: must be one of e164, digits, double_zero, "),
        ("query.e164", "item.x", "reads `item`, which only `each` or `first` give"),
        ("name: customers", "name: query", "can't be named 'query'"),
        ("name: customers", "each: query.a, first: query.a, name: customers", "give `each` or `first`, not both"),
        ("path: /customers", "path: '/customers/{id}'", "the hole {id} has no entry under `values`"),
        ("path: /customers", "values: {id: {from: query.id}}, path: /customers", "has no hole {id} in the text"),
        ("path: /customers", "body: {a: 1}, path: /customers", "a GET has no `body`"),
        (
            "    steps:\n      - {name: customers, path: /customers, params: {phone: {from: query.e164}}}",
            "    steps: []",
            "an operation needs at least one step",
        ),
        ("key: phone", "key: phone\n    records: custmers", "there is no step 'custmers'; did you mean 'customers'?"),
        ("key: phone", "key: phone\n    attach: {orders: {a: b}}", "there is no step 'orders'"),
        ("mapping: feeds/order_shipped", "title: CRM", "operation 'by_phone' has no mapping"),
        ("mapping: feeds/order_shipped", "mapping: crm/contct", "there is no mapping 'crm/contct'"),
        ("mapping: feeds/order_shipped", "mapping: x/y\npreset: sap", "no preset is named 'sap'"),
        ("kind: rest", "kind: rest\npreset: sap_s4hana", "connectors.crm: the preset 'sap_s4hana' is of kind"),
        ("kind: rest", "kind: rest\nauth: {type: basic, username: 'a:b', password: c}", "username"),
        ("kind: rest", "kind: rest\nauth: {type: basc}", "type 'basc' is unknown; did you mean 'basic'?"),
        ("kind: rest", 'kind: rest\nauth: {type: bearer, token: "a\\nb"}', "must not hold a line break"),
        ("kind: rest", 'kind: rest\nheaders: {X: "a\\r\\nb"}', "must not hold a line break"),
        ("kind: rest", "kind: rest\nheaders: {'X Y': a}", "name 'X Y': must be a header's name: letters, digits and -"),
        ("kind: rest", "kind: rest\ntls: {ca_file: none.pem}", "there is no file"),
        ("kind: rest", "kind: rest\ntimeout_s: 0", "timeout_s: must be more than 0"),
        ("kind: rest", "kind: rest\nmax_reply_bytes: 10", "max_reply_bytes: must be at least 1024"),
    ],
)  # fmt: skip
def test_what_is_wrong(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """Each mistake has its message."""
    assert old in REST
    found = problems(tmp_path, REST.replace(old, new, 1))
    assert any(expected in problem for problem in found), found


def test_rest_as_written_is_right(tmp_path: Path) -> None:
    """What the mistakes above are made in is right itself."""
    assert [] == problems(tmp_path, REST)


@pytest.mark.parametrize(
    ("connector", "expected"),
    [
        ("kind: soap\nwsdl: none.wsdl\npreset: oracle_service_cloud\n", "there is no file"),
        ("kind: soap\nwsdl: ftp://x/y\npreset: oracle_service_cloud\n", "must be an address"),
        (
            (
                "kind: soap\nwsdl: https://x/y\nmapping: a/b\ncheck: {operation: X, arguments: {a: {from: query.id}}}\n"
                "operations: {p: {key: phone, steps: [{name: a, operation: X}]}}\n"
            ),
            "a check has no caller",
        ),
        (
            (
                "kind: soap\nwsdl: https://x/y\nmapping: a/b\noperations: {p: {key: phone, steps: [{name: a, "
                "operation: X, arguments: {Q: {text: 'a {b}', quote: roql}}}]}}\n"
            ),
            "the hole {b} has no entry",
        ),
        (
            (
                "kind: soap\nwsdl: https://x/y\nmapping: a/b\nsoap_headers: [{element: Session}]\n"
                "operations: {p: {key: phone, steps: [{name: a, operation: X}]}}\n"
            ),
            "soap_headers[0].element",
        ),
        (
            (
                "kind: odata\nurl: https://x\nmapping: a/b\noperations: {p: {key: phone, steps: [{name: a, entity: E, "
                "where: {'F eq 1 or G': x}}]}}\n"
            ),
            "name 'F eq 1 or G': must be a property's name",
        ),
        (
            (
                "kind: odata\nurl: https://x\nmapping: a/b\noperations: {p: {key: phone, steps: [{name: a, entity: E, "
                "where: {F: {eq: 1, ne: 2}}}]}}\n"
            ),
            "give exactly one of eq, ne",
        ),
        (
            (
                "kind: odata\nurl: https://x\nmapping: a/b\noperations: {p: {key: phone, steps: [{name: a, "
                "entity: E}]}, q: {key: phone, steps: [{name: a, entity: E}]}}\n"
            ),
            "operations 'p' and 'q' both look up by phone",
        ),
        (
            (
                "kind: odata\nurl: https://x\nmapping: a/b\noperations: {p: {key: phone, steps: [{name: a, entity: E}, "
                "{name: a, entity: E}]}}\n"
            ),
            "two steps are named 'a'",
        ),
    ],
)
def test_what_is_wrong_in_other_kinds(tmp_path: Path, connector: str, expected: str) -> None:
    """Each mistake of a SOAP or OData connector has its message."""
    found = problems(tmp_path, connector)
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("settings: {division: []}", "13:16: connectors.crm.settings.division"),
        ("settings: {division: [[x]]}", "13:16: connectors.crm.settings.division"),
        (
            "auth: {type: basic, username: [], password: x}",
            "13:35: connectors.crm.auth.username: must be text, not a list",
        ),
        (f"openapi: {'x' * 5_000}", "13:14: connectors.crm.openapi: "),
        (f"mapping: {'x' * 5_000}", "12:14: there is no mapping "),
    ],
)
def test_what_nobody_would_write(tmp_path: Path, line: str, expected: str) -> None:
    """A list where a text belongs and names that no file system holds are told with their place, like any mistake."""
    connector = REST.replace("mapping: feeds/order_shipped\n", "") if line.startswith("mapping") else REST
    found = problems(tmp_path, connector + line + "\n")
    assert any(problem.startswith(expected) for problem in found), found
