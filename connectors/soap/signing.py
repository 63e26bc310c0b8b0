"""What signing in within the messages is about: a call that is made with something in its header."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from connectors.reply import Reply

Send = Callable[[str], Awaitable[Reply]]
"""Send the message with this in its header."""
Read = Callable[[Reply], Awaitable[Any]]
"""Return what a reply says. Raises ConnectorError."""


class MessageSignIn(Protocol):
    async def call(self, send: Send, read: Read) -> Any:
        """Make one call, signed in, and return what it says. Raises ConnectorError."""

    def signed(self, envelope: bytes) -> bytes:
        """Return the finished message with its signature, if it bears one."""
