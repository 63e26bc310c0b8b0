"""What of a customer somebody may see: the `Visibility` of hub/domain/ports.py, from `context.privacy`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import msgspec

from hub.config.privacy import PrivacySection
from hub.domain.call import Call
from hub.domain.callback import Callback
from hub.domain.customer import BackendAnswer, Consent, Customer, CustomerContext, CustomerRecord
from hub.domain.day import local_day
from hub.domain.identity import IdentityDecided, IdentityDecision, RecordMatch
from hub.domain.interaction import Interaction
from hub.domain.phone import PhoneNumber
from hub.domain.ports import CallLogEntry
from hub.privacy import veil
from hub.privacy.masks import masked_phone_number
from hub.privacy.rules import Hides, Rules
from hub.privacy.veiled_events import veiled_event


class PrivacyVisibility:
    """Pure but for the day, which decides whether a refusal still stands."""

    def __init__(self, section: PrivacySection, *, today: Callable[[], date] = local_day) -> None:
        self._rules = Rules(section)
        self._today = today

    def hides_from(self, role: str) -> bool:
        rules = self._rules.of(role)
        return bool(rules.fields or rules.channels or self._rules.heed_consent)

    def context_for(self, context: CustomerContext, role: str) -> CustomerContext:
        if not self.hides_from(role):
            return context
        rules = self._rules.of(role)
        refused_of: dict[tuple[str, str], frozenset[str]] = {}
        if self._rules.heed_consent:
            for customer in context.customers:
                refused = self._refused(one.value for one in customer.consents)
                refused_of |= dict.fromkeys(_records_of(customer), refused)
        return msgspec.structs.replace(
            context,
            phone=self.number_for(context.phone, role),
            customers=tuple(self.customer_for(customer, role) for customer in context.customers),
            maybe_same=veil.veiled_matches(context.maybe_same, rules.fields),
            answers=tuple(self._answer(answer, rules.fields, refused_of) for answer in context.answers),
            interactions=tuple(veil.veiled_interaction(one, rules) for one in context.interactions),
            callback=None if context.callback is None else veil.veiled_callback(context.callback, rules),
        )

    def customer_for(self, customer: Customer, role: str) -> Customer:
        if not self.hides_from(role):
            return customer
        refused = self._refused(one.value for one in customer.consents)
        return veil.veiled_customer(customer, self._rules.with_consent(self._rules.of(role).fields, refused))

    def record_for(self, record: CustomerRecord, role: str) -> CustomerRecord:
        if not self.hides_from(role):
            return record
        return self._record(record, self._rules.of(role).fields, frozenset())

    def interaction_for(self, interaction: Interaction, role: str) -> Interaction:
        return veil.veiled_interaction(interaction, self._rules.of(role))

    def callback_for(self, callback: Callback, role: str) -> Callback:
        return veil.veiled_callback(callback, self._rules.of(role))

    def call_for(self, call: Call, role: str) -> Call:
        return veil.veiled_call(call, self._rules.of(role))

    def number_for(self, number: PhoneNumber, role: str) -> PhoneNumber:
        return masked_phone_number(number) if self._rules.of(role).phones else number

    def entry_for(self, entry: CallLogEntry, role: str) -> CallLogEntry:
        rules = self._rules.of(role)
        name = veil.veiled_name(entry.customer, rules)
        call = self.call_for(entry.call, role)
        if call is entry.call and name == entry.customer:
            return entry
        return msgspec.structs.replace(entry, call=call, customer=name)

    def matches_for(self, matches: tuple[RecordMatch, ...], role: str) -> tuple[RecordMatch, ...]:
        return veil.veiled_matches(matches, self._rules.of(role).fields)

    def decision_for(self, decision: IdentityDecision, role: str) -> IdentityDecision:
        return veil.veiled_decision(decision, self._rules.of(role)) if self.hides_from(role) else decision

    def decided_for(self, decided: IdentityDecided, role: str) -> IdentityDecided:
        return veil.veiled_decided(decided, self._rules.of(role)) if self.hides_from(role) else decided

    def hidden_fields(self, role: str) -> frozenset[str]:
        return frozenset(self._rules.of(role).fields)

    def event_for(self, body: bytes, role: str) -> bytes:
        return veiled_event(body, role, self, self._rules.of(role)) if self.hides_from(role) else body

    def _answer(
        self, answer: BackendAnswer, hides: Hides, refused_of: dict[tuple[str, str], frozenset[str]]
    ) -> BackendAnswer:
        records = tuple(
            self._record(record, hides, refused_of.get((record.system, record.id), frozenset()))
            for record in answer.records
        )
        return msgspec.structs.replace(answer, records=records) if answer.records else answer

    def _record(self, record: CustomerRecord, hides: Hides, refused: frozenset[str]) -> CustomerRecord:
        """Return a record without what is hidden; what one system's record refuses counts for those of the others."""
        refused |= self._refused(record.consents)
        return veil.veiled_record(record, self._rules.with_consent(hides, refused))

    def _refused(self, consents: Iterable[Consent]) -> frozenset[str]:
        return self._rules.refused(consents, self._today()) if self._rules.heed_consent else frozenset()


def _records_of(customer: Customer) -> Iterable[tuple[str, str]]:
    yield from customer.ids.items()
    for match in customer.matches:
        yield from ((ref.system, ref.id) for ref in (match.one, match.other))
