"""The page about a system with a login of its own, against Tryton: nothing in the hub knows it, the page alone does."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import connectors
from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from connectors.tracing import recorded
from hub.cli.main import main
from hub.config.connectors import RestConnector
from hub.domain.customer import Address, CustomerQuery, Email, Phone, Problem
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from tests.conformance.behaviour import BEGAN, HOSTILE, by_phone
from tests.servers.requirements import place_of
from tests.servers.tryton import PASSWORD, USER, Tryton

PAGE = Path(connectors.__file__).parent / "rest/README.md"
HEAD = (
    "hub: {region: DE}\nstore: {url: 'sqlite:///ctihub.db'}\npbx: {main: {host: 127.0.0.1, username: u, secret: s}}\n"
)
PHONE = "+493515550123"
PETRA = {
    "name": "Petra Vögt & Söhne",
    "code": "C42",
    "contact_mechanisms": [
        [
            "create",
            [
                {"type": "phone", "value": "+49 (0)351 555-0123", "name": "Office"},
                {"type": "email", "value": "petra_v@example.com"},
            ],
        ]
    ],
    "addresses": [["create", [{"street": "Hauptstr. 1", "postal_code": "01067", "city": "Dresden"}]]],
}
OTHERS = [
    {"name": "Max", "contact_mechanisms": [["create", [{"type": "email", "value": "petraXv@example.com"}]]]},
    {"name": "Nobody's", "contact_mechanisms": [["create", [{"type": "phone", "value": "+493515550999"}]]]},
]
CALL = WriteBack(
    id="main-1_x", kind=WriteKind.ACTIVITY, customer="1", subject="Order", note='"Zwei" & <drei>\n%', started_at=BEGAN
)


@dataclass(frozen=True)
class Site:
    """The folder with what the page says, written as the page says; the address and the user are the test's."""

    folder: Path
    section: dict[str, Any]


@pytest.fixture(scope="module")
def tryton() -> Iterator[Tryton]:
    tryton = Tryton(Path(place_of("tryton")))
    try:
        tryton.start()
        assert [1, 2, 3] == tryton.call("model.party.party.create", [PETRA, *OTHERS], {})
        yield tryton
    finally:
        tryton.remove()


@pytest.fixture
def site(tryton: Tryton, tmp_path: Path) -> Site:
    configuration, mapping, cases = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    section = configuration.replace("https://tryton.example.com/crm", tryton.url).replace(
        "user: ctihub", f"user: {USER}"
    )
    (tmp_path / "ctihub.yaml").write_text(HEAD + section)
    folder = tmp_path / "mappings/tryton"
    folder.mkdir(parents=True)
    (folder / "party.yaml").write_text(mapping)
    (folder / "party.test.yaml").write_text(cases)
    return Site(tmp_path, yaml.safe_load(section.replace("${TRYTON_PASSWORD}", PASSWORD))["connectors"]["erp"])


def built(site: Site, **changes: Any) -> Connector:
    model = RestConnector.model_validate({**site.section, **changes})
    return build_connector("erp", model, region="DE", mapping_folders=[site.folder / "mappings"])


@pytest.fixture
async def connector(site: Site) -> AsyncIterator[Connector]:
    connector = built(site)
    await connector.start()
    yield connector
    await connector.close()


async def test_found_by_each_key(connector: Connector) -> None:
    """A party is found by number, e-mail and id, with details from nested records; nobody is no error."""
    for query in (
        by_phone("0351 5550123"),
        CustomerQuery(email="Petra_V@example.com"),
        CustomerQuery(ids={"erp": "1"}),
    ):
        [record] = await connector.lookup(query)
        assert ("1", PETRA["name"], {"party_code": "C42"}) == (record.id, record.name.full, record.ids)
        assert (Phone(number=PHONE, label="Office"),) == record.phones
        assert (Email(address="petra_v@example.com"),) == record.emails
        assert (Address(street="Hauptstr. 1", postcode="01067", locality="Dresden"),) == record.addresses
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", record.extra["customer_since"])
    for query in (by_phone("0351 5550124"), CustomerQuery(email="x@example.com"), CustomerQuery(ids={"erp": "99"})):
        assert [] == list(await connector.lookup(query))


async def test_values_stay_values(connector: Connector) -> None:
    """Whatever is searched for, wildcards of the pattern and ends of texts too, finds nobody else."""
    values = ("%", "petra%@example.com", "petra\\_v@example.com", *HOSTILE)
    # One connector for all: Tryton takes half a second for a login.
    found = {value: list(await connector.lookup(CustomerQuery(email=value))) for value in values}
    assert {value: [] for value in values} == found


async def test_sessions_that_tryton_forgot(tryton: Tryton, connector: Connector) -> None:
    """When Tryton has forgotten all sessions there is one new login, and every lookup under way goes on."""
    assert 1 == len(await connector.lookup(by_phone(PHONE)))
    assert tryton.end_sessions() >= 1
    numbers = [f"+4935155501{number}" for number in range(30, 36)]
    found = await asyncio.gather(*(connector.lookup(by_phone(number)) for number in [PHONE, *numbers]))
    assert [1, 0, 0, 0, 0, 0, 0] == [len(records) for records in found]
    assert 1 == tryton.end_sessions()


async def test_no_session_is_left(tryton: Tryton, site: Site) -> None:
    """A connector that is closed has logged out: Tryton keeps no session of it."""
    tryton.end_sessions()
    connector = built(site)
    await connector.start()
    assert 1 == len(await connector.lookup(by_phone(PHONE)))
    await connector.close()
    assert 0 == tryton.end_sessions()


async def test_written_once(tryton: Tryton, connector: Connector) -> None:
    """A call is written once as a note on the party, with all its characters, and so is what is noted later."""
    # An id of which the other is nearly the end: the wildcard _ stands in it.
    other = WriteBack(id="main-1-x", kind=WriteKind.NOTE, customer="1", note="later")
    for entry in (CALL, other):
        first = await connector.write(entry)
        assert not first.was_there
        assert WriteResult(id=first.id, was_there=True) == await connector.write(entry)
    notes = tryton.call("model.ir.note.search_read", [["resource", "=", "party.party,1"]], 0, 9, None, ["message"], {})
    assert {
        'Order, 20.11.2026 10:30\n"Zwei" & <drei>\n%\n[main-1_x]',
        "later\n[main-1-x]",
    } == {note["message"] for note in notes}


async def test_errors_with_status_200(site: Site) -> None:
    """What Tryton refuses is told in its words, though its status says that all is well."""
    changed = json.loads(json.dumps(site.section).replace("value_compact", "no_field"))
    connector = built(Site(site.folder, changed))
    await connector.start()
    with pytest.raises(ConnectorError, match="HTTP 200: 'no_field'") as raised:
        await connector.lookup(by_phone(PHONE))
    assert Problem.FAULT == raised.value.problem
    await connector.close()


async def test_a_wrong_password(site: Site) -> None:
    """A refused login is told as such, by a check too; a wrong header of the session as well."""
    header = {
        "Authorization": {"text": "Session {key}", "quote": "plain", "values": {"key": {"from": "session.result[1]"}}}
    }
    wrong = {
        r"login: step login: the backend refuses to sign in \(HTTP 401\): check .*`credentials`": {
            "credentials": {"user": USER, "password": "falsch-falsch"}
        },
        "right after the login": {"session": {**site.section["session"], "headers": header}},
    }
    for words, changes in wrong.items():
        connector = built(site, **changes)
        await connector.start()
        with pytest.raises(ConnectorError, match=words) as raised:
            await connector.check()
        assert Problem.REFUSED == raised.value.problem
        await connector.close()


async def test_nothing_secret_is_traced(connector: Connector) -> None:
    """The key of the session, which stands in a list without a name, is known as a secret."""
    with recorded() as trace:
        await connector.lookup(by_phone(PHONE))
    [key] = {secret for secret in trace.secrets if re.fullmatch("[0-9a-f]{64}", secret)}
    shown = repr([getattr(one, "request_headers", "") for one in trace.happened])
    assert key not in shown


def test_commands_of_the_page(site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What the page says to type works, and shows no secret."""
    monkeypatch.chdir(site.folder)
    monkeypatch.setenv("TRYTON_PASSWORD", PASSWORD)

    def typed(*words: str) -> str:
        assert 0 == main(words), capsys.readouterr()
        return capsys.readouterr().out

    assert "nothing wrong" in typed("lint")
    assert "1 passed" in typed("test", "mappings")
    traced = typed("trace", "--phone", PHONE, "--full")
    assert 'name.full = "Petra Vögt & Söhne"' in traced
    assert re.search(r'"result": \[\s+< +1,\s+< +"\*\*\*"', traced)
    assert PASSWORD not in traced
    body = '{"id": 1, "method": "model.party.party.fields_get", "params": [[], {}]}'
    assert "contact_mechanisms" in typed("call", "erp", "--raw", "POST /rpc/", "--body", body)
    assert "Petra" in typed("call", "erp", "by_email", "email=petra_v@example.com")
    note = ("call", "erp", "write:note", "id=try-1", "customer=3", "note=A try", "--yes")
    assert "was_there" not in typed(*note)
    assert "was_there: true" in typed(*note)
