"""Which numbers customers were most often in touch by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.domain.repeats import PROGRESS
from hub.journal.timeline_derived import CODES
from hub.journal.writes import microseconds
from hub.store.connection import StoreConnection

MAX_LINES: Final = 50_000
"""Lines of timelines that are looked at, those that came last; a busier site has its frequent callers among them."""
MAX_NUMBERS: Final = 5_000

_CONTACTS: Final = ", ".join(str(code) for channel, code in sorted(CODES.items()) if channel not in PROGRESS)
_OFTEN: Final = f"""SELECT key FROM (
        SELECT key, channel, at FROM line_keys ORDER BY line DESC LIMIT $1
    ) AS newest
    WHERE at >= $2 AND key >= 'tel:' AND key < 'tel;' AND channel IN ({_CONTACTS})
    GROUP BY key HAVING count(*) >= $3 ORDER BY count(*) DESC, max(at) DESC, key LIMIT $4"""  # noqa: S608 - whole numbers


def often_in_touch(connection: StoreConnection, since: datetime, contacts: int, limit: int) -> Sequence[str]:
    """Return the E.164 numbers with at least so many contacts since then, those with the most first."""
    given = (MAX_LINES, microseconds(since), contacts, min(limit, MAX_NUMBERS))
    return [key.removeprefix("tel:") for (key,) in connection.rows(_OFTEN, given)]
