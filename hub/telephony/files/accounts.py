"""How a hub gets in: the best account of manager.conf, and where Asterisk listens. Secrets are never returned."""

from __future__ import annotations

from typing import NamedTuple

from hub.telephony.files.reader import AsteriskFiles, Block, Place

NEEDED_READ = ("system", "call", "agent", "user", "dialplan", "dtmf")
NEEDED_WRITE = ("system", "call", "agent", "originate", "reporting")
_INDISPENSABLE = frozenset({("read", "call"), ("read", "agent"), ("write", "system")})
_ANYWHERE = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104 - compared with, not listened on


class Manager(NamedTuple):
    """Where and as whom to connect. `missing` is what the account lacks, as in `read = dialplan`; `place` is its."""

    host: str
    port: int
    tls: bool
    username: str
    missing: list[str]
    place: Place | None


def manager(files: AsteriskFiles) -> Manager:
    """Return the account that may do most of what the hub needs; the name `hub` and no place where there is none."""
    blocks = files.blocks("manager.conf")
    general = next((block for block in blocks if block.name.lower() == "general"), None)
    accounts = [
        block
        for block in blocks
        if block is not general and (block.get("enabled", "yes") == "yes" or block.is_on("enabled"))
    ]
    host, port, tls = _address(files, general)
    best = min(accounts, key=_badness, default=None)
    if best is None:
        return Manager(host, port, tls, "hub", [], None)
    lacking = [f"{kind} = {right}" for kind, right in _lacking(best)]
    return Manager(host, port, tls, best.name, lacking, best.place)


def _address(files: AsteriskFiles, general: Block | None) -> tuple[str, int, bool]:
    if general is None:
        return "127.0.0.1", 5038, False
    if not general.is_on("enabled"):
        files.note(general.place, "the manager interface is off: write enabled = yes, or the hub can't connect")
    address, port = general.get("bindaddr"), _port(general.get("port"), 5038)
    tls = general.is_on("tlsenable") and address not in {"127.0.0.1", "::1"}
    if tls:
        secure = general.get("tlsbindaddr")
        host, _, tls_port = secure.rpartition(":") if secure.count(":") == 1 or "]:" in secure else (secure, "", "")
        address, port = host.strip("[]") or address, _port(tls_port, 5039)
    return ("127.0.0.1" if address in _ANYWHERE else address), port, tls


def _port(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65_536 else default  # noqa: PLR2004


def _lacking(account: Block) -> list[tuple[str, str]]:
    rights = {kind: {right.strip().lower() for right in account.get(kind).split(",")} for kind in ("read", "write")}
    return [
        (kind, right)
        for kind, needed in (("read", NEEDED_READ), ("write", NEEDED_WRITE))
        for right in needed
        if not rights[kind] & {right, "all"}
    ]


def _badness(account: Block) -> tuple[int, int, int, str]:
    """Order accounts: what the hub can't do without, then what it uses, then how much else the account may."""
    lacking = _lacking(account)
    surplus = {"command", "config", "all"} & {right.strip().lower() for right in account.get("write").split(",")}
    return len(_INDISPENSABLE & set(lacking)), len(lacking), len(surplus), account.name
