"""What a reader of a format finds in a message or a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, Protocol

from hub.bus.refusal import RefusedError
from hub.domain.inbound import InboundMessage


class Found(NamedTuple):
    """One record: its place, its own original bytes, and what stands in it or why that can't be read.

    One that is too large to be kept has neither place nor bytes: the whole message or file is its original. So has the
    rest of a document that is broken.
    With `ends` nothing more can be read behind it. `known_by` is what the format itself
    tells a record by, whichever message it comes in ("" if it has no such thing).
    """

    part: str
    original: bytes
    record: Any | RefusedError
    ends: bool = False
    known_by: str = ""


class Reader(Protocol):
    """Reads one format as a feed has configured it. No I/O but reading `file`, no exception but RefusedError."""

    def found(self, message: InboundMessage) -> Iterator[Found]:
        """Yield the records of a message, each once it is read. Raises RefusedError if it can't be read as a whole."""
        ...

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        """Yield the records of a file, in bounded memory where the format allows that. Raises RefusedError."""
        ...
