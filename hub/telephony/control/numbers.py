"""What people type as a number, as a dialplan takes it."""

from __future__ import annotations

import re

from hub.domain.control import Refusal
from hub.telephony.control.refused import RefusedError

_SPACING = re.compile(r"[ ()./-]")
_DIGITS = re.compile(r"\+?[0-9*#]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PLACES = frozenset({"a", "e", "h", "i", "o", "s", "t", "T", "fax", "failed"})
"""Extensions to which Asterisk itself sends calls: for it to begin, to give up or to clean up."""

_TRUNK_PREFIX_SHOWN = re.compile(r"\(\s*0\s*\)")


def dialable(text: str) -> str:
    """Return `text` as an extension: digits without what makes them readable, or a name as it is.

    "+49 (0)351 555-0123" is +493515550123. Nothing that means something to Asterisk (& , @ ; and the like) passes.
    Raises RefusedError for what nobody can dial.
    """
    readable = _TRUNK_PREFIX_SHOWN.sub("", text) if text.lstrip().startswith("+") else text
    digits = _SPACING.sub("", readable)
    if _DIGITS.fullmatch(digits):
        return digits
    if _NAME.fullmatch(text) and text not in _PLACES:
        return text
    raise RefusedError(Refusal.NOT_POSSIBLE, "This is no number that can be dialled.")
