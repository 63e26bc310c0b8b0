"""Which files a configuration is made of."""

from __future__ import annotations

from pathlib import Path

from hub.config.load import load_config
from hub.config.mapping_files import SHIPPED
from hub.config.watched import ConnectorFiles, digest, files_beside, mapping_folder_files, stamps

CONFIG = """\
hub: {region: DE}
pbx:
  main: {host: 127.0.0.1, username: hub, secret: "${file:secrets/ami}"}
connectors:
  service:
    kind: soap
    preset: oracle_service_cloud
    wsdl: contracts/service.wsdl
    auth: {type: wsse, username: ctihub, password: "${file:/run/secrets/osc}"}
    tls: {ca_file: ca.pem}
  shop:
    kind: rest
    url: https://shop.example.com/api
    mapping: shop/customer
    operations:
      by_phone: {key: phone, steps: [{name: found, path: /customers, params: {phone: {from: query.e164}}}]}
"""
MAPPING = "source: x\nversion: 1\ntarget: customer\nfields: {id: id}\n"


def lay_out(folder: Path) -> Path:
    texts = {
        "secrets/ami": "x",
        "ca.pem": "x",
        "contracts/service.wsdl": '<import location="types.xsd"/><soap:address location="http://host/x.xsd"/>',
        "contracts/types.xsd": "<include schemaLocation = 'schemas/a.xsd'/>",
        "contracts/schemas/a.xsd": '<include schemaLocation="../types.xsd"/><import schemaLocation="missing.xsd"/>',
        "contracts/other.wsdl": "<x/>",
    }
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "mappings/shop").mkdir(parents=True)
    (folder / "mappings/shop/customer.yaml").write_text(MAPPING)
    (folder / "mappings/shop/customer.test.yaml").write_text("cases: []")
    config = folder / "ctihub.yaml"
    config.write_text(CONFIG.replace("/run/secrets/osc", str(folder / "secrets/ami")))
    return config


def test_a_connector_is_made_of_what_its_section_names(tmp_path: Path) -> None:
    """Its contract with all that imports, its certificates, and the mappings that it uses, shipped ones too.

    Another contract in the same folder is none of its business; a schema that is missing is, it may come.
    """
    config = load_config(lay_out(tmp_path), {})
    service = ConnectorFiles(config.connectors["service"]).now(config.hub.mappings)
    names = ("service.wsdl", "types.xsd", "schemas/a.xsd", "schemas/missing.xsd")
    expected = {tmp_path / "contracts" / name for name in names} | {tmp_path / "ca.pem"}
    assert expected == {file.resolve() for file in service if file.is_relative_to(tmp_path)}
    assert any(file.is_relative_to(SHIPPED) for file in service)
    shop = ConnectorFiles(config.connectors["shop"]).now(config.hub.mappings)
    assert {tmp_path / "mappings/shop/customer.yaml"} == shop


def test_a_site_s_own_mapping_in_place_of_a_shipped_one_is_seen(tmp_path: Path) -> None:
    """It is another file, although the configuration is the same."""
    config = load_config(lay_out(tmp_path), {})
    section = config.connectors["service"]
    before = ConnectorFiles(section).now(config.hub.mappings)
    shipped = next(file for file in before if file.is_relative_to(SHIPPED))
    own = tmp_path / "mappings" / shipped.relative_to(SHIPPED)
    own.parent.mkdir(parents=True)
    own.write_bytes(shipped.read_bytes())
    assert own in ConnectorFiles(section).now(config.hub.mappings)
    assert digest(before) != digest(ConnectorFiles(section).now(config.hub.mappings))


def test_files_that_a_broken_configuration_waits_for(tmp_path: Path) -> None:
    """Secrets and contracts that aren't there yet are named all the same: when they come, it is a change."""
    file = lay_out(tmp_path)
    named = files_beside(file)
    assert {tmp_path / name for name in ("secrets/ami", "contracts/service.wsdl", "ca.pem")} <= named
    before = stamps(named)
    (tmp_path / "ca.pem").unlink()
    assert before != stamps(named)
    assert set() == files_beside(tmp_path / "missing.yaml")
    (tmp_path / "broken.yaml").write_text("connectors: [${file:later}")
    assert {tmp_path / "later"} == files_beside(tmp_path / "broken.yaml")


def test_a_text_that_stands_for_itself_names_no_secret(tmp_path: Path) -> None:
    """`$${` is the text `${`."""
    file = tmp_path / "ctihub.yaml"
    file.write_text('title: "$${file:a} ${file:b}"')
    assert {tmp_path / "b"} == files_beside(file)


def test_mappings_without_their_tests(tmp_path: Path) -> None:
    """A test that changes changes no connector."""
    lay_out(tmp_path)
    assert [tmp_path / "mappings/shop/customer.yaml"] == list(mapping_folder_files([tmp_path / "mappings", "nowhere"]))


def test_a_file_that_was_only_touched_is_the_same(tmp_path: Path) -> None:
    """What stands in it counts, for all but the largest files; a file that has gone is a change."""
    file = tmp_path / "a"
    file.write_text("x")
    before, stamp = digest([file]), stamps([file])
    file.touch()
    assert stamp != stamps([file])
    assert before == digest([file])
    file.write_text("y")
    assert before != digest([file])
    file.unlink()
    assert before != digest([file])


def test_a_rule_s_mapping_is_a_connector_s_file(tmp_path: Path) -> None:
    """What is written to a backend changes with the mapping that says it."""
    file = lay_out(tmp_path)
    mapping = tmp_path / "mappings/shop/calls.yaml"
    mapping.write_text(MAPPING.replace("customer", "write_back").replace("id: id", "subject: id"))
    step = "{name: made, method: PUT, path: /calls, idempotent: true}"
    rule = "{on: [cti.call.cleared], mapping: shop/calls}"
    text = CONFIG + f"    writes: {{activity: {{steps: [{step}]}}}}\n    outbound: {{rules: [{rule}]}}\n"
    file.write_text(text.replace("/run/secrets/osc", str(tmp_path / "secrets/ami")))
    config = load_config(file, {})
    assert mapping in ConnectorFiles(config.connectors["shop"]).now(config.hub.mappings)
