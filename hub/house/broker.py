"""The broker's side of the house: the relay and its figures."""

from __future__ import annotations

from contextlib import AsyncExitStack

from hub.bus.relay import BusRelay
from hub.config.model import BusSection
from hub.journal.journal import Journal
from hub.metrics import Metrics


async def start_broker_side(
    bus: BusSection,
    *,
    journal: Journal,
    metrics: Metrics,
    stack: AsyncExitStack,
) -> None:
    """Start to publish; `stack` stops it."""
    relay = BusRelay(bus, journal)
    await relay.start()
    stack.push_async_callback(relay.stop)
    metrics.show_bus(lag=lambda: relay.lag, connected=lambda: relay.connected)
    metrics.read_counter(
        "ctihub_bus_published", "Events that the broker confirmed.", {"": lambda: relay.published_total}
    )
    metrics.read_counter(
        "ctihub_bus_unroutable",
        "Events that the broker confirmed and no queue was bound for.",
        {"": lambda: relay.unroutable_total},
    )
    metrics.read_counter(
        "ctihub_bus_too_large",
        "Events that were passed over, since the broker takes none as large.",
        {"": lambda: relay.too_large_total},
    )
