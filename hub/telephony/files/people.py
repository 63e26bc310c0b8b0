"""What the files say of a person: the name beside a number, in caller ids, mailboxes and queue members."""

from __future__ import annotations

import re

import msgspec

from hub.domain.phone import clean_text
from hub.telephony.files.reader import AsteriskFiles, Place

_NUMBER = re.compile(r"[+*#0-9]+")
_NO_NAMES = frozenset({"", "device", "asreceived", "unknown", "asterisk"})
"""What stands in a caller id where there is no name."""

_MAX_NAME = 200


class Phone(msgspec.Struct, frozen=True, kw_only=True):
    """A device that belongs to somebody. `mailbox` is NUMBER@CONTEXT; `context` where its calls are looked up."""

    device: str
    place: Place
    name: str = ""
    number: str = ""
    mailbox: str = ""
    context: str = ""


def caller_id(text: str) -> tuple[str, str]:
    """Return name and number of `"Alice Weber" <1001>`; one that only repeats the number is no name."""
    name, bracket, rest = text.partition("<")
    number = rest.partition(">")[0] if bracket else name
    number = clean_text(number)
    if not _NUMBER.fullmatch(number):
        number = ""
    return person_name(name, number), number


def person_name(text: str, *not_names: str) -> str:
    """Return a name as a person would write it; empty for what is none."""
    name = clean_text(text.strip().strip('"'), _MAX_NAME).lstrip("$").strip()
    return "" if name.lower() in _NO_NAMES or name in not_names or "/" in name or name.isdigit() else name


def mailbox_names(files: AsteriskFiles) -> dict[str, str]:
    """Return the full names of voicemail.conf by mailbox, as NUMBER@CONTEXT."""
    names: dict[str, str] = {}
    for block in files.blocks("voicemail.conf"):
        if block.name.lower() in {"general", "zonemessages"}:
            continue
        for setting in block.settings:
            # PASSWORD,FULL NAME,E-MAIL,...
            name = person_name("".join(setting.value.split(",")[1:2]), setting.name)
            if name:
                names[f"{setting.name}@{block.name}".lower()] = name
    return names


def mailbox_of(text: str) -> str:
    """Return the first mailbox of `mailboxes`, with its context."""
    first = text.split(",", maxsplit=1)[0].strip().lower()
    return first if "@" in first or not first else f"{first}@default"
