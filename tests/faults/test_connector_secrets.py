"""Backends and token servers that repeat the secrets which they were sent."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote_plus

import pytest
from aiohttp import web
from pydantic import TypeAdapter

from connectors.base import ConnectorError
from connectors.registry import build_connector
from hub.config.connector_base import ConnectorBase
from hub.config.connector_kinds import ConnectorConfig
from hub.domain.customer import Problem
from tests.conformance.behaviour import MAPPINGS, by_phone
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.scripted import Asked, ScriptedServer

KEY = 'Kx7-9928371-"q&r/t'
TENANT = "mandant-geheim"
TOKEN = "tok-55501234567-en"
STEP = {"name": "customers", "path": "customers", "rows": "items"}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """Run a server that answers what the test says."""
    server = ScriptedServer(lambda _asked: web.json_response({}))
    await server.start()
    yield server
    await server.stop()


async def told(config: dict[str, Any]) -> ConnectorError:
    """Return the error of a lookup, which is the last error that the connector tells of itself, too."""
    section: ConnectorBase = TypeAdapter(ConnectorConfig).validate_python(config)
    connector = build_connector("crm", section, region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(by_phone(KNOWN.phone))
    assert raised.value.message == connector.status().last_error
    await connector.close()
    return raised.value


@pytest.mark.parametrize("status", [200, 400, 401, 403, 409, 500])
@pytest.mark.parametrize("filling", ["", "x " * 90], ids=["short", "cut in the middle"])
async def test_a_backend_that_repeats_secrets(server: ScriptedServer, status: int, filling: str) -> None:
    """Neither key nor header stands in the error, whatever the status, however long, and not a part of it either."""
    message = f"{filling}key {KEY} of {TENANT} ({quote_plus(KEY)})"
    server.answer = lambda _asked: web.json_response({"error": {"message": message, "code": TENANT}}, status=status)
    error = await told(
        server.config(
            STEP,
            auth={"type": "api_key", "header": "X-Key", "key": KEY},
            headers={"X-Tenant": TENANT},
            errors=[{"present": ["error"]}],
        )
    )
    for part in ("Kx7", "9928371", "q&r", "q%26r", "mandant", "geheim"):
        assert part not in error.message
    assert filling or "key *** of ***" in error.message


async def test_a_token_that_is_repeated(server: ScriptedServer) -> None:
    """A token that the token server gave is kept secret like one of the configuration."""

    def answer(asked: Asked) -> web.StreamResponse:
        if asked.target == "/token":
            return web.json_response({"access_token": TOKEN, "token_type": "bearer"})
        return web.json_response({"message": f"not with {TOKEN}"}, status=422)

    server.answer = answer
    auth = {"type": "oauth2_client", "token_url": f"{server.url}/token", "client_id": "hub", "client_secret": KEY}
    error = await told(server.config(STEP, auth=auth))
    assert "HTTP 422: not with ***" in error.message


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_token_server_that_repeats_the_form(server: ScriptedServer, status: int) -> None:
    """A token server that quotes the request has the secret in the form's quoting, with digits like a number's."""
    server.answer = lambda asked: web.json_response(
        {"error": "invalid_client", "error_description": f"{'x' * 150} {asked.body.decode()}"}, status=status
    )
    auth = {"type": "oauth2_client", "token_url": f"{server.url}/token", "client_id": "hub", "client_secret": KEY,
            "send": "body"}  # fmt: skip
    error = await told(server.config(STEP, auth=auth))
    assert error.problem in {Problem.REFUSED, Problem.FAULT}
    assert "Kx7" not in error.message
    assert "xxx" in error.message
