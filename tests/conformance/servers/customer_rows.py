"""The suite's customers in a database: tables, rows, and a connector's configuration for them."""

from typing import Any

from tests.conformance.servers.backend import CUSTOMERS, KNOWN

TABLES = (
    "CREATE TABLE customers (id VARCHAR(600) PRIMARY KEY, name VARCHAR(200), phone VARCHAR(40), email VARCHAR(300))",
    "CREATE TABLE orders (id VARCHAR(20), customer VARCHAR(20), date VARCHAR(10), total NUMERIC(12, 2))",
    """CREATE TABLE activities (
        interaction VARCHAR(99) PRIMARY KEY, customer TEXT, note TEXT, said TEXT, began TIMESTAMP, seconds INTEGER
    )""",
)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


ROWS = (
    *(
        f"INSERT INTO customers VALUES ({', '.join(map(_quoted, (one.id, one.name, one.phone, one.email)))})"
        for one in CUSTOMERS
    ),
    "INSERT INTO customers (id, email) VALUES ('1', 'empty@example.com')",
    f"INSERT INTO orders VALUES ('A0042', '{KNOWN.id}', '2026-11-20', 12.10)",
    "INSERT INTO orders VALUES ('B1', '7', '2026-11-20', 1)",
)


def sql_config(url: str, **changes: Any) -> dict[str, Any]:
    customers = "SELECT id, name, phone, email FROM customers"
    return {
        "kind": "sql",
        "url": url,
        "mapping": "customer",
        "operations": {
            "by_phone": {
                "key": "phone",
                "forms": ["e164", "national"],
                "records": "customers",
                "attach": {"orders": {"customer": "id"}},
                "steps": [
                    {
                        "name": "customers",
                        "statement": f"{customers} WHERE phone IN (:numbers)",
                        "values": {"numbers": {"from": "query.numbers"}},
                    },
                    {
                        "name": "orders",
                        "statement": "SELECT * FROM orders WHERE customer IN (:customers)",
                        "values": {"customers": {"from": "customers.id"}},
                    },
                ],
            },
            "by_email": {
                "key": "email",
                "steps": [
                    {
                        "name": "customers",
                        "statement": f"{customers} WHERE lower(email) = :email",
                        "values": {"email": {"from": "query.email_lower"}},
                    }
                ],
            },
            "by_id": {
                "key": "id",
                "steps": [
                    {
                        "name": "customers",
                        "statement": f"{customers} WHERE id = :id",
                        "values": {"id": {"from": "query.id"}},
                    }
                ],
            },
        },
        "writes": {
            "activity": {
                "id": ("there.interaction", "new.interaction"),
                "steps": [
                    {
                        "name": "there",
                        "statement": "SELECT interaction FROM activities WHERE interaction = :id",
                        "values": {"id": {"from": "entry.id"}},
                    },
                    {
                        "name": "new",
                        "unless": "there",
                        "statement": (
                            "INSERT INTO activities (interaction, customer, note, said, began, seconds)"
                            " VALUES (:id, :customer, :note, 'it''s :said; --', :began, :seconds)"
                            " RETURNING interaction"
                        ),
                        "values": {
                            "id": {"from": "entry.id"},
                            "customer": {"from": "entry.customer"},
                            "note": {"from": "entry.note", "optional": True},
                            "began": {"from": "entry.started_at"},
                            "seconds": {"from": "entry.duration_s", "optional": True},
                        },
                    },
                ],
            }
        },
        **changes,
    }
