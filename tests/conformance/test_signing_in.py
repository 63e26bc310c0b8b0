"""Signing in with fetched tokens and signatures: for every kind that speaks HTTP alike."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

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
from oauthlib.common import Request as OAuthRequest
from oauthlib.oauth1.rfc5849.signature import collect_parameters, verify_hmac_sha256
from yarl import URL

from connectors.base import Connector, ConnectorError
from connectors.tracing import Exchange, recorded
from hub.domain.customer import CustomerQuery, Problem
from tests.conformance.behaviour import by_phone, connector_for
from tests.conformance.servers.backend import KNOWN, Mood
from tests.conformance.servers.rest import RestBackend
from tests.conformance.servers.token import CLIENT_ID, CLIENT_SECRET, Handler, TokenServer
from tests.waiting import eventually

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
    assert "signing in at 127.0.0.1: it is refused (HTTP 400: not with *** (invalid_client)): check `auth`" in str(
        error
    )


async def test_nothing_secret_in_a_trace(backend: GuardedBackend) -> None:
    """A trace shows that a token was fetched, and neither how nor which."""
    with recorded() as trace:
        assert [KNOWN.id] == await found(backend)
    exchanges = [one for one in trace.happened if isinstance(one, Exchange)]
    assert backend.tokens.address == exchanges[0].address
    for hidden in (CLIENT_SECRET, "token-1"):
        assert hidden not in repr(exchanges)


async def test_a_token_lasts(tokens: TokenServer, backend: GuardedBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token is fetched anew shortly before it runs out, and by `lasts_s` if the answer doesn't say when."""
    for extra, lasts_s in (
        ({"expires_in": 100}, 90),
        ({"expires_in": "100"}, 90),
        ({"expires_in": 3600}, 3540),
        ({}, 180),
    ):
        tokens.extra = extra
        tokens.requests.clear()
        connector = connector_for(backend, auth=backend.auth(lasts_s=200))
        await connector.start()
        await ids(connector)
        now = time.monotonic()
        for later, fetched in ((lasts_s - 5, 1), (lasts_s + 5, 2)):
            monkeypatch.setattr("connectors.shared_value.monotonic", lambda moment=now + later: moment)
            await ids(connector)
            assert fetched == len(tokens.requests)
        monkeypatch.undo()
        await connector.close()


async def test_a_token_that_never_works(tokens: TokenServer, backend: GuardedBackend) -> None:
    """A token that the backend refuses from the start is told as refused, and not fetched again for each lookup."""
    backend.mood = Mood.UNAUTHORIZED
    connector = connector_for(backend)
    await connector.start()
    for _ in range(3):
        with pytest.raises(ConnectorError, match="HTTP 401") as raised:
            await ids(connector)
        assert Problem.REFUSED == raised.value.problem
    assert (1, 3) == (len(tokens.requests), backend.requests)
    backend.mood = Mood.NORMAL
    assert [KNOWN.id] == await ids(connector)
    await connector.close()


async def test_a_declared_sign_renews_it(backend: GuardedBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a backend says in place of 401 renews the token; the same status for another reason does not."""
    answer = backend.answer

    async def forbidding(request: web.Request) -> web.StreamResponse:
        reply = await answer(request)
        if reply.status != 401:
            return reply
        return web.json_response([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}], status=403)

    monkeypatch.setattr(backend, "answer", forbidding)
    sign = {"statuses": [403], "where": {"errorCode": "INVALID_SESSION_ID"}}
    connector = connector_for(backend, auth=backend.auth(expired=sign))
    await connector.start()
    await ids(connector)
    backend.tokens.valid.clear()
    assert [KNOWN.id] == await ids(connector)
    assert 2 == len(backend.tokens.requests)
    backend.mood = Mood.FORBIDDEN
    with pytest.raises(ConnectorError, match="HTTP 403"):
        await ids(connector)
    assert 2 == len(backend.tokens.requests)
    await connector.close()


def page(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="<!DOCTYPE html><html>Sign in</html>", content_type="text/html")


def huge(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"{" + b" " * 1_000_000)


def moved(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": "http://127.0.0.2:1/token"})


def moved_here(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/elsewhere"})


def busy(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=429, headers={"Retry-After": "17"})


def page_saying(status: int) -> Handler:
    return lambda _request: web.Response(text="<html>No</html>", status=status, content_type="text/html")


def answering(document: Any, status: int = 200) -> Handler:
    return lambda _request: web.json_response(document, status=status)


@pytest.mark.parametrize(
    ("handler", "problem_kind", "words"),
    [
        (page, Problem.MALFORMED, "HTML page"),
        (huge, Problem.TOO_LARGE, "too large"),
        (moved, Problem.REFUSED, "redirects to 127.0.0.2"),
        (moved_here, Problem.REFUSED, "it redirects: correct `token_url`"),
        (busy, Problem.THROTTLED, "too many requests"),
        (answering({}, 502), Problem.UNREACHABLE, "HTTP 502"),
        (answering({}, 500), Problem.FAULT, "HTTP 500"),
        (page_saying(400), Problem.REFUSED, "HTTP 400"),
        (page_saying(500), Problem.FAULT, "HTTP 500"),
        (lambda _request: web.Response(status=401), Problem.REFUSED, "it is refused (HTTP 401: no reason given)"),
        (answering({}, 401), Problem.REFUSED, "HTTP 401"),
        (answering({"error": "access_denied"}), Problem.REFUSED, "access_denied"),
        (answering([]), Problem.MALFORMED, "holds no access_token"),
        (answering({"access_token": ""}), Problem.MALFORMED, "holds no access_token"),
        (answering({"access_token": "a\r\nX: 1"}), Problem.MALFORMED, "holds no access_token"),
        (answering({"access_token": "a" * 20_000}), Problem.MALFORMED, "holds no access_token"),
        (answering({"access_token": {"a": 1}}), Problem.MALFORMED, "holds no access_token"),
        (answering({"access_token": "abc", "token_type": "mac"}), Problem.MALFORMED, "no bearer token"),
    ],
)
async def test_bad_token_servers(
    tokens: TokenServer, backend: GuardedBackend, handler: Handler, problem_kind: Problem, words: str
) -> None:
    """Whatever a token server answers, it is told as having happened there, and the backend is not asked."""
    tokens.instead = handler
    error = await problem(backend, retry={"attempts": 1})
    assert problem_kind == error.problem
    assert "step customers: signing in at 127.0.0.1: " in str(error)
    assert words in str(error)
    assert 0 == backend.requests


async def test_a_slow_token_server(tokens: TokenServer, backend: GuardedBackend) -> None:
    """A lookup ends in time and names the token server; the token that comes late serves the next."""
    go_on = asyncio.Event()
    fetch = tokens.token

    async def slow(request: web.Request) -> web.StreamResponse:
        await go_on.wait()
        return await fetch(request)

    tokens.slowly = slow
    connector = connector_for(backend, timeout_s=1.0, retry={"attempts": 1})
    await connector.start()
    with pytest.raises(ConnectorError, match=r"signing in at 127\.0\.0\.1: no answer within") as raised:
        await ids(connector)
    assert Problem.TIMEOUT == raised.value.problem
    go_on.set()
    await eventually(lambda: tokens.valid)
    assert [KNOWN.id] == await ids(connector)
    assert 1 == len(tokens.requests)
    await connector.close()


async def test_a_token_server_that_is_down(tokens: TokenServer, backend: GuardedBackend) -> None:
    """No connection to the token server is told with its host."""
    await tokens.stop()
    error = await problem(backend, retry={"attempts": 1})
    assert Problem.UNREACHABLE == error.problem
    assert f"signing in at 127.0.0.1: no connection to 127.0.0.1:{tokens.port}" in str(error)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"private_key": "no key"}, "it holds no private key in PEM"),
        ({"private_key": pem(RSA, b"open")}, "it needs a `key_password`"),
        ({"private_key": pem(RSA, b"open"), "key_password": "shut"}, "the `key_password` is wrong"),
        ({"private_key": pem(EC)}, "RS256 needs an RSA key"),
        ({"private_key": pem(RSA), "algorithm": "ES256"}, "ES256 needs an EC key on P-256"),
    ],
)
async def test_keys_that_can_not_sign(backend: GuardedBackend, changes: dict[str, Any], words: str) -> None:
    """A key that does not fit is named in plain words, and never shown."""
    error = await problem(backend, auth=backend.jwt_auth(signed=changes))
    assert Problem.INTERNAL == error.problem
    assert f"auth.signed.private_key: {words}" in str(error)
    assert "PRIVATE" not in str(error)


async def test_an_assertion_of_the_client(backend: GuardedBackend, tmp_path: Path) -> None:
    """Instead of a secret the client may send an assertion; key and certificate lie in files."""
    key = tmp_path / "key.pem"
    key.write_text(pem(RSA))
    auth = backend.auth(signed={"key_file": str(key), "algorithm": "PS256"})
    del auth["client_secret"]
    assert [KNOWN.id] == await found(backend, auth=auth)
    key.write_text("nothing")
    assert "key.pem: it holds no private key in PEM" in str(await problem(backend, auth=auth))


@pytest.mark.parametrize(("ahead_s", "words"), [(-312, "behind"), (4_000, "ahead of")])
async def test_a_clock_that_is_wrong(
    backend: GuardedBackend, monkeypatch: pytest.MonkeyPatch, ahead_s: int, words: str
) -> None:
    """Where a signed assertion is refused, a difference of the clocks is told in seconds; a check tells it, too."""
    now = time.time()
    monkeypatch.setattr("connectors.clock.time", lambda: now + ahead_s)
    monkeypatch.setattr("connectors.auth.assertion.time", lambda: now + ahead_s)
    error = await problem(backend, auth=backend.jwt_auth())
    assert Problem.REFUSED == error.problem
    assert re.search(
        rf"; this machine's clock is {str(abs(ahead_s))[:-1]}\d s {words} that of 127\.0\.0\.1", str(error)
    )
    connector = connector_for(backend)
    await connector.start()
    assert f"{words} that of 127.0.0.1" in await connector.check()
    await connector.close()


@pytest.mark.parametrize(
    ("named", "hosts", "words"),
    [
        ("http://localhost:{port}", ["localhost:{port}"], ""),
        ("http://localhost:{port}/with/a/path", ["localhost:{port}"], ""),
        ("http://127.0.0.1:{port}", [], ""),
        ("http://localhost:{port}", [], "names localhost:{port}, which the configuration does not allow"),
        ("http://localhost:{port}", ["localhost"], "does not allow"),
        ("http://evilgood.example", [".good.example"], "names evilgood.example, which"),
        ("https://localhost:{port}", ["localhost:{port}"], "is an address with https"),
        ("http://evil.example", [".good.example", "127.0.0.1"], "names evil.example"),
        ("javascript:alert(1)", [".good.example"], "is no address"),
        ("http://[x", [".good.example"], "is no address"),
    ],
)
async def test_another_server_named_by_the_token(
    tokens: TokenServer, backend: GuardedBackend, named: str, hosts: list[str], words: str
) -> None:
    """The server that a token's answer names is asked if the configuration allows it, and no other ever."""
    tokens.extra = {"instance_url": named.format(port=backend.port)}
    allowed = [host.format(port=backend.port) for host in hosts]
    auth = backend.jwt_auth(instance={"hosts": allowed})
    if words:
        assert words.format(port=backend.port) in str(await problem(backend, auth=auth))
        assert 0 == backend.requests
    else:
        with recorded() as trace:
            assert [KNOWN.id] == await found(backend, auth=auth)
        asked = [one.address for one in trace.happened if isinstance(one, Exchange)][1:]
        origin = named.format(port=backend.port).removesuffix("/with/a/path")
        assert all(address.startswith(f"{origin}/api/") for address in asked)


class SignedBackend(RestBackend):
    """Lets in only what bears a right signature by OAuth 1.0a, as another implementation checks it."""

    def __init__(self) -> None:
        super().__init__()
        self.nonces: set[str] = set()

    def config(self) -> dict[str, Any]:
        auth = {
            "type": "oauth1",
            "consumer_key": "ck",
            "consumer_secret": "c&s=",
            "token": "tk",
            "token_secret": "t/s+",
            "realm": "1234567_SB1",
        }
        return {**super().config(), "auth": auth}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        error = self._error(request.method, str(request.url), request.headers["Authorization"])
        return await self._routed(request) if not error else web.json_response({"error": error}, status=401)

    def _error(self, method: str, address: str, header: str) -> str:
        parameters = collect_parameters(URL(address).raw_query_string, [], {"Authorization": header}, with_realm=False)
        values = dict(parameters)
        if abs(time.time() - int(values["oauth_timestamp"])) > 300 or values["oauth_nonce"] in self.nonces:
            return "InvalidTimestamp"
        self.nonces.add(values["oauth_nonce"])
        signed = OAuthRequest(address, method)
        signed.params = parameters
        signed.signature = unquote(re.findall(r'oauth_signature="([^"]*)"', header)[0])
        return "" if verify_hmac_sha256(signed, "c&s=", "t/s+") else "InvalidSignature"


@pytest.fixture
async def signed_backend() -> AsyncIterator[SignedBackend]:
    backend = SignedBackend()
    await backend.start()
    yield backend
    await backend.stop()


async def test_each_request_is_signed(signed_backend: SignedBackend) -> None:
    """Every request bears its own signature, with strange values in path and parameters, as a strict server wants."""
    connector = connector_for(signed_backend)
    await connector.start()
    assert [KNOWN.id] == await ids(connector)
    for email in ("petra@example.com", "a b+c%20~*'@example.com"):
        await connector.lookup(CustomerQuery(email=email))
    assert [] == list(await connector.lookup(CustomerQuery(ids={"crm": "ü &=%/?"})))
    assert 5 == len(signed_backend.nonces)
    await connector.close()


async def test_a_signature_out_of_time(signed_backend: SignedBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that the server's clock finds too old is refused with a word on the clocks, and without it."""
    earlier = time.time() - 900
    monkeypatch.setattr("connectors.clock.time", lambda: earlier)
    monkeypatch.setattr("connectors.auth.oauth1.time", lambda: earlier)
    connector = connector_for(signed_backend)
    await connector.start()
    with pytest.raises(ConnectorError) as raised:
        await ids(connector)
    assert re.search(
        r"HTTP 401: InvalidTimestamp\): check `auth`; this machine's clock is (899|900|901) s behind", str(raised.value)
    )
    assert "oauth_signature" not in str(raised.value)
    await connector.close()
