"""The REST kind against json-server, with tokens of oauth2-mock-server: neither is ours."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from hub.config.connectors import RestConnector
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from tests.conformance.behaviour import MAPPINGS, by_phone
from tests.servers.requirements import place_of
from tests.servers.rest_service import RestService

PHONE = "+493515550123"
PEOPLE = [{"id": f"00{number}", "name": f"Person {number}", "phone": PHONE} for number in range(1, 8)]
OTHER = {"id": "42", "name": "Petra Vögt & Söhne", "phone": "+4935155507", "email": "petra+x@example.com"}
NOTE = WriteBack(id="I-1", kind=WriteKind.NOTE, customer="42", note='"Zwei" & <drei>\nZeilen')


@pytest.fixture(scope="module")
def service() -> Iterator[RestService]:
    service = RestService(Path(place_of("rest-service")), {"people": [*PEOPLE, OTHER], "notes": []})
    try:
        service.start()
        yield service
    finally:
        service.remove()


def config(service: RestService) -> dict[str, Any]:
    def people(**params: Any) -> dict[str, Any]:
        return {"name": "customers", "path": "/people", "params": params, "paging": {"link": True}}

    return {
        "kind": "rest",
        "url": service.url,
        "mapping": "customer",
        "check": "/people?_limit=1",
        "auth": {
            "type": "oauth2_client",
            "token_url": service.token_url,
            "client_id": "hub",
            "client_secret": "geheim",
        },
        "operations": {
            "by_phone": {"key": "phone", "steps": [people(phone={"from": "query.e164"}, _page=1, _limit=3)]},
            "by_email": {"key": "email", "steps": [people(email={"from": "query.email"})]},
            "by_id": {
                "key": "id",
                "steps": [{"name": "customers", "path": "/people/{id}", "values": {"id": {"from": "query.id"}}}],
            },
        },
        "writes": {
            "note": {
                "id": ["there.id", "made.id"],
                "steps": [
                    {"name": "there", "path": "/notes", "params": {"interaction": {"from": "entry.id"}}},
                    {
                        "name": "made",
                        "unless": "there",
                        "method": "POST",
                        "path": "/notes",
                        "body": {"interaction": {"from": "entry.id"}, "text": {"from": "entry.note"}},
                    },
                ],
            }
        },
    }


@pytest.fixture
async def connector(service: RestService) -> AsyncIterator[Connector]:
    model = RestConnector.model_validate(config(service))
    connector = build_connector("crm", model, region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    yield connector
    await connector.close()


async def test_found_over_several_pages(connector: Connector) -> None:
    """All rows of all pages come, by json-server's own Link headers."""
    assert [one["id"] for one in PEOPLE] == [record.id for record in await connector.lookup(by_phone(PHONE))]


async def test_found_by_email_and_id(connector: Connector) -> None:
    """Values with + and signs reach the service as they are; nobody is no error."""
    for query in (CustomerQuery(email="petra+x@example.com"), CustomerQuery(ids={"crm": "42"})):
        assert ["Petra Vögt & Söhne"] == [record.name.full for record in await connector.lookup(query)]
    for query in (CustomerQuery(email="x&email=petra+x@example.com"), CustomerQuery(ids={"crm": "../people"})):
        assert [] == list(await connector.lookup(query))


async def test_written_once(service: RestService, connector: Connector) -> None:
    """A note is written once, with all its characters."""
    first = await connector.write(NOTE)
    assert WriteResult(id=first.id, was_there=True) == await connector.write(NOTE)
    assert [(NOTE.id, NOTE.note)] == [(note["interaction"], note["text"]) for note in service.tables["notes"]]


async def test_a_token_that_was_withdrawn(service: RestService, connector: Connector) -> None:
    """The token server's token opens the service; withdrawn, it is replaced without the caller noticing."""
    assert "HTTP 200" in await connector.check()
    async with aiohttp.ClientSession() as session, session.post(f"{service.url}/withdraw-tokens") as reply:
        assert 204 == reply.status
    assert 1 == len(await connector.lookup(CustomerQuery(ids={"crm": "42"})))


async def test_refused(service: RestService) -> None:
    """A token of nobody is refused in the service's words."""
    changed = {**config(service), "auth": {"type": "bearer", "token": "of-nobody"}}
    connector = build_connector("crm", RestConnector.model_validate(changed), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    with pytest.raises(ConnectorError, match="HTTP 401: ") as raised:
        await connector.check()
    assert Problem.REFUSED == raised.value.problem
    await connector.close()
