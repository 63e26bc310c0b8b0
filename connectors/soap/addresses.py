"""Where the documents of a contract come from: mapped addresses, the contract's own folder or host, nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from connectors.base import ConnectorError
from connectors.soap.well_known import WELL_KNOWN
from hub.config.soap import SoapContract
from hub.domain.customer import Problem

MAX_DOCUMENT = 16 * 1024 * 1024
"""Bytes of one WSDL or schema file (the largest in the wild have 7 MB)."""
MAX_DOCUMENTS = 200
MAX_ALL = 64 * 1024 * 1024
"""Bytes of all documents of one contract."""

Fetch = Callable[[str], bytes]
"""Load an address over HTTP. Raises ConnectorError."""


def address_map(config: SoapContract) -> dict[str, Path]:
    """Return the local file of each address that is mapped. Raises ConnectorError if the svcmap can't be read."""
    mapped = _svcmap(Path(config.svcmap)) if config.svcmap else {}
    return {**mapped, **{address: Path(file) for address, file in config.addresses.items()}}


def _svcmap(file: Path) -> dict[str, Path]:
    """Read a Reference.svcmap (Microsoft's WCF service map): `SourceUrl` of each document, and its `FileName`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(read_document_file(file), parser)
    except etree.XMLSyntaxError as error:
        raise ConnectorError(Problem.INTERNAL, f"svcmap {file}: not well-formed XML: {error.msg}") from None
    mapped: dict[str, Path] = {}
    for entry in tree.iter("{*}MetadataFile"):
        name, address = entry.get("FileName", ""), entry.get("SourceUrl", "")
        if address and name and name == Path(name).name:
            mapped[address] = file.parent / name
    return mapped


def read_document_file(file: Path) -> bytes:
    """Read a local document of a contract. Raises ConnectorError."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise ConnectorError(Problem.INTERNAL, f"{file} can't be read: {error.strerror or error}") from None
    if len(content) > MAX_DOCUMENT:
        raise ConnectorError(Problem.INTERNAL, f"{file} is too large: at most {MAX_DOCUMENT} bytes")
    return content


class ContractLoader:
    """What zeep takes for a transport while it reads a contract; it loads nothing that was not allowed."""

    def __init__(self, wsdl: str, addresses: dict[str, Path], fetch: Fetch) -> None:
        self._wsdl = wsdl
        self._addresses = addresses
        self._fetch = fetch
        self._loaded: dict[str, bytes] = {}
        self._bytes = 0

    def documents(self) -> Collection[bytes]:
        """Return what was loaded so far, and forget it."""
        loaded, self._loaded = self._loaded, {}
        return loaded.values()

    def load(self, address: str) -> bytes:
        """Return a document. Raises ConnectorError for one that may not be loaded."""
        known = self._loaded.get(address)
        if known is not None:
            return known
        if len(self._loaded) >= MAX_DOCUMENTS:
            raise ConnectorError(Problem.MALFORMED, f"the WSDL imports more than {MAX_DOCUMENTS} documents")
        document = self._loaded[address] = self._read(address)
        self._bytes += len(document)
        if self._bytes > MAX_ALL:
            raise ConnectorError(Problem.TOO_LARGE, f"the WSDL and what it imports have more than {MAX_ALL} bytes")
        return document

    def _read(self, address: str) -> bytes:
        mapped = self._addresses.get(address)
        if mapped is not None:
            return read_document_file(mapped)
        if address in WELL_KNOWN:
            return WELL_KNOWN[address]
        if urlsplit(address).scheme in {"http", "https"}:
            if not self._is_own_host(address):
                raise ConnectorError(
                    Problem.REFUSED,
                    f"the WSDL imports {address}, which is not its own host: give it a local file under `addresses` or "
                    "with `svcmap`",
                )
            return self._fetch(address)
        file = Path(address)
        if self._is_remote() or urlsplit(address).scheme or not _is_within(file, Path(self._wsdl).parent):
            raise ConnectorError(
                Problem.REFUSED,
                f"the WSDL imports {address}, which is not in its own folder: give it a file under `addresses`",
            )
        return read_document_file(file)

    def _is_remote(self) -> bool:
        return self._wsdl.startswith(("http://", "https://"))

    def _is_own_host(self, address: str) -> bool:
        if not self._is_remote():
            return False
        own, other = urlsplit(self._wsdl), urlsplit(address)
        return (own.scheme, own.hostname, own.port) == (other.scheme, other.hostname, other.port)


def _is_within(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())
