"""The customers' side of the house: who is calling, who is known, who is kept warm, and what people say of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from hub.bus.feeds import Feeds
from hub.config.model import Config
from hub.context.identity.deciding import IdentityService
from hub.context.lookups import report_failure
from hub.context.remembered_customers import RememberedCustomers
from hub.context.service import ContextService
from hub.context.warm import NOT_ASKED, Warming
from hub.context.wrapup import WrapUpService
from hub.domain.call import Call
from hub.domain.callback import Callback
from hub.domain.customer import CustomerContext
from hub.domain.ports import LiveCalls
from hub.house.backends import Backends
from hub.house.customer_rules import CustomerRules, RulesNow
from hub.house.remembering import Remembering
from hub.journal.journal import Journal
from hub.metrics import Metrics
from hub.outbound.outbound import Outbound


class Customers:
    """`context` says who is calling, `known` who is known to the hub; `identity` and `wrap_ups` take what agents say.

    `on_complete` hears of each context once every backend has answered. Made once the backends are started.
    """

    def __init__(
        self,
        config: Config,
        *,
        feeds: Feeds,
        backends: Backends,
        rules: CustomerRules,
        outbound: Outbound,
        journal: Journal,
        live: LiveCalls,
        callback_of: Callable[[Call], Callback | None],
        on_complete: Callable[[CustomerContext, str], None],
        metrics: Metrics,
    ) -> None:
        self._metrics = metrics
        self._remembering = Remembering(config, feeds, backends, journal)
        self.context = ContextService(
            self._remembering.connectors(),
            config.context,
            interactions=journal,
            decisions=journal,
            kept=self._remembering.kept(),
            stand_in=self._remembering.stand_in,
            on_lookup=metrics.observe_lookup,
            on_complete=on_complete,
            anticipation=rules.now.compiled(),
            callback_of=callback_of,
        )
        rules.on_change(self._use_rules)
        self.known = RememberedCustomers(
            journal.customers,
            journal,
            self.context,
            region=config.hub.region,
            within_s=config.context.budget_s,
            systems=self._remembering.systems,
            only_told=self._remembering.only_told,
        )
        self.identity = IdentityService(
            journal=journal,
            live=live,
            context=self.context.current,
            agents=config.agents,
            on_decided=self.context.identity_decided,
        )
        self.wrap_ups = WrapUpService(
            connectors=lambda: backends.connectors,
            live=live,
            context=self.context.current,
            journal=journal,
            agent_names={agent_id: agent.name for agent_id, agent in config.agents.items()},
            dispositions=config.desk.dispositions,
            on_recorded=self.context.call_wrapped_up,
            decide=self.identity.decide,
            activity_by_rule=outbound.writes_activity_of,
            purpose_of=lambda name: backends.sections[name].outbound.purpose,
        )
        self._warming = Warming(
            config.context.warm,
            journal=journal,
            lookups=self.context.lookups,
            connectors=lambda: tuple(backends.connectors.values()),
            left_alone=lambda: {one.name for one in backends.backends() if one.state in NOT_ASKED},
        )
        metrics.show_warm(self._warming.asked, lambda: self._warming.customers)

    def use_backends(self) -> None:
        """Ask the backends that there are now."""
        self.context.use(self._remembering.connectors(), self._remembering.kept())

    def _use_rules(self, rules: RulesNow) -> None:
        self.context.use_rules(rules.identity, rules.merge, rules.compiled())

    def start_warming(self, stack: AsyncExitStack) -> None:
        """Begin to ask ahead of calls; `stack` ends it."""
        stack.push_async_callback(self._warming.close)
        task = asyncio.create_task(self._warming.run(), name="warm customers")
        task.add_done_callback(report_failure)
        stack.callback(task.cancel)
