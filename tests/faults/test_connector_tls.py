"""Certificates that the hub shows to a backend, and clocks that don't agree with certificates."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import ConnectorError
from hub.domain.customer import Problem
from tests.conformance.behaviour import by_phone, connector_for
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.rest import RestBackend
from tests.faults.test_connector_http import TlsBackend
from tests.servers.certificates import Authority, Pair


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


class ClosedBackend(TlsBackend):
    """Lets in who shows a certificate of its authority."""

    def __init__(self, server: Pair, authority: Authority, version: ssl.TLSVersion) -> None:
        super().__init__(server.both)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.load_verify_locations(authority.file)
        self._context.minimum_version = self._context.maximum_version = version


async def asked(backend: TlsBackend, tls: dict[str, Any]) -> list[str]:
    await backend.start()
    connector = connector_for(backend, tls=tls, retry={"attempts": 1})
    await connector.start()
    try:
        return [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]
    finally:
        await connector.close()
        await backend.stop()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("how", ["one file", "two files", "with a password"])
async def test_a_client_certificate(authority: Authority, version: ssl.TLSVersion, how: str) -> None:
    """A backend that wants a certificate gets it, from one file or two, also with a locked key."""
    backend = ClosedBackend(authority.pair("server"), authority, version)
    hub = authority.pair("hub", password=b"open" if how == "with a password" else b"")
    shown = {
        "one file": {"cert_file": str(hub.both)},
        "two files": {"cert_file": str(hub.certificate), "key_file": str(hub.key)},
        "with a password": {"cert_file": str(hub.both), "key_password": "open"},
    }
    assert [KNOWN.id] == await asked(backend, {"ca_file": str(authority.file), **shown[how]})


@contextlib.contextmanager
def choosy_server(server: Pair, authority: Authority, version: ssl.TLSVersion) -> Iterator[int]:
    """Run a server that says by TLS why it does not let a caller in; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.both)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    context.minimum_version = context.maximum_version = version

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            # What is read to its end is closed without a reset, which would take the alert with it.
            with connection.dup() as rest:
                rest.settimeout(5)
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as let_in:
                    let_in.close()
                with contextlib.suppress(OSError):
                    rest.shutdown(socket.SHUT_WR)
                    while rest.recv(1_000):
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("shows", "words"),
    [
        ("nothing", "a client certificate"),
        ("a stranger's", "does not accept the certificate of tls.cert_file: have its administrator add it"),
    ],
)
async def test_a_client_certificate_that_is_not_taken(
    authority: Authority, tmp_path: Path, version: ssl.TLSVersion, shows: str, words: str
) -> None:
    """Without the certificate, or with somebody else's, it is told that a certificate is the matter."""
    stranger = Authority(tmp_path, "other").pair("stranger")
    tls = {"ca_file": str(authority.file)} | ({} if shows == "nothing" else {"cert_file": str(stranger.both)})
    backend = RestBackend()
    with choosy_server(authority.pair("server"), authority, version) as port:
        connector = connector_for(backend, url=f"https://127.0.0.1:{port}", tls=tls, retry={"attempts": 1})
        await connector.start()
        with pytest.raises(ConnectorError) as raised:
            await connector.check()
        await connector.close()
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("pair", "tls", "words"),
    [
        ({"ends_days": -0.5}, {}, "hub.both: it ran out on "),
        ({"begins_days": 1}, {}, "hub.both: it is not valid before "),
        ({"password": b"open"}, {}, "hub.both: the key needs a `key_password`"),
        ({"password": b"open"}, {"key_password": "shut"}, "hub.both: the `key_password` is wrong"),
    ],
)
async def test_a_client_certificate_that_can_not_be_shown(
    authority: Authority, pair: dict[str, Any], tls: dict[str, str], words: str
) -> None:
    """A certificate out of time or with a key that does not open is named before any backend sees it."""
    hub = authority.pair("hub", **pair)
    backend = TlsBackend(authority.pair("server").both)
    with pytest.raises(ConnectorError) as raised:
        await asked(backend, {"ca_file": str(authority.file), "cert_file": str(hub.both), **tls})
    assert words in str(raised.value)
    assert Problem.INTERNAL == raised.value.problem
    assert 0 == backend.requests


async def test_a_key_of_another_certificate(authority: Authority) -> None:
    """A key that is not the certificate's, and a file without one, are told apart."""
    hub, other = authority.pair("hub"), authority.pair("other")
    for key_file, words in ((other.key, "is not that of the certificate"), (authority.file, "holds no private key")):
        backend = TlsBackend(authority.pair("server").both)
        with pytest.raises(ConnectorError, match=words):
            await asked(backend, {"cert_file": str(hub.certificate), "key_file": str(key_file)})


async def test_a_certificate_that_is_not_valid_yet(authority: Authority) -> None:
    """A backend's certificate of the future is told together with what this machine's clock says."""
    backend = TlsBackend(authority.pair("server", begins_days=1).both)
    with pytest.raises(ConnectorError) as raised:
        await asked(backend, {"ca_file": str(authority.file)})
    assert "certificate is not yet valid; this machine's clock says 20" in str(raised.value)
    assert " UTC: set it if that is wrong" in str(raised.value)


async def test_a_certificate_that_was_renewed(authority: Authority) -> None:
    """A file with a new certificate counts for the connector that is made after it."""
    hub = authority.pair("hub", ends_days=-0.5)
    tls = {"ca_file": str(authority.file), "cert_file": str(hub.both)}
    backend = ClosedBackend(authority.pair("server"), authority, ssl.TLSVersion.TLSv1_3)
    with pytest.raises(ConnectorError, match="it ran out on "):
        await asked(backend, tls)
    authority.pair("hub")
    assert [KNOWN.id] == await asked(backend, tls)
