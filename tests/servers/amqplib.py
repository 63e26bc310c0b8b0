"""A client of the bus of another make (npm's amqplib), as a legacy system has one; each command is a run of Node.js."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.servers.folders import own_folder
from tests.servers.npm import NpmApp

APP = Path(__file__).with_name("amqplib_app")
PACKAGES = NpmApp(APP, "amqplib")
WITHIN_S = 60.0


class AmqplibClient:
    """Signs in to `url`. Its methods block; what the broker refuses comes back as `{"refused": WORDS}`."""

    def __init__(self, packages: Path, url: str) -> None:
        self._url = url
        self._folder = own_folder("ctihub-amqplib-")
        shutil.copy(APP / "client.mjs", self._folder / "client.mjs")
        (self._folder / "node_modules").symlink_to(packages / "node_modules")

    def bind(self, queue: str, exchange: str, pattern: str) -> Any:
        """Have a queue, made if need be, get what fits the pattern."""
        return self._run(command="bind", queue=queue, exchange=exchange, pattern=pattern)

    def read(self, queue: str, count: int) -> Any:
        """Take so many messages; each has `routing_key`, `properties` and `body`."""
        return self._run(command="read", queue=queue, count=count)

    def publish(self, exchange: str, routing_key: str, *messages: dict[str, Any]) -> Any:
        """Publish, confirmed; a message is its `body` and what amqplib calls its options."""
        return self._run(command="publish", exchange=exchange, routing_key=routing_key, messages=messages)

    def ask(self, exchange: str, body: str, *, correlation_id: str, headers: dict[str, str]) -> Any:
        """Send a request and return the reply: `properties` and `body`."""
        return self._run(command="ask", exchange=exchange, body=body, correlation_id=correlation_id, headers=headers)

    def remove(self) -> None:
        """Delete what it wrote."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, **asked: Any) -> Any:
        done = subprocess.run(
            [*PACKAGES.node, str(self._folder / "client.mjs")],
            input=json.dumps({"url": self._url, **asked}),
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"amqplib: {done.stderr[-2000:]}")
        return json.loads(done.stdout)
