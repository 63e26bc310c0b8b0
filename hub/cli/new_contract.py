"""The document that a new connector is made from: a file, or what its address answers, which is then kept as a file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

from connectors.base import ConnectorError
from connectors.shapes import ContractError
from hub.cli.contract_use import contract_file
from hub.domain.customer import Problem

METADATA = "/$metadata"


class Source(NamedTuple):
    """`file` is where the document is; if it came from an `address`, it has yet to be written there."""

    content: bytes
    file: Path
    address: str = ""

    @property
    def named(self) -> str:
        """How the configuration beside it names the file."""
        return self.file.name if self.address else str(self.file.resolve())

    @property
    def to_write(self) -> dict[Path, bytes]:
        return {self.file: self.content} if self.address else {}

    def service(self, said: str = "") -> str:
        """Return where the service is: as the document says (perhaps without a host), or the folder of its address."""
        if "://" in said or not self.address:
            return said if "://" in said else ""
        parts = urlsplit(self.address)
        here = urlunsplit((parts.scheme, parts.netloc, parts.path.removesuffix(METADATA), "", ""))
        if parts.path.endswith(METADATA):
            return here
        return urljoin(self.address, said or "/").rstrip("/")


def read_source(place: str, kept_as: Path) -> Source:
    """Read a contract from a file or an address. Raises ContractError."""
    if "://" not in place:
        return Source(contract_file(place), Path(place))
    from hub.cli.contract_online import read_for

    try:
        return Source(read_for("contract")(place), kept_as, place)
    except ConnectorError as error:
        hint = "; fetch it with its sign-in (curl) and give the file" if error.problem is Problem.REFUSED else ""
        raise ContractError(f"{error.message}{hint}") from None
