from datetime import UTC, date, datetime

from hub.context.merge import merge_records
from hub.domain.customer import Case, CustomerRecord, Email, Name, Order, Sourced

FETCHED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_each_value_says_where_it_came_from() -> None:
    """A merged value names system, record, time and mapping."""
    sap = CustomerRecord(system="sap", id="1", mapping="sap@1", fetched_at=FETCHED, name=Name(full="Maria Huber"))
    osc = CustomerRecord(system="osc", id="9", mapping="osc@2", fetched_at=FETCHED, tier="gold")
    merged = merge_records([sap, osc], {"sap": 0, "osc": 1})
    assert Sourced(value=Name(full="Maria Huber"), system="sap", record="1", at=FETCHED, mapping="sap@1") == merged.name
    assert Sourced(value="gold", system="osc", record="9", at=FETCHED, mapping="osc@2") == merged.tier
    assert {"sap": "1", "osc": "9"} == merged.ids


def test_first_system_of_the_configuration_wins() -> None:
    """Order of answers does not matter; order of configuration does."""
    sap = CustomerRecord(system="sap", id="1", name=Name(full="Maria Huber"))
    osc = CustomerRecord(system="osc", id="9", name=Name(given="M.", surname="Huber"))
    for records in ([sap, osc], [osc, sap]):
        merged = merge_records(records, {"osc": 0, "sap": 1})
        assert merged.name is not None
        assert "M. Huber" == merged.name.value.full


def test_orders_of_two_systems_with_one_number_stay_two() -> None:
    """Each system numbers on its own; only e-mail addresses and phones are told apart by value."""
    sap = CustomerRecord(system="sap", id="1", orders=(Order(id="7"),), emails=(Email(address="a@b.de"),))
    osc = CustomerRecord(system="osc", id="9", orders=(Order(id="7"),), emails=(Email(address="A@b.de"),))
    merged = merge_records([sap, osc], {"sap": 0, "osc": 1})
    assert ["sap", "osc"] == [order.system for order in merged.orders]
    assert 1 == len(merged.emails)


def test_what_waits_longest_comes_first() -> None:
    """Open before closed, earliest due first, undated last."""
    sap = CustomerRecord(
        system="sap",
        id="1",
        orders=(
            Order(id="done", open=False, due_on=date(2026, 1, 1)),
            Order(id="undated"),
            Order(id="later", due_on=date(2026, 12, 24)),
            Order(id="late", due_on=date(2026, 11, 1)),
        ),
        cases=(Case(id="new", opened_on=date(2026, 11, 20)), Case(id="old", opened_on=date(2026, 10, 1))),
    )
    merged = merge_records([sap], {"sap": 0})
    assert ["late", "later", "undated", "done"] == [order.value.id for order in merged.orders]
    assert ["old", "new"] == [case.value.id for case in merged.cases]
