"""The SQL of customers' timelines, for SQLite and PostgreSQL alike; times are microseconds since 1970 UTC.

`lines` has one row for each contact, matter and finished call: when it was, the event that tells it as it is now, and
`line`, the number that it keeps whatever is told of it later. `line_keys` has it under each key of its customer.
Whether an event is newer than what is known stands in the statements, so events may be taken in any order. The lines of
calls are made from three that come in any order: the call's end, what is known of its other party (`call_keys`) and
what agents said (`call_notes`).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

SAVE_LINE = """INSERT INTO lines (source, id, at, position, line, states) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (source, id) DO UPDATE SET
        at = CASE WHEN (lines.at, lines.position) <= (excluded.at, excluded.position)
            THEN excluded.at ELSE lines.at END,
        position = CASE WHEN (lines.at, lines.position) <= (excluded.at, excluded.position)
            THEN excluded.position ELSE lines.position END,
        states = CASE WHEN length(lines.states) < 4000 THEN lines.states ELSE substr(lines.states, 2000) END
            || excluded.states"""
FORGET_LINE_KEYS = """DELETE FROM line_keys WHERE line IN (SELECT lines.line
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS BIGINT))) AS given
    JOIN lines ON lines.source = given.column1 AND lines.id = given.column2
    WHERE (lines.at, lines.position) <= (given.column3, given.column4))"""
SAVE_LINE_KEY = """INSERT INTO line_keys (key, channel, at, line, position, reference)
    SELECT given.column1, given.column2, given.column3, lines.line, lines.position, given.column4
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS SMALLINT), CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT),
        CAST($6 AS TEXT), CAST($7 AS BIGINT))) AS given
    JOIN lines ON lines.source = given.column5 AND lines.id = given.column6 AND lines.position = given.column7
    WHERE true ON CONFLICT DO NOTHING"""

SAVE_CALL = """INSERT INTO lines (source, id, at, position, line, states) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (source, id) DO UPDATE SET position = excluded.position WHERE lines.position < excluded.position"""
"""A call stays where it is: the end that was missed and told later is that of the same call."""

FORGET_CALL_KEYS = """DELETE FROM call_keys WHERE call_id IN (SELECT given.column1
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS BIGINT))) AS given
    JOIN call_contexts ON call_contexts.call_id = given.column1 AND call_contexts.position = given.column2)"""
SAVE_CALL_KEY = """INSERT INTO call_keys (call_id, key) SELECT given.column1, given.column2
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT))) AS given
    JOIN call_contexts ON call_contexts.call_id = given.column1 AND call_contexts.position = given.column3
    WHERE true ON CONFLICT DO NOTHING"""
SAVE_CALL_NUMBER = """INSERT INTO call_keys (call_id, key) SELECT given.column1, given.column2
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS TEXT))) AS given
    WHERE NOT EXISTS (SELECT 1 FROM call_contexts WHERE call_contexts.call_id = given.column1)
    ON CONFLICT DO NOTHING"""
SAVE_CALL_NOTE = """INSERT INTO call_notes (call_id, position, reference) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING"""
FORGET_CALL_LINE = """DELETE FROM line_keys WHERE line IN (SELECT lines.line
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS TEXT))) AS given
    JOIN lines ON lines.source = given.column1 AND lines.id = given.column2)"""
SAVE_CALL_LINE = """INSERT INTO line_keys (key, channel, at, line, position, reference)
    SELECT call_keys.key, given.column3, lines.at, lines.line, lines.position, coalesce((SELECT call_notes.reference
        FROM call_notes WHERE call_notes.call_id = given.column2 AND call_notes.reference <> ''
        ORDER BY call_notes.position DESC LIMIT 1), '')
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS SMALLINT))) AS given
    JOIN lines ON lines.source = given.column1 AND lines.id = given.column2
    JOIN call_keys ON call_keys.call_id = given.column2
    WHERE true ON CONFLICT (key, channel, at, line) DO UPDATE SET
        position = excluded.position, reference = excluded.reference"""

DERIVED = (
    FORGET_LINE_KEYS,
    SAVE_LINE,
    SAVE_LINE_KEY,
    SAVE_CALL,
    FORGET_CALL_KEYS,
    SAVE_CALL_KEY,
    SAVE_CALL_NUMBER,
    SAVE_CALL_NOTE,
    FORGET_CALL_LINE,
    SAVE_CALL_LINE,
)

MORE_OF_A_PAGE = """SELECT notes.position, notes.body, notes.reference AS told, '' AS source, '' AS id FROM (
        SELECT call_notes.position, events.body, call_notes.reference FROM call_notes JOIN events USING (position)
        WHERE call_notes.call_id = ANY ($1) ORDER BY call_notes.position LIMIT $2) AS notes
    UNION ALL SELECT 0, NULL, states, source, id FROM lines WHERE source = $3 AND id = ANY ($4)"""
"""What agents said of calls, and the states that matters of one source were in; the latter without a body."""

_NEWEST_FIRST = "ORDER BY at DESC, line DESC LIMIT $4"
_ON_CHANNEL = "SELECT at, line, position FROM line_keys WHERE key = $1 AND channel = {} AND (at, line) < ($2, $3)"
_CONTACTS_ON_CHANNEL = """SELECT at, line, channel, reference FROM line_keys
        WHERE key = $1 AND channel = {} AND at >= $5 AND reference <> ''"""


@functools.cache
def page_of_key(codes: Sequence[int], contact_codes: Sequence[int]) -> str:
    """Return the statement for a key's newest lines on channels before a place ($2, $3), with what tells them.

    In the same answer, without a body, are the key's contacts that name a matter, since a time ($5).
    """
    contacts = "\n    UNION ALL ".join(_CONTACTS_ON_CHANNEL.format(int(code)) for code in contact_codes)
    return f"""SELECT found.at, found.line, found.position, events.body, 0 AS channel, '' AS reference
    FROM ({lines_of_key(codes)}) AS found JOIN events USING (position)
    UNION ALL SELECT at, line, 0, NULL, channel, reference FROM (
    {contacts}
    LIMIT $6) AS contacts"""  # noqa: S608 - whole numbers alone


@functools.cache
def lines_of_key(codes: Sequence[int]) -> str:
    """Return the statement for the places of a key's newest lines.

    Each channel is a stretch of the primary key in this very order: they are merged, and no more of them is read than
    is asked for, however rare a channel is, and however many lines there are.
    """
    stretches = [_ON_CHANNEL.format(int(code)) for code in codes]
    if len(stretches) > 1:
        stretches = [f"({stretch} {_NEWEST_FIRST})" for stretch in stretches]
    return "\n    UNION ALL ".join(stretches) + f" {_NEWEST_FIRST}"
