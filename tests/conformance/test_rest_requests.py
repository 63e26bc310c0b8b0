"""What REST backends are sent: bodies, headers, parameters, conditions."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from aiohttp import web
from lxml import etree
from pydantic import TypeAdapter, ValidationError

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from hub.config.connector_base import ConnectorBase
from hub.config.connector_kinds import ConnectorConfig
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from tests.conformance.behaviour import HOSTILE, MAPPINGS, by_phone
from tests.conformance.servers.scripted import Asked, ScriptedServer

_CONFIG: TypeAdapter[ConnectorBase] = TypeAdapter(ConnectorConfig)
STEP: dict[str, Any] = {"name": "customers", "path": "/people"}
NOTE = WriteBack(id="I-1", kind=WriteKind.NOTE, customer="42", note='"a" & <b>\nü €')


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer(lambda _asked: web.json_response({"id": "42", "name": "Petra"}, headers={"ETag": '"v7"'}))
    await server.start()
    yield server
    await server.stop()


def always(answer: web.Response) -> Callable[[Asked], web.StreamResponse]:
    return lambda _asked: answer


async def made(config: dict[str, Any]) -> Connector:
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    return connector


async def written(
    server: ScriptedServer, *steps: dict[str, Any], ids: Any = (), entry: WriteBack = NOTE
) -> WriteResult:
    config = server.config(STEP, writes={"note": {"steps": list(steps), "id": ids}}, retry={"attempts": 1})
    connector = await made(config)
    try:
        return await connector.write(entry)
    finally:
        await connector.close()


async def test_a_form(server: ScriptedServer) -> None:
    """A form's fields arrive as they are; lists are repeated, deeper things go as JSON text."""
    body = {
        "text": {"from": "entry.note"},
        "tags": ["a&b", "c"],
        "data": {"id": {"from": "entry.id"}, "list": [1, True, None]},
        "none": {"from": "entry.queue", "optional": True},
    }
    await written(server, {**STEP, "method": "POST", "send": "form", "body": body, "idempotent": True})
    asked = server.asked[0]
    assert "application/x-www-form-urlencoded" == asked.headers["Content-Type"]
    fields = parse_qsl(asked.body.decode(), keep_blank_values=True)
    assert [("text", NOTE.note), ("tags", "a&b"), ("tags", "c")] == fields[:3]
    assert ("data", '{"id":"I-1","list":[1,true,null]}') == fields[3]
    assert 4 == len(fields)


async def test_xml_is_sent(server: ScriptedServer) -> None:
    """An XML body keeps names, order, attributes, namespace and all characters of its values."""
    note = {
        "@xmlns": "urn:n",
        "@id": {"from": "entry.id"},
        "text": {"from": "entry.note"},
        "tag": [{"#text": "a"}, "b"],
    }
    await written(server, {**STEP, "method": "PUT", "send": "xml", "body": {"note": note}, "idempotent": True})
    root = etree.fromstring(server.asked[0].body)
    assert ("{urn:n}note", "I-1") == (root.tag, root.get("id"))
    assert [("text", NOTE.note), ("tag", "a"), ("tag", "b")] == [(etree.QName(one).localname, one.text) for one in root]


@pytest.mark.parametrize("send", ["form", "xml", "json"])
@pytest.mark.parametrize("value", HOSTILE)
async def test_hostile_values_in_bodies(server: ScriptedServer, send: str, value: str) -> None:
    """Whatever a note holds, it arrives as one value of one field."""
    entry = WriteBack(id="1", kind=WriteKind.NOTE, note=value)
    step = {**STEP, "method": "POST", "send": send, "body": {"n": {"from": "entry.note"}}, "idempotent": True}
    await written(server, step, entry=entry)
    raw = server.asked[0].body
    read: dict[str, Callable[[], Any]] = {
        "form": lambda: dict(parse_qsl(raw.decode())),
        "json": lambda: msgspec.json.decode(raw),
        "xml": lambda: {"n": etree.fromstring(raw).text},
    }
    assert {"n": "\n".join(value.split("\r\n"))} == read[send]()


async def test_headers_of_a_step(server: ScriptedServer) -> None:
    """A step's headers take values, and win over those that go by themselves."""
    headers = {
        "Accept": "application/vnd.crm+json",
        "Content-Type": "application/merge-patch+json",
        "X-Id": {"from": "entry.id"},
    }
    step = {**STEP, "method": "PATCH", "headers": headers, "body": {"a": 1}, "idempotent": True}
    await written(server, step)
    sent = server.asked[0].headers
    assert ["application/vnd.crm+json"] == sent.getall("Accept")
    assert ["application/merge-patch+json"] == sent.getall("Content-Type")
    assert "I-1" == sent["X-Id"]


async def test_headers_of_the_connector(server: ScriptedServer) -> None:
    """The connector's headers win over those that go by themselves, a step's over the connector's, in any case."""
    step = {**STEP, "headers": {"X-TENANT": "b"}}
    connector = await made(server.config(step, headers={"accept": "application/hal+json", "x-tenant": "a"}))
    await connector.lookup(by_phone("+493515550123"))
    await connector.close()
    sent = server.asked[0].headers
    assert (["application/hal+json"], ["b"]) == (sent.getall("Accept"), sent.getall("X-Tenant"))


async def test_a_header_can_not_be_added(server: ScriptedServer) -> None:
    """A value with a line break does not become a header of its own: it is refused, and nothing is sent."""
    step = {**STEP, "method": "POST", "headers": {"X-Note": {"from": "entry.note"}}, "idempotent": True}
    with pytest.raises(ConnectorError, match="the value for the header X-Note") as raised:
        await written(server, step, entry=WriteBack(id="1", kind=WriteKind.NOTE, note="a\r\nX-Injected: 1"))
    assert Problem.MALFORMED == raised.value.problem
    assert [] == server.asked


async def test_only_what_was_read_is_changed(server: ScriptedServer) -> None:
    """A change goes with the ETag that was read before; if somebody else was faster, that is told."""
    found = {"name": "found", "path": "/people/{id}", "values": {"id": {"from": "entry.customer"}}}
    change = {
        **found,
        "name": "changed",
        "method": "PUT",
        "if_match": {"from": 'found."@etag"'},
        "body": {"note": {"from": "entry.note"}},
        "idempotent": True,
    }
    await written(server, found, change)
    assert '"v7"' == server.asked[1].headers["If-Match"]
    server.answer = lambda asked: (
        web.Response(status=412) if asked.method == "PUT" else web.json_response({"id": "42"}, headers={"ETag": '"v7"'})
    )
    with pytest.raises(ConnectorError, match="step changed: HTTP 412") as raised:
        await written(server, found, change)
    assert (Problem.FAULT, 412) == (raised.value.problem, raised.value.status)


async def test_there_already(server: ScriptedServer) -> None:
    """Where the backend refuses a second by itself, by status or by code, the write is done and its id told."""
    place = {"Location": "/api/notes/77"}
    duplicate = [{"errorCode": "DUPLICATE_VALUE", "message": "duplicate value found"}]
    for answer in (web.Response(status=409, headers=place), web.json_response(duplicate, status=400, headers=place)):
        server.answer = always(answer)
        exists = [409, {"statuses": [400], "where": {"errorCode": "DUPLICATE_VALUE"}}]
        step = {**STEP, "method": "POST", "body": {"id": {"from": "entry.id"}}, "exists": exists}
        result = await written(server, step, ids='customers."@location_id"')
        assert WriteResult(id="77", was_there=True) == result
    server.answer = lambda _asked: web.json_response([{"errorCode": "REQUIRED"}], status=400)
    with pytest.raises(ConnectorError, match="HTTP 400"):
        await written(server, step)


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_an_answer_without_content(server: ScriptedServer, status: int) -> None:
    """A write that is answered by headers alone is done, and its id is in the Location."""
    server.answer = lambda _asked: web.Response(
        status=status, headers={"Location": "https://x.example/record/v1/note/5?a=b"}
    )
    step = {**STEP, "method": "POST", "body": {}, "idempotent": True}
    assert WriteResult(id="5") == await written(server, step, ids=['customers."@location_id"'])


async def test_long_statements_and_repeated_parameters(server: ScriptedServer) -> None:
    """A statement in a parameter may be longer than a search value, and a list is the parameter repeated."""
    columns = ", ".join(f"Column{number}__c" for number in range(100))
    statement = {
        "text": f"SELECT {columns} FROM Contact WHERE Phone = {{p}}",
        "quote": "soql",
        "values": {"p": {"from": "query.e164"}},
    }
    numbers = {"from": "query.numbers", "many": True}
    config = server.config({**STEP, "params": {"q": statement, "n": numbers}}, params={"client": "1"})
    config["operations"]["by_phone"]["forms"] = ["e164", "national"]
    connector = await made(config)
    await connector.lookup(by_phone("+493515550123"))
    await connector.close()
    query = parse_qsl(server.asked[0].target.partition("?")[2])
    assert [("client", "1"), ("q", f"SELECT {columns} FROM Contact WHERE Phone = '+493515550123'")] == query[:2]
    assert [("n", "+493515550123"), ("n", "03515550123")] == query[2:]


async def test_a_long_address_is_not_sent(server: ScriptedServer) -> None:
    """An address longer than any server takes is refused before it is sent."""
    statement = {"text": "x" * 7_990 + "{e}", "quote": "plain", "values": {"e": {"from": "query.email"}}}
    config = server.config(STEP)
    step = {**STEP, "params": {"a": statement, "b": statement, "c": statement}}
    config["operations"] = {"by_email": {"key": "email", "steps": [step]}}
    connector = await made(config)
    with pytest.raises(ConnectorError, match="the request's address is too long"):
        await connector.lookup(CustomerQuery(email="a@example.com"))
    await connector.close()
    assert [] == server.asked


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"method": "GET", "body": {}}, "a GET has no `body`"),
        ({"method": "DELETE", "body": {}}, "a DELETE has no `body`"),
        ({"method": "POST", "send": "xml", "body": {"a": 1, "b": 2}}, "has one entry: its outermost element"),
        ({"method": "POST", "send": "xml", "body": {"a": {"b c": 1}}}, "no name of an XML element"),
        ({"exists": [409]}, "is for a step that makes something"),
        ({"paging": {"next": "a", "link": True}}, "give exactly one of"),
        ({"paging": {"page": "p"}}, "`size` goes with `page` and `offset`"),
        ({"paging": {"link": True, "param": "x"}}, "is where the token goes"),
        ({"absent": [{}]}, "give at least one of `statuses`, `texts`, `where`"),
        ({"absent": [99]}, "greater than or equal to 100"),
        ({"headers": {"X Y": "1"}}, "a header's name"),
    ],
)
def test_steps_that_make_no_sense(step: dict[str, Any], words: str) -> None:
    """What can't be meant is a mistake of the configuration."""
    config = ScriptedServer(lambda _asked: web.Response()).config({**STEP, **step})
    with pytest.raises(ValidationError) as raised:
        _CONFIG.validate_python({**config, "url": "http://crm.example"})
    assert words in str(raised.value)


@pytest.mark.parametrize(("changes", "posts"), [({}, 1), ({"idempotent": True}, 2)], ids=["searched for", "kept once"])
@pytest.mark.parametrize("status", [502, 504])
async def test_a_write_that_may_be_under_way(
    server: ScriptedServer, changes: dict[str, Any], posts: int, status: int
) -> None:
    """After a gateway gave up the backend may still write: what only a search keeps from doubling is not repeated."""

    def answer(asked: Asked) -> web.StreamResponse:
        return web.json_response({"notes": []}) if asked.method == "GET" else web.Response(status=status)

    server.answer = answer
    found = {"name": "found", "path": "notes", "rows": "notes", "params": {"id": {"from": "entry.id"}}}
    post = {"name": "post", "method": "POST", "path": "notes", "unless": "found", "body": {"id": {"from": "entry.id"}}}
    writes = {"note": {"steps": [found, {**post, **changes}]}}
    connector = await made(server.config(STEP, writes=writes, retry={"attempts": 2, "wait_s": 0.01}))
    with pytest.raises(ConnectorError, match=f"write note: step post: .*HTTP {status}"):
        await connector.write(NOTE)
    assert posts == sum(asked.method == "POST" for asked in server.asked)
    await connector.close()


async def test_a_write_that_was_not_taken_on(server: ScriptedServer) -> None:
    """Too many requests: nothing was written, so that it is repeated once the time is over."""
    answers = iter([web.json_response({"notes": []}), web.Response(status=429, headers={"Retry-After": "0"}),
                    web.json_response({"notes": []}), web.json_response({"id": "7"})])  # fmt: skip
    server.answer = lambda _asked: next(answers)
    found = {"name": "found", "path": "notes", "rows": "notes", "params": {"id": {"from": "entry.id"}}}
    post = {"name": "post", "method": "POST", "path": "notes", "unless": "found", "body": {"id": {"from": "entry.id"}}}
    writes = {"note": {"steps": [found, post], "id": "post.id"}}
    connector = await made(server.config(STEP, writes=writes, retry={"attempts": 2, "wait_s": 0.01}))
    assert WriteResult(id="7") == await connector.write(NOTE)
    await connector.close()


async def test_who_is_named_by_id_is_asked_for_by_that_first() -> None:
    """An id says who exactly is meant; where nobody has it, the number is asked for. Without an id the number is."""
    known = {"/api/by-id?id=42": [{"id": "42", "name": "Petra"}], "/api/by-phone": [{"id": "43", "name": "Otto"}]}
    server = ScriptedServer(lambda asked: web.json_response(known.get(asked.target, [])))
    await server.start()
    steps = {
        "by_phone": {"key": "phone", "steps": [{"name": "customers", "path": "/by-phone"}]},
        "by_id": {
            "key": "id",
            "steps": [{"name": "customers", "path": "/by-id", "params": {"id": {"from": "query.id"}}}],
        },
    }
    connector = await made(server.config(STEP) | {"operations": steps})
    try:
        by_number = by_phone("+493515550123")
        both = msgspec.structs.replace(by_number, ids={"crm": "42"})
        unknown = msgspec.structs.replace(by_number, ids={"crm": "44"})
        found = [[record.id for record in await connector.lookup(query)] for query in (by_number, both, unknown)]
        assert [["43"], ["42"], ["43"]] == found
        assert ["/api/by-phone", "/api/by-id?id=42", "/api/by-id?id=44", "/api/by-phone"] == [
            asked.target for asked in server.asked
        ]
    finally:
        await connector.close()
        await server.stop()
