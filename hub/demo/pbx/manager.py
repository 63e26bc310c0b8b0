"""The manager interface of the simulated PBX: AMI over a socket, as Asterisk speaks it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from hub.demo.pbx.actions import Actions
from hub.demo.pbx.channel import Headers
from hub.demo.pbx.dialplan import Dialplan
from hub.demo.pbx.exchange import Exchange

_BANNER = b"Asterisk Call Manager/11.0.0\r\n"
_MAX_ACTION_BYTES = 64 * 1024
_MAX_UNSENT_BYTES = 4 * 1024 * 1024


def encode(headers: Headers) -> bytes:
    """Return one AMI message; line breaks in values, which would begin another header, become spaces."""
    lines = (f"{name}: {value}".replace("\r", " ").replace("\n", " ") for name, value in headers.items())
    return "\r\n".join((*lines, "", "")).encode()


class _Session:
    """One client from the banner to Logoff."""

    def __init__(
        self,
        exchange: Exchange,
        actions: Actions,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        username: str,
        secret: str,
    ) -> None:
        self._exchange = exchange
        self._username = username
        self._secret = secret
        self._reader = reader
        self._writer = writer
        self._challenge = ""
        self._logged_in = False
        self._events = False
        self._actions = actions

    async def serve(self) -> None:
        self._exchange.listeners.append(self._on_event)
        try:
            self._writer.write(_BANNER)
            while action := await self._read_action():
                if not await self._obey(action):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            self._exchange.listeners.remove(self._on_event)
            self._writer.close()

    async def _read_action(self) -> Headers:
        text = (await self._reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
        headers: Headers = {}
        for line in text.split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                key = name.strip().lower()
                # One header may stand there several times: the variables of an Originate.
                headers[key] = f"{headers[key]}\n{value.strip()}" if key in headers else value.strip()
        return headers

    async def _obey(self, action: Headers) -> bool:
        name = action.get("action", "").lower()
        action_id = {"ActionID": action["actionid"]} if "actionid" in action else {}
        replies: Iterable[Headers]
        if name == "challenge":
            self._challenge = str(secrets.randbelow(900_000_000) + 100_000_000)
            replies = [{"Response": "Success", "Challenge": self._challenge}]
        elif name == "login":
            replies = self._log_in(action)
        elif name == "logoff":
            replies = [{"Response": "Goodbye", "Message": "Goodbye"}]
        elif not self._logged_in:
            replies = [{"Response": "Error", "Message": "Permission denied"}]
        elif name == "events":
            replies = self._set_events(action)
        else:
            replies = self._actions(action)
        for reply in replies:
            first = "Response" if "Response" in reply else "Event"
            self._writer.write(encode({first: reply[first], **action_id, **reply}))
        await self._writer.drain()
        return name != "logoff" and (self._logged_in or name == "challenge")

    def _log_in(self, action: Headers) -> list[Headers]:
        if action.get("authtype", "").upper() == "MD5":
            digest = hashlib.md5((self._challenge + self._secret).encode(), usedforsecurity=False).hexdigest()
            proved = bool(self._challenge) and hmac.compare_digest(digest, action.get("key", ""))
        else:
            proved = hmac.compare_digest(self._secret.encode(), action.get("secret", "").encode())
        self._logged_in = proved and action.get("username") == self._username
        if not self._logged_in:
            return [{"Response": "Error", "Message": "Authentication failed"}]
        self._events = action.get("events", "on").lower() != "off"
        booted = {"Event": "FullyBooted", "Privilege": "system,all", "Status": "Fully Booted"}
        return [{"Response": "Success", "Message": "Authentication accepted"}, *([booted] if self._events else [])]

    def _set_events(self, action: Headers) -> list[Headers]:
        self._events = action.get("eventmask", "on").lower() not in {"off", "false"}
        return [{"Response": "Success", "Events": "On" if self._events else "Off"}]

    def _on_event(self, headers: Headers) -> None:
        if not (self._logged_in and self._events):
            return
        if self._writer.transport.get_write_buffer_size() > _MAX_UNSENT_BYTES:
            # A client that does not read must not fill the memory.
            self._writer.transport.abort()
            return
        self._writer.write(encode(headers))


class ManagerServer:
    """Listens on loopback; `port` is known after `start`."""

    def __init__(self, exchange: Exchange, *, username: str, secret: str, dialplan: Dialplan | None = None) -> None:
        self._exchange = exchange
        self._actions = Actions(exchange, dialplan or Dialplan(exchange, answers_after_s=lambda _: 2.0))
        self._username = username
        self._secret = secret
        self._server: asyncio.Server | None = None
        self._sessions: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.port = 0

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=_MAX_ACTION_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._sessions.values():
            writer.transport.abort()
        # A session that were still there when the loop ends would be cancelled, which asyncio reports as an error.
        await asyncio.gather(*self._sessions)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(self._exchange, self._actions, reader, writer, username=self._username, secret=self._secret)
        serving = asyncio.create_task(session.serve())
        self._sessions[serving] = writer
        serving.add_done_callback(self._sessions.pop)
