"""The examples of the descriptions work as they stand."""

import re
from pathlib import Path

import connectors
from hub.config.anticipation import AnticipationSection, rule_names
from hub.config.load import load_config
from hub.config.mapping_files import SHIPPED
from hub.config.presets import preset_names
from hub.context.anticipation.testing import run_rule_tests
from hub.mapping.mapping import load_mapping
from hub.mapping.testing import run_mapping_tests
from hub.mapping.testing import tests_of as cases_beside

HEAD = "hub: {region: DE}\npbx: {main: {host: h, username: u, secret: s}}\n"


def examples(file: Path) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL)


def test_connector_examples(tmp_path: Path) -> None:
    """Each configuration shown loads, given its secrets and its mapping."""
    for name in ("shop", "sales.key", "hub.pem", "hub.key", "customers.wsdl", "types.xsd", "orders.wsdl"):
        (tmp_path / name).write_text("secret")
    own = tmp_path / "mappings" / "shop"
    own.mkdir(parents=True)
    (own / "customer.yaml").write_text("source: s\nversion: 1\ntarget: customer\nfields: {id: id}\n")
    shown = examples(Path(connectors.__file__).parent / "README.md")
    loaded: list[str] = []
    for example in shown:
        file = tmp_path / "ctihub.yaml"
        file.write_text(HEAD + re.sub("/run/secrets|/etc/ctihub", str(tmp_path), example))
        secrets = dict.fromkeys(re.findall(r"\$\{([A-Z0-9_]+)\}", example), "secret")
        loaded += load_config(file, secrets).connectors
    assert re.findall(r"^  ([a-z]+):$", "\n".join(shown), re.MULTILINE) == loaded
    expected = {"crm", "sap", "service", "shop", "sales", "books", "suite", "portal", "desk", "erp", "export"}
    assert expected == set(loaded)


def test_every_system_has_its_row() -> None:
    """Each preset is named, beside a link to its system's page, which is there."""
    folder = Path(connectors.__file__).parent
    text = (folder / "README.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| [`")]
    linked = {match[1]: match[2] for row in rows if (match := re.match(r"\| \[`([a-z0-9_]+)`\]\(([^)]+)\)", row))}
    presets = preset_names()
    assert presets
    assert {name.partition("/")[0] for name in presets} == set(linked)
    assert [] == [page for page in linked.values() if not (folder / page).is_file()]
    assert [] == [name for name in presets if not any(f"`{name}`" in row for row in rows)]


def test_mapping_examples(tmp_path: Path) -> None:
    """The mapping shown loads, and passes the cases shown."""
    mapping, cases = examples(SHIPPED / "README.md")[:2]
    file = tmp_path / "crm.yaml"
    file.write_text(mapping)
    assert "customer" == load_mapping(file).target
    cases_beside(file).write_text(cases)
    results = run_mapping_tests(file)
    assert [] == [str(result.problem()) for result in results if not result.passed]
    assert 3 == len(results)


def test_rule_examples(tmp_path: Path) -> None:
    """The rule of proposals shown passes the cases shown; the rules named as shipped are those that are."""
    rule, cases = examples(SHIPPED / "README.md")[2:]
    file = tmp_path / "filter_due.yaml"
    file.write_text(rule)
    cases_beside(file).write_text(cases)
    assert [None, None] == [result.problem for result in run_rule_tests(file)]
    text = (SHIPPED / "README.md").read_text("utf-8").rpartition("Shipped are ")[2].partition(".")[0]
    assert rule_names(AnticipationSection(), []) == sorted(re.findall(r"`(\w+)`", text))
