"""The other end of a manager connection for these tests: it does as it is told, wrong things too."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from hub.telephony.ami.settings import AmiSettings

if TYPE_CHECKING:
    import ssl

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
USERNAME, SECRET, CHALLENGE = "hub", "open sesame", "840415273"

Headers = list[tuple[str, str]]
Answer = Callable[[dict[str, str]], bytes]


def success(action: dict[str, str], *lines: str) -> bytes:
    """Return the reply that says Success, with these further lines."""
    return message("Response: Success", f"ActionID: {action['ActionID']}", *lines)


def error(action: dict[str, str], why: str) -> bytes:
    """Return the reply that says Error."""
    return message("Response: Error", f"ActionID: {action['ActionID']}", f"Message: {why}")


def unknown(action: dict[str, str]) -> bytes:
    """Return the reply to an action that there isn't."""
    return error(action, f"Invalid/unknown command: {action['Action']}")


def silence(_action: dict[str, str]) -> bytes:
    """Answer nothing."""
    return b""


def message(*lines: str) -> bytes:
    """Return one message."""
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


class FakePbx:
    """Listens on loopback; keeps every action it got, and answers from a table that a test may change."""

    def __init__(self, *, greeting: bytes = GREETING, tls: ssl.SSLContext | None = None) -> None:
        self.greeting = greeting
        self.actions: list[dict[str, str]] = []
        self.raw: list[Headers] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.answers: dict[str, Answer] = {
            "Challenge": lambda action: success(action, f"Challenge: {CHALLENGE}"),
            "Login": self._log_in,
            "Events": lambda action: success(action, "Events: On"),
            "Filter": success,
            "Ping": lambda action: success(action, "Ping: Pong", "Timestamp: 1795286597.000000"),
            "Logoff": lambda action: message("Response: Goodbye", f"ActionID: {action['ActionID']}"),
        }
        self._tls = tls

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up on everyone and stop to listen."""
        await self.stop()

    async def stop(self) -> None:
        """Hang up on everyone and stop to listen; the port stays known."""
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    async def restart(self) -> None:
        """Listen again on the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    def hang_up(self) -> None:
        """Reset all connections."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    def say(self, data: bytes) -> None:
        """Send these bytes on the newest connection."""
        self.writers[-1].write(data)

    def names(self) -> list[str]:
        """Return the names of the actions so far."""
        return [action["Action"] for action in self.actions]

    def settings(self, **changes: object) -> AmiSettings:
        """Return settings that lead here, with short times."""
        values: dict[str, object] = {
            "name": "main",
            "host": "127.0.0.1",
            "port": self.port,
            "username": USERNAME,
            "secret": SECRET,
            "login_timeout_s": 2.0,
            "action_timeout_s": 2.0,
            "keepalive_s": 5.0,
            "reconnect_min_s": 0.01,
            "reconnect_max_s": 0.05,
        }
        return AmiSettings(**{**values, **changes})  # type: ignore[arg-type]  # values of several types by name

    def _log_in(self, action: dict[str, str]) -> bytes:
        key = hashlib.md5((CHALLENGE + SECRET).encode(), usedforsecurity=False).hexdigest()
        if action["Username"] == USERNAME and (action.get("Key") == key or action.get("Secret") == SECRET):
            return success(action, "Message: Authentication accepted")
        return error(action, "Authentication failed")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            writer.write(self.greeting)
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                pairs = [
                    (name, value) for name, _, value in (line.partition(": ") for line in text.split("\r\n") if line)
                ]
                self.raw.append(pairs)
                action = dict(pairs)
                self.actions.append(action)
                answer = self.answers.get(action["Action"], unknown)
                writer.write(answer(action))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
