"""What a backend must not repeat: the secrets that a request bore, kept in mind until its reply is told of."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar

from hub.config.secret_forms import written_forms

MIN_SECRET = 4
"""Shorter values stand in any text: hiding them would hide the message."""
HIDDEN = "***"

_KEPT: ContextVar[frozenset[str]] = ContextVar("kept", default=frozenset())


def keep_secret(secrets: Iterable[str]) -> None:
    """Hide these, and no longer those of before, in what backends are quoted with in this context."""
    _KEPT.set(frozenset(secret for secret in secrets if len(secret) >= MIN_SECRET))


def without_secrets(text: str) -> str:
    """Return text without what is kept secret, however it is written.

    To be used before a text is cut or changed: of a secret that was cut, the begin would stay.
    """
    forms = {form for secret in _KEPT.get() for form in written_forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text
