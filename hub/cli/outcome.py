"""How a verb ends: what it returns to the shell, and how it says that it could not run."""

from __future__ import annotations

FINE = 0
FOUND_WRONG = 1
COULD_NOT_RUN = 2


class CannotRunError(Exception):
    """A verb can't do its work; the message says why and what to do, and the exit status is 2."""
