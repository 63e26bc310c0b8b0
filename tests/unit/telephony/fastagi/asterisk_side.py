"""The Asterisk side of a FastAGI connection, as res_agi.c is it: one command is read, carried out and answered."""

from __future__ import annotations

import asyncio
import shlex
from types import TracebackType
from typing import Self

ENVIRONMENT = {
    "agi_network": "yes",
    "agi_network_script": "customer?queue=support",
    "agi_request": "agi://127.0.0.1/customer?queue=support",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_language": "en",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1795300000.1",
    "agi_version": "22.1.0",
    "agi_callerid": "+498912345678",
    "agi_calleridname": "Maria",
    "agi_callingpres": "0",
    "agi_callingani2": "0",
    "agi_callington": "0",
    "agi_callingtns": "0",
    "agi_dnid": "493023125100",
    "agi_rdnis": "unknown",
    "agi_context": "from-trunk",
    "agi_extension": "493023125100",
    "agi_priority": "1",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "140000000000000",
}


def environment_bytes(**changes: str) -> bytes:
    """Return what Asterisk sends first; `changes` are without their agi_."""
    values = {**ENVIRONMENT, **{f"agi_{name}": value for name, value in changes.items()}}
    return "".join(f"{name}: {value}\n" for name, value in values.items()).encode() + b"\n"


class AsteriskSide:
    """`async with AsteriskSide(port)`: connected. `variables` are those that were set."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.variables: dict[str, str] = {}
        self.commands: list[bytes] = []

    async def __aenter__(self) -> Self:
        """Connect."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        self.writer.close()

    async def asks(self, reply: bytes = b"200 result=1\n", **changes: str) -> dict[str, str]:
        """Ask, carry out what is commanded until the hub closes, and return the variables."""
        self.writer.write(environment_bytes(**changes))
        while await self.command(reply):
            pass
        return self.variables

    async def command(self, reply: bytes = b"200 result=1\n") -> bool:
        """Carry out one command; False when the hub has closed the connection."""
        line = await asyncio.wait_for(self.reader.readline(), 10)
        if not line:
            return False
        self.commands.append(line)
        # The shell's words within double quotes are Asterisk's: a backslash escapes.
        words = shlex.split(line.decode().replace("$", r"\$").replace("`", r"\`"))
        assert ["SET", "VARIABLE"] == words[:2], line
        assert 4 == len(words), line
        self.variables[words[2]] = words[3]
        self.writer.write(reply)
        return True

    async def closed(self, within: float = 10.0) -> bytes:
        """Return what the hub sends until it closes."""
        try:
            return await asyncio.wait_for(self.reader.read(), within)
        except ConnectionResetError:
            return b""
