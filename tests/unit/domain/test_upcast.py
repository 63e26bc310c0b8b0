"""Events of a journal that an older version wrote are read as what they mean now."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from hub.domain.change import CustomerChange
from hub.domain.customer import (
    AnswerState,
    BackendAnswer,
    Customer,
    CustomerContext,
    CustomerRecord,
    Name,
    Product,
    Sourced,
)
from hub.domain.event import decode_event, encode_event, feed_event
from hub.domain.phone import PhoneNumber

AT = datetime(2026, 8, 1, 9, 30, tzinfo=UTC)


def stored(kind: str, schema: str, data: dict[str, Any]) -> bytes:
    """Write an event as the journal holds it."""
    envelope: dict[str, Any] = {
        "id": "0198", "type": kind, "source": "/feed/crm", "subject": "c-1", "time": AT.isoformat(), "data": data,
        "partitionkey": "c-1", "sequence": "00000000000000000007", "specversion": "1.0",
    }  # fmt: skip
    if schema:
        envelope["dataschema"] = schema
    return json.dumps(envelope).encode()


@pytest.mark.parametrize("schema", ["urn:ctihub:schema:customer-change:1", ""])
def test_products_of_a_customer_were_names(schema: str) -> None:
    """A product by its name alone becomes one with that name; the oldest events of all name no schema."""
    record = {"system": "crm", "id": "7", "name": {"full": "Petra Vogt"}, "products": ["Fibre 250", "Mobile"]}
    event = decode_event(stored("cti.customer.changed", schema, {"customer": record}))
    assert (
        CustomerChange(
            customer=CustomerRecord(
                system="crm",
                id="7",
                name=Name(full="Petra Vogt"),
                products=(Product(name="Fibre 250"), Product(name="Mobile")),
            )
        )
        == event.data
    )
    assert "urn:ctihub:schema:customer-change:2" == event.dataschema
    assert event == decode_event(encode_event(event))


def test_products_of_a_context_were_names() -> None:
    """Those of the merged customer keep where they came from, those of each backend's answer are read as well."""
    data = {
        "call_id": "c-1",
        "phone": {"raw": "1", "e164": "+493515550123"},
        "customers": [{"ids": {"crm": "7"}, "products": [{"value": "Fibre 250", "system": "crm", "record": "7"}]}],
        "answers": [
            {
                "connector": "crm",
                "title": "CRM",
                "state": "found",
                "records": [{"system": "crm", "id": "7", "products": ["Fibre 250"]}, {"system": "crm", "id": "8"}],
            },
            {"connector": "erp", "title": "ERP", "state": "pending"},
        ],
    }
    event = decode_event(stored("cti.customer.context_updated", "urn:ctihub:schema:customer-context:1", data))
    fibre = Product(name="Fibre 250")
    expected = CustomerContext(
        call_id="c-1",
        phone=PhoneNumber(raw="1", e164="+493515550123"),
        customers=(Customer(ids={"crm": "7"}, products=(Sourced(value=fibre, system="crm", record="7"),)),),
        answers=(
            BackendAnswer(
                connector="crm",
                title="CRM",
                state=AnswerState.FOUND,
                records=(
                    CustomerRecord(system="crm", id="7", products=(fibre,)),
                    CustomerRecord(system="crm", id="8"),
                ),
            ),
            BackendAnswer(connector="erp", title="ERP", state=AnswerState.PENDING),
        ),
    )
    assert expected == event.data
    assert "urn:ctihub:schema:customer-context:2" == event.dataschema


def test_what_is_written_now_is_not_touched() -> None:
    """An event of the present schema says what it says, and products as names are wrong in it."""
    change = CustomerChange(customer=CustomerRecord(system="crm", id="7", products=(Product(name="Fibre 250"),)))
    event = feed_event(change, feed="crm", event_id="1", at=AT)
    assert event == decode_event(encode_event(event))
    wrong = {"customer": {"system": "crm", "id": "7", "products": ["Fibre 250"]}}
    with pytest.raises(msgspec.ValidationError, match=r"customer\.products\[0\]"):
        decode_event(stored("cti.customer.changed", "urn:ctihub:schema:customer-change:2", wrong))


@pytest.mark.parametrize(
    "data", [[], {"customer": None}, {"customer": {"products": {}}}, {"customer": {"products": [7]}}, {"customer": 1}]
)
def test_old_data_of_a_wrong_form_is_told_as_such(data: Any) -> None:
    """Bringing it to the present fails no other way than reading does."""
    with pytest.raises(msgspec.ValidationError):
        decode_event(stored("cti.customer.changed", "urn:ctihub:schema:customer-change:1", data))
    with pytest.raises(msgspec.ValidationError):
        decode_event(stored("cti.customer.context_updated", "urn:ctihub:schema:customer-context:1", {"answers": data}))
