"""What a command came to when it was done."""

from __future__ import annotations

from typing import NamedTuple


class Outcome(NamedTuple):
    """`value` is what it made (a parking space, a recording), `call_id` the call it began, `message` a word on it."""

    value: str = ""
    call_id: str = ""
    message: str = ""


DONE = Outcome()
