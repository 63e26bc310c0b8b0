"""Accesses for a terminal, and as whom the command line accesses."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

from hub.cli.dlq_words import safe
from hub.domain.ports import Access, AccessAction


def user() -> str:
    """Return who runs the command, as the log of accesses has it."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli:unknown"


def access_now(action: AccessAction, keys: tuple[str, ...]) -> Access:
    return Access(at=datetime.now(UTC), viewer=user(), action=action, keys=keys)


def named(key: str) -> str:
    """Return a key as a person writes it: SYSTEM:ID, the number, the address."""
    return safe(key.partition(":")[2])


def access_line(access: Access) -> str:
    call = f"  call {access.call_id}" if access.call_id else ""
    keys = ", ".join(access.keys)
    return safe(f"{access.at:%Y-%m-%d %H:%M:%S}Z  {access.viewer:20}  {access.action.value:8}  {keys}{call}")
