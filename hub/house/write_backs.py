"""The outbound side of the house: what is written to backends by itself, and its figures."""

from __future__ import annotations

from hub.config.model import Config
from hub.domain.ports import CustomerRecords
from hub.house.backends import Backends
from hub.metrics import Metrics
from hub.outbound.consents import CustomersOf
from hub.outbound.outbound import Backend, Outbound
from hub.outbound.reader import OnDead, OutboundJournal


def outbound_of(
    config: Config,
    backends: Backends,
    *,
    journal: OutboundJournal,
    records: CustomerRecords,
    customers_of: CustomersOf,
    metrics: Metrics,
    on_dead: OnDead,
) -> Outbound:
    """Put it together, not started yet; what each backend's status lacks is filled in from it."""

    def running() -> dict[str, Backend]:
        sections = backends.sections
        return {name: Backend(one, sections[name].outbound) for name, one in backends.connectors.items()}

    outbound = Outbound(
        backends=running,
        journal=journal,
        mapping_folders=config.hub.mappings,
        agent_names={agent_id: agent.name for agent_id, agent in config.agents.items()},
        region=config.hub.region,
        records=records,
        customers_of=customers_of,
        on_dead=on_dead,
    )
    backends.complete_status(outbound.completed)
    metrics.show_outbound(outbound.figures)
    return outbound
