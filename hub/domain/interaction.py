"""Contacts with a customer on any channel, and what moved in their matters (TM Forum TMF683)."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec


class Channel(enum.StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    CHAT = "chat"
    WEB = "web"
    SELF_SERVICE = "self_service"
    BRANCH = "branch"
    ORDER = "order"
    CASE = "case"
    OTHER = "other"


class CustomerRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How a message names its customer: any of E.164 numbers, e-mail addresses, ids by system name."""

    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    ids: dict[str, str] = {}

    def first_key(self) -> str:
        """Return the first of `keys`, "" if there is none."""
        if self.phones:
            return f"tel:{self.phones[0]}"
        if self.emails:
            return f"mailto:{self.emails[0].lower()}"
        system = min(self.ids, default="")
        return f"id:{system}:{self.ids[system]}" if system else ""

    def keys(self) -> tuple[str, ...]:
        """Return the references as index keys: `tel:+49...`, `mailto:...` (lower case), `id:<system>:<id>`."""
        keys = [f"tel:{phone}" for phone in self.phones]
        keys += [f"mailto:{email.lower()}" for email in self.emails]
        if self.ids:
            keys += [f"id:{system}:{value}" for system, value in sorted(self.ids.items())]
        return tuple(keys)


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an agent wrote down of an interaction; `disposition` is its result, `new_case` the case that it led to."""

    at: datetime
    agent: str = ""
    text: str = ""
    disposition: str = ""
    new_case: str = ""


class PastState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A state that a matter was in, and since when."""

    at: datetime
    status: str


class Interaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that happened between a customer and the company. `id` is unique within `source`.

    `direction` is `inbound` or `outbound`. `reference` is what it was about: a case's or an order's number. `agent` is
    who dealt with it, `url` the page that a visitor looked at. Of a call `status` is its outcome, `duration_s` the
    seconds from its start to its end, `queue` the last that it waited in, and `notes` what agents said of it, the
    oldest first. `history` is how an order or a case came to its present `status`: the states before, the newest first.
    """

    id: str
    channel: Channel
    at: datetime
    subject: str
    customer: CustomerRef
    source: str = ""
    direction: str = ""
    status: str = ""
    text: str = ""
    reference: str = ""
    agent: str = ""
    url: str = ""
    duration_s: float | None = None
    queue: str = ""
    notes: tuple[Note, ...] = ()
    history: tuple[PastState, ...] = ()
    extra: dict[str, str] = {}


class Repeat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A matter (`Interaction.reference`) that the customer was in touch about several times since a moment.

    `contacts` counts them, on all `channels`; what a system tells of the matter's own progress is none.
    """

    reference: str
    contacts: int
    since: datetime
    channels: tuple[Channel, ...] = ()


class RepeatRule(msgspec.Struct, frozen=True, kw_only=True):
    """From how many `contacts` about a matter within so many days on it is told that it comes up again and again."""

    days: int = 7
    contacts: int = 2


class TimelinePage(msgspec.Struct, frozen=True, kw_only=True):
    """Interactions, the newest first. `next` is what to give as `before` for those that follow, empty at the end."""

    interactions: tuple[Interaction, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    next: str = ""
