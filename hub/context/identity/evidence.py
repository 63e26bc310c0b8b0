"""What two records have in common and what tells them apart, as signs; pure, and the same in both directions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from hub.context.companies import CompanyName, company_name, compare_companies, has_legal_form
from hub.context.name_tables import NO_MAIL_DOMAINS, NO_MAILBOXES, ROLE_MAILBOXES
from hub.context.names import NameRelation, PersonName, compare_people, person_name
from hub.context.places import postcode, words
from hub.domain.customer import Address, CustomerRecord, Email, Kind, Phone
from hub.domain.identity import RecordRef, Sign
from hub.domain.phone import is_of_one_digit

MAX_POINTS: Final = 50
"""Numbers, addresses of each kind, and ids in other systems, of a record that are looked at."""

T = TypeVar("T", Phone, Email)
Evidence = Mapping[Sign, str]
"""The signs that two records have, each with what was compared."""

_NAME_SIGNS: Final = {
    NameRelation.SAME: Sign.NAME_SAME,
    NameRelation.SIMILAR: Sign.NAME_SIMILAR,
    NameRelation.TRANSCRIBED: Sign.NAME_TRANSCRIBED,
    NameRelation.COMPATIBLE: Sign.NAME_COMPATIBLE,
    NameRelation.NEARLY: Sign.NAME_NEARLY,
    NameRelation.PARTLY: Sign.NAME_PARTLY,
    NameRelation.UNREAD: Sign.NAME_UNREAD,
    NameRelation.OTHER_SURNAME: Sign.SURNAMES_DIFFER,
    NameRelation.OTHER_GIVEN: Sign.GIVEN_NAMES_DIFFER,
    NameRelation.OTHER: Sign.NAMES_DIFFER,
}
_PLACEHOLDER_YEARS: Final = frozenset({1, 1753, 1800, 1900, 1970, 9999})
_PLACEHOLDER_DAYS: Final = frozenset({date(1899, 12, 30), date(1899, 12, 31), date(1111, 11, 11), date(9999, 12, 31)})
_BETWEEN_PARTS = re.compile(r"[.+_-]")
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


class Place(NamedTuple):
    """An address as it is compared."""

    street: frozenset[str]
    postcode: str
    locality: str


House = tuple[frozenset[str], str]
"""A street and number, and its postcode or its town."""


class Places(NamedTuple):
    """A record's addresses, and their houses: by postcode, by town, and by town where no postcode is given."""

    every: tuple[Place, ...]
    postcodes: Sequence[str]
    by_postcode: frozenset[House]
    by_town: frozenset[House]
    only_by_town: frozenset[House]

    def share(self, other: Places) -> Collection[House]:
        """Return the houses that are in both; the town counts where not both have a postcode."""
        by_postcode = self.by_postcode & other.by_postcode
        return by_postcode or (self.only_by_town & other.by_town) or (self.by_town & other.only_by_town)


class Prepared(NamedTuple):
    """A record as it is compared; `company` is set for a company, `person` for a person.

    `is_cut`: it has more numbers, addresses or ids than are looked at.
    """

    ref: RecordRef
    person: PersonName | None
    company: CompanyName | None
    shown_name: str
    works_at: CompanyName | None
    organization: str
    ids: Mapping[str, str]
    phones: Mapping[str, Phone]
    emails: Mapping[str, Email]
    places: Places
    birth_date: date | None
    is_cut: bool

    @property
    def words(self) -> int:
        """How many words its names have."""
        people = len(self.person.words) if self.person is not None else 0
        return people + sum(len(company.core) for company in (self.company, self.works_at) if company is not None)

    @property
    def numbers(self) -> Iterable[str]:
        yield from (f"tel:{number}" for number in self.phones)
        yield from (f"mailto:{address}" for address in self.emails)


def prepare(record: CustomerRecord, asked: Collection[str] = ()) -> Prepared:
    """Make a record ready to be compared.

    A record that lists no number at all has the one in `asked` (index keys) that it was found by, likewise an address.
    """
    name = record.name
    full = name.full or f"{name.given} {name.surname}".strip()
    is_company = (
        record.kind is Kind.ORG
        or (not full and bool(record.organization))
        or (bool(full) and not (name.given and name.surname) and has_legal_form(full))
    )
    shown = (full or record.organization) if is_company else full
    numbers = (phone for phone in record.phones[:MAX_POINTS] if not is_of_one_digit(phone.number))
    phones = {phone.number: phone for phone in numbers} or {
        key[4:]: Phone(number=key[4:]) for key in asked if key.startswith("tel:")
    }
    addresses = (email for email in record.emails[:MAX_POINTS] if _is_mailbox(email.address))
    emails = {_mailbox(email.address): email for email in addresses} or {
        _mailbox(key[7:]): Email(address=key[7:]) for key in asked if key.startswith("mailto:")
    }
    return Prepared(
        ref=RecordRef(system=record.system, id=record.id),
        person=None if is_company else person_name(name.full, name.given, name.surname),
        company=company_name(shown) if is_company else None,
        shown_name=shown,
        works_at=None if is_company or not record.organization else company_name(record.organization),
        organization=record.organization,
        ids={record.system: record.id, **dict(islice(record.ids.items(), MAX_POINTS))},
        phones=phones,
        emails=emails,
        places=_places(record.addresses[:MAX_POINTS]),
        birth_date=record.birth_date if record.birth_date and not _is_placeholder(record.birth_date) else None,
        is_cut=any(len(told) > MAX_POINTS for told in (record.phones, record.emails, record.addresses, record.ids)),
    )


@lru_cache(maxsize=16_384)
def _mailbox(address: str) -> str:
    """Return an address as it is compared: small, without a detail (RFC 5233), Gmail's without its full stops."""
    small = unicodedata.normalize("NFKC", address.strip()).casefold()
    local, _, domain = small.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


@lru_cache(maxsize=16_384)
def _is_mailbox(address: str) -> bool:
    """Whether it is anybody's address, and not what is written where there is none: none@none.com."""
    local, _, domain = _mailbox(address).rpartition("@")
    return local not in NO_MAILBOXES and domain.rpartition(".")[0] not in NO_MAIL_DOMAINS


def _is_placeholder(day: date) -> bool:
    """Whether a system writes this day where it knows none."""
    return day in _PLACEHOLDER_DAYS or (day.month == day.day == 1 and day.year in _PLACEHOLDER_YEARS)


def _place(address: Address) -> Place:
    locality = " ".join(sorted(set(words(address.locality))))
    return Place(frozenset(words(address.street)), postcode(address.postcode), locality)


def _places(addresses: Iterable[Address]) -> Places:
    every = tuple(_place(address) for address in addresses)
    in_towns = [place for place in every if place.street and place.locality]
    return Places(
        every,
        [place.postcode for place in every if place.postcode],
        frozenset((place.street, place.postcode) for place in every if place.street and place.postcode),
        frozenset((place.street, place.locality) for place in in_towns),
        frozenset((place.street, place.locality) for place in in_towns if not place.postcode),
    )


def is_role_mailbox(address: str) -> bool:
    """Whether several people read what is sent there: info@, sales@."""
    return _BETWEEN_PARTS.split(address.partition("@")[0], maxsplit=1)[0] in ROLE_MAILBOXES


class _Found(dict[Sign, str]):
    def add(self, sign: Sign, *compared: str) -> None:
        self[sign] = compared[0] if len(compared) == 1 else " · ".join(dict.fromkeys(filter(None, compared)))


def evidence(one: Prepared, other: Prepared, shared: Collection[str] = ()) -> Evidence:
    """Compare two records; `shared` are numbers and addresses (index keys) that are nobody's own."""
    found = _Found()
    if one.ref.system == other.ref.system:
        # The system knows best: nothing else counts. It may also have told of one record twice.
        found.add(Sign.ID if one.ref == other.ref else Sign.SYSTEM, one.ref.system)
        return found
    _compare_ids(found, one, other)
    _compare_points(found, one, other, shared)
    _compare_names(found, one, other)
    _compare_births(found, one, other)
    _compare_places(found, one, other)
    return found


def _compare_ids(found: _Found, one: Prepared, other: Prepared) -> None:
    common = [system for system in one.ids if system in other.ids]
    agreeing = [system for system in common if one.ids[system] == other.ids[system]]
    if agreeing:
        found.add(Sign.ID, *(f"{system} {one.ids[system]}" for system in agreeing))
    elif common:
        found.add(Sign.IDS_DIFFER, *(f"{system} {p.ids[system]}" for system in common for p in (one, other)))


def _overlap(one: T, other: T) -> bool:
    """Whether both are valid at one time."""
    return not (
        (one.valid_until and other.valid_from and one.valid_until < other.valid_from)
        or (other.valid_until and one.valid_from and other.valid_until < one.valid_from)
    )


def _compare_points(found: _Found, one: Prepared, other: Prepared, shared: Collection[str]) -> None:
    for number, phone in one.phones.items():
        theirs = other.phones.get(number)
        if theirs is None or not _overlap(phone, theirs):
            continue
        if phone.shared or theirs.shared or f"tel:{number}" in shared:
            found.add(Sign.PHONE_SHARED, number)
        else:
            found.add(Sign.PHONE, number)
            if phone.verified and theirs.verified:
                found.add(Sign.PHONE_VERIFIED, number)
    are_companies = one.company is not None and other.company is not None
    for address, email in one.emails.items():
        theirs_at = other.emails.get(address)
        if theirs_at is None or not _overlap(email, theirs_at):
            continue
        is_own = are_companies or not is_role_mailbox(address)
        if is_own and not (email.shared or theirs_at.shared or f"mailto:{address}" in shared):
            found.add(Sign.EMAIL, address)
            if email.verified and theirs_at.verified:
                found.add(Sign.EMAIL_VERIFIED, address)


def _compare_names(found: _Found, one: Prepared, other: Prepared) -> None:
    if one.person is not None and other.person is not None:
        relation = compare_people(one.person, other.person)
        generations = {one.person.generation, other.person.generation}
        if len(generations) > 1:
            sign = Sign.GENERATION_UNSAID if "" in generations else Sign.GENERATIONS_DIFFER
            found.add(sign, one.shown_name, other.shown_name)
        if (
            one.person.is_common
            and other.person.is_common
            and relation in (NameRelation.SAME, NameRelation.TRANSCRIBED)
        ):
            found.add(Sign.NAME_COMMON, one.shown_name)
        _compare_employers(found, one, other)
    elif one.company is not None and other.company is not None:
        relation = compare_companies(one.company, other.company)
        if relation is NameRelation.OTHER:
            found.add(Sign.COMPANIES_DIFFER, one.shown_name, other.shown_name)
            return
    else:
        person, company = (one, other) if one.person is not None else (other, one)
        if person.shown_name and company.shown_name:
            found.add(Sign.KINDS_DIFFER, one.shown_name, other.shown_name)
        return
    if relation in _NAME_SIGNS:
        found.add(_NAME_SIGNS[relation], one.shown_name, other.shown_name)


def _compare_employers(found: _Found, one: Prepared, other: Prepared) -> None:
    if one.works_at is None or other.works_at is None:
        return
    at_work = compare_companies(one.works_at, other.works_at)
    if at_work in (NameRelation.SAME, NameRelation.SIMILAR):
        found.add(Sign.ORGANIZATION, one.organization, other.organization)
    elif at_work is NameRelation.OTHER:
        found.add(Sign.ORGANIZATIONS_DIFFER, one.organization, other.organization)


def _compare_births(found: _Found, one: Prepared, other: Prepared) -> None:
    ours, theirs = one.birth_date, other.birth_date
    if ours is None or theirs is None:
        return
    if ours == theirs:
        # New Year's Day is what is written where the year alone is known.
        sign = Sign.BIRTH_DATE_SIMILAR if ours.month == ours.day == 1 else Sign.BIRTH_DATE
        found.add(sign, ours.isoformat())
    elif _is_slip(ours, theirs):
        found.add(Sign.BIRTH_DATE_SIMILAR, ours.isoformat(), theirs.isoformat())
    else:
        found.add(Sign.BIRTH_DATES_DIFFER, ours.isoformat(), theirs.isoformat())


def _is_slip(one: date, other: date) -> bool:
    """Whether day and month are exchanged, or one digit of them is another. Another year is another person."""
    if one.year != other.year:
        return False
    if (one.month, one.day) == (other.day, other.month):
        return True
    ours, theirs = f"{one:%m%d}", f"{other:%m%d}"
    return sum(a != b for a, b in zip(ours, theirs, strict=True)) == 1


def _compare_places(found: _Found, one: Prepared, other: Prepared) -> None:
    ours, theirs = one.places, other.places
    if houses := ours.share(theirs):
        street, where = min(houses, key=lambda house: (sorted(house[0]), house[1]))
        found.add(Sign.ADDRESS, " ".join(sorted(street)), where)
    elif ours.postcodes and theirs.postcodes:
        common = set(theirs.postcodes).intersection(ours.postcodes)
        if common:
            found.add(Sign.POSTCODE, min(common))
        else:
            found.add(Sign.ADDRESSES_DIFFER, f"{ours.postcodes[0]} · {theirs.postcodes[0]}")
