"""Matters that a customer is in touch about again and again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from hub.domain.interaction import Channel, Repeat, RepeatRule

PROGRESS: Final = frozenset({Channel.ORDER, Channel.CASE})
"""What comes on these is a matter's own progress, told by a system: nobody was in touch."""


class Contact(NamedTuple):
    """A contact that names what it was about."""

    reference: str
    at: datetime
    channel: Channel


def repeats(contacts: Iterable[Contact], rule: RepeatRule) -> tuple[Repeat, ...]:
    """Return the matters of at least so many contacts, that with the newest contact first.

    `contacts` are of the days that the rule looks at, each of them once. A matter is told from another by its number
    as it is written: nothing is guessed.
    """
    of_matter: dict[str, list[Contact]] = {}
    for contact in contacts:
        if contact.reference and contact.channel not in PROGRESS:
            of_matter.setdefault(contact.reference, []).append(contact)
    repeated = [group for group in of_matter.values() if len(group) >= rule.contacts]
    repeated.sort(key=lambda group: max(contact.at for contact in group), reverse=True)
    return tuple(
        Repeat(
            reference=group[0].reference,
            contacts=len(group),
            since=min(contact.at for contact in group),
            channels=tuple(dict.fromkeys(contact.channel for contact in sorted(group, key=lambda one: one.at))),
        )
        for group in repeated
    )
