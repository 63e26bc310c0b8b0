"""The hub's Prometheus metrics, by the names that the outside knows them by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from hub.domain.agent import AgentState
from hub.domain.backend import BackendState, BackendStatus
from hub.domain.callback import CallbackState
from hub.domain.ports import AgentDirectory
from hub.domain.routing import EnquiryStatus

CALLBACK_OUTCOMES = ("requested", *(state.value for state in CallbackState if state.is_over))
_POP_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
_ROUTING_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1.0, 2.5, 5.0)
_LOOKUP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ReadCounter(Collector):
    """A counter that some room keeps for itself, by label value; `""` for one without a label."""

    def __init__(self, name: str, documentation: str, label: str, read: Mapping[str, Callable[[], int]]) -> None:
        self._name = name
        self._documentation = documentation
        self._label = label
        self._read = read

    def collect(self) -> Iterator[CounterMetricFamily]:
        labels = [self._label] if self._label else []
        family = CounterMetricFamily(self._name, self._documentation, labels=labels)
        for value, read in self._read.items():
            family.add_metric([value] if self._label else [], read())
        yield family


class FloorFigures(Collector):
    """What the agent directory knows at the moment of asking. Queues of a PBX that is away are left out."""

    def __init__(self, directory: AgentDirectory) -> None:
        self._directory = directory

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = datetime.now(UTC)
        waiting = GaugeMetricFamily("ctihub_queue_waiting", "Callers in the queue.", labels=["pbx", "queue"])
        longest = GaugeMetricFamily(
            "ctihub_queue_longest_wait_seconds", "How long the first of them has waited.", labels=["pbx", "queue"]
        )
        for queue in self._directory.queues():
            since = queue.longest_wait_since
            waiting.add_metric([queue.pbx, queue.queue], len(queue.waiting))
            waited_s = max(0.0, (now - since).total_seconds()) if since else 0.0
            longest.add_metric([queue.pbx, queue.queue], waited_s)
        agents = GaugeMetricFamily("ctihub_agents", "Agents of the configuration.", labels=["state"])
        states = Counter(status.state for status in self._directory.agents())
        for state in AgentState:
            agents.add_metric([state.value], states[state])
        yield from (waiting, longest, agents)


class CacheSize(Protocol):
    bytes: int

    def __len__(self) -> int: ...


class BackendFigures(Collector):
    """How each backend is at the moment of asking; the connectors may be others than the last time."""

    def __init__(self, read: Callable[[], Sequence[BackendStatus]]) -> None:
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        state = GaugeMetricFamily(
            "ctihub_connector_state", "1 for the state that the backend is in.", labels=["connector", "state"]
        )
        running = GaugeMetricFamily(
            "ctihub_connector_in_flight", "Lookups and writes that the backend is busy with.", labels=["connector"]
        )
        waiting = GaugeMetricFamily(
            "ctihub_connector_waiting", "Lookups and writes that wait for their turn.", labels=["connector"]
        )
        repeated = CounterMetricFamily(
            "ctihub_connector_retries", "Requests made again after a failure.", labels=["connector"]
        )
        throttled = CounterMetricFamily(
            "ctihub_connector_throttled", "Requests that the backend refused as too many.", labels=["connector"]
        )
        left_alone = CounterMetricFamily(
            "ctihub_connector_left_alone",
            "Lookups and writes answered at once because the backend does not answer.",
            labels=["connector"],
        )
        for backend in self._read():
            for one in BackendState:
                state.add_metric([backend.name, one.value], float(backend.state is one))
            running.add_metric([backend.name], backend.running)
            waiting.add_metric([backend.name], backend.waiting)
            repeated.add_metric([backend.name], backend.repeated)
            throttled.add_metric([backend.name], backend.throttled)
            left_alone.add_metric([backend.name], backend.left_alone)
        yield from (state, running, waiting, repeated, throttled, left_alone)


class OutboundStanding(Protocol):
    """How one backend's reader of the journal stands."""

    @property
    def connector(self) -> str: ...

    @property
    def behind(self) -> int: ...

    @property
    def written(self) -> int: ...

    @property
    def skipped(self) -> int: ...

    @property
    def dead(self) -> int: ...


class OutboundFigures(Collector):
    """What is written to backends by itself; the backends may be others than the last time."""

    def __init__(self, read: Callable[[], Sequence[OutboundStanding]]) -> None:
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        waiting = GaugeMetricFamily(
            "ctihub_outbound_waiting",
            "Events of the journal that have not been dealt with yet for what is written to the backend.",
            labels=["connector"],
        )
        written = CounterMetricFamily(
            "ctihub_outbound_written", "Things that were written to the backend by itself.", labels=["connector"]
        )
        skipped = CounterMetricFamily(
            "ctihub_outbound_skipped",
            "Things that were not written because the backend knows no such customer, or several.",
            labels=["connector"],
        )
        dead = CounterMetricFamily(
            "ctihub_outbound_dead", "Things that the backend did not take: dead letters.", labels=["connector"]
        )
        for one in self._read():
            waiting.add_metric([one.connector], one.behind)
            written.add_metric([one.connector], one.written)
            skipped.add_metric([one.connector], one.skipped)
            dead.add_metric([one.connector], one.dead)
        yield from (waiting, written, skipped, dead)


class CacheFigures(Collector):
    """How often a backend's answer was there already, and what the answers take."""

    def __init__(self, asked: Mapping[tuple[str, str], int], size: CacheSize) -> None:
        self._asked = asked
        self._size = size

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        found = CounterMetricFamily(
            "ctihub_cache_answers", "Lookups by what the cache had for them.", labels=["connector", "result"]
        )
        for (connector, result), count in list(self._asked.items()):
            found.add_metric([connector, result], count)
        entries = GaugeMetricFamily("ctihub_cache_entries", "Answers that are kept.")
        entries.add_metric([], len(self._size))
        taken = GaugeMetricFamily("ctihub_cache_bytes", "About what they take in memory.")
        taken.add_metric([], self._size.bytes)
        yield from (found, entries, taken)


class WarmFigures(Collector):
    """How often a backend was asked ahead of a call, and how many customers are kept warm."""

    def __init__(self, asked: Mapping[tuple[str, str], int], customers: Callable[[], int]) -> None:
        self._asked = asked
        self._customers = customers

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        asked = CounterMetricFamily(
            "ctihub_warm_lookups", "Lookups ahead of a call, by how they went.", labels=["connector", "state"]
        )
        for (connector, state), count in list(self._asked.items()):
            asked.add_metric([connector, state], count)
        customers = GaugeMetricFamily("ctihub_warm_customers", "Customers whose answers are kept from getting stale.")
        customers.add_metric([], self._customers())
        yield from (asked, customers)


class DeadLetterFigures(Collector):
    """How many dead letters waited for somebody when they were last counted."""

    def __init__(self, waiting: Mapping[str, int]) -> None:
        self._waiting = waiting

    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("ctihub_dead_letters", "Dead letters that wait for somebody.", labels=["origin"])
        for origin, count in list(self._waiting.items()):
            waiting.add_metric([origin], count)
        yield waiting


class Metrics:
    """One set of metrics on a registry of its own. The composition root feeds it; gauges take callbacks.

    No label ever holds a phone number, a person or a call: labels are names from the configuration.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.pop_seconds = Histogram(
            "ctihub_pop_seconds",
            "From the manager event's bytes arriving to the pop's frame leaving for the browser.",
            registry=self.registry,
            buckets=_POP_BUCKETS,
        )
        self.lookup_seconds = Histogram(
            "ctihub_lookup_seconds",
            "How long a backend took to answer, by connector and outcome.",
            ["connector", "outcome"],
            registry=self.registry,
            buckets=_LOOKUP_BUCKETS,
        )
        self.routing_seconds = Histogram(
            "ctihub_routing_seconds",
            "How long a dialplan that asked waited for its answer, by how the enquiry went.",
            ["status"],
            registry=self.registry,
            buckets=_ROUTING_BUCKETS,
        )
        self.rpc_seconds = Histogram(
            "ctihub_rpc_seconds",
            "How long a request by queue or HTTP took, by method and by what became of it.",
            ["method", "outcome"],
            registry=self.registry,
            buckets=_LOOKUP_BUCKETS,
        )
        self.pbx_connected = Gauge(
            "ctihub_pbx_connected", "1 while the PBX is connected.", ["pbx"], registry=self.registry
        )
        self.connected_agents = Gauge(
            "ctihub_connected_agents", "Agents with at least one page open.", registry=self.registry
        )
        self.live_calls = Gauge("ctihub_live_calls", "Calls that are not over.", registry=self.registry)
        self.feed_connected = Gauge(
            "ctihub_feed_connected", "1 while messages of the inbound feed are taken.", ["feed"], registry=self.registry
        )
        self.journal_backlog = Gauge(
            "ctihub_journal_backlog_events", "Events that are not durable yet.", registry=self.registry
        )

    def observe_lookup(self, connector: str, seconds: float, state: str) -> None:
        """Take it that a backend took so long to answer."""
        self.lookup_seconds.labels(connector, state).observe(seconds)

    def observe_routing(self, status: EnquiryStatus, seconds: float) -> None:
        """Take it that a dialplan waited so long for its answer."""
        self.routing_seconds.labels(status.value).observe(seconds)

    def read_counter(
        self, name: str, documentation: str, read: Mapping[str, Callable[[], int]], *, label: str = ""
    ) -> None:
        """Export counters that a room keeps for itself; `name` is without its `_total`."""
        self.registry.register(ReadCounter(name, documentation, label, read))

    def show_floor(self, directory: AgentDirectory) -> None:
        """Export agents by state, and what the queues are like."""
        self.registry.register(FloorFigures(directory))

    def show_backends(
        self, read: Callable[[], Sequence[BackendStatus]], asked: Mapping[tuple[str, str], int], size: CacheSize
    ) -> None:
        """Export how the backends are, and what the cache of their answers does."""
        self.registry.register(BackendFigures(read))
        self.registry.register(CacheFigures(asked, size))

    def show_warm(self, asked: Mapping[tuple[str, str], int], customers: Callable[[], int]) -> None:
        """Export what is asked of the backends ahead of a call."""
        self.registry.register(WarmFigures(asked, customers))

    def show_outbound(self, read: Callable[[], Sequence[OutboundStanding]]) -> None:
        """Export what is written to the backends by itself."""
        self.registry.register(OutboundFigures(read))

    def show_requests(self, *, connected: Callable[[], bool]) -> None:
        """Export whether requests come by the broker; without one there is nothing that could be away."""
        Gauge(
            "ctihub_rpc_connected", "1 while requests are taken from the broker.", registry=self.registry
        ).set_function(connected)

    def show_bus(self, *, lag: Callable[[], int], connected: Callable[[], bool]) -> None:
        """Export the broker's gauges; without a broker there is nothing that could be away."""
        Gauge(
            "ctihub_bus_lag_events", "Durable events that the broker has not confirmed yet.", registry=self.registry
        ).set_function(lag)
        Gauge("ctihub_bus_connected", "1 while events go to the broker.", registry=self.registry).set_function(
            connected
        )

    def show_callbacks(self, counts: Mapping[str, int], waiting: Callable[[], int]) -> None:
        """Export how many callbacks were asked for, how they ended, and how many wait or are being called."""
        self.read_counter(
            "ctihub_callbacks",
            "Callbacks: requested, and how they ended.",
            {outcome: partial(counts.__getitem__, outcome) for outcome in CALLBACK_OUTCOMES},
            label="outcome",
        )
        gauge = Gauge("ctihub_callbacks_open", "Callbacks that wait or are being called.", registry=self.registry)
        gauge.set_function(waiting)

    def show_dead_letters(self, waiting: Mapping[str, int]) -> None:
        """Export how many dead letters wait for somebody, by origin."""
        self.registry.register(DeadLetterFigures(waiting))

    def render(self) -> tuple[bytes, str]:
        """Return all metrics in the text format, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
