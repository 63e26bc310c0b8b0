"""A raw manager connection for the tests: it sees every byte, and understands little."""

import asyncio
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.servers.asterisk import MONITOR, Asterisk
from tests.waiting import eventually


@dataclass(frozen=True)
class Message:
    """One manager message, its headers in the order they came."""

    headers: tuple[tuple[str, str], ...]

    def __getitem__(self, name: str) -> str:
        """Return the first header of that name, or an empty string."""
        return next((value for header, value in self.headers if header == name), "")

    def matches(self, wanted: dict[str, str]) -> bool:
        """Whether all these headers have these values."""
        return all(self[name] == value for name, value in wanted.items())


@dataclass
class RawManager:
    """A logged-in manager that keeps all that it is sent: `raw` bytes, and `messages`."""

    host: str
    port: int
    username: str
    secret: str
    raw: bytearray = field(default_factory=bytearray)
    messages: list[Message] = field(default_factory=list)

    @classmethod
    def monitor(cls, asterisk: Asterisk) -> Self:
        """Return one that will see every event of that Asterisk, none filtered."""
        return cls(asterisk.host, asterisk.ami_port, MONITOR, asterisk.monitor_secret)

    @classmethod
    def hub(cls, asterisk: Asterisk) -> Self:
        """Return one with the account, and so the rights, of the hub."""
        return cls(asterisk.host, asterisk.ami_port, asterisk.ami_username, asterisk.ami_secret)

    async def __aenter__(self) -> Self:
        """Connect and log in."""
        self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
        self.banner = (await self._reader.readline()).decode().strip()
        self._reading = asyncio.create_task(self._read())
        self.send(Action="Login", Username=self.username, Secret=self.secret, ActionID="login")
        reply = await self.wait_for(ActionID="login")
        if reply["Response"] != "Success":
            await self.__aexit__(None, None, None)
            raise PermissionError(reply["Message"])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._writer.close()

    def send(self, **headers: str) -> None:
        """Send one action."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._writer.write(f"{lines}\r\n".encode())

    async def _read(self) -> None:
        unparsed = b""
        while data := await self._reader.read(65536):
            self.raw += data
            *complete, unparsed = (unparsed + data).split(b"\r\n\r\n")
            self.messages += [_parse(block) for block in complete]

    async def wait_for(self, name: str = "", *, since: int = 0, within: float = 10.0, **headers: str) -> Message:
        """Return the first message with these headers, `name` being that of an event.

        `since` leaves out that many of the first messages.
        """
        wanted = headers | ({"Event": name} if name else {})

        def found() -> Message | None:
            return next((message for message in self.messages[since:] if message.matches(wanted)), None)

        await eventually(found, f"a manager message with {wanted}; there were {self._events()}", within)
        message = found()
        assert message is not None
        return message

    def count(self, name: str, *, since: int = 0, **headers: str) -> int:
        """Return how many events of that name and with these headers there were."""
        wanted = headers | {"Event": name}
        return sum(message.matches(wanted) for message in self.messages[since:])

    def _events(self) -> list[str]:
        return [message["Event"] for message in self.messages[-40:]]


def _parse(block: bytes) -> Message:
    lines = block.decode(errors="replace").split("\r\n")
    return Message(tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines)))
