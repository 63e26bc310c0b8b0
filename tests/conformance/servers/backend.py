"""A small backend over a real socket, which can be told to misbehave."""

import abc
import asyncio
import enum
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as the backends of the suite keep it."""

    id: str
    name: str
    phone: str
    email: str = ""


KNOWN = Customer(id="0042", name="Petra Vogt", phone="+493515550123", email="petra@example.com")
SHARED = (
    Customer(id="7", name="Anna Berg", phone="+493515550777"),
    Customer(id="8", name="Bernd Berg", phone="+493515550777"),
)
CUSTOMERS = (KNOWN, *SHARED)


class Mood(enum.Enum):
    """How the backend answers."""

    NORMAL = "as it should"
    SLOW = "never"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    THROTTLED = "429 with Retry-After"
    BUSY = "503 with Retry-After"
    GATEWAY = "502 with a page of a proxy"
    FAULT = "the protocol's own error"
    HTML = "200 with a sign-in page"
    EMPTY = "200 with nothing"
    GARBAGE = "200 with half a document"
    ENCODING = "bytes that are not what the header says"
    HUGE = "50 MB, announced"
    ENDLESS = "50 MB, not announced"
    COMPRESSED = "50 MB that fit into 50 KB"
    REDIRECT = "a redirect to another host"
    HANGUP = "closes the connection in the middle"
    ABORT = "closes the connection in place of an answer"
    STRANGE = "well-formed, but of another shape"
    DEEP = "nested without end"
    NULLS = "a record of which nothing is filled in"


HUGE_BYTES = 50_000_000


class Backend(abc.ABC):
    """Kinds fill in how they answer, how they fail, and how a connector is configured for them."""

    media_type = "application/json"
    delay_s = 0.0

    def __init__(self) -> None:
        self.mood = Mood.NORMAL
        self.blips: list[Mood] = []
        """The moods of the next requests, one each, before `mood` is that of all others."""
        self.retry_after = "17"
        self.requests = 0
        self.searched: list[str] = []
        """The values that were searched for, as the backend understood them."""
        self.notes: dict[str, list[str]] = {}
        """What was written, by the interaction's id: more than one text is a repetition written twice."""
        self.loses_answers = False
        """Whether a change is made and the connection breaks before its answer."""
        self.cancelled = 0
        self.sent_bytes = 0
        self.connections: set[Any] = set()
        self.at_once = 0
        self.most_at_once = 0
        self._runner: web.AppRunner | None = None
        self.port = 0

    @abc.abstractmethod
    def config(self) -> dict[str, Any]:
        """Return a connector's configuration, with operations by phone, e-mail and id."""

    @abc.abstractmethod
    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request as the protocol wants it."""

    @abc.abstractmethod
    def fault(self, message: str) -> web.StreamResponse:
        """Fail in the protocol's own way."""

    @abc.abstractmethod
    def strange(self) -> bytes:
        """Return a well-formed document of another shape."""

    @abc.abstractmethod
    def deep(self) -> bytes:
        """Return a document nested without end."""

    @abc.abstractmethod
    def nulls(self) -> web.StreamResponse:
        """Answer with a record in which only the id is filled in."""

    def is_contract(self, request: web.Request) -> bool:
        """Whether the request asks for the contract, which is served in any mood."""
        return request.method == "QUERY"

    @property
    def gone(self) -> str:
        return f"no connection to 127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        # A handler learns that its caller has hung up.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.is_contract(request):
            return await self.answer(request)
        self.requests += 1
        self.connections.add(request.transport)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.delay_s)
            return await self._moody(request)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_once -= 1

    async def _moody(self, request: web.Request) -> web.StreamResponse:
        simple: Mapping[Mood, Callable[[], web.StreamResponse]] = {
            Mood.UNAUTHORIZED: lambda: web.Response(status=401, text="<html>Logon failed</html>"),
            Mood.FORBIDDEN: lambda: web.Response(status=403, text="<html>Forbidden</html>"),
            Mood.THROTTLED: lambda: web.Response(status=429, headers={"Retry-After": self.retry_after}),
            Mood.BUSY: lambda: web.Response(status=503, headers={"Retry-After": "3"}),
            Mood.GATEWAY: lambda: web.Response(status=502, text="<html>Bad gateway</html>", content_type="text/html"),
            Mood.FAULT: lambda: self.fault("No authorisation group for +49 351 5550123 or petra@example.com"),
            Mood.HTML: lambda: web.Response(text="<!DOCTYPE html><html>Sign in</html>", content_type="text/html"),
            Mood.EMPTY: lambda: self._document(b""),
            Mood.GARBAGE: lambda: self._document(self.strange()[:-1]),
            Mood.ENCODING: lambda: self._document(b'<a b="\xff\xfe\x80">\xc3\x28</a>' + b'{"a": "\xff\xfe"}'),
            Mood.STRANGE: lambda: self._document(self.strange()),
            Mood.DEEP: lambda: self._document(self.deep()),
            Mood.REDIRECT: lambda: web.Response(status=302, headers={"Location": "http://127.0.0.2:1/elsewhere"}),
            Mood.NULLS: self.nulls,
        }
        mood = self.blips.pop(0) if self.blips else self.mood
        match mood:
            case Mood.NORMAL:
                return await self._answered(request)
            case Mood.SLOW:
                await asyncio.Event().wait()
            case Mood.HUGE | Mood.ENDLESS | Mood.COMPRESSED:
                return await self._huge(request)
            case Mood.ABORT:
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()
            case Mood.HANGUP:
                response = web.StreamResponse(headers={"Content-Type": self.media_type, "Content-Length": "1000"})
                await response.prepare(request)
                await response.write(self.strange()[:5])
                if request.transport is not None:
                    request.transport.abort()
                return response
        return simple[mood]()

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        before = sum(map(len, self.notes.values()))
        response = await self.answer(request)
        if self.loses_answers and sum(map(len, self.notes.values())) > before and request.transport is not None:
            request.transport.abort()
        return response

    def _document(self, body: bytes) -> web.Response:
        return web.Response(body=body, content_type=self.media_type, charset="utf-8")

    async def _huge(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": self.media_type})
        if self.mood is Mood.HUGE:
            response.content_length = HUGE_BYTES
        elif self.mood is Mood.COMPRESSED:
            response.enable_compression(web.ContentCoding.gzip)
        await response.prepare(request)
        chunk = b" " * 100_000
        try:
            for _ in range(HUGE_BYTES // len(chunk)):
                await response.write(chunk)
                self.sent_bytes += len(chunk)
        except ConnectionError:
            return response
        return response
