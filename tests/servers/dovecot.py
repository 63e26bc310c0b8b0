"""A running Dovecot of the tests' own: private ports, data and users, with TLS and without."""

import contextlib
import imaplib
import os
import pwd
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from tests.servers.certificates import Authority
from tests.servers.debian import is_root
from tests.servers.folders import own_folder
from tests.servers.ports import LOOPBACK, free_tcp_port
from tests.servers.process import OwnedProcess, ServerFailedError
from tests.waiting import eventually_blocking

START_SECONDS = 20.0
OWNER = "nobody"
"""Who owns the mails where root runs the server."""
USERS = 60
ODD_PASSWORDS = ('quo"ted \\ back', "Grüße 世界")
"""Passwords with letters that a protocol may stumble on."""


class Dovecot:
    """One Dovecot: start, kill, start again with the mails it had. Each user has a mailbox."""

    host = LOOPBACK

    def __init__(self, program: str) -> None:
        self.port = free_tcp_port()
        self.tls_port = free_tcp_port()
        self.token_port = free_tcp_port()
        """Where it asks whose a token is: GET /tokeninfo?token=..., answered with JSON that has `email`."""
        self._folder = own_folder("ctihub-dovecot-")
        self._folder.chmod(0o755)
        self.authority = Authority(self._folder)
        self._pair = self.authority.pair("server")
        # It reads the list anew only where the clock has gone on since: all users are there from the beginning.
        self.passwords = {f"user{number}": secrets.token_urlsafe(12) for number in range(USERS)}
        self._odd = {f"odd{number}": password for number, password in enumerate(ODD_PASSWORDS)}
        self._free = list(self.passwords)
        self.passwords |= self._odd
        self._users = self._folder / "users"
        self._users.write_text("".join(f"{name}:{password}\n" for name, password in self.passwords.items()))
        self._mail = self._folder / "mail"
        self._mail.mkdir()
        if is_root():
            shutil.chown(self._mail, OWNER)
        (self._folder / "oauth2.conf").write_text(
            f"tokeninfo_url = http://{LOOPBACK}:{self.token_port}/tokeninfo?token=\nusername_attribute = email\n"
        )
        configuration = self._folder / "dovecot.conf"
        configuration.write_text(self._configuration())
        self._server = OwnedProcess([program, "-F", "-c", str(configuration)], output=self._folder / "output")

    def _configuration(self) -> str:
        me = pwd.getpwuid(os.geteuid()).pw_name
        internal, login, owner = ("dovecot", "dovenull", OWNER) if is_root() else (me, me, me)
        identity = pwd.getpwnam(owner)
        return f"""
protocols = imap
listen = {LOOPBACK}
base_dir = {self._folder}/run
state_dir = {self._folder}/state
log_path = /dev/stderr
instance_name = ctihub-{self.port}
default_internal_user = {internal}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:{self._mail}/%u
mail_max_userip_connections = 100
ssl = yes
ssl_cert = <{self._pair.certificate}
ssl_key = <{self._pair.key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {self._folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {self._users}
}}
userdb {{
  driver = static
  args = uid={identity.pw_uid} gid={identity.pw_gid} home={self._mail}/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # No patience is asked of an address that gave a wrong password.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""

    @property
    def running(self) -> bool:
        """Whether its master process lives."""
        return self._server.running

    def start(self) -> None:
        """Start it and return when it takes connections; the ports are the same at each start."""
        # What a killed one has left there keeps the next from starting.
        shutil.rmtree(self._folder / "run", ignore_errors=True)
        self._server.start()
        eventually_blocking(lambda: not self.running or self._answers(), "Dovecot taking connections", START_SECONDS)
        if not self.running:
            raise ServerFailedError(f"Dovecot ended:\n{self._server.output_end()}")

    def kill(self) -> None:
        """SIGKILL it and all its processes, as when the machine loses its power."""
        self._server.kill()
        eventually_blocking(lambda: not self._answers(), "the end of its listeners")

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._server.stop()

    def remove(self) -> None:
        """End it and delete all it wrote."""
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def make_user(self) -> str:
        """Give a user with an empty mailbox; return the name."""
        return self._free.pop()

    def odd_user(self, password: str) -> str:
        """Return the user who has one of the odd passwords."""
        return next(name for name, odd in self._odd.items() if odd == password)

    def deliver(self, user: str, mail: bytes | EmailMessage, folder: str = "INBOX", at: datetime | None = None) -> None:
        """Put a mail into a folder, as of now or a time before."""
        raw = mail.as_bytes() if isinstance(mail, EmailMessage) else mail
        moment = imaplib.Time2Internaldate(at or time.time())
        with self._session(user) as session:
            _checked(session.append(folder, "", moment, raw))

    def make_folder(self, user: str, name: str) -> None:
        """Make a folder; its name as the protocol has it (UTF-7)."""
        with self._session(user) as session:
            _checked(session.create(name))

    def expunge(self, user: str, folder: str = "INBOX", uid: str = "1:*") -> None:
        """Delete mails for good."""
        with self._session(user) as session:
            _checked(session.select(folder))
            _checked(session.uid("STORE", uid, "+FLAGS", "\\Deleted"))
            _checked(session.expunge())

    def flags(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return number and flags of each mail in a folder."""
        with self._session(user) as session:
            _checked(session.select(folder, readonly=True))
            _, told = session.fetch("1:*", "(FLAGS)")
            return [line for line in told if isinstance(line, bytes)]

    def renumber(self, user: str) -> None:
        """Have all mails of a user counted anew, under another UIDVALIDITY, while the server is down."""
        for file in (self._mail / user).rglob("dovecot*"):
            if file.is_file():
                file.unlink()

    @contextlib.contextmanager
    def _session(self, user: str) -> Iterator[imaplib.IMAP4]:
        session = imaplib.IMAP4(self.host, self.port, timeout=10)
        try:
            session.authenticate("PLAIN", lambda _: f"\0{user}\0{self.passwords[user]}".encode())
            yield session
        finally:
            session.logout()

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=1) as connection:
                return connection.recv(4) == b"* OK"
        except OSError:
            return False


def installed() -> str | None:
    """Return where Debian's package puts the server."""
    program = Path("/usr/sbin/dovecot")
    return str(program) if program.exists() and Path("/usr/lib/dovecot/imap").exists() else None


def _checked(answer: tuple[str, object]) -> None:
    if answer[0] != "OK":
        raise ServerFailedError(f"Dovecot says {answer}")
