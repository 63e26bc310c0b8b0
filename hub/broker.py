"""The broker's side of the composition: the relay, the inbound feeds, and their figures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

from hub.bus.feed import FeedConsumer
from hub.bus.relay import BusRelay
from hub.config.inbound import InboundFeed
from hub.config.mapping_files import find_mapping
from hub.config.model import BusSection, Config
from hub.config.problem import Problem
from hub.domain.interaction import Interaction
from hub.journal.journal import Journal
from hub.mapping.errors import MappingError
from hub.mapping.mapping import Mapping, load_mapping
from hub.metrics import Metrics

_FEED_COUNTERS: dict[str, Callable[[FeedConsumer], int]] = {
    "recorded": lambda feed: feed.recorded_total,
    "duplicates": lambda feed: feed.duplicates_total,
    "dead": lambda feed: feed.dead_total,
}


async def start_broker_side(
    config: Config,
    bus: BusSection,
    *,
    journal: Journal,
    metrics: Metrics,
    on_interaction: Callable[[Interaction], None],
    stack: AsyncExitStack,
) -> None:
    """Start to publish and to take in; `stack` stops it. Raises MappingError for a feed without a usable mapping."""
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
    feeds = [
        FeedConsumer(
            name,
            feed,
            bus,
            mapping=_feed_mapping(name, feed, config),
            journal=journal,
            on_interaction=on_interaction,
            region=config.hub.region,
        )
        for name, feed in config.inbound.items()
    ]
    for feed in feeds:
        feed.start()
        stack.push_async_callback(feed.stop)
        metrics.feed_connected.labels(feed.name).set_function(partial(_takes_messages, feed))
    for outcome, read in _FEED_COUNTERS.items():
        metrics.read_counter(
            f"ctihub_feed_{outcome}",
            f"Messages of inbound feeds: {outcome}.",
            {feed.name: partial(read, feed) for feed in feeds},
            label="feed",
        )


def _takes_messages(feed: FeedConsumer) -> bool:
    return feed.connected


def _feed_mapping(name: str, feed: InboundFeed, config: Config) -> Mapping:
    """Load a feed's mapping. Raises MappingError."""
    file = find_mapping(feed.mapping, config.hub.mappings)
    if file is None:
        message = f"inbound {name}: there is no mapping {feed.mapping!r}"
        raise MappingError([Problem(f"{feed.mapping}.yaml", 1, 1, message)])
    mapping = load_mapping(file)
    if mapping.target != "interaction":
        raise MappingError([Problem(str(file), 1, 1, f"inbound {name} needs a mapping with target: interaction")])
    return mapping
