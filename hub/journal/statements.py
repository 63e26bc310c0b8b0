"""All SQL of the journal, in SQLite's dialect; times are microseconds since 1970 UTC."""

from __future__ import annotations

APPLICATION_ID = 0x43544948
"""Marks the file as ctihub's (SQLite's `application_id`); the letters CTIH."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE events (
            position INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            type TEXT NOT NULL,
            source TEXT NOT NULL,
            subject TEXT NOT NULL,
            partitionkey TEXT NOT NULL,
            time TEXT NOT NULL,
            body BLOB NOT NULL
        )""",
        "CREATE TABLE cursors (reader TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE open_calls (call_id TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE calls (
            call_id TEXT PRIMARY KEY,
            started_at INTEGER NOT NULL,
            entry BLOB NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX calls_by_start ON calls (started_at, call_id)",
        """CREATE TABLE call_agents (
            agent TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            call_id TEXT NOT NULL,
            PRIMARY KEY (agent, started_at, call_id)
        ) WITHOUT ROWID""",
        "CREATE INDEX call_agents_by_call ON call_agents (call_id)",
        """CREATE TABLE interactions (
            source TEXT NOT NULL,
            id TEXT NOT NULL,
            at INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (source, id)
        ) WITHOUT ROWID""",
        """CREATE TABLE interaction_keys (
            key TEXT NOT NULL,
            at INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (key, at, position)
        ) WITHOUT ROWID""",
        "CREATE INDEX interaction_keys_by_position ON interaction_keys (position)",
    ),
    ("CREATE TABLE call_customers (call_id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID",),
    (
        """CREATE TABLE last_agents (
            number TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            call_id TEXT NOT NULL,
            agent TEXT NOT NULL,
            PRIMARY KEY (number, started_at, call_id)
        ) WITHOUT ROWID""",
        "CREATE INDEX last_agents_by_call ON last_agents (call_id)",
        """INSERT INTO last_agents (number, started_at, call_id, agent)
            SELECT number, started_at, call_id, agent FROM (
                SELECT started_at, call_id, json_extract(text, '$.answered_by[#-1]') AS agent,
                    CASE json_extract(text, '$.call.direction') WHEN 'outbound'
                        THEN json_extract(text, '$.call.called.e164')
                        ELSE json_extract(text, '$.call.caller.e164') END AS number
                FROM (SELECT started_at, call_id, CAST(entry AS TEXT) AS text FROM calls)
                WHERE json_valid(text)
            ) WHERE number IS NOT NULL AND agent IS NOT NULL""",
    ),
    ("CREATE TABLE agent_states (agent TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",),
    ("CREATE TABLE call_contexts (call_id TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",),
    (
        """CREATE TABLE dead_letters (
            id TEXT PRIMARY KEY,
            origin TEXT NOT NULL,
            at INTEGER NOT NULL,
            state TEXT NOT NULL,
            reason TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            letter BLOB NOT NULL,
            body BLOB NOT NULL
        )""",
        "CREATE INDEX dead_letters_by_time ON dead_letters (at, id)",
        "CREATE INDEX dead_letters_by_state ON dead_letters (state, at, id)",
        "CREATE INDEX dead_letters_by_origin ON dead_letters (origin, state, at, id)",
    ),
)
"""Each entry takes the schema one version further; the version is SQLite's `user_version`. Never edit a past one."""

LAST_POSITION = "SELECT coalesce(max(position), 0) FROM events"

INSERT_EVENT = """INSERT INTO events (position, id, type, source, subject, partitionkey, time, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"""
POSITION_OF = "SELECT position FROM events WHERE id = ?"
READ_AFTER = """SELECT position, type, subject, partitionkey, id, time, source, body FROM events
    WHERE position > ? ORDER BY position LIMIT ?"""
BODY_AT = "SELECT body FROM events WHERE position = ?"

SAVE_CURSOR = """INSERT INTO cursors (reader, position) VALUES (?, ?)
    ON CONFLICT (reader) DO UPDATE SET position = excluded.position"""
CURSOR = "SELECT position FROM cursors WHERE reader = ?"

TOUCH_OPEN_CALL = """INSERT INTO open_calls (call_id, position)
    SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM calls WHERE call_id = ?1)
    ON CONFLICT (call_id) DO UPDATE SET position = excluded.position"""
CLOSE_CALL = "DELETE FROM open_calls WHERE call_id = ?"
OPEN_CALLS = "SELECT position, body FROM open_calls JOIN events USING (position) ORDER BY position"

SAVE_AGENT_STATE = """INSERT INTO agent_states (agent, position) VALUES (?, ?)
    ON CONFLICT (agent) DO UPDATE SET position = excluded.position"""
AGENT_STATES = "SELECT position, body FROM agent_states JOIN events USING (position) ORDER BY agent"

NAME_CUSTOMER = """INSERT INTO call_customers (call_id, name) VALUES (?, ?)
    ON CONFLICT (call_id) DO UPDATE SET name = excluded.name"""
CUSTOMER_OF_CALL = "SELECT name FROM call_customers WHERE call_id = ?"
FORGET_CUSTOMER = "DELETE FROM call_customers WHERE call_id = ?"

SAVE_CONTEXT = """INSERT INTO call_contexts (call_id, position) VALUES (?, ?)
    ON CONFLICT (call_id) DO UPDATE SET position = excluded.position"""
CONTEXT_OF_CALL = "SELECT position, body FROM call_contexts JOIN events USING (position) WHERE call_id = ?"

SAVE_CALL = """INSERT INTO calls (call_id, started_at, entry) VALUES (?, ?, ?)
    ON CONFLICT (call_id) DO UPDATE SET started_at = excluded.started_at, entry = excluded.entry"""
FORGET_CALL_AGENTS = "DELETE FROM call_agents WHERE call_id = ?"
SAVE_CALL_AGENT = "INSERT INTO call_agents (agent, started_at, call_id) VALUES (?, ?, ?)"
FORGET_LAST_AGENT = "DELETE FROM last_agents WHERE call_id = ?"
SAVE_LAST_AGENT = "INSERT INTO last_agents (number, started_at, call_id, agent) VALUES (?, ?, ?, ?)"
LAST_AGENT = """SELECT agent FROM last_agents WHERE number = ? AND started_at >= ?
    ORDER BY started_at DESC, call_id DESC LIMIT 1"""
CALL = "SELECT entry FROM calls WHERE call_id = ?"
CALLS = "SELECT entry FROM calls WHERE started_at < ? ORDER BY started_at DESC, call_id DESC LIMIT ?"
CALLS_OF_AGENT = """SELECT calls.entry FROM call_agents JOIN calls USING (call_id)
    WHERE call_agents.agent = ? AND call_agents.started_at < ?
    ORDER BY call_agents.started_at DESC, call_agents.call_id DESC LIMIT ?"""

INTERACTION = "SELECT at, position FROM interactions WHERE source = ? AND id = ?"
SAVE_INTERACTION = """INSERT INTO interactions (source, id, at, position) VALUES (?, ?, ?, ?)
    ON CONFLICT (source, id) DO UPDATE SET at = excluded.at, position = excluded.position"""
FORGET_INTERACTION_KEYS = "DELETE FROM interaction_keys WHERE position = ?"
SAVE_INTERACTION_KEY = "INSERT OR IGNORE INTO interaction_keys (key, at, position) VALUES (?, ?, ?)"
INTERACTIONS_OF_KEY = "SELECT at, position FROM interaction_keys WHERE key = ? ORDER BY at DESC, position DESC LIMIT ?"

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
