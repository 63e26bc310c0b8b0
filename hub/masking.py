"""Hides phone numbers and secrets in what is logged.

A number is known by the name of its key, by its + or, in free text, by its digits; ids and times are left alone.
A secret is known by the name of its key, by what stands before it, or because the configuration holds it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from hub.config.secret_forms import written_forms
from hub.domain.phone import mask_number

HIDDEN = "***"
MIN_SECRET_LENGTH = 4
"""Shorter secrets are found in any text: hiding them everywhere would hide the log."""

_SECRET_KEY = re.compile(
    r"secret|password|passwd|passphrase|token|authorization|cookie|credential|api_?key|private_?key|session_id",
    re.IGNORECASE,
)
_PHONE_KEY = re.compile(
    r"(^|_)(phone|number|caller|called|callee|ani|dnis|e164|msisdn|tel|telephone|mobile|caller_?id|"
    r"caller_?id_?num|connected_?line_?num)s?$",
    re.IGNORECASE,
)
_PLAIN_KEY = re.compile(
    r"(^|_)(id|ids|key|time|timestamp|level|logger|at|pid|port|position|sequence|cursor|version)$|"
    r"^(uniqueid|linkedid|sha\w*)$",
    re.IGNORECASE,
)
_INTERNATIONAL = re.compile(r"\+[1-9](?:\d{6,14}(?!\d)|(?:[ ()/.-]{0,2}\d){6,14})")
# National: not part of an id, a decimal number, a version or a time.
_NATIONAL = re.compile(r"(?<![\w.+:-])(?:\(?0\d(?:[ ()/-]{0,2}\d){5,13}|\d{7,15})(?![\w.:-])")
_ANY_DIGITS = re.compile(r"\+?\(?\d(?:[ ()/.-]{0,2}\d){5,17}")
_CHANNEL = re.compile(r"(?<=/)0?\d{7,15}(?=[@-])")
_AUTHORIZATION = re.compile(r"\b(Basic|Bearer|Digest|Token)\s+[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE)
_PLAIN_WORD = 32
_SHORTEST_AUTHORIZATION = len("Basic 12345678")
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]{0,100}):[^/\s@]{1,200}@")
_DIGIT = re.compile(r"\d")


class _Meaning(enum.Enum):
    """What the name of a key says of its value."""

    SECRET = enum.auto()
    PHONE = enum.auto()
    PLAIN = enum.auto()
    TEXT = enum.auto()


@lru_cache(maxsize=1024)
def _meaning(key: str) -> _Meaning:
    """Read a key's name; the same few come with every line."""
    if _SECRET_KEY.search(key):
        return _Meaning.SECRET
    if _PHONE_KEY.search(key):
        return _Meaning.PHONE
    return _Meaning.PLAIN if _PLAIN_KEY.search(key) else _Meaning.TEXT


class Masking:
    """What is hidden. One for the process; `hide` adds the secrets of a configuration once it is loaded."""

    def __init__(self) -> None:
        self._known: re.Pattern[str] | None = None
        self._secrets: frozenset[str] = frozenset()

    def hide(self, secrets: Iterable[str]) -> None:
        """Hide these texts from now on wherever they stand, in whatever quoting."""
        self._secrets |= {secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH}
        forms = {form for secret in self._secrets for form in written_forms(secret)}
        alternatives = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
        self._known = re.compile(alternatives) if alternatives else None

    def line(self, text: str) -> str:
        """Hide the known secrets in a finished line."""
        return self._known.sub(HIDDEN, text) if self._known else text

    def fields(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Hide numbers and secrets in the fields of one log entry."""
        return {key: self._field(key, value) for key, value in event.items()}

    def text(self, text: str) -> str:
        """Hide numbers and credentials in free text."""
        if len(text) <= _PLAIN_WORD and text.isalpha():
            # A word, as most values are. A secret that is one is hidden with the line as a whole.
            return text
        text = self.line(text)
        if len(text) >= _SHORTEST_AUTHORIZATION:
            text = _AUTHORIZATION.sub(rf"\1 {HIDDEN}", text)
        if "@" in text:
            text = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
        if _DIGIT.search(text):
            for pattern in (_INTERNATIONAL, _CHANNEL, _NATIONAL):
                text = pattern.sub(_masked, text)
        return text

    def _field(self, key: str, value: Any) -> Any:
        if value is None or isinstance(value, bool | float):
            return value
        if _meaning(key) is _Meaning.SECRET:
            return HIDDEN if value else value
        if isinstance(value, str | int):
            return self._single(key, value)
        if isinstance(value, Mapping):
            return {str(name): self._field(str(name), item) for name, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._field(key, item) for item in value]
        return self._single(key, value)

    def _single(self, key: str, value: Any) -> Any:
        meaning = _meaning(key)
        if meaning is _Meaning.PHONE:
            return _ANY_DIGITS.sub(_masked, self.line(str(value)))
        if isinstance(value, int):
            return value
        text = value if isinstance(value, str) else repr(value)
        if meaning is not _Meaning.PLAIN:
            return self.text(text)
        # The few words of nearly every line; a secret among them is hidden with the line as a whole.
        return _INTERNATIONAL.sub(_masked, text) if "+" in text else text


def _masked(match: re.Match[str]) -> str:
    return mask_number(match[0])
