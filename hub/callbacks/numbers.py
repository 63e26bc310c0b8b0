"""Which numbers customers are called back at."""

from __future__ import annotations

from collections.abc import Collection

from hub.domain.phone import is_ordinary, parse_number
from hub.domain.ports import CallbackRefusedError


def dialled_number(
    text: str, *, region: str, countries: Collection[str], not_called: Collection[str] = frozenset()
) -> str:
    """Return the number to call (E.164). Raises CallbackRefusedError, whose message tells the customer why not.

    Who may have any number called could have the company pay for calls to a number of their own: only those of
    ordinary telephones in these countries (ISO 3166-1) are, and of these none in `not_called` (E.164, or the beginning
    of some with a `*` behind it).
    """
    number = parse_number(text, region)
    if number.e164 is None:
        message = "This is no telephone number: give it with its area code, abroad with + and the country's code."
        raise CallbackRefusedError("not_a_number", message)
    if number.region not in countries:
        raise CallbackRefusedError("country_not_called", "Numbers of this country are not called back.")
    if not is_ordinary(number.e164):
        message = "Numbers of this kind are not called back: give that of a telephone or a mobile."
        raise CallbackRefusedError("kind_not_called", message)
    if any(number.e164.startswith(one[:-1]) if one.endswith("*") else number.e164 == one for one in not_called):
        raise CallbackRefusedError("number_not_called", "This number is not called back.")
    return number.e164
