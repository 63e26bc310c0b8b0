"""What the journal knows of customers: the newest that each system told, found by key."""

import msgspec

from hub.domain.customer import CustomerRecord, Order
from hub.domain.interaction import CustomerRef
from hub.journal.journal import Journal
from tests.unit.journal import samples
from tests.unit.journal.customer_samples import answered, minute, opened, ordered, record, told

ANNA = record("1", "Anna Huber", phone="+4930901820", email="Anna@Example.com")


async def names(journal: Journal, *keys: str) -> list[str]:
    return [one.name.full for one in await journal.customers.records(keys)]


async def test_a_customer_is_known_by_number_address_and_ids_as_told_last(journal: Journal) -> None:
    """Under old keys nobody is found any more; when it was told is in the record."""
    with_ids = msgspec.structs.replace(ANNA, ids={"sap": "4711"})
    await journal.append(told(with_ids))
    for key in ("tel:+4930901820", "mailto:anna@example.com", "id:shop:1", "id:sap:4711"):
        (known,) = await journal.customers.records([key])
        assert (with_ids, minute(0)) == (msgspec.structs.replace(known, fetched_at=None), known.fetched_at)
    await journal.append(told(record("1", "Anna Maier", phone="+4930901999"), at=1))
    assert [] == await names(journal, "tel:+4930901820", "mailto:anna@example.com", "id:sap:4711")
    assert ["Anna Maier"] == await names(journal, "tel:+4930901999", "id:shop:1")


async def test_an_older_report_never_takes_the_place_of_a_newer(journal: Journal) -> None:
    """Whatever the order in which they come, also within one commit, by when it changed in the system."""
    newer = msgspec.structs.replace(record("1", "Newer", phone="+4930901820"), changed_at=minute(10))
    older = msgspec.structs.replace(record("1", "Older", phone="+4930901821"), changed_at=minute(5))
    journal.publish(told(newer, at=11))
    journal.publish(told(older, at=12))
    await journal.append(samples.step(samples.call(1)))
    assert ["Newer"] == await names(journal, "id:shop:1", "tel:+4930901820", "tel:+4930901821")
    again = msgspec.structs.replace(newer, phones=())
    await journal.append(told(again, at=13))
    assert [] == await names(journal, "tel:+4930901820")


async def test_a_deleted_customer_is_gone_and_stays_gone(journal: Journal) -> None:
    """A late report of before doesn't bring the customer back; a newer one does."""
    await journal.append(told(ANNA, at=5))
    await journal.append(told(CustomerRecord(system="shop", id="1"), at=10, deleted=True))
    await journal.append(told(ANNA, at=7))
    assert [] == await names(journal, "id:shop:1", "tel:+4930901820")
    await journal.append(told(ANNA, at=11))
    assert ["Anna Huber"] == await names(journal, "id:shop:1")


async def test_what_backends_answered_is_remembered_where_it_may_be(journal: Journal) -> None:
    """Of systems that are asked for it alone; a record that says it is another system's is not taken."""
    crm = record("7", "Anna Huber", system="crm", phone="+4930901820")
    await journal.append(answered(crm))
    assert [] == await names(journal, "id:crm:7")
    journal.remember_answers_of(lambda system: system == "crm")
    await journal.append(answered(crm, msgspec.structs.replace(crm, system="sap"), at=1))
    await journal.append(answered(record("8", system="erp", phone="+4930901820"), connector="erp"))
    assert ["id:crm:7"] == [f"id:{one.system}:{one.id}" for one in await journal.customers.records(["tel:+4930901820"])]
    (known,) = await journal.customers.records(["id:crm:7"])
    assert minute(1) == known.fetched_at


async def test_of_feed_and_backend_the_newer_counts(journal: Journal) -> None:
    """An answer from the cache is as old as it is, also when a call is given it after the feed told of a change."""
    journal.remember_answers_of(lambda _system: True)
    feed = record("1", "As the feed told", system="crm")
    await journal.append(told(feed, at=5))
    await journal.append(answered(record("1", "From the cache", system="crm"), at=4))
    assert ["As the feed told"] == await names(journal, "id:crm:1")
    await journal.append(answered(record("1", "Asked afresh", system="crm"), at=6))
    assert ["Asked afresh"] == await names(journal, "id:crm:1")


async def test_orders_and_cases_are_known_by_whose_they_are(journal: Journal) -> None:
    """The newest state of each; deleted ones go; those of other systems are theirs."""
    whose = CustomerRef(ids={"shop": "1"}, phones=("+4930901820",))
    for event in (ordered("B-1", whose, 1, status="open"), ordered("B-2", whose, 1), opened("T-1", whose)):
        await journal.append(event)
    await journal.append(ordered("B-1", whose, 2, status="shipped"))
    await journal.append(ordered("B-2", whose, 3, deleted=True))
    matters = await journal.customers.matters(["id:shop:1", "tel:+4930901820"], system="shop")
    assert [Order(id="B-1", status="shipped"), None] == [one.order for one in matters]
    assert ["T-1"] == [one.case.id for one in matters if one.case]
    assert [] == list(await journal.customers.matters(["id:shop:1"], system="erp"))
    assert [] == list(await journal.customers.records(["id:shop:1", "tel:+4930901820"]))


async def test_so_many_of_each_key(journal: Journal) -> None:
    """A switchboard's number gives the newest few of the many, and no key's many push out those of another."""
    for number in range(12):
        journal.publish(told(record(f"s{number}", phone="+4930900"), at=number))
    await journal.append(told(record("own", phone="+4930901")))
    known = await journal.customers.records(["tel:+4930900", "tel:+4930901"], limit=3)
    assert {"s11", "s10", "s9", "own"} == {one.id for one in known}
    assert "own" == known[0].id


async def test_hostile_values_are_kept_as_they_are(journal: Journal) -> None:
    """Very long, with quotes, NUL and characters beyond the first plane: stored, found by key, and others beside it."""
    odd = record("x" * 5_000, "Robert'); DROP TABLE customer_terms;--\U00020000\x00", phone="+4930902", email="a'b@c.d")
    await journal.append(told(odd))
    await journal.append(told(ANNA))
    assert 1 == len(await journal.customers.records(["mailto:a'b@c.d"]))
    assert 1 == len(await journal.customers.records([f"id:shop:{'x' * 5_000}"]))
    assert ["Anna Huber"] == await names(journal, "id:shop:1")
