"""A backend's certificate, redirects and headers, when they are not what they should be."""

import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from connectors.base import ConnectorError
from hub.domain.customer import Problem
from tests.conformance.behaviour import by_phone, connector_for
from tests.conformance.servers.backend import KNOWN, SHARED
from tests.conformance.servers.rest import RestBackend


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a self-signed certificate of localhost, with its key in the same file."""
    return self_signed(tmp_path_factory.mktemp("tls"), "2", "DNS:localhost,IP:127.0.0.1")


def self_signed(folder: Path, days: str, names: str) -> Path:
    """Make a certificate that runs out in some days, or did so some days ago."""
    file = folder / "server.pem"
    key, request = str(folder / "key.pem"), str(folder / "request.pem")
    (folder / "names").write_text(f"subjectAltName={names}")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=localhost", "-keyout", key, "-out", request)  # fmt: skip
    openssl("x509", "-req", "-in", request, "-signkey", key, "-days", days, "-extfile", str(folder / "names"),
            "-out", str(folder / "cert.pem"))  # fmt: skip
    file.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return file


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)  # noqa: S607 - openssl is where the system has it


class TlsBackend(RestBackend):
    """The same behind TLS."""

    def __init__(self, certificate: Path) -> None:
        super().__init__()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context).start()
        self.port = self._runner.addresses[0][1]


@pytest.fixture
async def tls_backend(certificate: Path) -> AsyncIterator[TlsBackend]:
    """Run a backend with a certificate that no authority of the system has signed."""
    backend = TlsBackend(certificate)
    await backend.start()
    yield backend
    await backend.stop()


@pytest.fixture
async def backend() -> AsyncIterator[RestBackend]:
    """Run a backend without TLS."""
    backend = RestBackend()
    await backend.start()
    yield backend
    await backend.stop()


async def test_unknown_certificate(tls_backend: TlsBackend) -> None:
    """A certificate that nobody vouches for is told in plain words, with the key that would accept it."""
    connector = connector_for(tls_backend)
    await connector.start()
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(by_phone(KNOWN.phone))
    assert Problem.UNREACHABLE == raised.value.problem
    assert "is not accepted: self-signed certificate; give its authority in tls.ca_file" in raised.value.message
    await connector.close()


@pytest.mark.parametrize("tls", ["ca_file", "verify"])
async def test_accepted_certificate(tls_backend: TlsBackend, certificate: Path, tls: str) -> None:
    """With `ca_file`, or with `verify: false`, the same backend answers."""
    connector = connector_for(tls_backend, tls={"ca_file": str(certificate)} if tls == "ca_file" else {"verify": False})
    await connector.start()
    assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]
    await connector.close()


async def test_ca_file_without_certificate(backend: RestBackend, tmp_path: Path) -> None:
    """A `ca_file` that holds no certificate does not stop the hub, and is named by check and lookup."""
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    connector = connector_for(backend, tls={"ca_file": str(file)})
    await connector.start()
    for ask in (connector.check(), connector.lookup(by_phone(KNOWN.phone))):
        with pytest.raises(ConnectorError, match=r"ca\.pem: it holds no certificate"):
            await ask
    await connector.close()


async def test_tls_to_a_server_without_it(backend: RestBackend) -> None:
    """With https in the configuration and http on the port, the message says which of the two to look at."""
    connector = connector_for(backend, url=backend.url.replace("http:", "https:"))
    await connector.start()
    with pytest.raises(ConnectorError, match="does not answer in TLS: check http or https"):
        await connector.lookup(by_phone(KNOWN.phone))
    await connector.close()


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://127.0.0.1/x", "redirects to 127.0.0.1"),
        ("http://evil.example/x", "redirects to evil.example"),
        ("//evil.example/x", "redirects to evil.example"),
        ("", "redirects more than 3 times"),
        ("file:///etc/passwd", "redirects to nowhere"),
        ("http://[x", "redirects to nowhere"),
    ],
)
async def test_redirects(backend: RestBackend, monkeypatch: pytest.MonkeyPatch, location: str, words: str) -> None:
    """A redirect leads nowhere but within the host, and not for ever: credentials would go along."""

    async def moved(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": location})

    monkeypatch.setattr(backend, "answer", moved)
    connector = connector_for(backend)
    await connector.start()
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(by_phone(KNOWN.phone))
    assert Problem.REFUSED == raised.value.problem
    assert words in raised.value.message
    await connector.close()


async def test_redirect_within_the_host(backend: RestBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect within the same host is followed."""
    answer = backend.answer

    async def moved(request: web.Request) -> web.StreamResponse:
        if request.path == "/api/customers":
            return web.Response(status=307, headers={"Location": f"/moved?{request.query_string}"})
        if request.path == "/moved":
            return web.json_response({"items": [{"id": "moved"}]})
        return await answer(request)

    monkeypatch.setattr(backend, "answer", moved)
    connector = connector_for(backend)
    await connector.start()
    assert ["moved"] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]
    await connector.close()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("99999999999", 86_400.0),
        ("soon", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
async def test_retry_after(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch, header: str, seconds: float | None
) -> None:
    """Retry-After comes as seconds or as a date, is bounded, and what is neither is left out."""

    async def busy(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": header})

    monkeypatch.setattr(backend, "answer", busy)
    connector = connector_for(backend)
    await connector.start()
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(by_phone(KNOWN.phone))
    assert (Problem.THROTTLED, seconds) == (raised.value.problem, raised.value.retry_after_s)
    await connector.close()


@pytest.mark.parametrize(
    ("body", "charset", "words"),
    [
        (b'\xef\xbb\xbf{"items": [{"id": "1", "name": "M\xc3\xbcller"}]}', "utf-8", ""),
        ('{"items": [{"id": "1", "name": "Müller"}]}'.encode("latin-1"), "iso-8859-1", ""),
        ('{"items": [{"id": "1", "name": "Müller"}]}'.encode("utf-16"), "utf-16", ""),
        ('{"items": [{"id": "1", "name": "Müller"}]}'.encode("latin-1"), "utf-8", "the reply is"),
        (b'{"items": []}', "no-such-charset", "not in the encoding that it names"),
        # Reading these takes a time that grows with the square of the length, and nobody sends data in them.
        (b"a" * 100 + b"-" + b"b" * 100, "punycode", "not in the encoding that it names"),
        (b"xn--" + b"a" * 100, "idna", "not in the encoding that it names"),
        (b'{"items": []}', "unicode_escape", "not in the encoding that it names"),
        (b'{"items": [{"id": NaN}]}', "utf-8", "the reply is no JSON"),
        (b'{"items": [{"id": 1e999999999}]}', "utf-8", "the number is too long"),
        (b'{"items": [{"id": {"a": 1}}]}', "utf-8", "field id: needs a plain value, but found an object"),
        (b'{"items": [[{"id": "1"}]]}', "utf-8", "no record with fields"),
    ],
)
async def test_encodings_and_shapes(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch, body: bytes, charset: str, words: str
) -> None:
    """A reply is read in the encoding that it names; what can't be read is malformed, and says why."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers={"Content-Type": f"application/json; charset={charset}"})

    monkeypatch.setattr(backend, "answer", answer)
    connector = connector_for(backend, operations={"by_phone": {"key": "phone", "steps": [
        {"name": "customers", "path": "/customers", "rows": "items"}]}})  # fmt: skip
    await connector.start()
    if words:
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(by_phone(KNOWN.phone))
        assert Problem.MALFORMED == raised.value.problem
        assert words in raised.value.message
    else:
        assert ["Müller"] == [record.name.full for record in await connector.lookup(by_phone(KNOWN.phone))]
    await connector.close()


async def test_steps_run_side_by_side(backend: RestBackend) -> None:
    """Steps that don't read each other wait together, not one after the other."""
    backend.delay_s = 0.2
    steps = [
        {"name": name, "path": "/customers", "params": {"phone": {"from": "query.e164"}}, "rows": "items"}
        for name in ("a", "b", "c")
    ]
    connector = connector_for(backend, operations={"by_phone": {"key": "phone", "steps": steps}})
    await connector.start()
    await connector.lookup(by_phone(KNOWN.phone))
    assert 3 == backend.most_at_once
    await connector.close()


async def test_a_step_for_each_value_runs_side_by_side(backend: RestBackend) -> None:
    """A step repeated for several customers asks for all of them together, and each gets what is its own."""
    connector = connector_for(backend)
    await connector.start()
    backend.delay_s = 0.1
    records = await connector.lookup(by_phone(SHARED[0].phone))
    assert [("7", "A7"), ("8", "A8")] == [(record.id, record.orders[0].id) for record in records]
    assert 2 == backend.most_at_once
    await connector.close()


async def test_number_forms_are_tried_in_turn(backend: RestBackend) -> None:
    """`first` asks for one form of the number after the other until one finds somebody."""
    step = {
        "name": "customers",
        "first": "query.numbers",
        "path": "/customers",
        "params": {"phone": {"from": "item"}},
        "rows": "items",
    }
    operation = {"key": "phone", "forms": ["national", "digits", "e164", "last7"], "steps": [step]}
    connector = connector_for(backend, operations={"by_phone": operation})
    await connector.start()
    assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]
    assert 3 == backend.requests
    await connector.close()


async def test_a_step_that_fails_ends_the_lookup(backend: RestBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the orders can't be had, the lookup fails and names the step: no orders would be a lie."""
    answer = backend.answer

    async def without_orders(request: web.Request) -> web.StreamResponse:
        return backend.fault("orders are closed") if request.path.endswith("orders") else await answer(request)

    monkeypatch.setattr(backend, "answer", without_orders)
    connector = connector_for(backend)
    await connector.start()
    with pytest.raises(ConnectorError, match="step orders: HTTP 500: orders are closed"):
        await connector.lookup(by_phone(KNOWN.phone))
    await connector.close()


async def test_a_defect_of_the_connector_stays_inside(backend: RestBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else goes wrong comes out as an internal problem that names its kind, not as another exception."""
    connector = connector_for(backend)
    await connector.start()

    async def broken(*_: object) -> None:
        raise ZeroDivisionError("+493515550123")

    monkeypatch.setattr("connectors.rest.connector.RestConnector._ask", broken)
    with capture_logs() as logged, pytest.raises(ConnectorError) as raised:
        await connector.lookup(by_phone(KNOWN.phone))
    assert Problem.INTERNAL == raised.value.problem
    assert "ZeroDivisionError in the connector itself" in raised.value.message
    assert "5550123" not in str(raised.value)
    assert [("connector failed", "crm")] == [(entry["event"], entry["connector"]) for entry in logged]
    await connector.close()


async def test_not_started(backend: RestBackend) -> None:
    """A connector that was not started, or is closed, says so."""
    connector = connector_for(backend)
    with pytest.raises(ConnectorError, match="not started"):
        await connector.lookup(by_phone(KNOWN.phone))
    await connector.start()
    await connector.close()
    with pytest.raises(ConnectorError, match="not started"):
        await connector.lookup(by_phone(KNOWN.phone))


@pytest.mark.parametrize(
    ("days", "name", "words"),
    [
        ("2", "DNS:other.example", "; write the name that it was made for in the url"),
        ("-1", "IP:127.0.0.1", "certificate has expired; have the backend's administrator renew it"),
    ],
)
async def test_a_certificate_that_is_wrong_otherwise(tmp_path: Path, days: str, name: str, words: str) -> None:
    """A certificate of another name, or one that has run out, is not cured by trusting its authority."""
    file = self_signed(tmp_path, days, name)
    backend = TlsBackend(file)
    await backend.start()
    connector = connector_for(backend, tls={"ca_file": str(file)})
    await connector.start()
    with pytest.raises(ConnectorError) as raised:
        await connector.check()
    assert words in raised.value.message
    await connector.close()
    await backend.stop()


async def test_an_address_where_nothing_is(backend: RestBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong url is told as what it is: no service on the port, or nothing at the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        closed = connector_for(backend, url=f"http://127.0.0.1:{port}")
        await closed.start()
        with pytest.raises(ConnectorError, match=f"no connection to 127.0.0.1:{port}: connection refused$"):
            await closed.check()
        await closed.close()

    async def nothing(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=404)

    monkeypatch.setattr(backend, "answer", nothing)
    wrong = connector_for(backend)
    await wrong.start()
    with pytest.raises(ConnectorError, match=r"HTTP 404: .*; check the url and what is appended to it \(/customers\)"):
        await wrong.lookup(by_phone(KNOWN.phone))
    with pytest.raises(ConnectorError, match=r"HTTP 404: .* \(/status\)"):
        await wrong.check()
    await wrong.close()


async def test_a_check_that_can_not_show_much(backend: RestBackend) -> None:
    """Without a path to read, a check says how little it has seen: the sign-in may still be wrong."""
    connector = connector_for(backend, check="")
    await connector.start()
    assert "shows no more than that it is there (give `check` a path to read)" in await connector.check()
    await connector.close()


async def test_one_wrong_value_of_one_customer(backend: RestBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others, and the rest of that customer, are shown; the log names operation, field and kind of mistake."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/orders"):
            return web.json_response({"items": []})
        return web.json_response({"items": [{"id": "1", "name": {"first": "Anna"}}, {"id": "2", "name": "Bernd"}]})

    monkeypatch.setattr(backend, "answer", answer)
    connector = connector_for(backend)
    await connector.start()
    with capture_logs() as logs:
        records = await connector.lookup(by_phone(KNOWN.phone))
    assert [("1", ""), ("2", "Bernd")] == [(record.id, record.name.full) for record in records]
    names = ("connector", "operation", "mapping", "field", "reason")
    told = [tuple(entry[name] for name in names) for entry in logs if entry["event"] == "value left out"]
    left_out = "needs a plain value, but found an object"
    assert [(connector.name, "by_phone", "mappings/customer", "name.full", left_out)] == told
    await connector.close()
