"""Request and reply over HTTP: what the queue does, for systems without a broker."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec
import pytest

from hub.domain.control import Actor, Dial, Refusal
from hub.domain.customer import Customer, Name, Sourced
from hub.domain.identity import RecordRef
from hub.domain.ports import AccessAction
from hub.domain.rpc import Code
from hub.domain.search import CustomerHit, CustomerSearch, FoundBy, Why
from tests.unit.desk.house import CONTROL_TOKEN, TOKEN, House

PATH = "/api/v1/rpc"
DIAL = {"agent": "alice", "to": "100", "id": "call-1"}


def request(method: str, params: Any = None, **members: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params or {}, **members}


async def ask(client: aiohttp.ClientSession, body: Any) -> tuple[int, Any]:
    async with client.post(PATH, json=body) as reply:
        return reply.status, await reply.json() if reply.status != 204 else await reply.read()


async def test_requests_are_answered_with_200_whatever_becomes_of_them(house: House) -> None:
    """A result, an error and a batch; what is no JSON too."""
    machine = house.machine(TOKEN)
    status, answer = await ask(machine, request("customer", {"email": "a@b.example"}, id="x"))
    assert (200, {"call_id": "", "phone": {}, "complete": True}, "x") == (status, answer["result"], answer["id"])
    status, answer = await ask(machine, request("agent", {"id": "nobody"}, id=2))
    assert (200, Code.NO_SUCH_AGENT, 2) == (status, answer["error"]["code"], answer["id"])
    status, answer = await ask(machine, [request("agents", id=1), request("calls", id=2), request("agents")])
    assert (200, [1, 2]) == (status, [one["id"] for one in answer])
    async with machine.post(PATH, data=b"{", headers={"Content-Type": "application/json"}) as reply:
        assert (200, Code.PARSE_ERROR) == (reply.status, (await reply.json())["error"]["code"])


async def test_a_notification_is_answered_by_nothing(house: House) -> None:
    """204, and it was carried out, in the token's name."""
    assert (204, b"") == await ask(house.machine(CONTROL_TOKEN), request("dial", DIAL))
    assert [(Dial(**DIAL), Actor(token="dialler"))] == house.control.executed


async def test_each_method_has_its_right(house: House) -> None:
    """A token that may control dials and is told nothing; one that may read the other way round."""
    _, answer = await ask(house.machine(CONTROL_TOKEN), request("agents", id=1))
    assert Code.NOT_ALLOWED == answer["error"]["code"]
    _, answer = await ask(house.machine(TOKEN), request("dial", DIAL, id=1))
    assert Code.NOT_ALLOWED == answer["error"]["code"]
    assert [Refusal.NOT_ALLOWED] == [refusal for _, _, refusal in house.control.refused]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nobodys-token"}, {"Authorization": "Basic eDp5"}])
async def test_who_is_not_known_is_refused(house: House, headers: dict[str, str]) -> None:
    """As everywhere in the API, by the status; an agent's session is no token either."""
    async with aiohttp.ClientSession(house.url, headers=headers) as stranger:
        status, answer = await ask(stranger, request("agents", id=1))
    assert (401, True) == (status, "nobodys" not in str(answer))
    status, _ = await ask(await house.signed_in("sue"), request("agents", id=1))
    assert 401 == status


async def test_a_body_has_its_media_type_and_its_bound(house: House) -> None:
    """Neither a form nor what is too large is read."""
    machine = house.machine(TOKEN)
    async with machine.post(PATH, data={"method": "agents"}) as reply:
        assert 415 == reply.status
    async with machine.post(PATH, json=request("agents", {"x": "y" * 20_000}, id=1)) as reply:
        assert 413 == reply.status


async def test_the_description_has_every_request_and_reply(house: House) -> None:
    """As one of them or a list, with the schemas of their params and results."""
    async with house.browser().get("/api/v1/openapi.json") as reply:
        document = await reply.json()
    operation = document["paths"][PATH]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    names = {one["$ref"].rpartition("/")[2] for one in body[:-1]}
    searches = {"CustomerRequest", "CustomerSearchRequest"}
    assert searches | {"DialRequest", "AgentRequest", "AgentsRequest", "CallsRequest"} == names
    assert ("array", {"description": "No Content"}) == (body[-1]["type"], operation["responses"]["204"])
    schemas = document["components"]["schemas"]
    assert {"deadline_ms", "phone", "email", "ids", "timeout_ms"} == set(schemas["CustomerParams"]["properties"])
    assert {"$ref": "#/components/schemas/CommandResult"} == schemas["DialReply"]["properties"]["result"]


async def test_customers_are_searched_for(house: House) -> None:
    """By a token that reads, with what it may see; that it was asked is written down. A blank text is none."""
    ref = RecordRef(system="sap", id="42")
    name = Sourced(value=Name(full="Maria Huber"), system="sap", record="42")
    why = Why(by=FoundBy.NAME, record=ref, text="Maria Huber")
    hit = CustomerHit(customer=Customer(ids={"sap": "42"}, name=name), records=(ref,), why=(why,))
    house.customers.found = CustomerSearch(hits=(hit,), has_more=True)
    machine = house.machine()
    asked = request("customer.search", {"text": "huber", "limit": 3, "backends": True}, id=1)
    async with machine.post(PATH, json=asked) as reply:
        result = msgspec.convert((await reply.json())["result"], CustomerSearch)
    assert (house.customers.found, [("huber", 3, True)]) == (result, house.customers.asked)
    assert [(AccessAction.SEARCH, (ref.key,))] == [(seen.action, seen.keys) for seen in house.accesses.written]
    for text, code in ((" ", -32602), ("", -32602), ("x" * 201, -32602)):
        async with machine.post(PATH, json=request("customer.search", {"text": text}, id=2)) as reply:
            assert code == (await reply.json())["error"]["code"]
