"""The journal's tables in PostgreSQL; times are microseconds since 1970 UTC, text is ordered by its bytes."""

from __future__ import annotations

PART = "journal"

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE events (
            position BIGINT PRIMARY KEY,
            id TEXT COLLATE "C" NOT NULL UNIQUE,
            type TEXT NOT NULL,
            source TEXT NOT NULL,
            subject TEXT NOT NULL,
            partitionkey TEXT NOT NULL,
            time TEXT NOT NULL,
            body BYTEA NOT NULL
        )""",
        'CREATE TABLE cursors (reader TEXT COLLATE "C" PRIMARY KEY, position BIGINT NOT NULL)',
        'CREATE TABLE open_calls (call_id TEXT COLLATE "C" PRIMARY KEY, position BIGINT NOT NULL)',
        """CREATE TABLE calls (
            call_id TEXT COLLATE "C" PRIMARY KEY,
            started_at BIGINT NOT NULL,
            entry BYTEA NOT NULL,
            customer TEXT NOT NULL
        )""",
        "CREATE INDEX calls_by_start ON calls (started_at, call_id)",
        """CREATE TABLE call_agents (
            agent TEXT COLLATE "C" NOT NULL,
            started_at BIGINT NOT NULL,
            call_id TEXT COLLATE "C" NOT NULL,
            PRIMARY KEY (agent, started_at, call_id)
        )""",
        "CREATE INDEX call_agents_by_call ON call_agents (call_id)",
        'CREATE TABLE call_customers (call_id TEXT COLLATE "C" PRIMARY KEY, name TEXT NOT NULL)',
        'CREATE TABLE call_contexts (call_id TEXT COLLATE "C" PRIMARY KEY, position BIGINT NOT NULL)',
        """CREATE TABLE last_agents (
            number TEXT COLLATE "C" NOT NULL,
            started_at BIGINT NOT NULL,
            call_id TEXT COLLATE "C" NOT NULL,
            agent TEXT NOT NULL,
            PRIMARY KEY (number, started_at, call_id)
        )""",
        "CREATE INDEX last_agents_by_call ON last_agents (call_id)",
        'CREATE TABLE agent_states (agent TEXT COLLATE "C" PRIMARY KEY, position BIGINT NOT NULL)',
        """CREATE TABLE interactions (
            source TEXT COLLATE "C" NOT NULL,
            id TEXT COLLATE "C" NOT NULL,
            at BIGINT NOT NULL,
            position BIGINT NOT NULL,
            PRIMARY KEY (source, id)
        )""",
        """CREATE TABLE interaction_keys (
            key TEXT COLLATE "C" NOT NULL,
            at BIGINT NOT NULL,
            position BIGINT NOT NULL,
            PRIMARY KEY (key, at, position)
        )""",
        "CREATE INDEX interaction_keys_by_position ON interaction_keys (position)",
        """CREATE TABLE dead_letters (
            id TEXT COLLATE "C" PRIMARY KEY,
            origin TEXT COLLATE "C" NOT NULL,
            at BIGINT NOT NULL,
            state TEXT COLLATE "C" NOT NULL,
            reason TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            letter BYTEA NOT NULL,
            body BYTEA NOT NULL
        )""",
        "CREATE INDEX dead_letters_by_time ON dead_letters (at, id)",
        "CREATE INDEX dead_letters_by_state ON dead_letters (state, at, id)",
        "CREATE INDEX dead_letters_by_origin ON dead_letters (origin, state, at, id)",
    ),
    (
        """CREATE TABLE identity_decisions (
            id TEXT COLLATE "C" PRIMARY KEY,
            position BIGINT NOT NULL
        )""",
        """CREATE TABLE identity_decision_keys (
            key TEXT COLLATE "C" NOT NULL,
            id TEXT COLLATE "C" NOT NULL,
            PRIMARY KEY (key, id)
        )""",
        "CREATE INDEX identity_decision_keys_by_id ON identity_decision_keys (id)",
    ),
    (
        """CREATE TABLE callbacks (
            id TEXT COLLATE "C" PRIMARY KEY,
            is_over INTEGER NOT NULL,
            position BIGINT NOT NULL
        )""",
        "CREATE INDEX callbacks_open ON callbacks (position) WHERE is_over = 0",
    ),
    (
        """CREATE TABLE accesses (
            key TEXT COLLATE "C" NOT NULL,
            at BIGINT NOT NULL,
            viewer TEXT COLLATE "C" NOT NULL,
            action TEXT COLLATE "C" NOT NULL,
            call_id TEXT COLLATE "C" NOT NULL,
            PRIMARY KEY (key, at, viewer, action, call_id)
        )""",
        "CREATE INDEX accesses_by_time ON accesses (at)",
        """CREATE TABLE erasures (
            id TEXT COLLATE "C" PRIMARY KEY,
            at BIGINT NOT NULL,
            by_whom TEXT NOT NULL,
            state TEXT COLLATE "C" NOT NULL,
            events BIGINT NOT NULL,
            scope BYTEA NOT NULL
        )""",
        "CREATE INDEX erasures_by_state ON erasures (state, at)",
    ),
    (
        """CREATE TABLE customer_records (
            number BIGINT PRIMARY KEY,
            system TEXT COLLATE "C" NOT NULL,
            kind TEXT COLLATE "C" NOT NULL,
            id TEXT COLLATE "C" NOT NULL,
            at BIGINT NOT NULL,
            body BYTEA,
            UNIQUE (system, kind, id)
        )""",
        """CREATE TABLE customer_terms (
            term TEXT COLLATE "C" NOT NULL,
            number BIGINT NOT NULL,
            PRIMARY KEY (term, number)
        )""",
        "CREATE INDEX customer_terms_by_number ON customer_terms (number, term)",
        # What stood in the journal before is read behind its opening (`hub/journal/customers_fill.py`).
        """INSERT INTO cursors (reader, position)
            SELECT 'journal.customers.until', max(position) FROM events HAVING max(position) IS NOT NULL""",
    ),
    (
        """CREATE TABLE lines (
            source TEXT COLLATE "C" NOT NULL,
            id TEXT COLLATE "C" NOT NULL,
            at BIGINT NOT NULL,
            position BIGINT NOT NULL,
            line BIGINT NOT NULL,
            states TEXT NOT NULL,
            PRIMARY KEY (source, id)
        )""",
        """CREATE TABLE line_keys (
            key TEXT COLLATE "C" NOT NULL,
            channel SMALLINT NOT NULL,
            at BIGINT NOT NULL,
            line BIGINT NOT NULL,
            position BIGINT NOT NULL,
            reference TEXT NOT NULL,
            PRIMARY KEY (key, channel, at, line)
        )""",
        "CREATE INDEX line_keys_by_line ON line_keys (line)",
        """CREATE TABLE call_keys (
            call_id TEXT COLLATE "C" NOT NULL,
            key TEXT COLLATE "C" NOT NULL,
            PRIMARY KEY (call_id, key)
        )""",
        """CREATE TABLE call_notes (
            call_id TEXT COLLATE "C" NOT NULL,
            position BIGINT NOT NULL,
            reference TEXT NOT NULL,
            PRIMARY KEY (call_id, position)
        )""",
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
"""Each entry takes the schema one version further. Never edit a past one."""
