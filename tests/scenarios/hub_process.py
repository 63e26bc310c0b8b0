"""The real hub as a process of its own, with one configuration file, that a test may kill and start again."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers.ports import LOOPBACK, free_tcp_port
from tests.servers.process import OwnedProcess

START_SECONDS = 40.0


class HubProcess:
    """`python -m hub run`: its configuration, its journal and its log lie in `folder`.

    `sections` are those of ctihub.yaml, without `hub`, `store` and `auth`, which are the same for every test.
    `environment` holds the secrets that the sections name as ${NAME}; `options` go on the command line.
    """

    def __init__(
        self, folder: Path, sections: Mapping[str, Any], environment: Mapping[str, str], options: Sequence[str] = ()
    ) -> None:
        self.port = free_tcp_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.token = secrets.token_urlsafe(16)
        self._secrets = {**environment, "API_TOKEN": self.token}
        self._environment = {**os.environ, **self._secrets}
        self._configuration = folder / "ctihub.yaml"
        self._log = folder / "hub.log"
        document = {
            "hub": {"listen": f"{LOOPBACK}:{self.port}", "region": "DE"},
            "store": {"url": "sqlite:///ctihub.db"},
            "auth": {"tokens": {"tests": "${API_TOKEN}"}},
            **sections,
        }
        # What is JSON is YAML too.
        self._configuration.write_text(json.dumps(document, indent=1), encoding="utf-8")
        self._process = OwnedProcess(
            [sys.executable, "-m", "hub", "run", "--config", str(self._configuration), *options],
            self._log,
            self._environment,
        )

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.running

    async def add_user(self, agent: str, password: str) -> None:
        """Let an agent sign in, as the administrator does."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", "user", "add", agent, "--password-stdin"),
            *("--config", str(self._configuration)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
        )
        output, _ = await process.communicate(f"{password}\n".encode())
        assert process.returncode == 0, output.decode(errors="replace")

    async def command(self, *words: str) -> tuple[int, str]:
        """Run another `ctihub` command on the same configuration; return its exit status and what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", *words, "--config", str(self._configuration)),
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def start(self, *, until: str = "/readyz") -> None:
        """Start it and return when `until` answers 200; `/livez` does before a PBX is there."""
        self._process.start()
        deadline = time.monotonic() + START_SECONDS
        async with aiohttp.ClientSession() as client:
            while not await self._answers(client, until):
                self._process.raise_if_dead()
                assert time.monotonic() < deadline, f"no 200 from {until}:\n{self._process.output_end()}"
                await asyncio.sleep(0.03)

    async def _answers(self, client: aiohttp.ClientSession, path: str) -> bool:
        try:
            async with client.get(f"{self.url}{path}") as reply:
                return reply.ok
        except aiohttp.ClientError:
            return False

    def kill(self) -> None:
        """SIGKILL it, in the middle of whatever it does."""
        self._process.kill()

    def freeze(self) -> None:
        """Let it hold its connections and say nothing."""
        self._process.freeze()

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._process.thaw()

    def stop(self) -> None:
        """SIGTERM it and wait until it has ended."""
        self._process.stop()

    def log(self) -> str:
        """Return what it has logged since the last start."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def log_lines(self) -> list[dict[str, Any]]:
        """Return the log's entries, oldest first."""
        return [json.loads(line) for line in self.log().splitlines()]

    def assert_clean_log(self, *numbers: str) -> None:
        """No exception was logged, no secret, and none of these telephone numbers."""
        text = self.log()
        assert "Traceback" not in text, text[-8000:]
        assert [] == [name for name, secret in self._secrets.items() if secret in text]
        assert [] == [number for number in numbers if number.removeprefix("+") in text]
