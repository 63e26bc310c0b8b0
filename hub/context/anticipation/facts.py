"""What the rules of proposals see of a customer."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import msgspec

from hub.domain.anticipation import KnownCustomer
from hub.domain.call import Direction
from hub.domain.call_activity import NOBODY_ANSWERED
from hub.domain.customer import Customer, Sourced
from hub.domain.interaction import Channel, Interaction, Repeat

OF_CONTACTS: Final = ("contacts", "last_contact_at", "lost_calls", "lost_call_on", "repeats")
"""Facts that the customer's contacts make; all others are the records'."""
LOST_FOR_DAYS: Final = 7
"""After that a call that nobody answered is no matter any more."""
_CODE: Final = re.compile(r"[a-z]{2,3}")
_NO_LANGUAGE: Final = frozenset({"mis", "mul", "und", "zxx"})
_USUAL: Final[dict[type[msgspec.Struct], dict[str, Any]]] = {}


def known_customer(
    customer: Customer,
    repeats: Sequence[Repeat],
    interactions: Sequence[Interaction],
    languages: Collection[str],
    *,
    today: date,
) -> KnownCustomer:
    """Gather what is known at this moment; `languages` are those spoken here, `interactions` the newest first."""
    language = _text(customer.language)
    lost = _lost_calls(interactions, today)
    return KnownCustomer(
        kind=customer.kind,
        name=customer.display_name,
        organization=_text(customer.organization),
        department=_text(customer.department),
        title=_text(customer.title),
        birth_date=customer.birth_date.value if customer.birth_date else None,
        language=language,
        language_spoken=is_spoken(language, languages),
        segment=_text(customer.segment),
        tier=_text(customer.tier),
        value=customer.value.value.amount if customer.value else "",
        owner=_text(customer.owner),
        balance=customer.balances[0].value.amount if customer.balances else "",
        preferences={name: preference.value for name, preference in customer.preferences.items()},
        consents=tuple(consent.value for consent in customer.consents),
        products=tuple(product.value for product in customer.products),
        orders=tuple(order.value for order in customer.orders),
        cases=tuple(case.value for case in customer.cases),
        invoices=tuple(invoice.value for invoice in customer.invoices),
        extra={field: value.value for field, value in customer.extra.items()},
        contacts=len(interactions),
        last_contact_at=interactions[0].at if interactions else None,
        lost_calls=len(lost),
        lost_call_on=lost[0] if lost else None,
        repeats=tuple(repeats),
    )


def _lost_calls(interactions: Sequence[Interaction], today: date) -> Sequence[date]:
    """Return the days of the customer's calls that nobody answered since somebody talked with them, the newest first.

    What another system tells of its calls is its own: it may not say how they ended.
    """
    lost: list[date] = []
    if not interactions:
        return lost
    # No day begins more than a day later somewhere else.
    earliest = datetime.combine(today - timedelta(days=LOST_FOR_DAYS + 1), time.min, UTC)
    for one in interactions:
        if one.at < earliest:
            break
        if one.channel is not Channel.PHONE or not one.source.startswith("/pbx/"):
            continue
        if one.status not in NOBODY_ANSWERED:
            break
        day = one.at.astimezone().date()
        if one.direction == Direction.INBOUND and (today - day).days <= LOST_FOR_DAYS:
            lost.append(day)
    return lost


def is_spoken(language: str, languages: Collection[str]) -> bool | None:
    """Whether a language (`zh-CN`, `de_DE`, `en`) is among those spoken here; None where either is not known.

    A word that is no language's code (`English`), or a code for none (ISO 639-2: `und`, `mul`), says nothing.
    """
    code = language.replace("_", "-").partition("-")[0].strip().lower()
    if not (languages and _CODE.fullmatch(code)) or code in _NO_LANGUAGE:
        return None
    return code in languages


def plain(value: msgspec.Struct, names: Collection[str] = ()) -> dict[str, Any]:
    """Return facts as paths and expressions read them: sections, lists, texts; what is a default is there, too.

    With `names` only these are returned.
    """
    return {name: _plain(getattr(value, name)) for name in names or value.__struct_fields__}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_item(one) for one in value]
    return value if type(value) in {str, int, bool} else msgspec.to_builtins(value)


def _item(item: msgspec.Struct) -> dict[str, Any]:
    """Return an item's fields; those that are as they usually are, which is not written, are as usual."""
    kind = type(item)
    if kind not in _USUAL:
        _USUAL[kind] = {
            field.name: field.default
            for field in msgspec.structs.fields(kind)
            if field.default is not msgspec.NODEFAULT
        }
    return {**_USUAL[kind], **msgspec.to_builtins(item)}


def _text(value: Sourced[str] | None) -> str:
    return value.value if value else ""
