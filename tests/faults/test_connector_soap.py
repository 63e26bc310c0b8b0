"""SOAP replies and contracts that want to do harm, or that are simply broken."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from connectors.soap import loading
from connectors.soap.addresses import ContractLoader
from connectors.soap.contract import load_contract
from hub.config.connectors import SoapConnector
from hub.domain.customer import Problem
from tests.conformance.behaviour import MAPPINGS, by_phone, connector_for
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.soap import WSDL, SoapBackend
from tests.waiting import eventually

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


class ScriptedSoap(SoapBackend):
    """Answers calls with a given document."""

    def __init__(self) -> None:
        super().__init__()
        self.reply: bytes | None = None
        self.status = 200
        self.wsdl: bytes | None = None
        self.content_type = "text/xml"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET" and self.wsdl is not None:
            return web.Response(body=self.wsdl, content_type="text/xml")
        if request.method == "GET" or self.reply is None:
            return await super().answer(request)
        return web.Response(body=self.reply, status=self.status, content_type=self.content_type)


@pytest.fixture
async def backend() -> AsyncIterator[ScriptedSoap]:
    """Run a SOAP backend that answers what the test says."""
    backend = ScriptedSoap()
    await backend.start()
    yield backend
    await backend.stop()


async def started(backend: ScriptedSoap, **changes: Any) -> Connector:
    connector = connector_for(backend, **changes)
    await connector.start()
    return connector


async def failure(connector: Connector) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(by_phone(KNOWN.phone))
    await connector.close()
    return raised.value


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
QUADRATIC = f'<!ENTITY a "{"x" * 50_000}">'


@pytest.mark.parametrize(
    ("dtd", "content"),
    [
        (f'<!DOCTYPE e [<!ENTITY l0 "lol">{BOMB}]>', "&l9;"),
        (f'<!DOCTYPE e [<!ENTITY l0 "lol">{BOMB}]>', '<a b="&l9;"/>'),
        (f"<!DOCTYPE e [{QUADRATIC}]>", "&a;" * 50_000),
        ('<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
        ('<!DOCTYPE e [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]>', "&x;"),
        ('<!DOCTYPE e SYSTEM "http://127.0.0.1:1/x.dtd">', ""),
        ('<!DOCTYPE e [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd">%p;]>', ""),
        ("<!DOCTYPE e>", ""),
    ],
)
async def test_dtd_in_a_reply(backend: ScriptedSoap, dtd: str, content: str) -> None:
    """Bombs, external entities and any DTD at all are refused at once, whatever they hold."""
    backend.reply = f'{dtd}<e:Envelope xmlns:e="{ENVELOPE}"><e:Body>{content}</e:Body></e:Envelope>'.encode()
    connector = await started(backend)
    await connector.check()
    began = time.process_time()
    error = await failure(connector)
    assert Problem.MALFORMED == error.problem
    assert "that is refused" in error.message or "no well-formed XML" in error.message
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    ("reply", "status", "problem", "words"),
    [
        (f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body/></e:Envelope>', 500, Problem.FAULT, "HTTP 500 without a fault"),
        (f'<e:Envelope xmlns:e="{ENVELOPE}"/>', 200, Problem.MALFORMED, "no SOAP envelope"),
        ("<Envelope><Body/></Envelope>", 200, Problem.MALFORMED, "no SOAP envelope"),
        (
            f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><other/></e:Body></e:Envelope>',
            200,
            Problem.MALFORMED,
            "does not fit the WSDL",
        ),
        (
            f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><e:Fault/></e:Body></e:Envelope>',
            500,
            Problem.FAULT,
            "SOAP fault no code: no reason given",
        ),
        (
            (
                f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><e:Fault><faultcode>x:NO_LICENCE</faultcode>'
                "<faultstring>none left</faultstring></e:Fault></e:Body></e:Envelope>"
            ),
            500,
            Problem.REFUSED,
            "refuses to sign in (NO_LICENCE): none left",
        ),
        ("Internal Server Error", 500, Problem.MALFORMED, "no well-formed XML (HTTP 500"),
    ],
)
async def test_broken_replies(backend: ScriptedSoap, reply: str, status: int, problem: Problem, words: str) -> None:
    """What is no answer of the contract is told apart: no envelope, no fault, another element."""
    backend.reply, backend.status = reply.encode(), status
    error = await failure(await started(backend))
    assert problem == error.problem
    assert words in error.message


async def test_wrong_password(backend: ScriptedSoap) -> None:
    """WS-Security's own fault code means: refused."""
    error = await failure(await started(backend, auth={"type": "wsse", "username": "ctihub", "password": "falsch"}))
    assert Problem.REFUSED == error.problem
    assert "falsch" not in error.message


async def test_a_large_reply_is_read_beside_the_loop(backend: ScriptedSoap) -> None:
    """A large reply does not stop the others: the loop goes on while it is parsed."""
    customers = "".join(f"<c:customer><c:id>{n}</c:id><c:name>{'x' * 90}</c:name></c:customer>" for n in range(3_000))
    backend.reply = (
        f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><c:FindResponse xmlns:c="urn:customers">{customers}'
        "</c:FindResponse></e:Body></e:Envelope>"
    ).encode()
    connector = await started(backend, timeout_s=30)
    await connector.check()
    lookup = asyncio.create_task(connector.lookup(by_phone(KNOWN.phone)))
    turns = 0
    while not lookup.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert 50 == len(await lookup)
    assert turns > 1
    await connector.close()


@pytest.mark.parametrize(
    ("imported", "words"),
    [
        ("http://169.254.169.254/latest/meta-data", "is not its own host"),
        ("http://127.0.0.1:1/x.xsd", "is not its own host"),
        ("https://127.0.0.1/x.xsd", "is not its own host"),
        ("file:///etc/passwd", "not in its own folder"),
        ("/etc/passwd", ""),
        ("ftp://127.0.0.1/x.xsd", ""),
    ],
)
async def test_a_contract_that_imports_from_elsewhere(backend: ScriptedSoap, imported: str, words: str) -> None:
    """A WSDL can't make the hub read a file or another host."""
    backend.wsdl = (
        '<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:x"><w:types>'
        '<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">'
        f'<x:import namespace="urn:y" schemaLocation="{imported}"/></x:schema></w:types></w:definitions>'
    ).encode()
    error = await failure(await started(backend))
    assert error.problem in {Problem.REFUSED, Problem.MALFORMED, Problem.FAULT}
    assert words in error.message


@pytest.mark.parametrize(
    ("wsdl", "words"),
    [
        (b"<html>Sign in</html>", "/soap?wsdl is an HTML page: check `wsdl`"),
        (b"not XML", "the WSDL can't be read"),
        (b'<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/"/>', "describes no service"),
        (b'<!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>', "the WSDL holds a DTD"),
        (b"", "the WSDL can't be read"),
    ],
)
async def test_broken_contracts(backend: ScriptedSoap, wsdl: bytes, words: str) -> None:
    """A WSDL that is none is told as such, by check and by lookup alike, and read anew when it is mended."""
    backend.wsdl = wsdl
    connector = await started(backend)
    with pytest.raises(ConnectorError) as raised:
        await connector.check()
    assert Problem.MALFORMED == raised.value.problem
    assert words in raised.value.message
    backend.wsdl = None
    assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]
    await connector.close()


async def test_unknown_operation_and_arguments(backend: ScriptedSoap) -> None:
    """What the WSDL does not have is named, with the nearest right name; nothing is sent."""
    step = {"name": "customers", "operation": "Fnd", "arguments": {}}
    error = await failure(await started(backend, operations={"p": {"key": "phone", "steps": [step]}}))
    assert "the WSDL has no operation 'Fnd'; did you mean 'Find'?" in error.message
    step = {"name": "customers", "operation": "Find", "arguments": {"Fone": {"from": "query.e164"}}}
    error = await failure(await started(backend, operations={"p": {"key": "phone", "steps": [step]}}))
    assert "the arguments do not fit the WSDL" in error.message
    assert "Fone" in error.message
    assert 0 == backend.requests


@pytest.mark.parametrize("key", ["service", "port"])
async def test_unknown_service_and_port(backend: ScriptedSoap, key: str) -> None:
    """A service or port that the WSDL does not have is named with those that it has."""
    known = {"service": "Customers", "port": "Port"}[key]
    error = await failure(await started(backend, **{key: known[:-1] + "x"}))
    assert f"did you mean {known!r}?" in error.message


async def test_close_while_the_contract_loads(backend: ScriptedSoap, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing does not wait for a contract that never comes."""

    async def never(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(backend, "answer", never)
    connector = await started(backend)
    await asyncio.sleep(0.05)
    async with asyncio.timeout(3):
        await connector.close()


async def test_one_who_gives_up_does_not_stop_the_contract(backend: ScriptedSoap) -> None:
    """A lookup that is cancelled while the contract loads leaves it loading for the next."""
    connector = await started(backend)
    lookups = [asyncio.create_task(connector.lookup(by_phone(KNOWN.phone))) for _ in range(3)]
    await asyncio.sleep(0)
    lookups[0].cancel()
    results = await asyncio.gather(*lookups, return_exceptions=True)
    assert [True, False, False] == [isinstance(result, asyncio.CancelledError) for result in results]
    await connector.close()


def test_contract_file_that_is_not_there() -> None:
    """A WSDL file that does not exist is an error of the configuration."""
    with pytest.raises(ValueError, match="there is no file"):
        SoapConnector.model_validate({"kind": "soap", "preset": "oracle_service_cloud", "wsdl": "missing.wsdl"})


async def test_contract_file_may_not_leave_its_folder(tmp_path: Path) -> None:
    """A WSDL file imports from its own folder only, links included."""
    (tmp_path / "secret.xsd").write_text('<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"/>')
    folder = tmp_path / "wsdl"
    folder.mkdir()
    (folder / "link.xsd").symlink_to(tmp_path / "secret.xsd")
    for imported in ("../secret.xsd", "link.xsd"):
        file = folder / "x.wsdl"
        file.write_text(
            '<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:x"><w:types>'
            '<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">'
            f'<x:include schemaLocation="{imported}"/></x:schema></w:types></w:definitions>'
        )
        config = SoapConnector.model_validate({"kind": "soap", "preset": "oracle_service_cloud", "wsdl": str(file)})
        connector = build_connector("osc", config, region="DE", mapping_folders=[MAPPINGS])
        await connector.start()
        with pytest.raises(ConnectorError, match="not in its own folder"):
            await connector.check()
        await connector.close()


async def test_calls_go_where_the_wsdl_says(backend: ScriptedSoap, tmp_path: Path) -> None:
    """A WSDL that names a host of its own network is found out by who reads the message."""
    file = tmp_path / "customers.wsdl"
    file.write_text(WSDL.replace("{soap}", backend.binding))
    connector = await started(backend, url=None, wsdl=str(file))
    error = await failure(connector)
    assert Problem.UNREACHABLE == error.problem
    assert "the host name dead.example is not known; it is the WSDL that has calls go there" in error.message


def test_calls_do_not_leave_tls() -> None:
    """A WSDL read by https can't send passwords and customers to an address without; one's own `url` may."""
    wsdl = WSDL.format(soap=SoapBackend.binding).encode()
    config = SoapConnector.model_validate(
        {**SoapBackend().config(), "wsdl": "https://127.0.0.1/soap?wsdl", "url": None, "mapping": "customer"}
    )
    with pytest.raises(ConnectorError, match=r"has calls go to http://dead\.example/soap without TLS") as raised:
        load_contract(config, ContractLoader(config.wsdl, {}, lambda _address: wsdl))
    assert Problem.REFUSED == raised.value.problem
    named = config.model_copy(update={"url": "http://127.0.0.1/soap"})
    assert "http://127.0.0.1/soap" == load_contract(named, ContractLoader(config.wsdl, {}, lambda _: wsdl)).address


async def test_a_contract_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A WSDL that drips without end is given up, and its connection with it: a later one is loaded over a free one."""
    monkeypatch.setattr(loading, "DOCUMENT_TIMEOUT_S", 0.1)
    dripping = 0

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal dripping
        dripping += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<a>")
        with contextlib.suppress(OSError):
            # It writes before it looks, so that a connection that was broken off is noticed.
            while not reader.at_eof():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()
        dripping -= 1

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    place = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    config = SoapBackend().config() | {"wsdl": f"{place}/soap?wsdl", "url": f"{place}/soap", "max_concurrent": 1}
    connector = build_connector("crm", SoapConnector.model_validate(config), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    for _ in range(2):
        with pytest.raises(ConnectorError, match=r"the WSDL or schema at .* was not there within 0\.1 s"):
            await connector.lookup(by_phone(KNOWN.phone))
    await eventually(lambda: dripping == 0, "connections given up")
    await connector.close()
    server.close()


async def test_a_contract_that_leads_elsewhere(backend: ScriptedSoap) -> None:
    """A WSDL from the net decides on no other host that gets passwords and customers: that is the configuration's."""
    wsdl = WSDL.replace("{soap}", backend.binding)
    backend.wsdl = wsdl.replace("http://dead.example/soap", f"http://127.0.0.2:{backend.port}/soap").encode()
    error = await failure(await started(backend, url=None))
    assert Problem.REFUSED == error.problem
    assert f"has calls go to http://127.0.0.2:{backend.port}/soap, another host than its own" in error.message
    backend.wsdl = wsdl.replace("http://dead.example/soap", f"http://localhost:{backend.port}/soap").encode()
    connector = await started(backend, url=None)
    assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]
    await connector.close()
