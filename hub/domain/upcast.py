"""Data of events as older versions of the hub wrote it, brought to what the types have now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

_NAME = "urn:ctihub:schema:"


def upcast(data: msgspec.Raw, dataschema: str, current: str) -> msgspec.Raw | bytes:
    """Return the JSON of an event's data in the form of the schema `current`; it has `dataschema`, "" the first of all.

    What is no older version of the same schema comes back as it is: whether it fits is for the type to say.
    """
    if dataschema == current:
        return data
    name, _, version = (dataschema or f"{current.rpartition(':')[0]}:1").rpartition(":")
    change = _CHANGES.get((name.removeprefix(_NAME), version))
    if change is None:
        return data
    try:
        old = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return data
    change(old)
    return msgspec.json.encode(old)


def _named_products(record: Any) -> None:
    """Make sections of a record's products, which were names."""
    if isinstance(record, dict) and isinstance(record.get("products"), list):
        record["products"] = [_named(product) for product in record["products"]]


def _named(product: Any) -> Any:
    return {"name": product} if isinstance(product, str) else product


def _customer_change_1(data: Any) -> None:
    if isinstance(data, dict):
        _named_products(data.get("customer"))


def _customer_context_1(data: Any) -> None:
    for answer in _sections(data, "answers"):
        for record in _sections(answer, "records"):
            _named_products(record)
    for customer in _sections(data, "customers"):
        for sourced in _sections(customer, "products"):
            sourced["value"] = _named(sourced.get("value"))


def _sections(data: Any, field: str) -> Iterator[dict[str, Any]]:
    listed = data.get(field) if isinstance(data, dict) else None
    if isinstance(listed, list):
        yield from (section for section in listed if isinstance(section, dict))


_CHANGES: dict[tuple[str, str], Callable[[Any], None]] = {
    ("customer-change", "1"): _customer_change_1,
    ("customer-context", "1"): _customer_context_1,
}
"""By name and version of a schema: what brings its data to the next version."""
