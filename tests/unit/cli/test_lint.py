from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import CONFIG, Ctihub

MAPPING = """\
source: shop
version: "1"
target: interaction
fields:
  id: number
  channel: {const: order}
  at: at
  subject: text
  customer.phones: {from: phone, phone: true}
"""


def test_problems_are_sorted_lines_with_places(ctihub: Ctihub, config_file: Path) -> None:
    """On standard output, one a line, for editors and people."""
    config_file.write_text(CONFIG + "nope: 1\ncontext: {budget_s: x}\n")
    done = ctihub("lint", environment={"AMI_SECRET": ""})
    assert 1 == done.returncode
    assert [
        "ctihub.yaml:3:50: the environment variable AMI_SECRET is empty: give it a value",
        "ctihub.yaml:6:1: unknown key 'nope'; known here:",
        "ctihub.yaml:7:21: context.budget_s: must be a number, not text",
    ] == [line.split(" hub,")[0] for line in done.stdout.splitlines()]
    assert "" == done.stderr


def test_a_broken_configuration_under_another_name_is_known_by_its_keys(ctihub: Ctihub, tmp_path: Path) -> None:
    """Even where it is no YAML."""
    (tmp_path / "site.yaml").write_text("hub: {region: DE\n")
    done = ctihub("lint", "site.yaml")
    assert (1, "site.yaml:2:1: a comma or the closing } is missing\n") == (done.returncode, done.stdout)


def test_a_broken_mapping_is_told_with_its_place(ctihub: Ctihub, tmp_path: Path) -> None:
    """In a folder, with the configuration that lies beside it, and by its own name."""
    (tmp_path / "mappings/shop").mkdir(parents=True)
    (tmp_path / "mappings/shop/orders.yaml").write_text("source: shop\nversion: '1'\ntarget: custmer\nfields: {}\n")
    expected = (
        "mappings/shop/orders.yaml:3:9: must be one of customer, interaction, order, case, write_back; did you mean "
        "'customer'?\n"
    )
    for words in (["mappings"], ["mappings/shop/orders.yaml"]):
        done = ctihub("lint", *words)
        assert (1, expected) == (done.returncode, done.stdout)
    (tmp_path / "ctihub.yaml").write_text(CONFIG)
    done = ctihub("lint")
    assert 1 == done.returncode
    assert done.stdout.endswith(expected)


def test_rules_of_proposals_are_no_mappings_to_choose_from(ctihub: Ctihub, tmp_path: Path) -> None:
    """Where a mapping is misspelt the known ones are told, and nothing else."""
    (tmp_path / "ctihub.yaml").write_text(f"{CONFIG}bus: {{url: 'amqp://h'}}\ninbound: {{crm: {{mapping: nowhere}}}}\n")
    told = ctihub("lint").stdout
    assert "there is no mapping 'nowhere'; known here: " in told
    assert "anticipation/" not in told


def test_a_feed_needs_a_mapping_of_what_feeds_bring(ctihub: Ctihub, config_file: Path, tmp_path: Path) -> None:
    """One of customers serves backends and feeds alike; one of what is written back would refuse every message."""
    mappings = tmp_path / "mappings/crm"
    mappings.mkdir(parents=True)
    (mappings / "note.yaml").write_text("source: x\nversion: 1\ntarget: write_back\nfields: {subject: a}\n")
    bus = "bus: {url: 'amqp://h'}\n"
    config_file.write_text(CONFIG + bus + "inbound: {crm: {mapping: sap_s4hana/business_partner}}\n")
    assert 0 == ctihub("lint", "ctihub.yaml").returncode
    config_file.write_text(CONFIG + bus + "inbound: {crm: {mapping: crm/note}}\n")
    expected = (
        "ctihub.yaml:7:26: mapping 'crm/note' makes write_backs, but customers or interactions or orders or cases are "
        "needed here\n"
    )
    done = ctihub("lint")
    assert (1, expected) == (done.returncode, done.stdout)
    started = ctihub("run")
    assert 2 == started.returncode
    assert expected in started.stderr


def test_what_a_feeds_mapping_reads_has_to_be_there(ctihub: Ctihub, config_file: Path, tmp_path: Path) -> None:
    """Where the configuration names columns or fields; of alternatives one is enough."""
    mappings = tmp_path / "mappings/shop"
    mappings.mkdir(parents=True)
    alternatives = MAPPING.replace("  subject: text", "  subject: {from: [title, text]}")
    (mappings / "order.yaml").write_text(alternatives)
    bus = "bus: {url: 'amqp://h'}\n"
    feeds = (
        "inbound:\n"
        "  a: {mapping: shop/order, format: csv, id: nummer, csv: {header: false, columns: [numbr, at, text, phone]}}\n"
        "  b: {mapping: shop/order, format: fixed_width, fixed_width: {fields: {number: {start: 1, length: 2}}}}\n"
        "  c: {mapping: shop/order, format: csv, csv: {columns: [other]}}\n"
    )
    config_file.write_text(CONFIG + bus + feeds)
    reads = "mapping 'shop/order' reads"
    none = "but the feed has no field"
    number = "the feed has no column 'number'; did you mean 'numbr'?"
    assert [
        f"ctihub.yaml:8:16: {reads} 'number' for the field 'id', but {number}",
        "ctihub.yaml:8:45: there is no column 'nummer'; did you mean 'numbr'?",
        f"ctihub.yaml:9:16: {reads} 'at' for the field 'at', {none} 'at'; known here: number",
        f"ctihub.yaml:9:16: {reads} 'phone' for the field 'customer.phones', {none} 'phone'; known here: number",
        f"ctihub.yaml:9:16: {reads} 'text' for the field 'subject', {none} 'text'; known here: number",
        f"ctihub.yaml:9:16: {reads} 'title' for the field 'subject', {none} 'title'; known here: number",
    ] == ctihub("lint", "ctihub.yaml").stdout.splitlines()


def test_a_soap_feeds_schema_has_to_be_usable(ctihub: Ctihub, config_file: Path, tmp_path: Path) -> None:
    """What is wrong with it, or with a file that it names, is told with its place; nothing is fetched."""
    (tmp_path / "mappings/shop").mkdir(parents=True)
    (tmp_path / "mappings/shop/orders.yaml").write_text(MAPPING)
    config_file.write_text(
        CONFIG
        + "inbound:\n  shop:\n    {mapping: shop/orders, format: xml, soap: {schema: shop.xsd, elements: [Order],"
        " login: {username: shop, password: geheim-12}}}\n"
    )
    schema = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n{}<xs:element name="Order"/></xs:schema>'
    (tmp_path / "shop.xsd").write_text(schema.format('<xs:include schemaLocation="http://shop.example/types.xsd"/>'))
    done = ctihub("lint", "ctihub.yaml", environment={"AMI_SECRET": "x"})
    assert 1 == done.returncode
    assert "shop.xsd:2:1: 'http://shop.example/types.xsd' is elsewhere" in done.stdout
    (tmp_path / "shop.xsd").write_text(schema.format(""))
    assert 0 == ctihub("lint", "ctihub.yaml", environment={"AMI_SECRET": "x"}).returncode


def test_several_files_at_once(ctihub: Ctihub, config_file: Path, tmp_path: Path) -> None:
    """Counted together when nothing is wrong."""
    (tmp_path / "orders.yaml").write_text(MAPPING)
    done = ctihub("lint", str(config_file), "orders.yaml")
    assert (0, "2 files checked, nothing wrong\n") == (done.returncode, done.stdout)


def test_no_such_file_could_not_run(ctihub: Ctihub) -> None:
    """Nothing was looked at, so nothing is fine."""
    done = ctihub("lint", "nix.yaml")
    assert 2 == done.returncode
    assert "nix.yaml: there is no such file or folder" in done.stderr


def test_a_folder_is_no_configuration(ctihub: Ctihub, tmp_path: Path) -> None:
    """Told as such, not taken for a folder of mappings in which nothing is wrong."""
    (tmp_path / "etc").mkdir()
    done = ctihub("lint", "--config", "etc")
    assert (1, "etc:1:1: this is a folder, not a file\n") == (done.returncode, done.stdout)
