"""Why a message, or a part of it, can't be understood."""

from __future__ import annotations


class RefusedError(Exception):
    """What can't be understood: why, in words for its sender, and if the mapping says so, which field. No data."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class FailedError(RefusedError):
    """A defect of the hub, not of what it was given: worth another try."""
