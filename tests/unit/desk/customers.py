"""Customers as a test says that they are known."""

from __future__ import annotations

from hub.domain.identity import RecordRef
from hub.domain.search import CustomerSearch, CustomerView


class Customers:
    """`views` are the customers by their record, `found` is what every search finds."""

    def __init__(self) -> None:
        self.views: dict[RecordRef, CustomerView] = {}
        self.found = CustomerSearch()
        self.asked: list[tuple[str, int, bool]] = []
        self.viewed: list[tuple[RecordRef, bool]] = []

    async def keys_of(self, record: RecordRef) -> tuple[str, ...]:
        view = self.views.get(record)
        if view is None:
            return (record.key,)
        return tuple(dict.fromkeys(key for one in view.records for key in one.ref().keys()))  # noqa: SIM118 - no dict's

    async def customer(self, record: RecordRef, *, ask_backends: bool = False) -> CustomerView | None:
        self.viewed.append((record, ask_backends))
        return self.views.get(record)

    async def search(self, text: str, *, limit: int = 20, ask_backends: bool = False) -> CustomerSearch:
        self.asked.append((text, limit, ask_backends))
        return self.found
