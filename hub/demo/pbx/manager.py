"""The manager interface of the simulated PBX: AMI over a socket, as Asterisk speaks it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable

from hub.demo.pbx.exchange import Exchange, Headers

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
        username: str,
        secret: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._exchange = exchange
        self._username = username
        self._secret = secret
        self._reader = reader
        self._writer = writer
        self._challenge = ""
        self._logged_in = False
        self._events = False
        self._actions: dict[str, Callable[[Headers], Iterable[Headers]]] = {
            "ping": lambda _: [{"Response": "Success", "Ping": "Pong", "Timestamp": f"{time.time():.6f}"}],
            "events": self._set_events,
            "filter": lambda _: [{"Response": "Success", "Message": "Filter added successfully"}],
            "coresettings": lambda _: [
                {"Response": "Success", "AMIversion": "11.0.0", "AsteriskVersion": "22.0.0-simulated"},
            ],
            "coreshowchannels": self._channels,
            "bridgelist": self._bridges,
            "bridgeinfo": self._bridge_info,
            "queuestatus": self._queue_status,
            "queuesummary": self._queue_summary,
            "devicestatelist": self._device_states,
            "parkedcalls": lambda _: _list([], "ParkedCallsComplete"),
            "pjsipshowendpoints": self._endpoints,
        }

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
        headers = {}
        for line in text.split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
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
        elif name in self._actions:
            replies = self._actions[name](action)
        else:
            replies = [{"Response": "Error", "Message": "Invalid/unknown command"}]
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

    def _channels(self, _: Headers) -> list[Headers]:
        rows = [
            {"Event": "CoreShowChannel", **channel.headers(), "BridgeId": channel.bridge}
            | {"Application": "Queue", "ApplicationData": self._exchange.queue, "Duration": "00:00:00"}
            for channel in self._exchange.channels
        ]
        return _list(rows, "CoreShowChannelsComplete")

    def _bridges(self, _: Headers) -> list[Headers]:
        bridges = {channel.bridge for channel in self._exchange.channels if channel.bridge}
        return _list(
            [{"Event": "BridgeListItem", "BridgeUniqueid": bridge} for bridge in bridges], "BridgeListComplete"
        )

    def _bridge_info(self, action: Headers) -> list[Headers]:
        bridge = action.get("bridgeuniqueid", "")
        inside = [channel for channel in self._exchange.channels if bridge and channel.bridge == bridge]
        if not inside:
            return [{"Response": "Error", "Message": "Bridge not found"}]
        rows = [{"Event": "BridgeInfoChannel", **channel.headers()} for channel in inside]
        return _list(rows, "BridgeInfoComplete")

    def _queue_status(self, _: Headers) -> list[Headers]:
        exchange = self._exchange
        rows = [
            {
                "Event": "QueueParams",
                "Queue": exchange.queue,
                "Max": "0",
                "Strategy": "rrmemory",
                "Calls": str(len(exchange.waiting)),
            },
            *({"Event": "QueueMember", **exchange.member_headers(device)} for device in exchange.members),
            *(
                {
                    "Event": "QueueEntry",
                    "Queue": entry.queue,
                    "Position": str(position),
                    "Channel": entry.channel.name,
                    "Uniqueid": entry.channel.uniqueid,
                    "CallerIDNum": entry.channel.number or "<unknown>",
                    "CallerIDName": entry.channel.caller_name or "<unknown>",
                    "Wait": str(int(time.time() - entry.since)),
                }
                for position, entry in enumerate(exchange.waiting, start=1)
            ),
        ]
        return _list(rows, "QueueStatusComplete")

    def _queue_summary(self, _: Headers) -> list[Headers]:
        row = {"Event": "QueueSummary", "Queue": self._exchange.queue, "Callers": str(len(self._exchange.waiting))}
        return _list([row], "QueueSummaryComplete")

    def _device_states(self, _: Headers) -> list[Headers]:
        rows = [{"Event": "DeviceStateChange", "Device": d, "State": "NOT_INUSE"} for d in self._exchange.members]
        return _list(rows, "DeviceStateListComplete")

    def _endpoints(self, _: Headers) -> list[Headers]:
        names = ["trunk", *(device.partition("/")[2] for device in self._exchange.members)]
        rows = [{"Event": "EndpointList", "ObjectType": "endpoint", "ObjectName": name} for name in names]
        return _list(rows, "EndpointListComplete")

    def _on_event(self, headers: Headers) -> None:
        if not (self._logged_in and self._events):
            return
        if self._writer.transport.get_write_buffer_size() > _MAX_UNSENT_BYTES:
            # A client that does not read must not fill the memory.
            self._writer.transport.abort()
            return
        self._writer.write(encode(headers))


def _list(rows: list[Headers], complete: str) -> list[Headers]:
    return [
        {"Response": "Success", "EventList": "start", "Message": "A list will follow"},
        *rows,
        {"Event": complete, "EventList": "Complete", "ListItems": str(len(rows))},
    ]


class ManagerServer:
    """Listens on loopback; `port` is known after `start`."""

    def __init__(self, exchange: Exchange, *, username: str, secret: str) -> None:
        self._exchange = exchange
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
        session = _Session(self._exchange, self._username, self._secret, reader, writer)
        serving = asyncio.create_task(session.serve())
        self._sessions[serving] = writer
        serving.add_done_callback(self._sessions.pop)
