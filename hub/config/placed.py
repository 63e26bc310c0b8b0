"""What a validator finds wrong inside the value that it was given."""

from __future__ import annotations


class PlacedError(ValueError):
    """`path` leads from the value that was validated to the one that is wrong."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.path = path
