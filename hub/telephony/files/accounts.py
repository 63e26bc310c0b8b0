"""How a hub gets in: the best account of manager.conf, and where Asterisk listens. Secrets are never returned."""

from __future__ import annotations

from typing import NamedTuple

from hub.telephony.files.reader import AsteriskFiles, Block, Place

_NEEDED = {
    "read": ("system", "call", "agent", "user", "dialplan", "dtmf"),
    "write": ("system", "call", "agent", "user", "originate", "reporting"),
}
_INDISPENSABLE = frozenset({("read", "call"), ("read", "agent"), ("write", "system")})
_ANYWHERE = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104 - compared with, not listened on


class Manager(NamedTuple):
    """Where and as whom to connect. `place` is the account's; `missing` what it lacks, as {"read": ["dialplan"]}."""

    host: str
    port: int
    tls: bool
    username: str
    missing: dict[str, list[str]]
    place: Place | None


def manager(files: AsteriskFiles) -> Manager:
    """Return the account that may do most of what the hub needs; the name `hub` and no place where there is none."""
    blocks = files.blocks("manager.conf")
    general = next((block for block in blocks if block.name.lower() == "general"), None)
    accounts = [
        block for block in blocks if block is not general and (not block.get("enabled") or block.is_on("enabled"))
    ]
    host, port, tls = _address(files, general)
    best = min((account for account in accounts if not account.name.startswith("$")), key=_badness, default=None)
    missing = _lacking(best)
    if best is None:
        return Manager(host, port, tls, "hub", missing, None)
    return Manager(host, port, tls, best.name, missing, best.place)


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


def _lacking(account: Block | None) -> dict[str, list[str]]:
    lacking: dict[str, list[str]] = {}
    for kind, needed in _NEEDED.items():
        rights = _rights(account, kind)
        missing = [right for right in needed if not rights & {right, "all"}]
        if missing:
            lacking[kind] = missing
    return lacking


def _rights(account: Block | None, kind: str) -> set[str]:
    return {right.strip().lower() for right in account.get(kind).split(",")} if account else set()


def _badness(account: Block) -> tuple[int, int, int]:
    """Order accounts: what the hub can't do without, then what it uses, then how much else the account may."""
    lacking = [(kind, right) for kind, rights in _lacking(account).items() for right in rights]
    surplus = {"command", "config", "all"} & _rights(account, "write")
    return len(_INDISPENSABLE.intersection(lacking)), len(lacking), len(surplus)
