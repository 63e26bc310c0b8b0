"""What a backend says of an error, made fit to be shown: short, without the caller's data."""

from __future__ import annotations

import re

from connectors.secrecy import without_secrets
from hub.domain.phone import clean_text

MAX_MESSAGE = 200
_MAIL = re.compile(r"[^\s@<>'\"]+@[^\s@<>'\"]+")
# Quoted texts and long digits in an error message are what was searched for.
_DIGITS = re.compile(r"\+?\d(?:[\s().\-/]?\d){4,}")


_MISPLACED = frozenset({404, 405, 410})


def refusal(status: int, words: str, appended: str) -> str:
    """Say that a request was answered with an error; `appended` is what the request adds to the backend's url."""
    hint = f"; check the url and what is appended to it ({appended})" if status in _MISPLACED else ""
    return f"HTTP {status}: {words}{hint}"


def backend_words(text: str | None) -> str:
    """Return a backend's message cut to a line, with secrets, addresses and long numbers taken out."""
    if not text:
        return "no reason given"
    text = without_secrets(text)
    line = clean_text(re.sub(r"\s+", " ", text[: MAX_MESSAGE * 4]), MAX_MESSAGE)
    return _DIGITS.sub("***", _MAIL.sub("***", line)) or "no reason given"
