"""Values of which somebody may see a part only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from hub.domain.customer import Address, Email, Name, Phone
from hub.domain.phone import PhoneNumber

DOTS: Final = "•••"
_LAST_DIGITS: Final = 3


def masked_number(number: str) -> str:
    """Return the last three digits of a number: enough to compare it with one that somebody names."""
    digits = [one for one in number if one.isdecimal()]
    return DOTS + "".join(digits[-_LAST_DIGITS:]) if len(digits) > _LAST_DIGITS else DOTS


def masked_address(address: str) -> str:
    """Return an e-mail address's first letter and its domain."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}{DOTS}@{domain}" if at else DOTS


def masked_phone_number(number: PhoneNumber) -> PhoneNumber:
    """Return a call's number as somebody sees it who can't dial it by itself; an anonymous caller stays one."""
    if not (number.raw or number.e164):
        return number
    shown = masked_number(number.e164 or number.raw)
    return PhoneNumber(raw=shown, display=shown, region=number.region, anonymous=number.anonymous)


def masked_text_name(name: str) -> str:
    """Return a name's initials; of a word that is one character (娜) that would be the whole of it."""
    return " ".join(f"{part[0]}." if len(part) > 1 or part.isascii() else DOTS for part in name.split())


def masked_key(key: str, *, phones: bool, emails: bool) -> str:
    """Return an index key (`tel:+49...`, `mailto:...`) with its number or address masked; others as they are."""
    if phones and key.startswith("tel:"):
        return f"tel:{masked_number(key)}"
    if emails and key.startswith("mailto:"):
        return f"mailto:{masked_address(key.removeprefix('mailto:'))}"
    return key


def _phone(phone: Phone) -> Phone:
    return msgspec.structs.replace(phone, number=masked_number(phone.number))


def _email(email: Email) -> Email:
    return msgspec.structs.replace(email, address=masked_address(email.address))


def _name(name: Name) -> Name:
    return Name(
        full=masked_text_name(name.full), given=masked_text_name(name.given), surname=masked_text_name(name.surname)
    )


def _birth_date(day: date) -> date:
    return day.replace(month=1, day=1)


def _place(address: Address) -> Address:
    return msgspec.structs.replace(address, street="", postcode="")


MASKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "phones": _phone,
    "emails": _email,
    "name": _name,
    "birth_date": _birth_date,
    "addresses": _place,
}
"""By field of a customer's record, for one value of it. Of the others nothing is left to show."""
