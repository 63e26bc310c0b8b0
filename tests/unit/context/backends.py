"""Backends of the context's tests: they answer what and when the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from connectors.base import ConnectorError, WritesNothing
from hub.domain.customer import CustomerQuery, CustomerRecord


class Backend(WritesNothing):
    """A connector whose answers are released by the test (`gate`), or at once."""

    def __init__(
        self,
        name: str,
        records: Sequence[CustomerRecord] = (),
        *,
        error: Exception | None = None,
        gate: asyncio.Event | None = None,
        keys: Collection[str] = ("phone", "email", "id"),
    ) -> None:
        self.name = name
        self.title = name.upper()
        self.records = records
        self.error: Exception | None = error
        self.gate = gate
        self.keys = keys
        self.asked: list[CustomerQuery] = []
        self.cancelled = 0

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def check(self) -> str:
        return "fine"

    def answers(self, query: CustomerQuery) -> bool:
        given = {"phone": query.phone.e164, "email": query.email, "id": query.ids.get(self.name)}
        return any(given[key] for key in self.keys)

    async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
        self.asked.append(query)
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if self.error is not None:
            raise self.error
        return self.records


__all__ = ["Backend", "ConnectorError"]
