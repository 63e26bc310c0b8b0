"""Who may ask: this host, the hosts of the configured PBXs, and whom the configuration permits; nobody else."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections import Counter
from collections.abc import Iterable, Mapping

import structlog

log = structlog.get_logger(__name__)

RESOLVE_AGAIN_S = 30.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Admission:
    """`pbx_hosts` are names or addresses by PBX. Names are looked up again when an address is not known."""

    def __init__(
        self,
        *,
        pbx_hosts: Mapping[str, str],
        permit: Iterable[str],
        max_connections: int,
        max_per_peer: int,
    ) -> None:
        self._hosts = pbx_hosts
        self._permitted = [ipaddress.ip_network(text) for text in permit]
        self._max_connections = max_connections
        self._max_per_peer = max_per_peer
        self._pbx_by_address: dict[Address, str] = {}
        self._resolved_at = float("-inf")
        self._open: Counter[Address] = Counter()

    @property
    def connections(self) -> int:
        return self._open.total()

    def enter(self, address: Address) -> bool:
        """Count a connection in; False when there are too many."""
        if self.connections >= self._max_connections or self._open[address] >= self._max_per_peer:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: Address) -> None:
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

    async def is_permitted(self, address: Address) -> bool:
        if address.is_loopback or any(address in network for network in self._permitted):
            return True
        if address not in self._pbx_by_address:
            await self._resolve()
        return address in self._pbx_by_address

    async def pbx_of(self, address: Address, named: str) -> str:
        """Return which PBX asks: the only one there is, the one that names itself, else the one with this address.

        Empty where nothing tells.
        """
        if len(self._hosts) == 1:
            return next(iter(self._hosts))
        if named in self._hosts:
            return named
        if address not in self._pbx_by_address:
            await self._resolve()
        return self._pbx_by_address.get(address, "")

    async def _resolve(self) -> None:
        if time.monotonic() - self._resolved_at < RESOLVE_AGAIN_S:
            return
        self._resolved_at = time.monotonic()
        await asyncio.gather(*(self._resolve_host(pbx, host) for pbx, host in self._hosts.items()))

    async def _resolve_host(self, pbx: str, host: str) -> None:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            log.warning("pbx_host_not_resolved", pbx=pbx, reason=error.strerror)
            return
        addresses = {address for *_, name in found if (address := plain_address(str(name[0]))) is not None}
        kept = {address: name for address, name in self._pbx_by_address.items() if name != pbx}
        # Of two PBXs on one address the first of the configuration is meant, unless the dialplan says which.
        self._pbx_by_address = {**dict.fromkeys(addresses, pbx), **kept}


def plain_address(text: str) -> Address | None:
    """Read an address; one of IPv4 that came in over IPv6 is the one of IPv4."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
