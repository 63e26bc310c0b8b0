"""Request and reply, put together: what can be asked for, its figures, and the queue that requests come by."""

from __future__ import annotations

from contextlib import AsyncExitStack

from hub.bus.rpc_dispatcher import Dispatcher
from hub.bus.rpc_methods import Methods
from hub.bus.rpc_queue import RpcQueue
from hub.config.model import BusSection, Config
from hub.config.tokens import Tokens
from hub.domain.ports import AccessLog, AgentDirectory, CallControl, LiveCalls, Visibility
from hub.domain.rpc import CustomerFinder, RequestReply
from hub.domain.search import KnownCustomers
from hub.metrics import Metrics


def request_reply(
    config: Config,
    *,
    customers: CustomerFinder,
    known: KnownCustomers,
    control: CallControl,
    directory: AgentDirectory,
    live: LiveCalls,
    metrics: Metrics,
    visibility: Visibility,
    accesses: AccessLog,
) -> Dispatcher:
    """Return what answers requests, by whichever way they come."""

    def observe(method: str, outcome: str, seconds: float) -> None:
        metrics.rpc_seconds.labels(method, outcome).observe(seconds)

    methods = Methods(
        customers=customers,
        known=known,
        control=control,
        directory=directory,
        live=live,
        region=config.hub.region,
        visibility=visibility,
        accesses=accesses,
    )
    return Dispatcher(methods, on_request=observe)


def start_request_queue(
    config: Config, bus: BusSection, requests: RequestReply, metrics: Metrics, stack: AsyncExitStack
) -> None:
    """Begin to take requests from the broker; `stack` ends it."""
    own_queues = [own for name, feed in config.inbound.items() if (own := feed.queue_of(name))]
    queue = RpcQueue(bus, requests, Tokens(config.auth.tokens), own_queues=own_queues)
    metrics.show_requests(connected=lambda: queue.connected)
    metrics.read_counter(
        "ctihub_rpc_undeliverable",
        "Replies for which there was nobody any more, or no queue that may have them.",
        {"": lambda: queue.undeliverable_total},
    )
    queue.start()
    stack.push_async_callback(queue.stop)
