"""What is OData's own: pages, single entities, changes with tokens and ETags, and services that misbehave in these."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from aiohttp import web

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from connectors.resilience.connector import ResilientConnector
from connectors.tracing import Exchange, recorded
from hub.config.connectors import ODataConnector
from hub.demo.site import Site
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.writeback import WriteBack, WriteKind
from tests.conformance.behaviour import HOSTILE, MAPPINGS

Answer = Callable[[web.Request], web.StreamResponse]
BEGAN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class Service:
    """Keeps what it is asked, and answers as the test says."""

    def __init__(self) -> None:
        self.answers: Answer = lambda _: web.json_response({"d": {"results": []}})
        self.requests: list[web.Request] = []
        self.bodies: list[Any] = []
        self.site = Site(self._app)

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.json() if request.can_read_body else None)
        return self.answers(request)

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {unquote(request.raw_path)}" for request in self.requests]


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """Run a service."""
    service = Service()
    await service.site.start()
    yield service
    await service.site.stop()


def connector_for(service: Service, version: str = "v2", **changes: Any) -> Connector:
    step = {"name": "customers", "entity": "Customers", "where": {"id": {"from": "query.id"}}}
    config = {
        "kind": "odata",
        "version": version,
        "url": f"{service.site.url}/odata",
        "params": {"sap-client": "100"},
        "mapping": "customer",
        "auth": {"type": "basic", "username": "ctihub", "password": "geheim"},
        "operations": {"by_id": {"key": "id", "steps": [{**step, **changes.pop("step", {})}]}},
        "retry": {"attempts": 1},
        **changes,
    }
    if "where" in config["operations"]["by_id"]["steps"][0] and "key" in config["operations"]["by_id"]["steps"][0]:
        del config["operations"]["by_id"]["steps"][0]["where"]
    return build_connector("crm", ODataConnector.model_validate(config), region="DE", mapping_folders=[MAPPINGS])


async def found(connector: Connector, value: str = "1") -> list[str]:
    await connector.start()
    try:
        return [record.id for record in await connector.lookup(CustomerQuery(ids={"crm": value}))]
    finally:
        await connector.close()


async def problem_of(connector: Connector) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        await found(connector)
    return raised.value


def page(version: str, ids: list[int], link: str | None = None) -> web.Response:
    rows = [{"id": str(number)} for number in ids]
    if version == "v4":
        return web.json_response({"value": rows, **({"@odata.nextLink": link} if link else {})})
    return web.json_response({"d": {"results": rows, **({"__next": link} if link else {})}})


@pytest.mark.parametrize("version", ["v2", "v4"])
@pytest.mark.parametrize("absolute", [True, False])
async def test_pages_are_followed(service: Service, version: str, absolute: bool) -> None:
    """The answer goes on at the link, whole or relative, with the parameters that each request has."""

    def answers(request: web.Request) -> web.StreamResponse:
        number = int(request.query.get("$skiptoken", "0"))
        prefix = f"{service.site.url}/odata/" if absolute else ""
        link = f"{prefix}Customers?$filter=x%20eq%20'+1'&$skiptoken={number + 2}" if number < 4 else None
        return page(version, [number, number + 1], link)

    service.answers = answers
    assert ["0", "1", "2", "3", "4", "5"] == await found(connector_for(service, version))
    assert ["100"] * 3 == [request.query["sap-client"] for request in service.requests]
    assert ["/odata/Customers"] * 3 == [request.path for request in service.requests]


@pytest.mark.parametrize("version", ["v2", "v4"])
async def test_what_may_be_refused_is_left_out_once_it_is(service: Service, version: str) -> None:
    """The service says which property it has not; it is selected no more, what it has still is."""

    def answers(request: web.Request) -> web.StreamResponse:
        for name in ("Birthday", "Nickname"):
            if name.lower() in request.query["$select"].lower():
                words = f"Could not find a property named '{name}' on type 'Example.Customer'."
                message = {"lang": "en", "value": words} if version == "v2" else words
                return web.json_response({"error": {"code": "0x0", "message": message}}, status=400)
        return page(version, [1])

    service.answers = answers
    step = {"select": ["id"], "optional_fields": ["Birthday", "City", "nickname"]}
    connector = connector_for(service, version, step=step)
    assert ["1"] == await found(connector)
    assert ["1"] == await found(connector)
    selected = [request.query["$select"] for request in service.requests]
    assert ["id,Birthday,City,nickname", "id,City,nickname", "id,City", "id,City"] == selected
    assert isinstance(connector, ResilientConnector)
    assert ("Customers.Birthday", "Customers.nickname") == connector.status().left_out


async def test_a_property_that_is_needed_is_not_left_out(service: Service) -> None:
    """What is selected has to be there: the lookup fails, in the service's words."""
    words = "Could not find a property named 'id' on type 'Example.Customer'."
    service.answers = lambda _: web.json_response({"error": {"code": "0x0", "message": words}}, status=400)
    error = await problem_of(connector_for(service, "v4", step={"select": ["id"], "optional_fields": ["City"]}))
    assert (Problem.FAULT, 1) == (error.problem, len(service.requests))


async def test_no_more_pages_than_wanted(service: Service) -> None:
    """A step that wants three rows takes three, and asks for no page that it doesn't need."""
    service.answers = lambda _: page("v2", [len(service.requests) * 2, len(service.requests) * 2 + 1], "Customers?x=1")
    connector = connector_for(service, step={"top": 2})
    assert ["2", "3"] == await found(connector)
    assert 1 == len(service.requests)


@pytest.mark.parametrize(
    ("link", "problem", "words"),
    [
        ("http://evil.example/odata/Customers?$skiptoken=1", Problem.REFUSED, "at evil.example:80"),
        ("//evil.example/x", Problem.REFUSED, "at evil.example:80"),
        ("https://127.0.0.1/odata/Customers", Problem.REFUSED, "at 127.0.0.1:443"),
        ("http://127.0.0.1:1/odata/Customers", Problem.REFUSED, "at 127.0.0.1:1"),
        ("file:///etc/passwd", Problem.MALFORMED, "no address"),
        ("http://[", Problem.MALFORMED, "no address"),
        ("x" * 9_000, Problem.MALFORMED, "no address"),
        (7, Problem.MALFORMED, "no address"),
        ({"a": 1}, Problem.MALFORMED, "no address"),
    ],
)
async def test_a_next_page_somewhere_else(service: Service, link: Any, problem: Problem, words: str) -> None:
    """A link that leads away from the service is refused by name, and nothing is sent there."""
    service.answers = lambda _: page("v2", [1], link)
    error = await problem_of(connector_for(service))
    assert problem is error.problem
    assert error.message.startswith("crm, operation by_id: step customers: ")
    assert words in error.message
    assert 1 == len(service.requests)


async def test_pages_without_end(service: Service) -> None:
    """A service that always has another page is given up after 20, one that repeats itself at once."""
    service.answers = lambda _: page("v4", [], f"Customers?$skiptoken={len(service.requests)}")
    error = await problem_of(connector_for(service, "v4"))
    assert (Problem.TOO_LARGE, 20) == (error.problem, len(service.requests))
    service.requests.clear()
    service.answers = lambda _: page("v4", [1], "Customers?$skiptoken=same&sap-client=100")
    error = await problem_of(connector_for(service, "v4"))
    assert (Problem.MALFORMED, 2) == (error.problem, len(service.requests))


@pytest.mark.parametrize(
    ("version", "key", "address"),
    [
        ("v2", {"from": "query.id"}, "Customers('a''b')"),
        ("v4", {"id": {"from": "query.id"}}, "Customers(id='a''b')"),
        ("v2", {"id": {"from": "query.id"}, "n": 3, "on": True}, "Customers(id='a''b',n=3,on=true)"),
        ("v2", {"from": "query.id", "uuid": "11d95aad-2bd9-416c-9d3f-3df7104a826b"}, "Customers(guid'"),
        ("v4", {"from": "query.id", "uuid": "11d95aad-2bd9-416c-9d3f-3df7104a826b"}, "Customers("),
    ],
)
async def test_one_entity_by_its_key(service: Service, version: str, key: Any, address: str) -> None:
    """A key stands in the address with the literal of its type; the entity itself is the one row."""
    entity = {"@odata.context": "x", "id": "7"} if version == "v4" else {"d": {"id": "7"}}
    service.answers = lambda _: web.json_response(entity)
    assert ["7"] == await found(connector_for(service, version, step={"key": key}), "a'b")
    assert service.asked[0].startswith(f"GET /odata/{address}")


async def test_a_key_that_nobody_has(service: Service) -> None:
    """404 for an entity means that there is none; for an entity set it is an error."""
    service.answers = lambda _: web.json_response({"error": {"code": "x", "message": {"value": "none"}}}, status=404)
    assert [] == await found(connector_for(service, step={"key": {"from": "query.id"}}))
    assert Problem.FAULT is (await problem_of(connector_for(service))).problem
    assert [] == await found(connector_for(service, step={"absent": [404]}))


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("version", ["v2", "v4"])
async def test_a_hostile_key_stays_a_key(service: Service, version: str, value: str) -> None:
    """Whatever a key holds, the path has one segment behind the service, and the key is one literal."""
    service.answers = lambda _: web.json_response({"d": {"id": "7"}})
    await found(connector_for(service, version, step={"key": {"from": "query.id"}}), value)
    [request] = service.requests
    segments = request.raw_path.partition("?")[0].split("/")
    assert ["", "odata"] == segments[:2]
    assert 3 == len(segments)
    literal = unquote(segments[2]).removeprefix("Customers('").removesuffix("')")
    assert "'" not in literal.replace("''", "")
    assert {"sap-client", "$format"} >= set(request.query)


async def test_entities_with_nothing_in_them(service: Service) -> None:
    """Nulls, deferred links and empty expansions are nothing; an entity that is no object is malformed."""
    deferred = {"__deferred": {"uri": "http://x"}}
    rows: list[Any] = [
        {"id": "1", "name": None, "phone": None, "email": None, "to_A": deferred, "to_B": {"results": []}}
    ]
    service.answers = lambda _: web.json_response({"d": {"results": rows}})
    assert ["1"] == await found(connector_for(service))
    stranger: list[Any] = [{"d": None}, {"d": [1]}, {"d": {"results": None}}, {"value": {}}, [], None]
    for strange in (*stranger, {"d": {"results": [None]}}):
        service.answers = lambda _, strange=strange: web.json_response(strange)  # type: ignore[misc]
        assert Problem.MALFORMED is (await problem_of(connector_for(service))).problem


NOTE = WriteBack(
    id="main-1.1",
    kind=WriteKind.NOTE,
    customer="17",
    note='It\'s "late"',
    started_at=BEGAN,
    duration_s=5_000_000_000,
)


def writer(service: Service, version: str = "v2", *, changes: dict[str, Any] | None = None, **config: Any) -> Connector:
    step = {
        "name": "made",
        "service": "NOTES",
        "entity": "Notes",
        "method": "POST",
        "idempotent": True,
        "body": {
            "Text": {"from": "entry.note"},
            "At": {"from": "entry.started_at"},
            "Long": {"from": "entry.duration_s"},
            "Price": 12.5,
            "Done": False,
            "Lines": [{"No": 1}],
            "Agent": {"from": "entry.agent", "optional": True},
        },
        **(changes or {}),
    }
    return connector_for(
        service, version, writes={"note": {"id": ["made.ID", 'made."@id"'], "steps": [step]}}, **config
    )


async def written(connector: Connector) -> Any:
    await connector.start()
    try:
        return await connector.write(NOTE)
    finally:
        await connector.close()


@pytest.mark.parametrize(
    ("version", "body"),
    [
        ("v2", {"At": "/Date(1795167000000)/", "Long": "5000000000", "Price": "12.5"}),
        ("v4", {"At": "2026-11-20T09:30:00Z", "Long": 5_000_000_000, "Price": 12.5}),
    ],
)
async def test_a_body_as_its_version_writes_it(service: Service, version: str, body: dict[str, Any]) -> None:
    """Moments, decimals and long numbers are written as the version wants them; what is not there is left out."""
    service.answers = lambda _: web.json_response(
        {"d": {"ID": "1"}} if version == "v2" else {"@odata.context": "", "ID": "1"}
    )
    assert "1" == (await written(writer(service, version))).id
    assert {"Text": 'It\'s "late"', "Done": False, "Lines": [{"No": 1}], **body} == service.bodies[-1]


async def test_an_answer_without_a_body(service: Service) -> None:
    """The key of what was made is read from the address of it."""
    for header in ("OData-EntityId", "Location"):
        where = {header: f"{service.site.url}/odata/NOTES/Notes(guid'11d95aad-2bd9-416c-9d3f-3df7104a826b')"}
        service.answers = lambda _, where=where: web.Response(status=204, headers=where)  # type: ignore[misc]
        assert "11d95aad-2bd9-416c-9d3f-3df7104a826b" == (await written(writer(service, "v4"))).id


class Guarded:
    """Wants the token that it gave last with both of its cookies, and says so."""

    def __init__(self) -> None:
        self.given = 0
        self.refused = 0
        self.gives_cookies = True

    def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            self.given += 1
            response = web.json_response({"d": {"EntitySets": []}}, headers={"X-CSRF-Token": f"t{self.given}"})
            if self.gives_cookies:
                response.headers.add("Set-Cookie", f"SAP_SESSIONID_X=s{self.given}==; path=/; secure; HttpOnly")
                response.headers.add("Set-Cookie", 'sap-usercontext="a b"; path=/')
            return response
        token = request.headers.get("X-CSRF-Token")
        if (token, request.headers.get("Cookie")) != (
            f"t{self.given}",
            f'SAP_SESSIONID_X=s{self.given}==; sap-usercontext="a b"',
        ):
            self.refused += 1
            return web.Response(status=403, headers={"x-csrf-token": "Required"}, text="CSRF token validation failed")
        return web.json_response({"d": {"ID": "1"}}, status=201)


async def test_a_token_with_all_its_cookies(service: Service) -> None:
    """V2 fetches the token before its first change, from the service, and sends it with every cookie that came."""
    service.answers = guarded = Guarded()
    connector = writer(service)
    await connector.start()
    for _ in range(3):
        assert "1" == (await connector.write(NOTE)).id
    assert (1, 0) == (guarded.given, guarded.refused)
    assert "GET /odata/NOTES/?sap-client=100" == service.asked[0]
    guarded.given += 1
    assert "1" == (await connector.write(NOTE)).id
    assert (3, 1) == (guarded.given, guarded.refused)
    await connector.close()


async def test_one_token_for_all_who_want_it_at_once(service: Service) -> None:
    """Changes that begin at the same time wait for one token; no trace shows it or its cookies."""
    service.answers = guarded = Guarded()
    connector = writer(service)
    await connector.start()
    notes = [msgspec.structs.replace(NOTE, id=f"main-1.{number}") for number in range(5)]
    with recorded() as trace:
        await asyncio.gather(*(connector.write(note) for note in notes))
    assert (1, 0, 6) == (guarded.given, guarded.refused, len(service.requests))
    shown = [str(done.request_headers) for done in trace.happened if isinstance(done, Exchange)]
    assert 6 == len(shown)
    for secret in ("t1", "s1=="):
        assert all(secret not in headers for headers in shown)
    await connector.close()


async def test_v4_fetches_a_token_when_it_is_wanted(service: Service) -> None:
    """A V4 service that wants a token says so, and gets the same change with it."""
    guarded = Guarded()
    service.answers = guarded
    connector = writer(service, "v4")
    await connector.start()
    assert "1" == (await connector.write(NOTE)).id
    assert (1, 1) == (guarded.given, guarded.refused)
    await connector.close()


async def test_cookies_that_are_lost_on_the_way(service: Service) -> None:
    """A token that doesn't count is told as that, after one renewal and not in a circle."""
    guarded = Guarded()
    guarded.gives_cookies = False
    service.answers = guarded
    with pytest.raises(ConnectorError, match="does not accept the one that it has just given") as raised:
        await written(writer(service))
    assert Problem.REFUSED is raised.value.problem
    assert len(service.requests) <= 5
    for secret in ("t1", "s1", "geheim"):
        assert secret not in raised.value.message


async def test_who_may_not_write(service: Service) -> None:
    """403 without a word of tokens is a permission that is missing, in the service's words."""
    error = {"error": {"code": "X/1", "message": {"value": "No authorization for notes"}}}
    service.answers = lambda request: web.json_response(error, status=200 if request.method == "GET" else 403)
    with pytest.raises(ConnectorError, match="No authorization for notes") as raised:
        await written(writer(service))
    assert (Problem.REFUSED, 403) == (raised.value.problem, raised.value.status)


CHANGE = {"method": "PATCH", "key": {"from": "entry.id"}}


@pytest.mark.parametrize(
    ("status", "changes", "words"),
    [
        (409, {}, "something with that key is there already"),
        (412, {**CHANGE, "if_match": 'W/"1"'}, "changed by somebody else in the meantime"),
        (412, {**CHANGE, "if_match": "*"}, "is not there"),
        (428, CHANGE, "give the step `if_match`"),
    ],
)
async def test_what_a_refused_change_means(service: Service, status: int, changes: dict[str, Any], words: str) -> None:
    """Each status by which a change is refused says what it means."""
    error = {"error": {"code": "", "message": "no"}}
    service.answers = lambda _: web.json_response(error, status=status)
    with pytest.raises(ConnectorError) as raised:
        await written(writer(service, "v4", changes=changes))
    assert Problem.FAULT is raised.value.problem
    assert words in raised.value.message


async def test_made_only_if_it_is_not_there(service: Service) -> None:
    """`If-None-Match: *` goes with it; 412 means that it is there, and that is told with its key."""
    service.answers = lambda _: web.Response(status=204)
    connector = writer(service, "v4", changes={**CHANGE, "create_only": True})
    first = await written(connector)
    service.answers = lambda _: web.json_response({"error": {"code": "x", "message": "exists"}}, status=412)
    again = await written(writer(service, "v4", changes={**CHANGE, "create_only": True}))
    assert [("main-1.1", False), ("main-1.1", True)] == [(one.id, one.was_there) for one in (first, again)]
    assert ["*", "*"] == [request.headers["If-None-Match"] for request in service.requests]
    assert "PATCH /odata/NOTES/Notes('main-1.1')?sap-client=100" == service.asked[0]


async def test_there_already_in_the_services_own_words(service: Service) -> None:
    """Where the key stands in what is made, the service's refusal of a second says that the first is there."""
    error = {"error": {"code": "0x80040237", "message": "duplicate"}}
    service.answers = lambda _: web.json_response(error, status=412)
    changes = {
        "exists": {"statuses": [412], "texts": ["0x80040237"]},
        "body": {"ID": {"from": "entry.id"}, "Lines": []},
    }
    result = await written(writer(service, "v4", changes=changes))
    assert ("main-1.1", True) == (result.id, result.was_there)
    service.answers = lambda _: web.json_response({"error": {"code": "other", "message": "no"}}, status=412)
    with pytest.raises(ConnectorError, match="HTTP 412"):
        await written(writer(service, "v4", changes=changes))


async def test_through_a_tunnel(service: Service) -> None:
    """Where only POST gets through, the method goes into a header."""
    service.answers = lambda _: web.Response(status=204)
    changes = {**CHANGE, "method": "MERGE", "if_match": "*"}
    await written(writer(service, changes=changes, tunnel=True))
    request = service.requests[-1]
    assert ("POST", "MERGE", "*") == (request.method, request.headers["X-HTTP-Method"], request.headers["If-Match"])


@pytest.mark.parametrize("etag", ["a\r\nX-Evil: 1", "x" * 600, 7])
async def test_an_etag_that_is_none(service: Service, etag: Any) -> None:
    """What a service gives as ETag can't become a header of its own."""
    with pytest.raises(ConnectorError, match="is no ETag"):
        await written(writer(service, "v4", changes={**CHANGE, "if_match": etag}))
    assert [] == service.requests
