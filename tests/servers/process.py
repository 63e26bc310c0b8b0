"""A server process that a test owns: it may be killed and started again at any time."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.waiting import eventually_blocking

STOP_SECONDS = 10.0
SHOWN_LOG_BYTES = 4000
DIES_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")


class ServerFailedError(RuntimeError):
    """A server ended, or did not come up; the message holds the end of its output."""


class OwnedProcess:
    """One child in a process group of its own, its output in a file.

    It ends when the thread that started it does, so that a test run that is killed leaves
    no servers behind.
    """

    def __init__(self, argv: Sequence[str], output: Path, env: Mapping[str, str] | None = None) -> None:
        self._argv = list(argv)
        self._output = output
        self._env = None if env is None else dict(env)
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """The child's process id."""
        if self._child is None:
            raise ServerFailedError(f"{self._argv[0]} was not started")
        return self._child.pid

    @property
    def status(self) -> int | None:
        """The child's exit status, None while it lives; below 0 the signal that ended it."""
        return None if self._child is None else self._child.poll()

    def start(self) -> None:
        """Start the child; its output replaces that of an earlier start."""
        if self.running:
            raise ServerFailedError(f"{self._argv[0]} runs already")
        with self._output.open("wb") as output:
            self._child = subprocess.Popen(
                [*DIES_WITH_PARENT, *self._argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL the child and all it started: the machine lost its power."""
        if self._child is None:
            return
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # the group is gone already, which is what was wanted
        finally:
            self._child.wait()

    def freeze(self) -> None:
        """SIGSTOP the child: it holds its sockets, and says nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen child go on."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Ask the child to end; kill it when it doesn't within ten seconds."""
        if self._child is not None and self.running:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):  # the kill below is for this
                self._child.wait(STOP_SECONDS)
        self.kill()

    def wait_for_output(self, text: str, within: float) -> None:
        """Return when `text` stands in the output of the running child."""
        wanted = text.encode()

        def found_or_dead() -> bool:
            return not self.running or wanted in self._output.read_bytes()

        eventually_blocking(found_or_dead, f"{self._argv[0]} saying {text!r}\n{self.output_end()}", within)
        self.raise_if_dead()

    def raise_if_dead(self) -> None:
        """Raise ServerFailedError with the end of the output when the child has ended."""
        if not self.running:
            raise ServerFailedError(f"{self._argv[0]} ended:\n{self.output_end()}")

    def output_end(self) -> str:
        """Return the last of what the child wrote."""
        if not self._output.exists():
            return ""
        return self._output.read_bytes()[-SHOWN_LOG_BYTES:].decode(errors="replace")
