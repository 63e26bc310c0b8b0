"""The real hub as a process of its own, with agents who are signed in and their pages."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import shutil
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

import aiohttp

from hub.desk.user_store import Session, UserStore
from tests.bench.page import AgentPage
from tests.servers.folders import own_folder
from tests.servers.ports import free_tcp_port
from tests.servers.process import OwnedProcess
from tests.waiting import eventually

FIRST_EXTENSION = 1001
_SESSION_S = 3600.0
_PAGES_OPENED_AT_ONCE = 50


class BenchHub(ABC):
    """`async with` a subclass: the hub runs and is ready, and `agents` agents may open their pages.

    A subclass says in `_set_up` what stands around the hub, and starts it with `_start_hub`.
    """

    def __init__(self, *, agents: int) -> None:
        self.agents = [f"agent{FIRST_EXTENSION + number}" for number in range(agents)]
        self.devices = {agent: f"PJSIP/{agent.removeprefix('agent')}" for agent in self.agents}
        self._stack = AsyncExitStack()
        self._tokens = {agent: secrets.token_urlsafe(32) for agent in self.agents}
        self._port = free_tcp_port()

    async def __aenter__(self) -> Self:
        """Start everything."""
        self._folder = own_folder("ctihub-bench-")
        self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
        try:
            await self._set_up()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything and leave nothing behind."""
        await self._stack.aclose()

    @abstractmethod
    async def _set_up(self) -> None: ...

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def hub_pid(self) -> int:
        return self._hub.pid

    def memory_mb(self, *, peak: bool = False) -> float:
        """Return how much of the memory the hub holds now, or held at most so far."""
        status = Path(f"/proc/{self.hub_pid}/status").read_text(encoding="ascii")
        match = re.search(rf"^{'VmHWM' if peak else 'VmRSS'}:\s+(\d+) kB$", status, re.MULTILINE)
        if match is None:
            raise RuntimeError("the hub is gone")
        return int(match[1]) / 1024

    def hub_warnings(self) -> str:
        """Return what the hub has logged as a warning or worse, the end of it."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([line for line in lines if '"level":"info"' not in line][-20:])

    async def open_pages(self, agents: list[str]) -> dict[str, AgentPage]:
        """Open these agents' pages; return once each has been greeted."""
        pages: dict[str, AgentPage] = {}
        for agent in agents:
            page = pages[agent] = await AgentPage.open("127.0.0.1", self._port, f"ctihub={self._tokens[agent]}")
            self._stack.callback(page.close)
            if len(pages) % _PAGES_OPENED_AT_ONCE == 0:
                await eventually(lambda: all(page.frames for page in pages.values()), "every page greeted")
        await eventually(lambda: all(page.frames for page in pages.values()), "every page greeted")
        return pages

    async def metrics(self) -> dict[str, float]:
        """Return the hub's own metrics, by name with labels."""
        async with aiohttp.ClientSession() as client, client.get(f"{self.url}/metrics") as reply:
            reply.raise_for_status()
            lines = (await reply.text()).splitlines()
        samples = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def _agents_section(self) -> str:
        agents = (f'  {agent}: {{name: {agent}, devices: ["{device}"]}}' for agent, device in self.devices.items())
        return "\n".join(agents)

    def _sign_everyone_in(self, store: Path) -> None:
        """Open the sessions in the store: hashing every agent's password would take longer than the bench."""
        now = time.time()
        with UserStore(store) as users:
            for agent, token in self._tokens.items():
                users.save(agent, "no password fits this")
                session = Session(
                    id=hashlib.sha256(token.encode()).hexdigest(), agent=agent, expires_at=now + _SESSION_S
                )
                if not users.open_session(session, now=now, verified_hash="no password fits this"):
                    raise RuntimeError(f"{agent} could not be signed in")

    async def _start_hub(self, configuration: str, passwords: Mapping[str, str]) -> None:
        """Start the hub with this `ctihub.yaml`, whose store is `ctihub.db`; return when it is ready."""
        config = self._folder / "ctihub.yaml"
        config.write_text(configuration, encoding="utf-8")
        self._sign_everyone_in(self._folder / "ctihub.db")
        self._log = self._folder / "hub.log"
        self._hub = OwnedProcess(
            [sys.executable, "-m", "hub", "run", "--config", str(config)], self._log, {**os.environ, **passwords}
        )
        self._hub.start()
        self._stack.callback(self._hub.stop)
        async with aiohttp.ClientSession() as client:
            deadline = time.monotonic() + 30
            while not await self._is_ready(client):
                self._hub.raise_if_dead()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the hub did not become ready:\n{self._hub.output_end()}")

    async def _is_ready(self, client: aiohttp.ClientSession) -> bool:
        await asyncio.sleep(0.05)
        try:
            async with client.get(f"{self.url}/readyz") as reply:
                return reply.ok
        except aiohttp.ClientError:
            return False
