"""`ctihub trace` and `ctihub call`, against a backend over a socket."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.conftest import CONFIG, Ctihub
from tests.unit.cli.contracts import RPC_WSDL
from tests.unit.cli.crm_server import SESSION, TOKEN, Crm, running_crm

CONNECTOR = """\
connectors:
  crm:
    kind: rest
    title: Our CRM
    url: http://127.0.0.1:{port}
    auth: {{type: bearer, token: "${{CRM_TOKEN}}"}}
    mapping: crm/customer
    operations:
      by_phone:
        key: phone
        records: found
        attach: {{orders: {{customer: no}}}}
        steps:
          - {{name: found, path: /customers, params: {{phone: {{from: query.e164}}}}, rows: data}}
          - {{name: orders, each: found.no, path: "/customers/{{no}}/orders", values: {{no: {{from: item}}}}}}
          - {{name: others, unless: found, path: /customers, params: {{phone: {{from: query.national}}}}, rows: data}}
      by_id:
        key: id
        steps: [{{name: found, path: /broken, params: {{id: {{from: query.id}}}}}}]
    writes:
      note:
        needs: [customer]
        id: made.id
        steps:
          - name: made
            method: PUT
            path: /notes/{{id}}
            values: {{id: {{from: entry.id}}}}
            body: {{text: {{from: entry.note}}, customer: {{from: entry.customer}}}}
            idempotent: true
"""
MAPPING = """\
source: CRM
version: 3
target: customer
fields:
  id: no
  name.full: {from: [displayName, name]}
  phones:
    each: numbers
    fields:
      number: {from: value, phone: true}
      label: kind
  orders: {each: orders, fields: {id: id, amount: total, ordered_on: {from: since, date: true}}}
  extra.since: {from: $.since, date: "%Y-%m-%d"}
"""


@pytest.fixture
def crm() -> Iterator[Crm]:
    with running_crm() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, crm: Crm, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mappings/crm").mkdir(parents=True)
    (tmp_path / "mappings/crm/customer.yaml").write_text(MAPPING)
    (tmp_path / "ctihub.yaml").write_text(CONFIG + CONNECTOR.format(port=crm.port))
    monkeypatch.setenv("CRM_TOKEN", TOKEN)
    return tmp_path


@pytest.mark.usefixtures("site")
def test_each_step_is_shown_with_request_reply_and_rows(ctihub: Ctihub, crm: Crm) -> None:
    """And what the mapping made of the rows, by which rule, what was left out and why, and what the agent sees."""
    done = ctihub("trace", "--phone", "0351 5550123")
    assert (0, "") == (done.returncode, done.stderr)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[0].startswith("=== crm (Our CRM), rest, operation by_phone: 1 record in ")
    assert f"step found: GET http://127.0.0.1:{crm.port}/customers?phone=%2B493515550123" in lines
    assert '    <       "name": "Petra Vogt",' in lines
    assert any(line.startswith("step found: 1 row in ") for line in lines)
    assert f"step orders: GET http://127.0.0.1:{crm.port}/customers/0042/orders" in lines
    assert "step others: left out, as step 'found' found something" in lines
    mapping = str(Path("mappings/crm/customer.yaml"))
    assert any(line.startswith("record 1 of 1, by ") and line.endswith(mapping) for line in lines)
    rules = {line.split("  <- ")[0].strip(): line.split("  <- ")[1] for line in lines if "  <- " in line}
    assert "[displayName, name] (line 6)" == rules['name.full = "Petra Vogt"']
    assert "value, phone: true of each numbers (line 10)" == rules['phones[0].number = "+493515550123"'].replace(
        "from: ", ""
    )
    assert "total of each orders (line 12)" == rules['orders[0].amount = "12.1"']
    assert "    extra.since left out: the text is no date in the form %Y-%m-%d" in lines
    assert "=== the agent sees 1 customer" in lines
    assert '    name: full "Petra Vogt"  (from crm 0042)' in lines
    assert any(line.startswith('    phones[0]: number "+493515550123"') for line in lines)
    assert any(line.startswith("    orders[0]: ") and line.endswith("  (from crm 0042)") for line in lines)


def test_what_makes_two_records_one_and_where_they_differ_is_shown(ctihub: Ctihub, site: Path) -> None:
    """Each rule with what it added; each value on which the systems differ, the one that is shown first."""
    mapping = site / "mappings/crm/customer.yaml"
    mapping.write_text(mapping.read_text() + "  tier: {const: Gold}\n")
    (site / "mappings/crm/line.yaml").write_text(
        "source: lines\nversion: 1\ntarget: customer\nfields: {id: no, name.full: name, phones: phone, tier: tier}\n"
    )
    file = site / "lines.csv"
    file.write_text("no,name,phone,tier\n7,Petra Vogt,+493515550123,Silver\n")
    with (site / "ctihub.yaml").open("a") as configuration:
        configuration.write(
            "  old: {kind: csv, file: lines.csv, mapping: crm/line,"
            " operations: {by_phone: {key: phone, columns: [phone]}}}\n"
        )
    alone = ctihub("trace", "--phone", "0351 5550123")
    lines = [line.strip() for line in alone.stdout.splitlines()]
    assert "=== the agent sees 1 customer" in lines, alone.stdout + alone.stderr
    assert 'they differ on tier: "Gold" (from crm 0042), "Silver" (from old 7)' in lines
    [match] = [line for line in lines if line.endswith(": one customer")]
    assert match.startswith("crm:0042 and old:7 by 0.9"), match
    assert "phone +16" in match
    assert "same name +10" in match
    file.write_text(file.read_text() + "9,Eva Vogt,+493515550123,\n")
    lines = ctihub("trace", "--phone", "0351 5550123").stdout.splitlines()
    assert "=== the agent sees 3 customers, and has to ask which" in lines
    [maybe] = [line for line in lines if line.endswith(": may be one customer")]
    assert "shared phone +4" in maybe


@pytest.mark.usefixtures("site")
def test_no_secret_is_shown(ctihub: Ctihub) -> None:
    """Neither that of the configuration, nor those that came up meanwhile, in headers, bodies or errors."""
    for words in (["--phone", "+493515550123"], ["--phone", "+493515550123", "--json"], ["--id", "crm:1"]):
        done = ctihub("trace", *words)
        for secret in (TOKEN, SESSION, "cookie-77-qrstuvwx"):
            assert secret not in done.stdout + done.stderr, words
    assert "***" in done.stdout


@pytest.mark.usefixtures("site")
def test_json_is_for_programs(ctihub: Ctihub) -> None:
    """One document: what happened, the records with their rules, and the context."""
    document = json.loads(ctihub("trace", "--phone", "+493515550123", "--json").stdout)
    [crm] = document["connectors"]
    assert ["found", "found", "orders", "orders"] == sorted(one["step"] for one in crm["happened"])
    [record] = crm["records"]
    assert "0042" == record["record"]["id"]
    assert "no (line 5)" == record["rules"]["id"]
    assert ["extra.since"] == [one["field"] for one in record["left_out"]]
    assert "Petra Vogt" == document["context"]["customers"][0]["name"]["value"]["full"]


@pytest.mark.usefixtures("site")
def test_a_backend_that_fails_is_told_with_its_reply(ctihub: Ctihub) -> None:
    """The status is 1, and the reply is there to be read."""
    done = ctihub("trace", "--id", "crm:0042")
    assert 1 == done.returncode
    assert "    < HTTP 500 in " in done.stdout
    assert "FAILED (fault): crm, operation by_id: step found: HTTP 500" in done.stdout
    assert "=== the agent sees the number alone" in done.stdout


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "say whom to look for"),
        (["--phone", "+49351555", "--email", "a@b.c"], "say whom to look for"),
        (["--phone", "hello"], "--phone: this is no number of DE"),
        (["--id", "0042"], "--id is SYSTEM:ID"),
        (["--phone", "+493515550123", "--connector", "cmr"], "there is no connector 'cmr'; did you mean 'crm'?"),
    ],
)
def test_a_wrong_command_line_could_not_run(ctihub: Ctihub, words: list[str], expected: str) -> None:
    """What is missing or wrong is said in words."""
    done = ctihub("trace", *words)
    assert (2, "") == (done.returncode, done.stdout)
    assert expected in done.stderr


@pytest.mark.usefixtures("site")
def test_call_runs_one_operation(ctihub: Ctihub) -> None:
    """And prints what it made, as YAML or JSON."""
    done = ctihub("call", "crm", "by_phone", "phone=+493515550123")
    assert (0, "") == (done.returncode, done.stderr)
    assert ["0042"] == [record["id"] for record in yaml.safe_load(done.stdout)]
    found = json.loads(ctihub("call", "crm", "by_phone", "phone=+493515550123", "--json").stdout)
    assert ["Petra Vogt"] == [record["name"]["full"] for record in found]
    failed = ctihub("call", "crm", "by_id", "id=1")
    assert (1, "") == (failed.returncode, failed.stdout)
    assert "fault: crm, operation by_id" in failed.stderr
    assert TOKEN not in failed.stderr


@pytest.mark.usefixtures("site")
def test_call_runs_what_nothing_is_configured_for(ctihub: Ctihub) -> None:
    """--raw: a path of the service with parameters, its reply as it is, but for secrets."""
    done = ctihub("call", "crm", "--raw", "GET /customers", "phone=0042")
    assert (0, "") == (done.returncode, done.stderr)
    [reply] = yaml.safe_load(done.stdout)
    assert "Petra Vogt" == reply["data"][0]["name"]
    assert "***" == reply["session_id"]


@pytest.mark.usefixtures("site")
def test_call_writes_only_when_it_is_meant(ctihub: Ctihub, crm: Crm) -> None:
    """A program has to say --yes; nothing is written without."""
    words = ["call", "crm", "write:note", "id=test-1", "customer=0042", "note=Please ignore"]
    refused = ctihub(*words)
    assert (2, []) == (refused.returncode, crm.sent)
    assert "say --yes" in refused.stderr
    done = ctihub(*words, "--yes")
    assert (0, "") == (done.returncode, done.stderr)
    assert [{"text": "Please ignore", "customer": "0042"}] == crm.sent
    assert "n1" == yaml.safe_load(done.stdout)["id"]


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["cmr", "by_phone"], "there is no connector 'cmr'; did you mean 'crm'?"),
        (["crm", "by_phon", "phone=+49351"], "has no operation 'by_phon'; did you mean 'by_phone'?"),
        (["crm", "by_phone"], "operation 'by_phone' looks up by phone: give phone=VALUE"),
        (["crm", "by_phone", "phone=0351"], "phone: write the number with + and country code"),
        (["crm", "by_phone", "phone"], "'phone' is no KEY=VALUE"),
        (["crm", "write:case", "id=1"], "this connector writes back note, and no 'case'"),
        (["crm", "write:note", "id=1", "nte=a"], "has no field 'nte'; did you mean 'note'?"),
        (["crm", "write:note", "note=a"], "give an id="),
        (["crm", "--raw", "GET /a b", "c=d"], "path"),
        (["crm", "--raw", "POST /a", "--body", "[1]"], "--body: no object in JSON"),
        (["crm", "--raw", "POST /a", "--body", "{"], "--body: no object in JSON"),
        (["crm", "--raw", "GET /a", "--body", "{}"], "--body goes with --raw and 'POST /path'"),
        (["crm", "by_phone", "phone=+493515550123", "--body", "{}"], "--body goes with --raw"),
    ],
)
def test_a_wrong_call_could_not_run(ctihub: Ctihub, words: list[str], expected: str) -> None:
    """Nothing is asked; what would be right is said."""
    done = ctihub("call", *words)
    assert (2, "") == (done.returncode, done.stdout)
    assert expected in done.stderr


@pytest.mark.usefixtures("site")
def test_list_shows_what_there_is(ctihub: Ctihub, crm: Crm) -> None:
    """Connectors with address, operations, writes and mappings; presets; kinds."""
    done = ctihub("list")
    assert (0, "") == (done.returncode, done.stderr)
    assert f"  crm: kind rest, Our CRM, http://127.0.0.1:{crm.port}" in done.stdout.splitlines()
    assert "      operation by_phone by phone, 3 steps, mapping crm/customer" in done.stdout.splitlines()
    assert "      write note" in done.stdout.splitlines()
    document = json.loads(ctihub("list", "--json", "presets", "kinds", "mappings").stdout)
    assert "sap_s4hana" in [one["name"] for one in document["presets"]]
    assert {"rest", "soap", "odata", "sql", "csv"} <= {one["name"] for one in document["kinds"]}
    assert {"name": "crm/customer", "from": "the site's own", "tests": "no tests"} in document["mappings"]
    assert TOKEN not in done.stdout


@pytest.mark.usefixtures("site")
def test_check_names_the_call_that_it_makes(ctihub: Ctihub, site: Path) -> None:
    """Whether it is answered or not: the backend's administrator finds it in the log there."""
    file = site / "ctihub.yaml"
    file.write_text(file.read_text().replace("    mapping: crm", "    check: /customers?phone=0042\n    mapping: crm"))
    [row] = [line for line in ctihub("check").stdout.splitlines() if "connector" in line]
    assert row.startswith("ok    connector  crm")
    assert row.endswith("(asked GET /customers)")
    file.write_text(file.read_text().replace("check: /customers?phone=0042", "check: /broken"))
    [row] = [line for line in ctihub("check").stdout.splitlines() if "connector" in line]
    assert row.startswith("FAIL  connector  crm")
    assert row.endswith("(asked GET /broken)")
    assert TOKEN not in row


SOAP = """\
connectors:
  old:
    kind: soap
    wsdl: old.wsdl
    url: http://127.0.0.1:{port}/soap
    auth: {{type: wsse, username: u, password: "${{OLD_PASSWORD}}"}}
    soap_headers: [{{element: "{{urn:old}}Session", children: {{SessionToken: sess-11-from-before}}}}]
    mapping: crm/customer
    operations:
      by_phone:
        key: phone
        steps:
          - name: found
            operation: suche_kunde
            rows: return
            arguments: {{session: a, telefon: {{from: query.e164}}}}
"""
ANSWER = """\
<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>
<s:SessionToken xmlns:s="urn:old">tok&amp;n-22-fresh</s:SessionToken></e:Header><e:Body>
<o:suche_kundeResponse xmlns:o="urn:old"><return><id>7</id><vorname>Petra</vorname></return></o:suche_kundeResponse>
</e:Body></e:Envelope>"""


def test_no_secret_is_shown_in_xml(ctihub: Ctihub, site: Path, crm: Crm) -> None:
    """Neither a password as XML writes it, nor a session's token in a header that came or went."""
    (site / "old.wsdl").write_text(RPC_WSDL)
    (site / "mappings/crm/customer.yaml").write_text(MAPPING.partition("  id:")[0] + "  id: id\n")
    (site / "ctihub.yaml").write_text(CONFIG + SOAP.format(port=crm.port))
    crm.files["/soap"] = ANSWER
    environment = {"OLD_PASSWORD": "a<b>&'c\"d-geheim"}
    done = ctihub("trace", "--phone", "+493515550123", environment=environment)
    assert 'id = "7"  <- id (line 5)' in done.stdout, done.stderr
    for secret in ("geheim", "sess-11-from-before", "n-22-fresh"):
        assert secret not in done.stdout + done.stderr


DATABASE = """\
connectors:
  db:
    kind: sql
    url: sqlite:///crm.db
    mapping: crm/customer
    operations:
      by_phone:
        key: phone
        steps:
          - name: found
            statement: SELECT no, name FROM customers WHERE phone = :number
            values: {number: {from: query.e164}}
"""


def test_a_database_is_traced_too(ctihub: Ctihub, site: Path) -> None:
    """The statement stands where a request does; there is no status."""
    with contextlib.closing(sqlite3.connect(site / "crm.db")) as database:
        database.execute("CREATE TABLE customers (no TEXT, name TEXT, phone TEXT)")
        database.execute("INSERT INTO customers VALUES ('0042', 'Petra Vogt', '+493515550123')")
        database.commit()
    (site / "ctihub.yaml").write_text(CONFIG + DATABASE)
    done = ctihub("trace", "--phone", "+493515550123")
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert "SELECT no, name FROM customers" in done.stdout
    assert "    < answered in " in done.stdout
    assert 'id = "0042"' in done.stdout
