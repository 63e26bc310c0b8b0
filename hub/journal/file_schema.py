"""The journal's tables in SQLite; times are microseconds since 1970 UTC."""

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
    ("ALTER TABLE calls ADD COLUMN customer TEXT NOT NULL DEFAULT ''",),
    (
        """CREATE TABLE identity_decisions (
            id TEXT PRIMARY KEY,
            position INTEGER NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE identity_decision_keys (
            key TEXT NOT NULL,
            id TEXT NOT NULL,
            PRIMARY KEY (key, id)
        ) WITHOUT ROWID""",
        "CREATE INDEX identity_decision_keys_by_id ON identity_decision_keys (id)",
    ),
    (
        """CREATE TABLE callbacks (
            id TEXT PRIMARY KEY,
            is_over INTEGER NOT NULL,
            position INTEGER NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX callbacks_open ON callbacks (position) WHERE is_over = 0",
    ),
    (
        """CREATE TABLE accesses (
            key TEXT NOT NULL,
            at INTEGER NOT NULL,
            viewer TEXT NOT NULL,
            action TEXT NOT NULL,
            call_id TEXT NOT NULL,
            PRIMARY KEY (key, at, viewer, action, call_id)
        ) WITHOUT ROWID""",
        "CREATE INDEX accesses_by_time ON accesses (at)",
        """CREATE TABLE erasures (
            id TEXT PRIMARY KEY,
            at INTEGER NOT NULL,
            by_whom TEXT NOT NULL,
            state TEXT NOT NULL,
            events INTEGER NOT NULL,
            scope BLOB NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX erasures_by_state ON erasures (state, at)",
    ),
    (
        """CREATE TABLE customer_records (
            number INTEGER PRIMARY KEY,
            system TEXT NOT NULL,
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            at INTEGER NOT NULL,
            body BLOB,
            UNIQUE (system, kind, id)
        )""",
        """CREATE TABLE customer_terms (
            term TEXT NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (term, number)
        ) WITHOUT ROWID""",
        "CREATE INDEX customer_terms_by_number ON customer_terms (number, term)",
        # What stood in the journal before is read behind its opening (`hub/journal/customers_fill.py`).
        """INSERT INTO cursors (reader, position)
            SELECT 'journal.customers.until', max(position) FROM events HAVING max(position) IS NOT NULL""",
    ),
    (
        """CREATE TABLE lines (
            source TEXT NOT NULL,
            id TEXT NOT NULL,
            at INTEGER NOT NULL,
            position INTEGER NOT NULL,
            line INTEGER NOT NULL,
            states TEXT NOT NULL,
            PRIMARY KEY (source, id)
        ) WITHOUT ROWID""",
        """CREATE TABLE line_keys (
            key TEXT NOT NULL,
            channel INTEGER NOT NULL,
            at INTEGER NOT NULL,
            line INTEGER NOT NULL,
            position INTEGER NOT NULL,
            reference TEXT NOT NULL,
            PRIMARY KEY (key, channel, at, line)
        ) WITHOUT ROWID""",
        "CREATE INDEX line_keys_by_line ON line_keys (line)",
        """CREATE TABLE call_keys (
            call_id TEXT NOT NULL,
            key TEXT NOT NULL,
            PRIMARY KEY (call_id, key)
        ) WITHOUT ROWID""",
        """CREATE TABLE call_notes (
            call_id TEXT NOT NULL,
            position INTEGER NOT NULL,
            reference TEXT NOT NULL,
            PRIMARY KEY (call_id, position)
        ) WITHOUT ROWID""",
        """INSERT INTO cursors (reader, position)
            SELECT 'timeline', max(position) FROM events HAVING count(*) > 0""",
        "DROP TABLE interaction_keys",
        "DROP TABLE interactions",
    ),
    (
        # Who was named to a call that was over already.
        """UPDATE calls SET customer = coalesce((SELECT name FROM call_customers
            WHERE call_customers.call_id = calls.call_id), customer)
            WHERE call_id IN (SELECT call_id FROM call_customers)""",
        "DELETE FROM call_customers WHERE call_id IN (SELECT call_id FROM calls)",
        # What is found by invoices' and products' numbers is read behind its opening (`hub/journal/customers_fill.py`).
        """INSERT INTO cursors (reader, position)
            SELECT 'journal.terms.until', max(number) FROM customer_records HAVING max(number) IS NOT NULL""",
    ),
    (
        # And what is found by the end of a number, in the same way.
        "DELETE FROM cursors WHERE reader = 'journal.terms.until'",
        """INSERT INTO cursors (reader, position)
            SELECT 'journal.terms.until', max(number) FROM customer_records HAVING max(number) IS NOT NULL""",
    ),
)
"""Each entry takes the schema one version further; the version is SQLite's `user_version`. Never edit a past one."""
