"""Signing in with fetched tokens and signatures: for every kind that speaks HTTP alike."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from connectors.base import Connector, ConnectorError
from connectors.tracing import Exchange, recorded
from hub.domain.customer import Problem
from tests.conformance.behaviour import by_phone, connector_for
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.rest import RestBackend
from tests.conformance.servers.token import CLIENT_ID, CLIENT_SECRET, TokenServer

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class GuardedBackend(RestBackend):
    """Lets in who has a token of the token server that counts."""

    def __init__(self, tokens: TokenServer) -> None:
        super().__init__()
        self.tokens = tokens
        self.refuse_with: web.Response | None = None

    def config(self) -> dict[str, Any]:
        return {**super().config(), "auth": self.auth()}

    def auth(self, **changes: Any) -> dict[str, Any]:
        return {
            "type": "oauth2_client",
            "token_url": self.tokens.address,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            **changes,
        }

    def jwt_auth(self, **changes: Any) -> dict[str, Any]:
        return {
            "type": "jwt_bearer",
            "token_url": self.tokens.address,
            "issuer": "hub-client",
            "subject": "cti@example.com",
            "signed": {"private_key": pem(RSA)},
            **changes,
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens.valid:
            return web.json_response([{"errorCode": "INVALID_SESSION_ID", "message": f"no {token}"}], status=401)
        return await self._routed(request)


@pytest.fixture
async def tokens() -> AsyncIterator[TokenServer]:
    server = TokenServer(public(RSA))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def backend(tokens: TokenServer) -> AsyncIterator[GuardedBackend]:
    backend = GuardedBackend(tokens)
    await backend.start()
    yield backend
    await backend.stop()


async def ids(connector: Connector) -> list[str]:
    return [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]


async def found(backend: GuardedBackend, **changes: Any) -> list[str]:
    connector = connector_for(backend, **changes)
    await connector.start()
    try:
        return await ids(connector)
    finally:
        await connector.close()


async def problem(backend: GuardedBackend, **changes: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        await found(backend, **changes)
    return raised.value


@pytest.mark.parametrize("send", ["body", "basic"])
async def test_client_credentials(tokens: TokenServer, backend: GuardedBackend, send: str) -> None:
    """Id and secret reach the token server unharmed, whatever characters they hold, and its token opens the backend."""
    auth = backend.auth(send=send, scope="https://crm.example/.default", params={"resource": "crm"})
    assert [KNOWN.id] == await found(backend, auth=auth)
    assert ("https://crm.example/.default", "crm") == (tokens.requests[0]["scope"], tokens.requests[0]["resource"])
    assert (send == "body") == ("client_secret" in tokens.requests[0])


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", RSA), ("PS256", RSA), ("ES256", EC)])
async def test_jwt_bearer(tokens: TokenServer, backend: GuardedBackend, algorithm: str, key: Any) -> None:
    """An assertion that the server can verify brings a token; the key may be locked with a password."""
    tokens.public_key = public(key)
    signed = {"private_key": pem(key, b"open"), "key_password": "open", "algorithm": algorithm, "key_id": "k1"}
    assert [KNOWN.id] == await found(backend, auth=backend.jwt_auth(signed=signed))


async def test_one_token_for_all(tokens: TokenServer, backend: GuardedBackend) -> None:
    """However many lookups wait for it, and however many follow, the token is fetched once."""
    connector = connector_for(backend)
    await connector.start()
    await asyncio.gather(*(connector.lookup(by_phone(number)) for number in (KNOWN.phone, "+4935155507771")))
    assert [KNOWN.id] == await ids(connector)
    assert 1 == len(tokens.requests)
    await connector.close()


async def test_renewed_when_refused(tokens: TokenServer, backend: GuardedBackend) -> None:
    """A token that the backend has withdrawn is replaced without the caller noticing."""
    connector = connector_for(backend)
    await connector.start()
    await ids(connector)
    tokens.valid.clear()
    assert [KNOWN.id] == [one.id for one in await connector.lookup(by_phone("0351/5550123"))]
    assert 2 == len(tokens.requests)
    await connector.close()


async def test_refused_sign_in(backend: GuardedBackend) -> None:
    """A wrong secret is refused, names the token server, and neither secret nor assertion is repeated."""
    error = await problem(backend, auth=backend.auth(client_secret="geheimes"))
    assert (Problem.REFUSED, 400) == (error.problem, error.status)
    assert "signing in at 127.0.0.1: it is refused (HTTP 400: invalid_client: not with ***): check `auth`" in str(error)


async def test_nothing_secret_in_a_trace(backend: GuardedBackend) -> None:
    """A trace shows that a token was fetched, and neither how nor which."""
    with recorded() as trace:
        assert [KNOWN.id] == await found(backend)
    exchanges = [one for one in trace.happened if isinstance(one, Exchange)]
    assert backend.tokens.address == exchanges[0].address
    for hidden in (CLIENT_SECRET, "token-1"):
        assert hidden not in repr(exchanges)
