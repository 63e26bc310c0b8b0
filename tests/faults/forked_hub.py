"""The real hub, started again within a fraction of a second: forked from a process that has its modules loaded.

`python -m tests.faults.forked_hub` is that process. For each line on its standard input it forks a hub, `ctihub run`
as it is but for the time that importing takes, and writes the hub's process id; once that hub has ended, it writes how.
A hub may have a defect: a message with a certain word ends the process that understands it.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tests.servers.process import DIES_WITH_PARENT

if TYPE_CHECKING:
    from hub.domain.inbound import InboundMessage

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class ForkedHub:
    """`with ForkedHub(configuration, log) as hub`: `start` it and `kill` it as often as need be."""

    def __init__(self, configuration: Path, log: Path, environment: dict[str, str], *, poison: str = "") -> None:
        """`poison` is the word in a message that ends the hub."""
        self._command = [sys.executable, "-m", "tests.faults.forked_hub", str(configuration), str(log), poison]
        self._environment = {**os.environ, **environment}
        self._pid = 0

    def __enter__(self) -> Self:
        """Load the modules."""
        self._parent = subprocess.Popen(
            [*DIES_WITH_PARENT, *self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        assert "ready" == self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all of it."""
        os.killpg(self._parent.pid, signal.SIGKILL)
        self._parent.wait()
        for pipe in (self._parent.stdin, self._parent.stdout):
            assert pipe is not None
            pipe.close()

    def start(self) -> None:
        """Return when the hub's process is there; it has done nothing yet."""
        assert self._parent.stdin is not None
        self._parent.stdin.write(b"start\n")
        self._parent.stdin.flush()
        self._pid = int(self._read())

    def kill(self) -> None:
        """SIGKILL it, in the middle of whatever it does, and return when it is gone. It must have lived until then."""
        os.kill(self._pid, signal.SIGKILL)
        self.ends()

    def stop(self) -> None:
        """SIGTERM it, and return when it has ended well: what it had in hand is done."""
        os.kill(self._pid, signal.SIGTERM)
        assert "ended 0" == self._read()

    def ends(self) -> None:
        """Return once it is gone, as by SIGKILL."""
        assert f"ended {signal.SIGKILL.value}" == self._read()

    def _read(self) -> str:
        assert self._parent.stdout is not None
        line: bytes = self._parent.stdout.readline()
        return line.decode().strip()


def _fork_hubs(configuration: str, log: str, poison: str) -> None:
    for module in ("hub.app", "hub.cli.run", "hub.desk.server"):
        importlib.import_module(module)
    if poison:
        _end_over(poison.encode())
    print("ready", flush=True)  # noqa: T201 - what the tests read
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _be_a_hub(configuration, log)
        print(pid, flush=True)  # noqa: T201 - as above
        _, status = os.waitpid(pid, 0)
        print("ended", status, flush=True)  # noqa: T201 - as above


def _end_over(poison: bytes) -> None:
    from hub.bus.intake import Intake, Part

    understand = Intake.parts

    def parts(intake: Intake, message: InboundMessage, **options: Any) -> Iterator[Part]:
        if poison in message.body:
            os.kill(os.getpid(), signal.SIGKILL)
        yield from understand(intake, message, **options)

    Intake.parts = parts  # type: ignore[assignment,method-assign]


def _be_a_hub(configuration: str, log: str) -> None:
    from hub.cli.main import main

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.exit(main(["run", "--config", configuration]))


if __name__ == "__main__":
    _fork_hubs(*sys.argv[1:])
