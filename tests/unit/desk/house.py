"""A running desk server with in-memory rooms behind it, and what a browser does with it."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from pydantic import SecretStr

from hub.config.model import TokenSection
from hub.config.privacy import PrivacySection
from hub.desk.desk import Desk
from hub.desk.passwords import hash_password
from hub.desk.server import DeskServer
from hub.desk.user_store import UserStore
from hub.domain.event import Event
from hub.domain.writeback import WriteKind
from hub.journal.journal import Journal
from hub.metrics import Metrics
from tests.unit.desk.accesses import Accesses, sight
from tests.unit.desk.callbacks import MemoryCallbacks
from tests.unit.desk.customers import Customers
from tests.unit.desk.letters import Letters
from tests.unit.desk.ports import (
    Backends,
    Calls,
    Contexts,
    Control,
    Directory,
    Finder,
    Identity,
    Log,
    MemoryJournal,
    NoArchive,
    NoTimeline,
    Reception,
    Status,
    WrapUps,
)
from tests.unit.desk.requests import answering
from tests.unit.desk.samples import AGENTS

PASSWORD = "correct horse"
TOKEN = "machine-token-1"
CONTROL_TOKEN = "machine-token-control"
CONFIGURE_TOKEN = "machine-token-configure"
PUBLISH_TOKEN = "machine-token-publish"
OPERATE_TOKEN = "machine-token-operate"
AUDIT_TOKEN = "machine-token-audit"
RECORD_TOKEN = "machine-token-record"
SUPERVISE_TOKEN = "machine-token-supervise"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@cache
def hashed_password() -> str:
    return hash_password(PASSWORD)


class House:
    """The server under test; `alice`, `bob` and `sue`, a supervisor, may sign in; `carol` has no password.

    With `kept`, a journal, what comes in is kept there, and timelines and calls that are over are read from it.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        self.calls = Calls()
        self.contexts = Contexts()
        self.log = Log()
        self.status = Status()
        self.directory = Directory()
        self.control = Control()
        self.customers = Customers()
        self.wrap_ups = WrapUps()
        self.identity = Identity()
        self.backends = Backends()
        self.journal = MemoryJournal()
        kept: Journal | None = options.pop("kept", None)
        self.reception: Reception = options.pop("reception", None) or Reception()
        self.letters = Letters()
        self.callbacks = MemoryCallbacks()
        self.visits: list[Event] = []
        self.finder = Finder()
        self.metrics = Metrics()
        self.users = UserStore(folder / "ctihub.db")
        for agent in ("alice", "bob", "sue"):
            if self.users.password_hash(agent) is None:
                self.users.save(agent, hashed_password())
        self.accesses = Accesses()
        privacy: PrivacySection = options.pop("privacy", None) or PrivacySection()
        seen = sight(AGENTS, self.accesses, privacy)
        self.desk = Desk(
            agents=AGENTS,
            sight=seen,
            live=self.calls,
            contexts=self.contexts,
            status=self.status,
            directory=self.directory,
            callbacks=self.callbacks.waiting,
            version="1.2.3",
            commands=("answer", "hang_up", "monitor"),
            not_ready_reasons=("Break", "Lunch"),
            dispositions=("Solved", "Call back"),
            writes=lambda: (WriteKind.CASE, WriteKind.ACTIVITY),
        )
        self.callbacks.on_changed = self.desk.callback_changed
        settings: dict[str, Any] = {
            "session_check_s": 0.02,
            "static_dir": folder / "static",
            "feeds": {},
            "soap": {},
            **options,
        }
        self.server = DeskServer(
            host="127.0.0.1",
            port=0,
            desk=self.desk,
            users=self.users,
            tokens={
                "acceptance": TokenSection(token=SecretStr(TOKEN)),
                "other": TokenSection(token=SecretStr("machine-token-2")),
                "webshop": TokenSection(token=SecretStr(PUBLISH_TOKEN), may=("publish",), feeds=("webshop",)),
                "dialler": TokenSection(token=SecretStr(CONTROL_TOKEN), may=("control",)),
                "deployment": TokenSection(token=SecretStr(CONFIGURE_TOKEN), may=("configure",)),
                "audit": TokenSection(token=SecretStr(AUDIT_TOKEN), may=("audit",)),
                "chatbot": TokenSection(token=SecretStr(RECORD_TOKEN), may=("record",)),
                "operations": TokenSection(token=SecretStr(OPERATE_TOKEN), may=("operate",)),
                "quality": TokenSection(token=SecretStr(SUPERVISE_TOKEN), may=("read", "control", "supervise")),
            },
            control=self.control,
            customers=self.customers,
            timeline=kept or NoTimeline(),
            contexts=self.contexts,
            archive=kept or NoArchive(),
            store_problem=kept.problem if kept else lambda: None,
            wrap_ups=self.wrap_ups,
            identity=self.identity,
            decisions=self.identity,
            backends=self.backends,
            live=self.calls,
            directory=self.directory,
            call_log=self.log,
            journal=kept or self.journal,
            reception=self.reception,
            dead_letters=self.letters,
            replay_asked=self.letters.replay_asked,
            requests=answering(
                finder=self.finder,
                control=self.control,
                directory=self.directory,
                calls=self.calls,
                privacy=privacy,
                accesses=self.accesses,
                known=self.customers,
            ),
            sight=seen,
            callbacks=self.callbacks,
            region="DE",
            on_visit=self.visits.append,
            privacy=privacy,
            access_records=self.accesses,
            status=self.status,
            metrics=self.metrics.render,
            version="1.2.3",
            **settings,
        )
        self._browsers: list[aiohttp.ClientSession] = []

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(browser.close() for browser in self._browsers))
        await self.server.stop()
        self.users.close()

    @property
    def url(self) -> str:
        return self.server.url

    def browser(self) -> aiohttp.ClientSession:
        """Return a browser with nothing in it; it says its origin as browsers do."""
        browser = aiohttp.ClientSession(
            self.url, cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": self.url}
        )
        self._browsers.append(browser)
        return browser

    async def signed_in(self, agent: str = "alice") -> aiohttp.ClientSession:
        browser = self.browser()
        async with browser.post("/api/v1/session", json={"user": agent, "password": PASSWORD}) as reply:
            if reply.status != 201:
                raise RuntimeError(f"sign-in failed: {reply.status}")
        return browser

    def machine(self, token: str = TOKEN) -> aiohttp.ClientSession:
        """Return a program with a bearer token."""
        machine = aiohttp.ClientSession(self.url, headers={"Authorization": f"Bearer {token}"})
        self._browsers.append(machine)
        return machine

    async def page(self, agent: str = "alice") -> Page:
        browser = await self.signed_in(agent)
        return Page(await browser.ws_connect("/api/v1/desk"))


class Page:
    """An open desk page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def frame(self, kind: str = "") -> dict[str, Any]:
        """Return the next frame, which must be of this kind if one is named."""
        message = await self.socket.receive(timeout=5)
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise RuntimeError(f"no frame but {message.type.name} {message.data}")
        frame: dict[str, Any] = json.loads(message.data)
        if kind and frame["frame"] != kind:
            raise RuntimeError(f"{kind} expected, but {message.data}")
        return frame

    async def close_code(self) -> int | None:
        while not self.socket.closed:
            await self.socket.receive(timeout=5)
        return self.socket.close_code
