"""A customer's index key as people name it: SYSTEM:ID, a number, an e-mail address."""

from __future__ import annotations

from hub.domain.phone import parse_number


def customer_key(text: str, region: str) -> str:
    """Return the index key (`id:SYSTEM:ID`, `tel:+49...`, `mailto:...`) of what was given, or given as that already.

    Raises ValueError, which says in words what is wrong.
    """
    given = text.strip()
    if given.startswith("id:"):
        return _checked(given, given.removeprefix("id:"))
    if given.startswith("mailto:") or ("@" in given and ":" not in given):
        return _mailbox(given.removeprefix("mailto:"))
    if ":" in given and not given.startswith("tel:"):
        return _checked(f"id:{given}", given)
    number = parse_number(given.removeprefix("tel:"), region).e164
    if number is None:
        raise ValueError(f"{text!r} is neither SYSTEM:ID nor a number of {region} nor an e-mail address")
    return f"tel:{number}"


def _mailbox(address: str) -> str:
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or any(character.isspace() for character in address):
        raise ValueError(f"{address!r} is no e-mail address: write NAME@DOMAIN")
    return f"mailto:{address.lower()}"


def _checked(key: str, reference: str) -> str:
    system, _, identity = reference.partition(":")
    if not system or not identity:
        raise ValueError(f"{reference!r}: write SYSTEM:ID, as in crm:4711")
    return key
