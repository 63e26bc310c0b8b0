"""What a backend says of an error, made fit to be shown: short, without the caller's data."""

from __future__ import annotations

import re

from hub.domain.phone import clean_text

MAX_MESSAGE = 200
_MAIL = re.compile(r"[^\s@<>'\"]+@[^\s@<>'\"]+")
# Quoted texts and long digits in an error message are what was searched for.
_DIGITS = re.compile(r"\+?\d(?:[\s().\-/]?\d){4,}")


def backend_words(text: str | None) -> str:
    """Return a backend's message cut to a line, with addresses and long numbers taken out."""
    if not text:
        return "no reason given"
    line = clean_text(re.sub(r"\s+", " ", text[: MAX_MESSAGE * 4]), MAX_MESSAGE)
    return _DIGITS.sub("***", _MAIL.sub("***", line)) or "no reason given"
