"""What the rooms count of themselves, told by the hub's metrics."""

from __future__ import annotations

from functools import partial

from hub.callbacks.service import CallbackService
from hub.desk.desk import Desk
from hub.house.backends import Backends
from hub.house.customers import Customers
from hub.house.erasures import Erasures
from hub.house.exchanges import Exchanges
from hub.house.retention import RetentionChore
from hub.journal.journal import Journal
from hub.metrics import Metrics
from hub.privacy.accesses import AccessBook
from hub.telephony.link import PbxLink


def show_rooms(
    metrics: Metrics,
    *,
    journal: Journal,
    backends: Backends,
    exchanges: Exchanges,
    callbacks: CallbackService,
    customers: Customers,
    desk: Desk,
    accesses: AccessBook,
    erasures: Erasures,
    retention: RetentionChore,
) -> None:
    """Export what these count; the others tell theirs when they are made."""
    lookups = customers.context.lookups
    metrics.show_backends(backends.backends, lookups.from_cache, lookups.cache)
    metrics.show_callbacks(callbacks.counts, lambda: len(callbacks.waiting()))
    metrics.connected_agents.set_function(desk.connected_agents)
    _show_telephone(metrics, exchanges)
    _show_journal(metrics, journal)
    _show_privacy(metrics, accesses, erasures, retention)


def _show_telephone(metrics: Metrics, exchanges: Exchanges) -> None:
    links = exchanges.links
    metrics.read_counter(
        "ctihub_ami_events",
        "Messages received from Asterisk.",
        {name: partial(_events_total, link) for name, link in links.items()},
        label="pbx",
    )
    for name, link in links.items():
        metrics.pbx_connected.labels(name).set_function(partial(_is_connected, link))
    metrics.live_calls.set_function(lambda: len(exchanges.live_calls()))
    metrics.show_floor(exchanges)


def _show_journal(metrics: Metrics, journal: Journal) -> None:
    metrics.journal_backlog.set_function(lambda: journal.pending)
    metrics.read_counter(
        "ctihub_journal_dropped",
        "Events lost because the disk failed for longer than the memory holds.",
        {"": lambda: journal.dropped_total},
    )
    metrics.read_counter(
        "ctihub_journal_refused",
        "Events lost because they could not be stored whatever the disk did; each is in the log.",
        {"": lambda: journal.refused_total},
    )


def _show_privacy(metrics: Metrics, accesses: AccessBook, erasures: Erasures, retention: RetentionChore) -> None:
    metrics.read_counter(
        "ctihub_accesses", "Looks at customers' data that were written down.", {"": lambda: accesses.kept_total}
    )
    metrics.read_counter(
        "ctihub_accesses_lost",
        "Looks at customers' data that could not be written down, since the store took none for too long.",
        {"": lambda: accesses.lost_total},
    )
    metrics.read_counter("ctihub_customers_erased", "Customers that were erased.", {"": lambda: erasures.told_total})
    metrics.read_counter(
        "ctihub_retired",
        "What was kept for its time and is erased: events, records, dead letters, accesses.",
        {
            what: partial(retention.retired.__getitem__, what)
            for what in ("events", "records", "dead_letters", "accesses")
        },
        label="what",
    )


def _events_total(link: PbxLink) -> int:
    return link.events_total


def _is_connected(link: PbxLink) -> bool:
    return link.status().connected
