"""Dead letters that name a customer: nobody understood them, so it is their text that is looked into."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from hub.domain.event import ERASED
from hub.domain.inbound import DeadLetter
from hub.journal.erasure_scope import Scope
from hub.store.connection import StoreConnection

_LETTERS: Final = "SELECT id, letter, body FROM dead_letters WHERE id > $1 ORDER BY id LIMIT $2"
_EMPTY: Final = "UPDATE dead_letters SET state = 'dropped', reason = $2, letter = $3, body = $4 WHERE id = $1"
_PAGE: Final = 50
_SHORTEST_ID: Final = 6
"""A shorter id is found in any text: a letter that names the customer by nothing else stays."""
_BETWEEN_DIGITS: Final = rb"[\s()./-]{0,3}"

_decoder = msgspec.json.Decoder(DeadLetter)
_encoder = msgspec.json.Encoder()


def letters_of(connection: StoreConnection, scope: Scope) -> Iterator[DeadLetter]:
    """Yield the dead letters in which one of the customer's numbers, addresses, longer ids or names stands."""
    signs = _signs(scope)
    after = ""
    while signs is not None and (page := connection.rows(_LETTERS, (after, _PAGE))):
        for letter_id, letter, body in page:
            # UTF-16 and the like are read past their zero bytes.
            if signs.search(letter) or signs.search(body.replace(b"\x00", b"")):
                yield msgspec.structs.replace(_decoder.decode(letter), body=body)
            after = letter_id


def empty_letters(connection: StoreConnection, scope: Scope) -> int:
    """Leave of those letters that there was one, as dropped; return how many."""
    emptied: Sequence[DeadLetter] = list(letters_of(connection, scope))
    for letter in emptied:
        left = DeadLetter(id=letter.id, origin=letter.origin, at=letter.at, reason=ERASED, transport=letter.transport)
        with connection.transaction():
            connection.execute(_EMPTY, (letter.id, ERASED, _encoder.encode(left), b""))
    return len(emptied)


def _signs(scope: Scope) -> re.Pattern[bytes] | None:
    signs: list[bytes] = []
    for key in sorted(scope.keys):
        kind, _, name = key.partition(":")
        if kind == "tel":
            signs.append(_BETWEEN_DIGITS.join(re.escape(one.encode()) for one in name[-8:]))
        elif kind == "mailto":
            signs.append(re.escape(name.encode()))
        elif len(identity := name.partition(":")[2]) >= _SHORTEST_ID:
            signs.append(rb"(?<![A-Za-z0-9])" + re.escape(identity.encode()) + rb"(?![A-Za-z0-9])")
    # A surname alone is many people's.
    signs += [re.escape(name.encode()) for name in sorted(scope.names) if " " in name and len(name) >= _SHORTEST_ID]
    return re.compile(b"|".join(signs), re.IGNORECASE) if signs else None
