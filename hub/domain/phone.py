"""Telephone numbers as they arrive, and as E.164 (ITU-T E.164, parsed by Google's metadata)."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
import phonenumbers

MAX_RAW_LENGTH = 64
"""Characters of a caller id that are kept; a SIP header may carry megabytes."""

_ANONYMOUS = frozenset(
    {"", "anonymous", "restricted", "private", "unavailable", "unknown", "<unknown>", "asterisk", "s"},
)
_TELLING_DIGITS = 8
_FEWEST_DIGITS = 7
_LETTER = re.compile(r"[^\W\d_]")
_UP_TO_A_LETTER = re.compile(r"(.*?[\d+][\W\d_]*)[^\W\d_]", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


class PhoneNumber(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number as one party gave it.

    `raw` is what arrived (cleaned of control characters, at most 64 characters);
    `e164` is set only when the number is valid in its numbering plan;
    `display` is what a person reads: international format, or the raw text.
    An internal extension has neither `e164` nor `anonymous`.
    """

    raw: str = ""
    e164: str | None = None
    display: str = ""
    region: str | None = None
    anonymous: bool = False


def clean_text(text: str, limit: int = MAX_RAW_LENGTH) -> str:
    """Strip control and bidirectional override characters from hostile text and cut it to `limit` characters."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text.strip()
    return _UNPRINTABLE.sub("", text[: limit * 4]).strip()[:limit]


@lru_cache(maxsize=16_384)
def parse_number(raw: str, region: str) -> PhoneNumber:
    """Read a caller id or a typed number, using `region` (ISO 3166-1 alpha-2) for national formats.

    Never raises: what can't be understood comes back with `e164` unset.
    """
    text = clean_text(raw)
    if text.lower() in _ANONYMOUS:
        return PhoneNumber(raw=text, anonymous=True)
    digits = sum(character.isdigit() for character in text)
    if digits == 0:
        return PhoneNumber(raw=text, display=text)
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return PhoneNumber(raw=text, display=text)
    if not phonenumbers.is_valid_number(parsed) or _letters_count_as_digits(text, parsed, region):
        return PhoneNumber(raw=text, display=text)
    return PhoneNumber(
        raw=text,
        e164=phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
        display=phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
        region=phonenumbers.region_code_for_number(parsed),
    )


def _letters_count_as_digits(text: str, parsed: phonenumbers.PhoneNumber, region: str) -> bool:
    """Whether the text is another number without what begins at its first letter; an extension is no part of it.

    The parser reads letters as on a keypad (800 MICROSOFT), so a caller id with words in it would be somebody's number.
    """
    # The second pattern tries every beginning of a text without letters, which takes as long as parsing it.
    digits_then_letter = _UP_TO_A_LETTER.match(text) if _LETTER.search(text) else None
    if digits_then_letter is None:
        return False
    try:
        without = phonenumbers.parse(digits_then_letter[1], region)
    except phonenumbers.NumberParseException:
        return True
    return bool(without.national_number != parsed.national_number)


_ORDINARY = frozenset(
    {
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        phonenumbers.PhoneNumberType.VOIP,
    }
)


_COUNTRY_CODES = frozenset(str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def is_ordinary(e164: str) -> bool:
    """Whether it is the number of somebody's telephone: none of premium rate, shared cost, services and the like."""
    return phonenumbers.number_type(phonenumbers.parse(e164)) in _ORDINARY


@lru_cache(maxsize=8_192)
def is_of_one_digit(e164: str) -> bool:
    """Whether it has one digit behind its country's code, again and again: what is typed where a form wants one."""
    digits = _digits(e164)
    lengths = (length for length in (1, 2, 3) if digits[:length] in _COUNTRY_CODES)
    own = digits[next(lengths, len(digits)) :]
    return len(own) >= _FEWEST_DIGITS and len(set(own)) == 1


def is_region(code: str) -> bool:
    """Whether `code` names a region whose numbering plan is known ("DE", "CN")."""
    return code in phonenumbers.SUPPORTED_REGIONS


def names_number(text: str, number: str) -> bool:
    """Whether a text holds a number, however it is written there: its last digits tell. An extension is none."""
    digits, tail = _digits(text), _digits(number)[-_TELLING_DIGITS:]
    return len(tail) >= _FEWEST_DIGITS and tail in digits


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdecimal())


def mask_number(text: str) -> str:
    """Hide the middle of a number for logs: keeps the first three and the last two characters."""
    if len(text) <= 5:  # noqa: PLR2004 - extensions are not personal data
        return text
    return f"{text[:3]}{'*' * (len(text) - 5)}{text[-2:]}"
