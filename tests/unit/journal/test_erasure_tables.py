"""An erasure knows every table that there is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from hub.domain.change import OrderChange
from hub.domain.customer import Order
from hub.domain.event import feed_event, new_id
from hub.domain.identity import RecordRef
from hub.domain.interaction import CustomerRef
from hub.domain.phone import PhoneNumber
from hub.journal.erasure_scope import Scope
from hub.journal.erasure_tables import (
    NOTHING_PERSONAL,
    OF_CUSTOMERS,
    of_contexts,
    of_customer,
    of_event,
    of_keys_of_calls,
)
from hub.journal.journal import Journal
from hub.journal.store import store_at
from tests.unit.journal import samples


async def test_every_table_is_erased_from_or_holds_nothing_personal(tmp_path: Path) -> None:
    """Whoever adds a table says which of the two: what is kept of a customer must be found again to be erased."""
    journal = await Journal.open(tmp_path / "journal.db")
    await journal.close()
    database = sqlite3.connect(tmp_path / "journal.db")
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    database.close()
    assert {name for name in tables if not name.startswith("sqlite_")} == OF_CUSTOMERS | NOTHING_PERSONAL


async def test_who_writes_waits_for_no_look_at_every_row(tmp_path: Path) -> None:
    """Each statement of an erasure or a retention finds its rows by index: a file is locked while it is carried out."""
    place = tmp_path / "journal.db"
    journal = await Journal.open(place)
    caller = PhoneNumber(raw="+4930901820", e164="+4930901820")
    await journal.append(samples.cleared(msgspec.structs.replace(samples.call(1), caller=caller)))
    await journal.close()
    keys = {"tel:+4930901820", "mailto:anna@example.com", "id:crm:7"}
    scope = Scope(asked="id:crm:7", keys=keys, records={RecordRef(system="crm", id="7")}, calls={"main-1"})
    order = OrderChange(system="shop", customer=CustomerRef(ids={"crm": "7"}), order=Order(id="1"), at=samples.NOON)
    event = feed_event(order, feed="shop", event_id=new_id(), at=samples.NOON)
    connection = store_at(place).open_reader()
    of_calls = of_keys_of_calls(connection, scope)
    assert [("main-1", "tel:+4930901820")] == [values for _, values in of_calls]
    for statement, values in (*of_customer(scope), *of_calls, *of_event(1, event), *of_contexts(scope.calls)):
        plan = [row[3] for row in connection.rows(f"EXPLAIN QUERY PLAN {statement}", values)]
        assert [] == [f"{statement}: {step}" for step in plan if step.startswith("SCAN") and "json_each" not in step]
    connection.close()
