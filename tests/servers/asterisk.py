"""A running Asterisk with the project's own configuration, on ports of its own."""

import secrets
import shutil
import socket
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.servers.asterisk_configuration import PHONES, Site, render
from tests.servers.asterisk_install import instance_folder
from tests.servers.ports import LOOPBACK, free_tcp_port, free_udp_port
from tests.servers.process import OwnedProcess, ServerFailedError
from tests.waiting import eventually_blocking

# Another loopback address than the phones', for Asterisk knows its trunk by the address.
TRUNK_HOST = "127.0.0.2"
START_SECONDS = 30.0
# An account that sees every event there is and can change nothing.
MONITOR = "monitor"


class Asterisk:
    """One Asterisk: start, kill, start again; its database outlives a kill.

    `start`, `kill` and `stop` block for up to a few seconds: from a coroutine that shares
    its loop with the hub, call them with `asyncio.to_thread`.
    """

    host = LOOPBACK
    ami_username = "hub"

    def __init__(
        self,
        root: Path,
        *,
        queue_ring_seconds: int = 10,
        direct_ring_seconds: int = 10,
        site: Site | None = None,
    ) -> None:
        self._site = site
        self.technology = site.technology if site else "PJSIP"
        self.ami_port = free_tcp_port()
        self.ami_secret = secrets.token_urlsafe(12)
        self.monitor_secret = secrets.token_urlsafe(12)
        self.sip_port = free_udp_port()
        self.trunk_port = free_udp_port(TRUNK_HOST)
        self.phone_secrets = {number: secrets.token_urlsafe(12) for number in (*PHONES, *(site.phones if site else ()))}
        self._folder = instance_folder(root)
        inside = Path("/", self._folder.relative_to(root))
        self._write_configuration(inside, queue_ring_seconds, direct_ring_seconds)
        self._asterisk = ["chroot", str(root), "asterisk", "-C", str(inside / "etc/asterisk.conf")]
        self._process = OwnedProcess(
            [*self._asterisk, "-f"],
            output=self._folder / "output",
        )

    def _write_configuration(self, inside: Path, queue_ring_seconds: int, direct_ring_seconds: int) -> None:
        for name in ("etc", "lib", "spool", "run", "log"):
            (self._folder / name).mkdir()
        rtp_start = 20000 + 100 * secrets.randbelow(300)
        values = {
            "AMI_BIND": LOOPBACK,
            "AMI_PORT": str(self.ami_port),
            "AMI_SECRET": self.ami_secret,
            "SIP_BIND": LOOPBACK,
            "SIP_PORT": str(self.sip_port),
            "RTP_START": str(rtp_start),
            "RTP_END": str(rtp_start + 99),
            "TRUNK_HOST": TRUNK_HOST,
            "TRUNK_PORT": str(self.trunk_port),
            "QUEUE_RING_SECONDS": str(queue_ring_seconds),
            "DIRECT_RING_SECONDS": str(direct_ring_seconds),
            "AST_ETC_DIR": str(inside / "etc"),
            "AST_LIB_DIR": str(inside / "lib"),
            "AST_SPOOL_DIR": str(inside / "spool"),
            "AST_RUN_DIR": str(inside / "run"),
            "AST_LOG_DIR": str(inside / "log"),
            **{f"PHONE_{number}_SECRET": secret for number, secret in self.phone_secrets.items()},
        }
        etc = self._folder / "etc"
        rendered = render(etc, values)
        if rendered.returncode != 0:
            raise ServerFailedError(rendered.stderr)
        if self._site:
            self._site.write(etc, values)
        accounts = etc / "manager.d"
        accounts.mkdir()
        (accounts / "monitor.conf").write_text(
            f"[{MONITOR}]\nsecret = {self.monitor_secret}\n"
            "deny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.0/255.0.0.0\nread = all\nwrite =\n"
        )

    @property
    def configuration(self) -> Path:
        """Its own files, as in /etc/asterisk."""
        return self._folder / "etc"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.running

    def start(self) -> None:
        """Start it and return when it takes calls; the ports are the same at each start."""
        self._process.start()
        self._process.wait_for_output("Asterisk Ready", START_SECONDS)
        with socket.create_connection((self.host, self.ami_port), timeout=START_SECONDS):
            pass

    def kill(self) -> None:
        """SIGKILL it."""
        self._process.kill()

    def freeze(self) -> None:
        """Let it hold its connections and say nothing, as a machine that hangs does."""
        self._process.freeze()

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._process.thaw()

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._process.stop()

    def command(self, line: str) -> str:
        """Type one line at its console; return what it prints."""
        done = subprocess.run([*self._asterisk, "-rx", line], capture_output=True, text=True, timeout=10, check=True)
        return done.stdout

    def on_disk(self, key: str) -> str:
        """Return what its database has of a key on the disk, "" for nothing: it writes down what is new a while later.

        A test that kills it waits for what it must know afterwards.
        """
        with closing(sqlite3.connect(f"file:{self._folder / 'lib/astdb.sqlite3'}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT value FROM astdb WHERE key = ?", (key,)).fetchone()
        return found[0] if found else ""

    def end_calls(self) -> None:
        """Hang up whatever a test that failed left behind, so that the next one finds the phones free."""
        if "0 active channels" not in self.command("core show channels count"):
            self.command("channel request hangup all")
            eventually_blocking(
                lambda: "0 active channels" in self.command("core show channels count"), "every channel hung up"
            )

    def messages(self) -> str:
        """Return its notices, warnings and errors since the first start."""
        log = self._folder / "log/messages"
        return log.read_text(errors="replace") if log.exists() else ""

    def remove(self) -> None:
        """End it and delete all it wrote."""
        self._process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
