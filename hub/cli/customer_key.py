"""Whom the command line means, and what the configuration says of who is whom."""

from __future__ import annotations

from hub.cli.outcome import CannotRunError
from hub.config.model import Config
from hub.domain.phone import parse_number
from hub.journal.erasure import ERASURE
from hub.journal.erasure_scope import Same, Shared

_PREFIXES = ("id:", "tel:", "mailto:")


def key_of(text: str, region: str) -> str:
    """Return the index key of what was given. Raises CannotRunError."""
    given = text.strip()
    if given.startswith(ERASURE):
        return given
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


def shared(config: Config) -> Shared:
    """Return what says which keys are nobody's own: numbers that the configuration names so."""
    from hub.context.identity.scoring import Rules

    rules = Rules(config.context.identity)
    return lambda key: key.startswith("tel:") and rules.is_shared(key.removeprefix("tel:"))


def same_customer(config: Config) -> Same:
    """Return what joins records as the hub joins them."""
    from hub.context.identity.grouping import group_records
    from hub.context.identity.scoring import Rules

    rules = Rules(config.context.identity)
    return lambda records, decisions: group_records(records, rules, decisions).groups
