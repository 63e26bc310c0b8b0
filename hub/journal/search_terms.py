"""What a customer's record, an order or a case is found by: terms, told apart by what they begin with.

`tel:`, `mailto:` and `id:` are keys (`CustomerRef.keys`), `of:` before one the key of whose an order or a case is.
`end:` are a number's digits from the last to the first, `at:` is an address's domain, `no:` an id or the number of an
order, a case, an invoice, a product or a contract, `part:` such a number without its beginning, `name:` a name from one
of its words on, `east:` from one of its characters on, `py:` in pinyin, `ini:` in its initials.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from hub.domain.customer import CustomerRecord, Kind
from hub.domain.search import FoundBy, Matter
from hub.journal.search_pinyin import latin_of
from hub.journal.search_words import east_asian, endings_of_id, folded_id, is_han, spellings, turned

MAX_TERMS: Final = 400
"""Of one record: a backend may say that somebody has thousands of numbers and orders."""

_LAST_CHARACTERS: Final = 24


def terms_of_record(record: CustomerRecord) -> Iterable[str]:
    """Return what a record is found by."""
    return tuple(islice(dict.fromkeys(_of_record(record)), MAX_TERMS))


def terms_of_matter(matter: Matter) -> Iterable[str]:
    """Return what an order or a case is found by."""
    found = [*number_terms_of_matter(matter), *(f"of:{key}" for key in matter.customer.keys())]  # noqa: SIM118 - no dict's keys
    return found[:MAX_TERMS]


def number_terms_of_record(record: CustomerRecord) -> Iterable[str]:
    """Return those of a record's terms that are ids and numbers somebody reads out."""
    ids = (*record.ref().ids.values(), *(one for _, listed in numbers_of(record) for one in listed))
    whole = (term for one in ids for term in numbers(one))
    parts = (f"part:{ending}" for one in ids for ending in endings_of_id(one))
    return tuple(islice(dict.fromkeys((*whole, *parts)), MAX_TERMS))


def number_terms_of_matter(matter: Matter) -> Iterable[str]:
    """Return an order's or a case's terms that are its number."""
    number = matter.order.id if matter.order else matter.case.id if matter.case else ""
    return [*numbers(number), *(f"part:{ending}" for ending in endings_of_id(number))]


def names_of(record: CustomerRecord) -> tuple[str, ...]:
    """Return the names under which somebody may look for the customer: the person's, then the company's."""
    name = record.name
    given_first = f"{name.given} {name.surname}".strip()
    both_ways = (f"{name.surname}{name.given}",) if is_han(f"{name.surname}{name.given}") else (given_first,)
    return tuple(dict.fromkeys(one for one in (name.full, *both_ways, record.organization) if one))


def terms_of_name(record: CustomerRecord, name: str) -> Iterator[str]:
    """Yield what one of a record's names is found by."""
    is_person = record.kind is Kind.INDIVIDUAL and name != record.organization
    for words in spellings(name):
        for term in turned(words):
            yield f"name:{term}"
    for run in east_asian(name):
        for first in range(min(len(run), _LAST_CHARACTERS)):
            yield f"east:{run[first:]}"
        if is_han(run):
            whole, initials = latin_of(run, is_person=is_person)
            yield from (f"py:{one}" for one in whole)
            yield from (f"ini:{one}" for one in initials)


def numbers(text: str) -> Iterator[str]:
    """Yield the terms of an id or a number; leading zeros may be left out."""
    folded = folded_id(text)
    if folded:
        yield f"no:{folded}"
        bare = folded.lstrip("0")
        if bare and bare != folded:
            yield f"no:{bare}"


def numbers_of(record: CustomerRecord) -> Iterator[tuple[FoundBy, Iterable[str]]]:
    """Yield what of the customer's has a number that somebody reads out, and the numbers."""
    yield FoundBy.ORDER, (order.id for order in record.orders)
    yield FoundBy.CASE, (case.id for case in record.cases)
    yield FoundBy.INVOICE, (invoice.id for invoice in record.invoices)
    # A contract is a product, and its number the product's.
    yield FoundBy.PRODUCT, (number for one in record.products for number in (one.serial_number, one.id))


def backwards(text: str) -> str:
    """Return the digits of a number from the last to the first."""
    return "".join(one for one in reversed(text) if one.isdecimal() and one.isascii())


def _of_record(record: CustomerRecord) -> Iterator[str]:
    ref = record.ref()
    yield from ref.keys()
    for key in ref.keys():  # noqa: SIM118 - no dict's keys
        kind, _, rest = key.partition(":")
        if kind == "tel" and (digits := backwards(rest)):
            yield f"end:{digits}"
        elif kind == "mailto":
            yield f"at:{rest.rpartition('@')[2]}"
    for identity in ref.ids.values():
        yield from numbers(identity)
    for name in names_of(record):
        yield from terms_of_name(record, name)
    yield from number_terms_of_record(record)
