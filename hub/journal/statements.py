"""All SQL of the journal, for SQLite and PostgreSQL alike; times are microseconds since 1970 UTC.

What an event changes is written without reading first: a condition stands in the statement itself. So the statements
of many events can go to a server together.
"""

from __future__ import annotations

from hub.journal import customers_statements, timeline_statements

LAST_POSITION = "SELECT coalesce(max(position), 0) FROM events"

INSERT_EVENT = """INSERT INTO events (position, id, type, source, subject, partitionkey, time, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
POSITION_OF = "SELECT position FROM events WHERE id = $1"
POSITIONS_OF = "SELECT id, position FROM events WHERE id = ANY ($1)"
READ_AFTER = """SELECT position, type, subject, partitionkey, id, time, source, body FROM events
    WHERE position > $1 ORDER BY position LIMIT $2"""

SAVE_CURSOR = """INSERT INTO cursors (reader, position) VALUES ($1, $2)
    ON CONFLICT (reader) DO UPDATE SET position = excluded.position"""
CURSOR = "SELECT position FROM cursors WHERE reader = $1"
EVENTS_TO_FILL = """SELECT position, type, body FROM events WHERE position <= $1
    ORDER BY position DESC LIMIT $2"""

TOUCH_OPEN_CALL = """INSERT INTO open_calls (call_id, position)
    SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM calls WHERE call_id = $1)
    ON CONFLICT (call_id) DO UPDATE SET position = excluded.position"""
CLOSE_CALL = "DELETE FROM open_calls WHERE call_id = $1"
OPEN_CALLS = "SELECT position, body FROM open_calls JOIN events USING (position) ORDER BY position"

SAVE_AGENT_STATE = """INSERT INTO agent_states (agent, position) VALUES ($1, $2)
    ON CONFLICT (agent) DO UPDATE SET position = excluded.position"""
AGENT_STATES = "SELECT position, body FROM agent_states JOIN events USING (position) ORDER BY agent"

NAME_CUSTOMER = """INSERT INTO call_customers (call_id, name) SELECT given.column1, given.column2
    FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS TEXT))) AS given
    WHERE NOT EXISTS (SELECT 1 FROM calls WHERE calls.call_id = given.column1)
    ON CONFLICT (call_id) DO UPDATE SET name = excluded.name"""
NAME_LOGGED = "UPDATE calls SET customer = $2 WHERE call_id = $1"
"""Of a call that is over: who hung up early, or was chosen since."""
FORGET_CUSTOMER = "DELETE FROM call_customers WHERE call_id = $1"

SAVE_CONTEXT = """INSERT INTO call_contexts (call_id, position) VALUES ($1, $2)
    ON CONFLICT (call_id) DO UPDATE SET position = excluded.position"""
CONTEXT_OF_CALL = "SELECT position, body FROM call_contexts JOIN events USING (position) WHERE call_id = $1"

SAVE_CALL = """INSERT INTO calls (call_id, started_at, entry, customer)
    VALUES ($1, $2, $3, coalesce((SELECT name FROM call_customers WHERE call_id = $1), ''))
    ON CONFLICT (call_id) DO UPDATE SET started_at = excluded.started_at, entry = excluded.entry,
        customer = CASE excluded.customer WHEN '' THEN calls.customer ELSE excluded.customer END"""
FORGET_CALL_AGENTS = "DELETE FROM call_agents WHERE call_id = $1"
SAVE_CALL_AGENT = "INSERT INTO call_agents (agent, started_at, call_id) VALUES ($1, $2, $3)"
FORGET_LAST_AGENT = "DELETE FROM last_agents WHERE call_id = $1"
SAVE_LAST_AGENT = "INSERT INTO last_agents (number, started_at, call_id, agent) VALUES ($1, $2, $3, $4)"
LAST_AGENT = """SELECT agent FROM last_agents WHERE number = $1 AND started_at >= $2
    ORDER BY started_at DESC, call_id DESC LIMIT 1"""
CALL = "SELECT entry, customer FROM calls WHERE call_id = $1"
CALLS = """SELECT entry, customer FROM calls WHERE started_at < $1
    ORDER BY started_at DESC, call_id DESC LIMIT $2"""
CALLS_OF_AGENT = """SELECT calls.entry, calls.customer FROM call_agents JOIN calls USING (call_id)
    WHERE call_agents.agent = $1 AND call_agents.started_at < $2
    ORDER BY call_agents.started_at DESC, call_agents.call_id DESC LIMIT $3"""

SAVE_CALLBACK = """INSERT INTO callbacks (id, is_over, position) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET is_over = excluded.is_over, position = excluded.position"""
CALLBACK = "SELECT position, body FROM callbacks JOIN events USING (position) WHERE callbacks.id = $1"
OPEN_CALLBACKS = """SELECT position, body FROM callbacks JOIN events USING (position)
    WHERE callbacks.is_over = 0 ORDER BY position"""

SAVE_DECISION = """INSERT INTO identity_decisions (id, position) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET position = excluded.position"""
FORGET_DECISION_KEYS = "DELETE FROM identity_decision_keys WHERE id = $1"
SAVE_DECISION_KEY = "INSERT INTO identity_decision_keys (key, id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
DECISION = "SELECT position, body FROM identity_decisions JOIN events USING (position) WHERE identity_decisions.id = $1"
DECISIONS_OF_KEY = """SELECT position, events.body FROM identity_decision_keys AS found
    JOIN identity_decisions ON identity_decisions.id = found.id
    JOIN events USING (position) WHERE found.key = $1 ORDER BY position DESC LIMIT $2"""

DERIVED = (
    TOUCH_OPEN_CALL,
    CLOSE_CALL,
    SAVE_CALL,
    FORGET_CALL_AGENTS,
    SAVE_CALL_AGENT,
    FORGET_LAST_AGENT,
    SAVE_LAST_AGENT,
    NAME_CUSTOMER,
    FORGET_CUSTOMER,
    NAME_LOGGED,
    SAVE_CONTEXT,
    SAVE_AGENT_STATE,
    *timeline_statements.DERIVED,
    SAVE_CALLBACK,
    SAVE_DECISION,
    FORGET_DECISION_KEYS,
    SAVE_DECISION_KEY,
    *customers_statements.DERIVED,
)
"""The statements that events are derived into, in the order in which those of one event are carried out."""

KEEP_DEAD = """INSERT INTO dead_letters (id, origin, at, state, reason, attempts, letter, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (id) DO UPDATE SET origin = excluded.origin, at = excluded.at, state = excluded.state,
        reason = excluded.reason, attempts = dead_letters.attempts + excluded.attempts,
        letter = excluded.letter, body = excluded.body"""
"""`letter` is the letter in JSON, less its body; what changes later has columns of its own."""
SETTLE_DEAD = """UPDATE dead_letters SET state = $2, reason = CASE $3 WHEN '' THEN reason ELSE $3 END
    WHERE id = ANY ($1) AND state IN ('waiting', 'replaying')"""
DEAD_LETTER = "SELECT letter, state, reason, attempts, body FROM dead_letters WHERE id = $1"
DEAD_LETTERS = """SELECT letter, state, reason, attempts FROM dead_letters
    WHERE ($1 = '' OR origin = $1) AND state = ANY ($2) ORDER BY at DESC, id DESC LIMIT $3"""
DEAD_LETTERS_BEFORE = """SELECT letter, state, reason, attempts FROM dead_letters
    WHERE ($1 = '' OR origin = $1) AND state = ANY ($2)
        AND (at, id) < (SELECT at, id FROM dead_letters WHERE id = $4)
    ORDER BY at DESC, id DESC LIMIT $3"""
COUNT_DEAD = "SELECT count(*) FROM dead_letters WHERE ($1 = '' OR origin = $1) AND state = ANY ($2)"
