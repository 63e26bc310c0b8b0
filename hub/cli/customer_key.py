"""Whom the command line means, and what the configuration says of who is whom."""

from __future__ import annotations

from collections.abc import Collection

from hub.cli.outcome import CannotRunError
from hub.config.model import Config
from hub.domain.phone import parse_number
from hub.journal.erasure_scope import Same

_PREFIXES = ("id:", "tel:", "mailto:")


def key_of(text: str, region: str) -> str:
    """Return the index key of what was given. Raises CannotRunError."""
    given = text.strip()
    if given.startswith("id:"):
        return _checked(given, given.removeprefix("id:"))
    if given.startswith("mailto:") or ("@" in given and ":" not in given):
        return f"mailto:{given.removeprefix('mailto:').lower()}"
    if ":" in given and not given.startswith("tel:"):
        return _checked(f"id:{given}", given)
    number = parse_number(given.removeprefix("tel:"), region).e164
    if number is None:
        raise CannotRunError(f"{text!r} is neither SYSTEM:ID nor a number of {region} nor an e-mail address")
    return f"tel:{number}"


def _checked(key: str, reference: str) -> str:
    system, _, identity = reference.partition(":")
    if not system or not identity:
        raise CannotRunError(f"{reference!r}: write SYSTEM:ID, as in crm:4711")
    return key


def shared_keys(_config: Config) -> Collection[str]:
    return ()


def same_customer(_config: Config) -> Same | None:
    return None
