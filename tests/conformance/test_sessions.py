"""Backends that want a login first, declared and not programmed."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from connectors.tracing import recorded
from hub.config.connector_base import ConnectorBase
from hub.config.connector_kinds import ConnectorConfig
from hub.domain.customer import Problem
from tests.conformance.behaviour import MAPPINGS, by_phone
from tests.conformance.servers.logins import PASSWORD, PHONE, JsonApiBackend, LoginBackend, SuiteBackend
from tests.conformance.servers.scripted import Asked, ScriptedServer

_CONFIG: TypeAdapter[ConnectorBase] = TypeAdapter(ConnectorConfig)


@pytest.fixture(params=[SuiteBackend, JsonApiBackend])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    backend: LoginBackend = request.param()
    await backend.start()
    yield backend
    await backend.stop()


@pytest.fixture
async def connector(backend: Any) -> AsyncIterator[Connector]:
    connector = made(backend)
    await connector.start()
    yield connector
    await connector.close()


def made(backend: Any, **changes: Any) -> Connector:
    config = _CONFIG.validate_python(backend.config(**changes))
    return build_connector("crm", config, region="DE", mapping_folders=[MAPPINGS])


async def ids(connector: Connector, number: str = PHONE) -> list[str]:
    return [record.id for record in await connector.lookup(by_phone(number))]


async def test_one_login_for_all(backend: Any, connector: Connector) -> None:
    """Lookups at once and lookups later share one login."""
    numbers = [f"+49351555{number}" for number in range(1000, 1008)]
    await asyncio.gather(*(ids(connector, number) for number in numbers))
    assert ["42"] == await ids(connector)
    assert (1, 9) == (backend.logins, backend.asked)


async def test_renewed_when_the_backend_says_so(backend: Any, connector: Connector) -> None:
    """When the backend has forgotten the session, there is one new login however many notice, and nobody else does."""
    await ids(connector, "+493515551000")
    backend.valid.clear()
    found = await asyncio.gather(ids(connector), ids(connector, "+493515551001"), ids(connector, "+493515551002"))
    assert [["42"], [], []] == list(found)
    assert 2 == backend.logins


async def test_renewed_after_its_time(backend: Any, connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `lasts_s` the login is made again without being told to."""
    await ids(connector, "+493515551000")
    later = time.monotonic() + 1_201
    monkeypatch.setattr("connectors.shared_value.monotonic", lambda: later)
    await ids(connector)
    assert (2, 2) == (backend.logins, backend.asked)


async def test_a_session_that_never_counts(backend: Any, connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that forgets each session at once is refused after the second, not asked for ever."""
    monkeypatch.setattr(backend, "new_session", lambda: "session-of-nobody")
    with pytest.raises(ConnectorError, match="says that the session is over, right after the login") as raised:
        await ids(connector)
    assert Problem.REFUSED == raised.value.problem
    assert (2, 2) == (backend.logins, backend.asked)


async def test_refused_login(backend: Any) -> None:
    """A wrong password is told as refused login, in the backend's words, without the password."""
    connector = made(backend, credentials={"user": "hub", "password": "falsches-wort"})
    await connector.start()
    with pytest.raises(ConnectorError) as raised:
        await ids(connector)
    assert Problem.REFUSED == raised.value.problem
    assert raised.value.message.startswith("crm, operation by_phone: step customers: login: ")
    assert "not with ***" in raised.value.message.lower() or "not ***" in raised.value.message
    assert "falsches" not in str(raised.value)
    with pytest.raises(ConnectorError, match="login: "):
        await connector.check()
    await connector.close()


async def test_check_logs_in(backend: Any, connector: Connector) -> None:
    """A check shows that the login works."""
    assert await connector.check()
    assert 1 == backend.logins


async def test_a_long_session(backend: Any, connector: Connector) -> None:
    """A session may be longer than anything that is searched for."""
    backend.long = "x" * 3_000
    assert ["42"] == await ids(connector)


@pytest.mark.parametrize("evil", ["a\r\nX-Injected: 1", "a\nb", "a\0b", "a" * 9_000])
async def test_a_hostile_session(evil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that would become a header of its own is refused before anything is sent with it."""
    backend = JsonApiBackend()
    await backend.start()
    monkeypatch.setattr(backend, "new_session", lambda: evil)
    connector = made(backend)
    await connector.start()
    with pytest.raises(ConnectorError, match="the value for the header Authorization") as raised:
        await ids(connector)
    assert Problem.MALFORMED == raised.value.problem
    assert 0 == backend.asked
    await connector.close()
    await backend.stop()


async def test_nothing_secret_is_shown(backend: Any, connector: Connector) -> None:
    """A trace names what it must not show, shows no header with the session, and no error repeats it."""
    with recorded() as trace:
        await ids(connector, "+493515551000")
    assert trace.secrets
    headers = repr([getattr(one, "request_headers", "") for one in trace.happened])
    assert not any(secret in headers for secret in trace.secrets)
    assert PASSWORD not in headers
    backend.valid.clear()
    backend.new_session = lambda: "session-of-nobody"
    with pytest.raises(ConnectorError) as raised:
        await ids(connector)
    assert "session-of-nobody" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"credentials": {"user": "hub"}}, "credentials.password"),
        ({"session": None}, "a step reads `session`, and the connector has none"),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, Any], words: str) -> None:
    """A login that reads what is not there, credentials for nothing, and a session that nobody opens are mistakes."""
    with pytest.raises(ValidationError) as raised:
        _CONFIG.validate_python(SuiteBackend().config(**changes))
    assert words in str(raised.value)


def test_a_login_that_needs_itself() -> None:
    """A login step can't read the session that it is to open."""
    config = JsonApiBackend().config()
    config["session"]["login"][0]["params"] = {"x": {"from": "session.name"}}
    with pytest.raises(ValidationError, match="which the login is to give"):
        _CONFIG.validate_python(config)


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer(lambda _asked: web.Response())
    await server.start()
    yield server
    await server.stop()


@pytest.mark.parametrize("place", ["header", "cookie"])
async def test_a_session_told_by_headers(scripted: ScriptedServer, place: str) -> None:
    """A session may come in a header or a cookie of the login's reply, with no content beside it."""

    def answer(asked: Asked) -> web.Response:
        if asked.target == "/api/login":
            cookie = {"Set-Cookie": "SID=s-1234/=; Path=/; HttpOnly", "X-Auth-Token": "t-1234"}
            return web.Response(status=204, headers=cookie)
        known = asked.headers.get("Cookie") == "SID=s-1234/=" or asked.headers.get("X-Auth-Token") == "t-1234"
        return web.json_response([{"id": "42"}]) if known else web.Response(status=401)

    scripted.answer = answer
    login = {"name": "login", "method": "POST", "path": "/login", "body": {"pw": {"from": "credentials.pw"}}}
    cookie = {"text": "SID={id}", "quote": "plain", "values": {"id": {"from": "session.id"}}}
    session = {
        "header": {
            "login": [{**login, "reply_headers": {"id": "X-Auth-Token"}}],
            "headers": {"X-Auth-Token": {"from": "session.id"}},
        },
        "cookie": {"login": [{**login, "reply_cookies": {"id": "SID"}}], "headers": {"Cookie": cookie}},
    }[place]
    config = scripted.config({"name": "customers", "path": "/people"}, session=session, credentials={"pw": "geheim"})
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    assert ["42"] == await ids(connector)
    await connector.close()


async def test_an_odata_service_with_a_login(scripted: ScriptedServer) -> None:
    """An OData service that wants a login first (SAP Business One's Service Layer) has it declared alike."""

    def answer(asked: Asked) -> web.Response:
        if asked.method == "POST" and asked.target == "/api/Login":
            return web.json_response({"@odata.context": "$metadata#Sessions/$entity", "SessionId": "s-1234"})
        if asked.headers.get("Cookie") != "B1SESSION=s-1234":
            return web.json_response({"error": {"code": 301, "message": "Invalid session."}}, status=401)
        return web.json_response({"value": [{"id": "42"}]})

    scripted.answer = answer
    body = {"UserName": {"from": "credentials.user"}, "Password": {"from": "credentials.password"}}
    cookie = {"text": "B1SESSION={id}", "quote": "plain", "values": {"id": {"from": "session.SessionId"}}}
    operation = {"key": "phone", "steps": [{"name": "customers", "entity": "BusinessPartners"}]}
    config = {
        "kind": "odata",
        "version": "v4",
        "url": scripted.url + "/api",
        "mapping": "customer",
        "credentials": {"user": "hub", "password": "geheim"},
        "session": {
            "login": [{"name": "login", "entity": "Login", "method": "POST", "body": body}],
            "headers": {"Cookie": cookie},
        },
        "operations": {"by_phone": operation},
    }
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    assert ["42"] == await ids(connector)
    await connector.close()


async def test_a_session_of_several_values(scripted: ScriptedServer) -> None:
    """A header may put several values together and send them in base64; ids in a list are secrets like any other."""

    def answer(asked: Asked) -> web.Response:
        if asked.target == "/api/login":
            return web.json_response({"result": [7, "key-1234"]})
        wanted = f"Session {base64.b64encode(b'hub:7:key-1234').decode()}"
        return web.json_response([{"id": "42"}] if asked.headers["Authorization"] == wanted else [])

    scripted.answer = answer
    config = scripted.config({"name": "customers", "path": "/people"}, **several_values())
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    with recorded() as trace:
        assert ["42"] == await ids(connector)
    await connector.close()
    assert "key-1234" in trace.secrets


def several_values(*, user: str = "credentials.user") -> dict[str, Any]:
    values = {"user": {"from": user}, "id": {"from": "session.result[0]"}, "key": {"from": "session.result[1]"}}
    text = {"text": "{user}:{id}:{key}", "quote": "plain", "encode": "base64", "within": "Session {}", "values": values}
    login = {"name": "login", "method": "POST", "path": "/login", "body": {"pw": {"from": "credentials.pw"}}}
    session = {"login": [login], "headers": {"Authorization": text}}
    return {"session": session, "credentials": {"user": "hub", "pw": "geheim"}}


def test_a_header_of_credentials_that_are_not_there(scripted: ScriptedServer) -> None:
    """A header that reads what `credentials` does not have is told, with the nearest name."""
    config = scripted.config({"name": "customers", "path": "/people"}, **several_values(user="credentials.usr"))
    with pytest.raises(
        ValidationError, match=r"'credentials\.usr', which `credentials` does not have; did you mean 'user'"
    ):
        _CONFIG.validate_python(config)


@pytest.mark.parametrize("good", [True, False])
async def test_a_check_that_posts(scripted: ScriptedServer, good: bool) -> None:
    """A check may be a request of its own with the session in it; an error that says 200 is one there, too."""

    def answer(asked: Asked) -> web.Response:
        if asked.target == "/api/login":
            return web.json_response({"result": [7, "key-1234"]})
        return web.json_response({"result": 1} if good else {"error": "No such method"})

    scripted.answer = answer
    body = {"method": "ping", "key": {"from": "session.result[1]"}}
    check = {"path": "/rpc", "method": "POST", "body": body}
    config = scripted.config(
        {"name": "customers", "path": "/people"}, **several_values(), check=check, errors={"present": ["error"]}
    )
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    if good:
        assert "HTTP 200" in await connector.check()
    else:
        with pytest.raises(ConnectorError, match="HTTP 200: No such method"):
            await connector.check()
    await connector.close()
    assert b'{"method":"ping","key":"key-1234"}' == scripted.asked[-1].body


def test_a_check_that_reads_a_caller(scripted: ScriptedServer) -> None:
    """A check has no caller to read."""
    check = {"path": "/x", "params": {"phone": {"from": "query.e164"}}}
    with pytest.raises(ValidationError, match="a check has no caller"):
        _CONFIG.validate_python(scripted.config({"name": "customers", "path": "/people"}, check=check))


def keys_in_each_call(scripted: ScriptedServer, **credentials: str) -> dict[str, Any]:
    body = {"db": {"from": "settings.db"}, "key": {"from": "credentials.key"}, "phone": {"from": "query.e164"}}
    step = {"name": "customers", "method": "POST", "path": "/rpc", "body": body}
    return scripted.config(step, credentials=credentials, settings={"db": "live"})


async def test_credentials_with_each_call(scripted: ScriptedServer) -> None:
    """A backend without a login may get a key in each request's body; no message repeats it."""
    scripted.answer = lambda _asked: web.json_response([{"id": "42"}])
    config = _CONFIG.validate_python(keys_in_each_call(scripted, key=" geheimer & Schlüssel "))
    connector = build_connector("crm", config, region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    assert ["42"] == await ids(connector)
    assert {"db": "live", "key": " geheimer & Schlüssel ", "phone": PHONE} == json.loads(scripted.asked[0].body)
    scripted.answer = lambda asked: web.json_response({"message": f"bad: {json.loads(asked.body)['key']}"}, status=400)
    with pytest.raises(ConnectorError, match=r"HTTP 400: bad: \*\*\*") as raised:
        await ids(connector, "+493515551000")
    assert "Schl" not in str(raised.value)
    await connector.close()


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, "a step reads 'credentials.key', which `credentials` does not have"),
        ({"kye": "x"}, "which `credentials` does not have; did you mean 'kye'"),
    ],
)
def test_credentials_that_are_not_there(scripted: ScriptedServer, credentials: dict[str, str], words: str) -> None:
    """A step that reads what `credentials` does not have is told when the configuration is loaded."""
    with pytest.raises(ValidationError, match=words):
        _CONFIG.validate_python(keys_in_each_call(scripted, **credentials))


def test_credentials_that_nobody_reads(scripted: ScriptedServer) -> None:
    """Credentials without a login, which no step reads either, are a mistake."""
    with pytest.raises(ValidationError, match="no step reads them"):
        _CONFIG.validate_python(scripted.config({"name": "customers", "path": "/people"}, credentials={"key": "x"}))


def with_logout(scripted: ScriptedServer, **logout: Any) -> Connector:
    step = {"name": "logout", "method": "POST", "path": "/logout", **logout}
    more = several_values()
    config = scripted.config(
        {"name": "customers", "path": "/people"}, **{**more, "session": {**more["session"], "logout": step}}
    )
    return build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[MAPPINGS])


@pytest.mark.parametrize("status", [200, 204, 401, 500])
async def test_logged_out_when_closed(scripted: ScriptedServer, status: int) -> None:
    """A connector that is closed gives its session back, where it had one; what comes back is all the same."""

    def answer(asked: Asked) -> web.Response:
        if asked.target == "/api/logout":
            return web.Response(status=status)
        return web.json_response({"result": [7, "key-1234"]} if asked.target == "/api/login" else [{"id": "42"}])

    scripted.answer = answer
    body = {"key": {"from": "session.result[1]"}}
    connector = with_logout(scripted, body=body)
    await connector.start()
    await connector.close()
    assert [] == scripted.asked
    await connector.start()
    assert ["42"] == await ids(connector)
    await connector.close()
    assert ["/api/login", "/api/people", "/api/logout"] == [asked.target for asked in scripted.asked]
    assert b'{"key":"key-1234"}' == scripted.asked[-1].body
    assert scripted.asked[-1].headers["Authorization"].startswith("Session ")


async def test_a_logout_that_nobody_answers(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that is gone does not keep a connector from closing."""
    monkeypatch.setattr("connectors.session.LOGOUT_S", 0.05)
    scripted.answer = lambda _asked: web.json_response({"result": [7, "key-1234"]})
    connector = with_logout(scripted)
    await connector.start()
    await connector.check()
    await scripted.stop()
    async with asyncio.timeout(2):
        await connector.close()


def test_a_logout_that_reads_a_caller(scripted: ScriptedServer) -> None:
    """A logout reads the session, and no caller."""
    with pytest.raises(ValidationError, match=r"reads 'query\.e164': it reads `session`"):
        with_logout(scripted, body={"phone": {"from": "query.e164"}})


async def test_a_session_read_by_a_wrong_name(scripted: ScriptedServer) -> None:
    """What the login's answer has instead is told by names; no value of it is, which may be the session's."""
    scripted.answer = lambda _asked: web.json_response({"result": ["key-abcd-1234"], "tokens": ["key-abcd-5678"]})
    more = several_values()
    headers = {"X-Session": {"from": "session.resul"}}
    config = scripted.config(
        {"name": "customers", "path": "/people"}, **{**more, "session": {**more["session"], "headers": headers}}
    )
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    with pytest.raises(
        ConnectorError, match="holds no 'resul', which later steps read; it has result, tokens"
    ) as raised:
        await ids(connector)
    assert "key-" not in str(raised.value)
    await connector.close()
