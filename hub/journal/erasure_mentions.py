"""What others said in which a customer is named by number or address: a mail that came back, a relative's note."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from hub.domain.customer import CustomerContext
from hub.domain.event import ERASED, Event
from hub.domain.interaction import Interaction, Note
from hub.journal.erasure_scope import Scope

_replace = msgspec.structs.replace

_SAME_DIGITS: Final = 8
"""A number is written with its country, its area or neither; so many last digits are the same."""
_BEFORE: Final = r"(?:\+?\d[\d\s()./-]{0,11})?"
_BETWEEN: Final = r"[\s()./-]{0,3}"


class Mentions:
    """Takes a customer's numbers and addresses out of what is others'; names are many people's and stay."""

    def __init__(self, scope: Scope) -> None:
        numbers = [_BEFORE + _BETWEEN.join(number[-_SAME_DIGITS:]) for number in sorted(scope.numbers)]
        addresses = [key.removeprefix("mailto:") for key in sorted(scope.keys) if key.startswith("mailto:")]
        signs = [*numbers, *(rf"(?<![\w.+-]){re.escape(address)}" for address in addresses)]
        self._signs = re.compile("|".join(signs), re.IGNORECASE) if signs else None

    def taken_out(self, event: Event) -> Event | None:
        """Return the event without them; None where there are none."""
        match event.data:
            case Interaction() as told:
                data: Interaction | CustomerContext = self._interaction(told)
            case CustomerContext() as context:
                data = _replace(context, interactions=tuple(map(self._interaction, context.interactions)))
            case _:
                return None
        return None if data == event.data else _replace(event, data=data)

    def _interaction(self, told: Interaction) -> Interaction:
        return _replace(
            told,
            subject=self._text(told.subject),
            text=self._text(told.text),
            notes=tuple(self._note(note) for note in told.notes),
            extra={name: self._text(value) for name, value in told.extra.items()},
        )

    def _note(self, note: Note) -> Note:
        return _replace(note, text=self._text(note.text), new_case=self._text(note.new_case))

    def _text(self, text: str) -> str:
        return text if self._signs is None else self._signs.sub(ERASED, text)
