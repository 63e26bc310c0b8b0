"""Callers a second answered from the cache on one core, from the call's arrival to the frame that the page gets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec

from connectors.base import WritesNothing
from connectors.resilience.connector import ResilientConnector
from hub.config.connector_base import ConnectorBase
from hub.config.model import ContextSection
from hub.context.service import ContextService
from hub.desk.frames import ContextFrame
from hub.domain.call import Call, Direction
from hub.domain.customer import (
    Address,
    Case,
    CustomerQuery,
    CustomerRecord,
    Email,
    Name,
    Order,
    Phone,
)
from hub.domain.phone import PhoneNumber
from tests.bench.result import Target, report, spread

LOOKUPS_A_SECOND = 2_000
BACKENDS = ("sap", "service_cloud")
CUSTOMERS = 1_000
CALLS = 2_000
ROUNDS = 5
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class _Config(ConnectorBase):
    kind: Literal["bench"] = "bench"


class _Backend(WritesNothing):
    """Knows everybody, with three orders and two cases."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.title = name
        self.asked = 0

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def check(self) -> str:
        return "there"

    def answers(self, query: CustomerQuery) -> bool:
        return query.phone.e164 is not None

    async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
        self.asked += 1
        number = query.phone.e164 or ""
        orders = (
            Order(
                id=f"{number[-4:]}{row}", description="Control unit", due_on=date(2026, 12, 1 + row), amount="18450.90"
            )
            for row in range(3)
        )
        cases = (
            Case(id=f"{row}", subject="Machine stands still", opened_on=date(2026, 11, 1 + row)) for row in range(2)
        )
        return (
            CustomerRecord(
                system=self.name,
                id=number[-6:],
                mapping="bench@1",
                fetched_at=NOW,
                name=Name(full=f"Maria Huber {number[-4:]}"),
                organization="Huber Maschinenbau GmbH",
                tier="Gold",
                phones=(Phone(number=number),),
                emails=(Email(address=f"maria{number[-4:]}@huber.example"),),
                addresses=(Address(street="Hauptstraße 1", postcode="70173", locality="Stuttgart"),),
                orders=tuple(orders),
                cases=tuple(cases),
            ),
        )


def _number(index: int) -> PhoneNumber:
    return PhoneNumber(e164=f"+4930231{25_000 + index}")


def _call(call_id: str, index: int) -> Call:
    return Call(id=call_id, pbx="main", direction=Direction.INBOUND, started_at=NOW, caller=_number(index))


async def _warmed(customers: int) -> tuple[ContextService, list[_Backend]]:
    backends = [_Backend(name) for name in BACKENDS]
    service = ContextService(
        [ResilientConnector(backend, _Config()) for backend in backends], ContextSection(cache_s=3_600)
    )
    for index in range(customers):
        await service.known(_number(index), call_id=f"warm-{index}", within_s=5)
    return service, backends


async def _pops(service: ContextService, calls: int, customers: int) -> float:
    """Return the CPU seconds of that many calls: begun, their frames encoded, and ended."""
    encoder = msgspec.json.Encoder()
    began = time.process_time()
    for number in range(calls):
        service.begin(_call(f"main-{number}", number % customers))
        context = service.current(f"main-{number}")
        assert context is not None
        assert context.complete
        encoder.encode(ContextFrame(context=context))
        service.end(f"main-{number}")
    return time.process_time() - began


async def _enquiries(service: ContextService, calls: int, customers: int) -> float:
    """Return the CPU seconds of as many dialplans that ask."""
    began = time.process_time()
    for number in range(calls):
        context = await service.known(_number(number % customers), call_id=f"agi-{number}", within_s=1)
        assert context.complete
    return time.process_time() - began


async def measure(calls: int = CALLS, customers: int = CUSTOMERS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Warm the cache, then let known customers call, and dialplans ask for them; a caller is one lookup.

    Strictly it is one of each backend: the customer is put together from both.
    """
    service, backends = await _warmed(customers)
    asked = [backend.asked for backend in backends]
    pops = [calls / await _pops(service, calls, customers) for _ in range(rounds)]
    enquiries = [calls / await _enquiries(service, calls, customers) for _ in range(rounds)]
    if asked != [backend.asked for backend in backends]:
        raise RuntimeError("a lookup was not answered from the cache")
    cache = service.lookups.cache
    figures = {
        "backends": len(BACKENDS),
        "callers_a_cpu_second_with_the_frame": spread(pops),
        "callers_a_cpu_second_for_dialplans": spread(enquiries),
        "cache": {"entries": len(cache), "about_bytes": cache.bytes},
    }
    await service.close()
    return report(
        figures,
        Target(
            what="lookups answered from the cache in a second of one core",
            value=min(spread(pops)["median"], spread(enquiries)["median"]),
            rule="at least",
            limit=LOOKUPS_A_SECOND,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return asyncio.run(measure())
