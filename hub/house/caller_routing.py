"""The dialplan's side of the house: what a PBX asks by FastAGI while a caller waits, and its figures."""

from __future__ import annotations

from contextlib import AsyncExitStack

from hub.config.model import Config
from hub.context.routing import CustomerRouting
from hub.house.customers import Customers
from hub.house.exchanges import Exchanges
from hub.journal.journal import Journal
from hub.metrics import Metrics
from hub.telephony.fastagi.server import FastAgiServer


async def start_caller_routing(
    config: Config,
    *,
    customers: Customers,
    exchanges: Exchanges,
    journal: Journal,
    metrics: Metrics,
    stack: AsyncExitStack,
) -> None:
    """Begin to answer, where `routing` is configured; `stack` ends it. Raises ListenError."""
    if config.routing is None:
        return
    routing = CustomerRouting(
        config.routing,
        contexts=customers.context,
        history=journal,
        agents=config.agents,
        devices=config.agent_devices,
        directory=exchanges,
        on_answer=metrics.observe_routing,
    )
    server = FastAgiServer(
        config.routing,
        pbx_hosts={name: section.host for name, section in config.pbx.items()},
        region=config.hub.region,
        routing=routing,
    )
    await server.start()
    stack.push_async_callback(server.stop)
    metrics.read_counter(
        "ctihub_fastagi_refused",
        "FastAGI connections that were refused or did not keep to the protocol; the log has why.",
        {"": lambda: server.refused_total},
    )
