"""The one way for a command not to be carried out: a reason for programs, and words for people."""

from __future__ import annotations

from hub.domain.control import Refusal


class RefusedError(Exception):
    """A command was not carried out; `message` says to a person why, and what to do."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.message = message
