"""What signing a request in is about: the request before and after, and who does it."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from yarl import URL

from connectors.reply import Reply


@dataclasses.dataclass(frozen=True, slots=True)
class Outgoing:
    """A request before it is signed in."""

    method: str
    url: URL
    body: bytes | None = None
    content_type: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Signed:
    """Where the request goes, and the headers that sign it in. `secrets` are what no message may show.

    `kept` is what it was signed with, if that is kept for others.
    """

    url: URL
    headers: Mapping[str, str]
    secrets: tuple[str, ...] = ()
    kept: object = None


PostForm = Callable[[URL, Mapping[str, str], Mapping[str, str]], Awaitable[Reply]]
"""Posts fields with headers to an address; follows nothing, reads a small reply. Raises ConnectorError."""


class SignIn(Protocol):
    """One for a connector. `minds_clock`: it fails if this machine's clock is wrong."""

    minds_clock: bool

    async def sign(self, request: Outgoing) -> Signed:
        """Sign a request in. Raises ConnectorError."""

    def is_over(self, signed: Signed, reply: Reply, /) -> bool:
        """Whether the reply says that what was sent no longer counts; then signing again may help."""

    async def close(self) -> None: ...
