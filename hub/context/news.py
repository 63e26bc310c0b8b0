"""What comes in while people talk: shown in the calls that it is about, and asked for afresh the next time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial

from connectors.base import Connector
from hub.context.asking import Asking
from hub.context.cache import Records
from hub.context.contacts import Contacts
from hub.context.live_lookups import LiveLookups
from hub.context.lookups import Lookups
from hub.context.pushed import with_customer, with_matter
from hub.context.telling import Telling
from hub.domain.change import CaseChange, ChangeKind, OrderChange, as_interaction
from hub.domain.customer import CustomerRecord
from hub.domain.interaction import Interaction


class News:
    """`calls` are those in progress at any time; `connector_of` returns a system's connector, None if it has none."""

    def __init__(
        self,
        calls: Mapping[str, LiveLookups],
        connector_of: Callable[[str], Connector | None],
        *,
        lookups: Lookups,
        asking: Asking,
        contacts: Contacts,
        telling: Telling,
    ) -> None:
        self._calls = calls
        self._connector_of = connector_of
        self._lookups = lookups
        self._asking = asking
        self._contacts = contacts
        self._telling = telling

    def of_contact(self, interaction: Interaction) -> None:
        """Show a contact that just came in."""
        for live in self._talking_to(interaction):
            if live.assembly.add_interaction(interaction):
                self._telling.changed(live)
            if interaction.reference:
                self._contacts.read_later(live)

    def of_wrap_up(self, said: Interaction) -> None:
        """Show what was said of a call with that call, else as a contact: both are in the timeline."""
        for live in self._talking_to(said):
            self._contacts.read_later(live)

    def of_customer(self, customer: CustomerRecord, *, is_deleted: bool) -> None:
        """Show a system's customer as in this record, and ask that system again."""
        keys = customer.ref().keys()
        self._was_told(customer.system, keys, partial(with_customer, told=customer, is_deleted=is_deleted))

    def of_matter(self, changed: OrderChange | CaseChange, *, received: datetime) -> None:
        """Show a system's order or case as it is now, and ask that system again."""
        line = as_interaction(changed, received=received)
        if changed.change is ChangeKind.DELETED:
            self._contact_gone(line)
        else:
            self.of_contact(line)
        self._was_told(changed.system, changed.customer.keys(), partial(with_matter, changed=changed))

    def _contact_gone(self, interaction: Interaction) -> None:
        for live in self._talking_to(interaction):
            if live.assembly.drop_interaction(interaction):
                self._telling.changed(live)

    def _talking_to(self, interaction: Interaction) -> list[LiveLookups]:
        """Return the calls of an interaction's customer, of whom backends may know something new by now."""
        keys = set(interaction.customer.keys())
        self._lookups.ask_afresh(keys, interaction.source)
        return [live for live in self._calls.values() if not keys.isdisjoint(live.assembly.keys)]

    def _was_told(self, system: str, keys: Collection[str], now: Callable[[Records, Collection[str]], Records]) -> None:
        self._lookups.ask_afresh(keys, system)
        connector = self._connector_of(system)
        if connector is None:
            return
        concerned: list[LiveLookups] = []
        for live in list(self._calls.values()):
            if live.assembly.concerns(system, keys):
                concerned.append(live)
                if live.assembly.correct(system, now):
                    self._telling.changed(live)
                    self._telling.completed_again(live)
            elif any(answer.connector == system for answer in live.assembly.pending):
                live.changed_meanwhile |= {(system, key) for key in keys}
        for live in concerned:
            self._lookups.leave(connector, live.assembly.question)
        for live in concerned:
            self._asking.again(live, connector)
