"""A journal of before there were some derived tables: they are filled behind its opening."""

import asyncio

import msgspec

from hub.domain.customer import Invoice, Product
from hub.domain.interaction import CustomerRef
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from hub.journal.store import store_at
from tests.unit.journal import samples
from tests.unit.journal.customer_samples import answered, found, ordered, record, told
from tests.waiting import eventually_asked

TABLES = ("customer_terms", "customer_records", "line_keys", "lines")
CURSORS = ("journal.customers.until", "timeline")


def as_of_before(place: StorePlace) -> None:
    """Put a journal back to what a migration finds: the events alone, and up to where they are to be taken in."""
    store = store_at(place)
    connection = store.open_writer()
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")
    for cursor in CURSORS:
        connection.execute("INSERT INTO cursors (reader, position) SELECT $1, max(position) FROM events", (cursor,))
    connection.close()
    store.release()


def without_numbers(place: StorePlace) -> None:
    """Put a journal back to what the migrations find that have customers found by more numbers, and their ends."""
    store = store_at(place)
    connection = store.open_writer()
    connection.execute("DELETE FROM customer_terms WHERE term LIKE 'no:%' OR term LIKE 'part:%'")
    connection.execute(
        "INSERT INTO cursors (reader, position) SELECT 'journal.terms.until', max(number) FROM customer_records"
    )
    connection.close()
    store.release()


async def test_records_of_before_are_found_by_numbers_and_their_ends(place: StorePlace) -> None:
    """Those that stand, not those that are gone: what was erased or retired meanwhile does not come back."""
    anna = msgspec.structs.replace(record("1", "Anna"), invoices=(Invoice(id="R-1001"),))
    bert = msgspec.structs.replace(record("2", "Bert"), products=(Product(name="Pump", serial_number="S-2002"),))
    async with asyncio.timeout(30):
        journal = await Journal.open(place)
        for event in (told(anna), told(bert), told(record("3", "Carla")), told(bert, at=1, deleted=True)):
            await journal.append(event)
        await journal.append(ordered("B-3003", CustomerRef(ids={"shop": "3"})))
        await journal.close()
        await asyncio.to_thread(without_numbers, place)
        journal = await Journal.open(place)

        async def is_filled() -> bool:
            return await journal.cursor("journal.terms.until") == 0

        await eventually_asked(is_filled, "the numbers are taken in")
        texts = ("R-1001", "1001", "S-2002", "2002", "B-3003", "3003")
        assert [["1"], ["1"], [], [], ["3"], ["3"]] == [await found(journal, text) for text in texts]
        await journal.close()


async def test_what_was_stored_before_is_taken_in_while_the_journal_is_used(place: StorePlace) -> None:
    """Customers, orders and contacts; the newest state of each, also where something newer came meanwhile."""
    async with asyncio.timeout(30):
        journal = await Journal.open(place)
        for event in (
            told(record("1", "Anna Huber", phone="+4930901820"), at=1),
            told(record("1", "Anna Maier"), at=1),
            told(record("2", "Bert Kunz"), at=1),
            answered(record("7", "Carla Weiß", system="crm"), at=1),
            ordered("B-1", CustomerRef(ids={"shop": "2"}), at=1),
            samples.interaction(3, CustomerRef(ids={"shop": "2"})),
        ):
            await journal.append(event)
        await journal.close()
        await asyncio.to_thread(as_of_before, place)

        journal = await Journal.open(place, remembers=lambda system: system == "crm")
        await journal.append(told(record("2", "Bert Neu"), at=2))
        ids = ["id:shop:1", "id:shop:2", "id:crm:7"]

        async def is_filled() -> bool:
            return [0, 0] == [await journal.cursor(cursor) for cursor in CURSORS]

        await eventually_asked(is_filled, "both tables are filled")
        known = {one.name.full for one in await journal.customers.records(ids)}
        assert {"Anna Maier", "Bert Neu", "Carla Weiß"} == known
        assert [] == await found(journal, "huber")
        assert ["2"] == await found(journal, "B-1")
        page = await journal.timeline(["id:shop:2"])
        assert ["Order 3", "B-1"] == [line.subject for line in page.interactions]
        await journal.close()
