"""The SQL of what is known of customers, for SQLite and PostgreSQL alike; times are microseconds since 1970 UTC.

`customer_records` has one row for each record, order and case (`kind`) that a system told of, as it was told last;
`number` is that telling's own, made from the event's position and the place in it. One that was deleted stays as a row
with no body, so that an older report doesn't bring it back. `customer_terms` has all that a telling is found by; what a
term begins with says what it is (`hub/journal/search_terms.py`).
"""

from __future__ import annotations

FORGET_OLDER_TERMS = """DELETE FROM customer_terms WHERE number IN (SELECT customer_records.number
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT)))
        AS given
    JOIN customer_records ON customer_records.system = given.column1 AND customer_records.kind = given.column2
        AND customer_records.id = given.column3
    WHERE customer_records.at < given.column4
        OR (customer_records.at = given.column4 AND customer_records.number < given.column5))"""
"""The last two are when it was told, and its number; of two tellings of one moment the greater number is the newer."""
SAVE_TOLD = """INSERT INTO customer_records (system, kind, id, at, number, body) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (system, kind, id) DO UPDATE SET at = excluded.at, number = excluded.number, body = excluded.body
        WHERE customer_records.at < excluded.at
            OR (customer_records.at = excluded.at AND customer_records.number < excluded.number)"""
SAVE_FOUND = """INSERT INTO customer_records (system, kind, id, at, number, body) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (system, kind, id) DO UPDATE SET at = excluded.at, number = excluded.number, body = excluded.body
        WHERE customer_records.at < excluded.at"""
"""What a backend answered: another call that is given the same answer, from the cache, changes nothing."""
SAVE_TERM = """INSERT INTO customer_terms (term, number) SELECT given.column1, given.column2
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS BIGINT))) AS given
    JOIN customer_records ON customer_records.number = given.column2
    WHERE true ON CONFLICT DO NOTHING"""

DERIVED = (FORGET_OLDER_TERMS, SAVE_TOLD, SAVE_FOUND, SAVE_TERM)

WITH_TERM = """SELECT CAST($1 AS BIGINT) AS asked, number, kind, system, body FROM (SELECT number FROM customer_terms
        WHERE term = $2 ORDER BY number DESC LIMIT $3) AS known JOIN customer_records USING (number)
    WHERE body IS NOT NULL"""
"""What many are asked for together, each row says for which of them ($1) it answers."""
WITH_TERM_OR_IN_RANGE = """SELECT CAST($1 AS BIGINT) AS asked, term, number FROM (
        SELECT term, number FROM customer_terms WHERE term = $2 ORDER BY number DESC LIMIT $5) AS exact
    UNION ALL SELECT CAST($1 AS BIGINT), term, number FROM (
        SELECT term, number FROM customer_terms WHERE term >= $3 AND term < $4
        ORDER BY term, number LIMIT $5) AS begun"""
IN_RANGE_WITH = """SELECT found.term, found.number FROM (SELECT term, number FROM customer_terms
        WHERE term >= $1 AND term < $2 ORDER BY term, number LIMIT $3) AS found
    WHERE {conditions} LIMIT $4"""
"""Not ordered itself: it would not end with the last one that is wanted."""
HAS_TERM = """EXISTS (SELECT 1 FROM customer_terms AS other WHERE other.number = found.number
    AND other.term >= ${} AND other.term < ${})"""
HAS_WITHIN = "replace(found.term, ${}, '') <> found.term"
COUNT_IN_RANGE = """SELECT count(*) FROM (SELECT 1 FROM customer_terms WHERE term >= $1 AND term < $2 LIMIT $3)
    AS found"""
TELLINGS_TO_FILL = """SELECT number, kind, body FROM customer_records WHERE number <= $1
    ORDER BY number DESC LIMIT $2"""
TELLINGS = """SELECT number, kind, system, body FROM customer_records
    WHERE number = ANY ($1) AND body IS NOT NULL"""
