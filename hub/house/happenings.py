"""Who hears of what: all that happens in one room is handed on from here to the others that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from hub.callbacks.service import CallbackService
from hub.desk.desk import Desk
from hub.domain.agent import AgentEvent, AgentStatus
from hub.domain.call import Call, CallEvent, CallEventKind
from hub.domain.call_activity import was_rung_into_another
from hub.domain.callback import Callback
from hub.domain.change import CaseChange, ChangeKind, CustomerChange, OrderChange
from hub.domain.customer import CustomerContext
from hub.domain.event import ConnectorStatus, Event, agent_event, call_event, connector_event, context_event
from hub.domain.inbound import DeadLetter
from hub.domain.interaction import Interaction
from hub.domain.ports import LiveCalls, PbxStatus
from hub.house.customers import Customers
from hub.house.inbound import Inbound
from hub.house.takeover import Takeover
from hub.journal.journal import Journal
from hub.metrics import Metrics
from hub.outbound.outbound import Outbound

log = structlog.get_logger(__name__)


class Happenings:
    """Rooms are made with its methods, to tell what happens; `heard_by` names those that hear, before anything does.

    What is to be written down is, whatever goes wrong with showing it.
    """

    def __init__(self, journal: Journal, takeover: Takeover, metrics: Metrics) -> None:
        self._journal = journal
        self._takeover = takeover
        self._metrics = metrics

    def heard_by(
        self,
        *,
        live: LiveCalls,
        customers: Customers,
        desk: Desk,
        callbacks: CallbackService,
        inbound: Inbound,
        outbound: Outbound,
    ) -> None:
        self._live = live
        self._customers = customers
        self._context = customers.context
        self._desk = desk
        self._callbacks = callbacks
        self._inbound = inbound
        self._outbound = outbound

    def call_arrived(self, call: Call) -> None:
        """Begin to look up who it is: no phone need ring yet."""
        with structlog.contextvars.bound_contextvars(call_id=call.id):
            self._context.begin(call)

    def call_happened(self, event: CallEvent) -> None:
        """Show a step of a call, write it down, and tell the callbacks."""
        call = event.call
        with structlog.contextvars.bound_contextvars(call_id=call.id):
            try:
                self._show(event)
            finally:
                if not self._takeover.is_known(event):
                    self._journal.publish(call_event(event))
                self._callbacks.call_happened(event)
            log.info(
                "call",
                step=event.kind,
                pbx=call.pbx,
                queue=call.queue,
                agent=event.connection.agent if event.connection else None,
                cause=event.cause,
            )

    def call_absorbed(self, call_id: str) -> None:
        """Take it that a call has become part of another."""
        self._context.drop(call_id)

    def agent_happened(self, event: AgentEvent) -> None:
        self._journal.publish(agent_event(event))

    def agent_changed(self, status: AgentStatus) -> None:
        self._desk.agent_changed(status)
        self._callbacks.floor_changed()

    def callback_changed(self, callback: Callback) -> None:
        self._desk.callback_changed(callback)

    def queues_changed(self, _pbx: str, _queue: str) -> None:
        self._desk.queues_changed()

    def pbx_changed(self, status: PbxStatus) -> None:
        """Write down which calls ended while nobody looked, and show those that there are."""
        if status.connected:
            live = self._live.live_calls()
            for event in self._takeover.ended_meanwhile(status.name, live, datetime.now(UTC)):
                self._journal.publish(call_event(event))
            self._desk.resync()
        self._desk.status_changed()

    def feed_happened(self, event: Event) -> None:
        """Show what a legacy system, a web site or a callback has just told to whoever is talking to that customer."""
        match event.data:
            case Interaction() as interaction:
                self._context.interaction_recorded(interaction)
            case CustomerChange(customer=customer, change=change):
                self._context.customer_changed(customer, is_deleted=change is ChangeKind.DELETED)
            case OrderChange() | CaseChange() as changed:
                self._context.matter_changed(changed, received=event.time)

    def context_completed(self, context: CustomerContext, pbx: str) -> None:
        self._journal.publish(context_event(context, pbx=pbx))

    def connector_changed(self, status: ConnectorStatus, up: bool) -> None:
        log.warning("connector up" if up else "connector down", connector=status.connector, reason=status.reason)
        self._journal.publish(connector_event(status, up=up))
        if up:
            self._outbound.is_up(status.connector)

    def connectors_replaced(self) -> None:
        self._customers.use_backends()
        self._outbound.swapped()

    def letters_died(self, letters: Sequence[DeadLetter]) -> None:
        self._inbound.are_dead(letters)

    def _show(self, event: CallEvent) -> None:
        """Bring the step to the agents' pages, with what is known by now of the call's other party."""
        is_over = event.kind is CallEventKind.CLEARED
        if not is_over:
            self._context.begin(event.call)
        frames = self._desk.call_happened(event)
        if frames and event.kind is CallEventKind.DELIVERED:
            self._metrics.pop_seconds.observe(max(0.0, (datetime.now(UTC) - event.time).total_seconds()))
        if is_over and was_rung_into_another(event.call):
            self._context.drop(event.call.id)
        elif is_over:
            self._context.end(event.call.id)
