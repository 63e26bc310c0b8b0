"""What steps can read of the question: `query.e164`, `query.digits`, `query.numbers`, `query.email`, `query.id`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import phonenumbers

from connectors.quoting import MAX_VALUE
from hub.config.operations import OperationBase
from hub.domain.customer import CustomerQuery
from hub.domain.phone import PhoneNumber, clean_text

_PART = re.compile("(last|reversed)([0-9]+)")
MAX_EMAIL = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3 less the brackets)."""


def number_forms(number: PhoneNumber, forms: Sequence[str]) -> list[str]:
    """Return the number in each of the forms, without repetitions; nothing if it is no number of any plan."""
    if not number.e164:
        return []
    every = _forms(number.e164)
    return list(dict.fromkeys(text for form in forms if (text := _form(every, form))))


def _form(every: Mapping[str, str], form: str) -> str:
    part = _PART.fullmatch(form)
    if part is None:
        return every[form]
    digits, length = every["digits"], int(part[2])
    last = digits[-length:] if len(digits) >= length else ""
    return last[::-1] if part[1] == "reversed" else last


# Every connector asks for the forms of the same number when a call arrives, once for each of its steps.
@lru_cache(maxsize=1_024)
def _forms(e164: str) -> Mapping[str, str]:
    parsed = phonenumbers.parse(e164)
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = e164.removeprefix("+")
    return {
        "e164": e164,
        "digits": digits,
        "double_zero": f"00{digits}",
        "national": "".join(character for character in national if character.isdigit()),
        "significant": phonenumbers.national_significant_number(parsed),
        "subscriber": _subscriber(parsed),
        "display": phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
    }


def _subscriber(parsed: phonenumbers.PhoneNumber) -> str:
    """Return what is dialled within the area or network, empty where the plan tells no such part."""
    area = phonenumbers.length_of_national_destination_code(parsed)
    return phonenumbers.national_significant_number(parsed)[area:] if area else ""


def question(operation: OperationBase, query: CustomerQuery, connector: str) -> dict[str, Any] | None:
    """Return what the operation's steps can read, or None if the query doesn't have the operation's key.

    An id is one of the operation's `system`, or of the connector itself.
    """
    match operation.key:
        case "phone":
            return _by_phone(query.phone, operation.forms)
        case "email":
            return _by_email(clean_text(query.email, MAX_EMAIL + 1))
        case _:
            value = clean_text(query.ids.get(operation.system or connector, ""), MAX_VALUE + 1)
            return {"id": value} if value else None


def _by_email(email: str) -> dict[str, Any] | None:
    if not email or len(email) > MAX_EMAIL:
        return None
    return {"email": email, "email_upper": email.upper(), "email_lower": email.lower()}


def _by_phone(number: PhoneNumber, forms: Sequence[str]) -> dict[str, Any] | None:
    numbers = number_forms(number, forms)
    if not numbers or not number.e164:
        return None
    every = _forms(number.e164)
    return {**every, **{form: _form(every, form) for form in forms}, "numbers": numbers}
