"""All that the canonical customer has can be said by a site's own mapping, and is in the customer that comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from hub.config.merge import MergeSection
from hub.context.merge import merge_records
from hub.context.merge_precedence import Precedence
from hub.domain.customer import Customer, CustomerRecord
from tests.unit.mapping.conftest import MapOne

FIELDS = """\
kind: kind
name: {full: name, given: first, surname: last}
birth_date: born
organization: firm.name
organization_id: firm.no
department: firm.department
title: firm.role
language: lang
segment: segment
tier: tier
value: {amount: worth, currency: {const: EUR}}
owner: owner
changed_at: changed
phones:
  each: tel
  fields: {number: {from: no, phone: true}, label: for, verified: own, shared: all, valid_from: since, valid_until: to}
emails:
  each: mail
  fields: {address: at, label: for, verified: own, shared: all, valid_from: since, valid_until: to}
addresses:
  each: place
  fields:
    street: street
    postcode: zip
    locality: city
    region: state
    country: cc
    label: for
    valid_from: since
    valid_until: to
preferences.channel: wants
consents:
  each: agreed
  fields: {purpose: what, granted: said, channel: by, given_on: since, valid_until: to}
products:
  each: machines
  fields:
    id: no
    name: name
    model: model
    serial_number: serial
    status: state
    bought_on: bought
    bought_from: shop
    place: where
    warranty_until: warranty
    ends_on: ends
ids.erp: erpNo
orders:
  each: orders
  fields:
    id: no
    status: state
    description: text
    ordered_on: since
    due_on: due
    delivered_on: came
    amount: sum
    currency: currency
    open: open
    url: link
cases:
  each: tickets
  fields:
    id: no
    subject: text
    status: state
    priority: urgency
    opened_on: since
    target_on: due
    closed_on: closed
    owner: owner
    product: about
    open: open
    url: link
invoices:
  each: bills
  fields:
    id: no
    status: state
    issued_on: since
    due_on: due
    amount: sum
    remaining: rest
    currency: currency
    open: open
    url: link
balance: {amount: owes, currency: {const: EUR}}
url: link
extra.loyalty: points
"""
SPAN = {"since": "2026-01-02", "to": "2030-01-02"}
REACHED = {"for": "work", "own": True, "all": True, **SPAN}
MATTER = {
    "no": "4711",
    "state": "late",
    "since": "2026-01-02",
    "due": "2026-02-02",
    "open": False,
    "link": "https://x/1",
}
SUM = {"sum": "12.10", "rest": "2.10", "currency": "EUR"}
RECORD = {
    "kind": "org",
    "name": "Petra Vogt",
    "first": "Petra",
    "last": "Vogt",
    "born": "1980-04-12",
    "firm": {"name": "Vogt GmbH", "no": "F-9", "department": "Purchasing", "role": "Head of Purchasing"},
    "lang": "de",
    "segment": "B2B",
    "tier": "Gold",
    "worth": "120000.50",
    "owner": "alice",
    "changed": "2026-01-03T10:00:00Z",
    "tel": [{"no": "0351 5550123", **REACHED}],
    "mail": [{"at": "p@example.com", **REACHED}],
    "place": [{"street": "Elbweg 3", "zip": "01067", "city": "Dresden", "state": "SN", "cc": "DE", **REACHED}],
    "wants": "email",
    "agreed": [{"what": "marketing", "said": True, "by": "email", **SPAN}],
    "machines": [
        {
            "no": "1",
            "name": "Pump",
            "model": "P7",
            "serial": "S-1",
            "state": "runs",
            "bought": "2026-01-02",
            "shop": "Shop Dresden",
            "where": "Cellar",
            "warranty": "2028-01-02",
            "ends": "2036-01-02",
        }
    ],
    "erpNo": "88",
    "orders": [{**MATTER, **SUM, "text": "A pump", "came": "2026-02-03"}],
    "tickets": [
        {**MATTER, "text": "It leaks", "urgency": "high", "closed": "2026-02-03", "owner": "bob", "about": "Pump"}
    ],
    "bills": [{**MATTER, **SUM}],
    "owes": "2.10",
    "link": "https://crm/1",
    "points": "815",
}  # fmt: skip
OF_THE_HUB = {"mapping", "fetched_at", "hidden"}
"""What no mapping says of a record."""
OF_SEVERAL = {"matches", "conflicts", "proposals", "hidden"}
"""What comes of several records, of rules, and of who looks."""


def unfilled(value: Any, path: str = "") -> Iterator[str]:
    """Yield what stands as it would if nobody had said anything of it."""
    if isinstance(value, msgspec.Struct):
        filled = msgspec.to_builtins(value).keys()
        for field in value.__struct_fields__:
            if field in filled:
                yield from unfilled(getattr(value, field), f"{path}.{field}")
            else:
                yield f"{path}.{field}".lstrip(".")
    elif isinstance(value, tuple):
        for one in value:
            yield from unfilled(one, path)


def test_a_mapping_can_say_everything(map_one: MapOne) -> None:
    """Each field of the canonical customer and of what it consists of, from a site's own record."""
    record = map_one(FIELDS, RECORD)
    assert OF_THE_HUB >= set(unfilled(record)), sorted(unfilled(record))
    assert ("Elbweg 3", "work", 2030) == (
        record.addresses[0].street,
        record.addresses[0].label,
        record.addresses[0].valid_until.year if record.addresses[0].valid_until else None,
    )
    assert ("Vogt GmbH", "Head of Purchasing") == (record.organization, record.title)
    assert {"loyalty": "815"} == record.extra


def test_all_of_it_is_in_the_customer(map_one: MapOne) -> None:
    """Whatever a record says is shown, with the system and the record that it is from; own fields by system."""
    record = map_one(FIELDS, RECORD)
    customer = merge_records([record], Precedence(MergeSection(), {"crm": 0}), today=date(2026, 6, 1))
    left_out = set(CustomerRecord.__struct_fields__) - set(Customer.__struct_fields__)
    assert {"system", "id", "mapping", "fetched_at", "changed_at", "organization_id", "balance", "url"} == left_out
    missing = {path for path in unfilled(customer) if not path.endswith((".at", ".mapping"))}
    assert OF_SEVERAL == missing
    assert ("815", "crm", "x") == (
        customer.extra["crm.loyalty"].value,
        customer.extra["crm.loyalty"].system,
        customer.extra["crm.loyalty"].record,
    )
    assert {"crm": "x", "erp": "88"} == customer.ids
