"""A running RabbitMQ of the tests' own: private node, ports, data and user; 3.10, or 4 in a Debian of its own."""

import os
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

from tests.servers.asterisk_install import instance_folder
from tests.servers.folders import own_folder
from tests.servers.ports import LOOPBACK, free_tcp_port
from tests.servers.process import OwnedProcess, ServerFailedError
from tests.waiting import eventually_blocking

START_SECONDS = 60.0
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
FRAME_METHOD = b"\x01"


class RabbitMQ:
    """One RabbitMQ: start, kill, start again with the data it had.

    `start`, `kill` and `stop` block for up to several seconds: from a coroutine that shares
    its loop with the hub, call them with `asyncio.to_thread`.
    """

    host = LOOPBACK
    username = "ctihub"

    def __init__(self, server: str, root: Path | None = None) -> None:
        """Take the program `server`, whose root folder is `root` if that is not the machine's."""
        self._program = server
        self._enter = ["chroot", str(root)] if root else []
        self.port = free_tcp_port()
        self.password = secrets.token_urlsafe(12)
        self._folder = instance_folder(root) if root else own_folder("ctihub-rabbitmq-")
        self._inside = Path("/", self._folder.relative_to(root)) if root else self._folder
        self._epmd_port = free_tcp_port()
        self._epmd = OwnedProcess(
            [*self._enter, "epmd", "-address", LOOPBACK, "-port", str(self._epmd_port)],
            output=self._folder / "epmd-output",
        )
        self._server = OwnedProcess([*self._enter, server], output=self._folder / "output", env=self._environment())
        self._write_configuration()

    @property
    def url(self) -> str:
        """The address with user and password, as ctihub.yaml takes it."""
        return f"amqp://{self.username}:{self.password}@{self.host}:{self.port}/"

    @property
    def _node(self) -> str:
        return f"ctihub-{self.port}@localhost"

    @property
    def running(self) -> bool:
        """Whether the broker's process lives."""
        return self._server.running

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            # Erlang keeps the node's cookie there.
            "HOME": str(self._inside),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_DIST_PORT": str(free_tcp_port()),
            "RABBITMQ_CONF_ENV_FILE": str(self._inside / "none"),
            "RABBITMQ_CONFIG_FILE": str(self._inside / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self._inside / "none.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._inside / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self._inside / "data"),
            "RABBITMQ_LOG_BASE": str(self._inside / "log"),
            "RABBITMQ_PID_FILE": str(self._inside / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none",
        }

    def _write_configuration(self) -> None:
        (self._folder / "plugins").write_text("[].\n")
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {LOOPBACK}:{self.port}\n"
            f"default_user = {self.username}\n"
            f"default_pass = {self.password}\n"
            # The size of the machine's disk is not what these tests are about.
            "disk_free_limit.absolute = 1MB\n"
        )

    def start(self) -> None:
        """Start it and return when it takes connections; the port is the same at each start."""
        if not self._epmd.running:
            self._epmd.start()
            eventually_blocking(self._epmd_answers, "epmd listening")
        self._server.start()
        eventually_blocking(lambda: not self.running or self._answers(), "RabbitMQ taking connections", START_SECONDS)
        if not self.running:
            raise ServerFailedError(f"RabbitMQ ended:\n{self._server.output_end()}")

    def kill(self) -> None:
        """SIGKILL it, as when the machine loses its power."""
        self.note_queues()
        self._server.kill()

    def note_queues(self) -> None:
        """Wait until it has noted on its disk which quorum queues it has, up to three seconds after their making.

        One that is killed before makes them anew and empty, and of one such queue never elects the leader (seen with
        3.10; the messages are lost, though they were confirmed). A test that kills it while something goes on calls
        this before that begins, for it takes a while.
        """
        folder = self._folder / "data" / self._node / "quorum" / self._node
        eventually_blocking(lambda: not self.running or _are_noted(folder), "RabbitMQ noting its queues")

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._server.stop()

    def control(self, *arguments: str) -> None:
        """Run `rabbitmqctl` on it; takes a second or two."""
        environment = self._environment()
        # The command is no node: it must not take the node's port.
        del environment["RABBITMQ_DIST_PORT"]
        command = Path(self._program).with_name("rabbitmqctl")
        done = subprocess.run(
            [*self._enter, str(command), "--quiet", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServerFailedError(f"rabbitmqctl {arguments[0]}:\n{done.stdout}{done.stderr}")

    def remove(self) -> None:
        """End it and delete all it wrote."""
        self._server.kill()
        self._epmd.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _epmd_answers(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self._epmd_port), timeout=1).close()
        except OSError:
            return False
        return True

    def _answers(self) -> bool:
        """Whether it answers a protocol header with its first frame (AMQP 0-9-1, 2.2.4)."""
        try:
            with socket.create_connection((self.host, self.port), timeout=1) as connection:
                connection.settimeout(1)
                connection.sendall(PROTOCOL_HEADER)
                return connection.recv(1) == FRAME_METHOD
        except OSError:
            return False


def _are_noted(folder: Path) -> bool:
    """Whether each queue's folder is named in the file of names, of which the broker holds back what is new."""
    names = folder / "names.dets"
    if not names.exists():
        return True
    noted = names.read_bytes()
    return all(queue.name.encode() in noted for queue in folder.iterdir() if queue.is_dir())
