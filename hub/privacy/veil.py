"""Takes hidden fields out of records, customers and what else names a customer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, TypeVar

import msgspec

from hub.config.privacy import EXTRA
from hub.domain.call import Call, Connection
from hub.domain.callback import Callback
from hub.domain.change import CustomerChange
from hub.domain.customer import Customer, CustomerContext, CustomerRecord, Hidden, HiddenReason, Hiding, Sourced
from hub.domain.identity import IdentityDecided, IdentityDecision, RecordMatch
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import names_number
from hub.domain.repeats import PROGRESS
from hub.privacy.masks import MASKS, masked_key, masked_number, masked_phone_number, masked_text_name
from hub.privacy.rules import Hides, RoleRules

Veiled = TypeVar("Veiled", CustomerRecord, Customer)
Told = TypeVar("Told", CustomerChange, CustomerContext)

_IN_CUSTOMER: Final = {"balance": "balances", "url": "urls"}
"""Fields that a customer has under another name than a record, since there is one of each system."""

_COMPARED: Final = frozenset({"name", "birth_date", "phones", "emails", "addresses", "organization"})
"""Fields of which the reasons for a match may tell."""

_defaults: dict[type, dict[str, Any]] = {
    CustomerRecord: msgspec.structs.asdict(CustomerRecord(system="", id="")),
    Customer: msgspec.structs.asdict(Customer(ids={})),
}


def veiled_record(record: CustomerRecord, hides: Hides) -> CustomerRecord:
    return _veiled(record, hides, system=record.system) if hides else record


def veiled_customer(customer: Customer, hides: Hides) -> Customer:
    if not hides:
        return customer
    veiled = _veiled(customer, hides)
    # What is told beside a field is hidden with it, also where the field itself is empty.
    conflicts = tuple(one for one in customer.conflicts if not _is_hidden(one.field, hides))
    unseen = {name.partition(".")[0] for name in hides}
    proposals = tuple(one for one in customer.proposals if unseen.isdisjoint(one.fields))
    beside = {
        "conflicts": conflicts,
        "matches": veiled_matches(customer.matches, hides),
        "proposals": proposals,
    }
    changes = {name: value for name, value in beside.items() if value != getattr(customer, name)}
    return msgspec.structs.replace(veiled, **changes) if changes else veiled


def _is_hidden(path: str, hides: Hides) -> bool:
    """Whether a conflict's path (`name.full`, `extra.crm.points`) is in a field that is hidden."""
    field, _, rest = path.partition(".")
    if any(field in (name, _IN_CUSTOMER.get(name)) for name in hides):
        return True
    own = {name.removeprefix(EXTRA) for name in hides if name.startswith(EXTRA)}
    return f"{field}." == EXTRA and not own.isdisjoint((rest, rest.partition(".")[2]))


def veiled_matches(matches: tuple[RecordMatch, ...], hides: Hides) -> tuple[RecordMatch, ...]:
    """Leave out what was compared, where any of it is hidden: the rules and their scores stay."""
    if _COMPARED.isdisjoint(hides) or not matches:
        return matches
    replace = msgspec.structs.replace
    return tuple(
        replace(match, reasons=tuple(replace(reason, detail="") for reason in match.reasons)) for match in matches
    )


def without_fields(told: Told, names: Collection[str]) -> Told:
    """Return what was told of customers without some fields, and without a word of that."""
    hides = {name: Hidden(field=name, shown=Hiding.NOTHING, reason=HiddenReason.ROLE) for name in names}

    def plain(subject: Veiled) -> Veiled:
        veiled = (
            veiled_record(subject, hides) if isinstance(subject, CustomerRecord) else veiled_customer(subject, hides)
        )
        return msgspec.structs.replace(veiled, hidden=subject.hidden)

    if isinstance(told, CustomerChange):
        return msgspec.structs.replace(told, customer=plain(told.customer))
    return msgspec.structs.replace(
        told,
        customers=tuple(plain(customer) for customer in told.customers),
        maybe_same=veiled_matches(told.maybe_same, hides),
        answers=tuple(
            msgspec.structs.replace(answer, records=tuple(plain(record) for record in answer.records))
            for answer in told.answers
        ),
    )


def veiled_interaction(interaction: Interaction, rules: RoleRules) -> Interaction:
    changes: dict[str, Any] = {}
    customer = veiled_ref(interaction.customer, rules)
    if customer is not interaction.customer:
        changes["customer"] = customer
    if interaction.channel in rules.channels:
        notes = tuple(msgspec.structs.replace(note, text="", new_case="") for note in interaction.notes)
        changes |= {"subject": "", "text": "", "url": "", "notes": notes, "extra": {}}
        if interaction.channel in PROGRESS:
            # Of an order or a case its state is what is said.
            changes |= {"status": "", "history": ()}
    return msgspec.structs.replace(interaction, **changes) if changes else interaction


def veiled_ref(customer: CustomerRef, rules: RoleRules) -> CustomerRef:
    """Leave numbers and addresses out of the way that a message names its customer: masked they name nobody."""
    changes: dict[str, Any] = {}
    if rules.phones and customer.phones:
        changes["phones"] = ()
    if rules.emails and customer.emails:
        changes["emails"] = ()
    return msgspec.structs.replace(customer, **changes) if changes else customer


def veiled_call(call: Call, rules: RoleRules) -> Call:
    """Mask the number of the party outside, and with the name what the network calls the caller.

    What is called after the number (a trunk's device, a recording, what a dialplan kept of it) is left out.
    """
    changes: dict[str, Any] = {}
    if rules.phones:
        side = "called" if call.customer_number is call.called else "caller"
        number = call.customer_number.e164 or call.customer_number.raw
        changes[side] = masked_phone_number(call.customer_number)
        changes["connections"] = tuple(veiled_connection(one, number) for one in call.connections)
        changes["recordings"] = tuple(one for one in call.recordings if not names_number(one, number))
        changes["transfers"] = tuple(
            msgspec.structs.replace(one, to=masked_number(one.to)) if names_number(one.to, number) else one
            for one in call.transfers
        )
    if (name := veiled_name(call.caller_name, rules)) != call.caller_name:
        changes["caller_name"] = name
    if changes and call.variables:
        said = call.caller_name if "caller_name" in changes else ""
        number = call.customer_number.e164 or ""
        changes["variables"] = {
            key: value
            for key, value in call.variables.items()
            if not (said and said in value) and not (rules.phones and names_number(value, number))
        }
    return msgspec.structs.replace(call, **changes) if changes else call


def veiled_connection(connection: Connection, number: str) -> Connection:
    """Mask the number of a party outside, and leave it out of a device that is called after it."""
    if connection.agent:
        return connection
    device = "" if names_number(connection.device, number) else connection.device
    shown = None if connection.number is None else masked_phone_number(connection.number)
    return msgspec.structs.replace(connection, number=shown, device=device)


def veiled_name(name: str, rules: RoleRules) -> str:
    """Return a customer's name in a list as a role sees it."""
    hidden = rules.fields.get("name")
    if hidden is None or not name:
        return name
    return masked_text_name(name) if hidden.shown is Hiding.MASKED else ""


def veiled_callback(callback: Callback, rules: RoleRules) -> Callback:
    changes: dict[str, Any] = {}
    if rules.phones:
        changes["phone"] = masked_number(callback.phone)
    if (customer := veiled_ref(callback.customer, rules)) is not callback.customer:
        changes["customer"] = customer
    if Channel.WEB in rules.channels and not callback.asked_by:
        # What the customer looked at, and wrote there.
        changes |= {"topic": "", "url": "", "page": ""}
    return msgspec.structs.replace(callback, **changes) if changes else callback


def veiled_decision(decision: IdentityDecision, rules: RoleRules) -> IdentityDecision:
    """Mask the number or address that a decision is about; what somebody wrote of who it is names them."""
    reason = "" if "name" in rules.fields else decision.reason
    key = masked_key(decision.key, phones=rules.phones, emails=rules.emails)
    return msgspec.structs.replace(decision, key=key, reason=reason)


def veiled_decided(decided: IdentityDecided, rules: RoleRules) -> IdentityDecided:
    decision = veiled_decision(decided.decision, rules)
    notes, key = decided.notes, decided.decision.key
    if key and decision.key != key:
        notes = tuple(note.replace(key, decision.key) for note in notes)
    return msgspec.structs.replace(decided, decision=decision, notes=notes)


def _veiled(subject: Veiled, hides: Hides, *, system: str = "") -> Veiled:
    """Return a record (of a `system`) or a customer without what is hidden; the same one where it has none of it."""
    defaults = _defaults[type(subject)]
    changes: dict[str, Any] = {}
    told: list[Hidden] = []
    for name, hidden in hides.items():
        if name.startswith(EXTRA):
            left = _extra_without(changes.get("extra", subject.extra), name.removeprefix(EXTRA), system)
            if left is not None:
                changes["extra"] = left
                told.append(hidden)
            continue
        field = name if system else _IN_CUSTOMER.get(name, name)
        if field not in defaults:
            continue  # what only records have
        value = changes.get(field, getattr(subject, field))
        if value == defaults[field]:
            continue
        mask = MASKS.get(name) if hidden.shown is Hiding.MASKED else None
        changes[field] = defaults[field] if mask is None else _masked(value, mask)
        told.append(hidden)
    if not told:
        return subject
    return msgspec.structs.replace(subject, hidden=tuple(told), **changes)


def _masked(value: Any, mask: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_masked(one, mask) for one in value)
    if isinstance(value, Sourced):
        return msgspec.structs.replace(value, value=mask(value.value))
    return mask(value)


def _extra_without(extra: dict[str, Any], name: str, system: str) -> dict[str, Any] | None:
    """Return a site's own fields without one; None if it is not there.

    A record has it by its name, a customer by `<system>.<name>`; it can be named either way.
    """
    if system:
        gone = {key for key in extra if name in (key, f"{system}.{key}")}
    else:
        gone = {key for key in extra if key in (name, key.partition(".")[0] + f".{name}")}
    return {key: value for key, value in extra.items() if key not in gone} if gone else None
