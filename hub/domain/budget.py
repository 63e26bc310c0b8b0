"""How much work may be done on one record: counted in steps, not seconds, so that the same input ends the same way."""

from __future__ import annotations

import msgspec


class TooMuchWorkError(Exception):
    """What was asked of a record needs more steps than it may take."""


class Budget(msgspec.Struct):
    """`left` are the steps that may be taken yet. Looking at one item of a list is one step."""

    left: int

    def spend(self, steps: int) -> None:
        """Take steps away. Raises TooMuchWorkError when there are not so many left."""
        if steps > self.left:
            self.left = 0
            raise TooMuchWorkError(
                "takes too much work on this record: ask the backend for fewer items, or narrow the path or expression"
            )
        self.left -= steps
