"""What the journal can't do, in words for the person who can mend it."""

from __future__ import annotations

from hub.domain.ports import StoreError


class JournalError(StoreError):
    """The journal can't do what was asked; the message says why and what to do."""


class JournalFullError(JournalError):
    """Writing fails for so long that no more events fit in memory; this one was not taken."""
