"""The real hub as a process of its own, configured by a file like anybody's."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp

_START_WITHIN_S = 120.0  # on a computer that has much else to do; a hub that ends says so at once
_STOP_WITHIN_S = 10.0


class DemoError(RuntimeError):
    """The demo can't run; the message says why and what to do."""


class HubProcess:
    """`python -m hub` with one configuration file; its log goes to `log_file`."""

    def __init__(self, config_file: Path, log_file: Path) -> None:
        self._config_file = config_file
        self._log_file = log_file
        self._process: asyncio.subprocess.Process | None = None

    async def add_user(self, user: str, password: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", "user", "add", user, "--password-stdin"),
            *("--config", str(self._config_file)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate(f"{password}\n".encode())
        if process.returncode != 0:
            raise DemoError(f"ctihub user add failed:\n{output.decode(errors='replace')}")

    async def start(self, url: str) -> None:
        """Start the hub and wait until it says at `url`/readyz that it is ready."""
        with self._log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hub", "run", "--config", str(self._config_file)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            async with asyncio.timeout(_START_WITHIN_S), aiohttp.ClientSession() as client:
                while not await _is_ready(client, url):
                    if self._process.returncode is not None:
                        raise DemoError(f"the hub ended at once:\n{self._last_lines()}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise DemoError(f"the hub was not ready within {_START_WITHIN_S:g} s:\n{self._last_lines()}") from None

    async def wait(self) -> int:
        """Return the hub's exit status once it ends."""
        if self._process is None:
            raise DemoError("the hub was not started")
        return await self._process.wait()

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_WITHIN_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _last_lines(self) -> str:
        return "\n".join(self._log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


async def _is_ready(client: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with client.get(f"{url}/readyz") as reply:
            return reply.ok
    except aiohttp.ClientError:
        return False
