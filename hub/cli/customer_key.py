"""Whom the command line means, and what the configuration says of who is whom."""

from __future__ import annotations

from hub.cli.outcome import CannotRunError
from hub.config.model import Config
from hub.domain.customer_key import customer_key
from hub.journal.erasure import ERASURE
from hub.journal.erasure_who import Same, Shared


def key_of(text: str, region: str) -> str:
    """Return the index key of what was given, or the erasure that it names. Raises CannotRunError."""
    if text.strip().startswith(ERASURE):
        return text.strip()
    try:
        return customer_key(text, region)
    except ValueError as error:
        raise CannotRunError(str(error)) from None


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
