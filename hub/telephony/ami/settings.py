"""How to reach one PBX and how patient to be with it."""

from __future__ import annotations

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """One PBX. Times are in seconds, sizes in bytes.

    ``login`` is how the secret is proved: ``md5`` keeps it off the wire, ``plain`` sends it.
    ``login_timeout_s`` bounds connecting (with TLS and the greeting), and again logging in.
    ``keepalive_s`` of silence brings a Ping, as much silence again the end of the connection.
    ``reconnect_reset_s`` is how long a connection must have held for the waits to start small again.
    ``refused_retry_s`` is the wait after a refused login: soon enough for a corrected password, too seldom
    for a guard that blocks addresses.
    """

    name: str
    host: str
    port: int = 5038
    username: str
    secret: str = dataclasses.field(repr=False)
    login: Literal["md5", "plain"] = "md5"
    tls: bool = False
    ca_file: str | None = None
    verify: bool = True
    login_timeout_s: float = 5.0
    action_timeout_s: float = 10.0
    keepalive_s: float = 15.0
    max_message_bytes: int = 1024 * 1024
    max_list_events: int = 100_000
    reconnect_min_s: float = 0.5
    reconnect_max_s: float = 3.0
    reconnect_reset_s: float = 30.0
    refused_retry_s: float = 60.0

    @property
    def where(self) -> str:
        """The PBX in a message to people: ``PBX main (pbx.example:5038)``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"PBX {self.name} ({host}:{self.port})"
