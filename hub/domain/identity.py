"""Which records of different systems are one customer: what speaks for it, and what people have decided."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec


class RecordRef(msgspec.Struct, frozen=True, kw_only=True, order=True, gc=False):
    """A record by the system that it is in and its id there."""

    system: str
    id: str

    @property
    def key(self) -> str:
        """As an index key, as `CustomerRef.keys` makes it."""
        return f"id:{self.system}:{self.id}"


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A rule that had its say: `score` is what it added, below 0 where it speaks against.

    `detail` is what was compared, for a person to read; it holds no more than the records themselves.
    """

    rule: str
    score: float
    detail: str = ""


class RecordMatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Two records that are one customer, or may be; `score` is 0 to 1, `decision` the id of what a person decided."""

    one: RecordRef
    other: RecordRef
    score: float
    reasons: tuple[Reason, ...] = ()
    decision: str = ""


class DecisionKind(enum.StrEnum):
    """`same` and `different` are about records, `meant` about who is behind a number or an address."""

    SAME = "same"
    DIFFERENT = "different"
    MEANT = "meant"


class IdentityDecision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person decided of who is who; whole until another with the same `id` says `withdrawn`.

    `same` and `different` hold for any two of `records`. `meant`: who is behind `key` (`tel:+49...`, `mailto:...`) is
    the customer of the one record in `records`; `call_id` is the call in which it was chosen.
    """

    id: str
    kind: DecisionKind
    records: tuple[RecordRef, ...]
    by: str
    at: datetime
    key: str = ""
    call_id: str = ""
    reason: str = ""
    withdrawn: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """What it is found by: the number or the address, and its records."""
        own = (self.key,) if self.key else ()
        return tuple(dict.fromkeys((*own, *(record.key for record in self.records))))


class Chosen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The decision by which one of several customers is meant; it can be taken back by its id.

    `unreachable`: the system that has the record does not answer, or has not yet. Then nobody else is meant.
    """

    decision: str
    record: RecordRef
    by: str
    at: datetime
    call_id: str = ""
    unreachable: bool = False


class IdentityDecided(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A decision as it stands. `replaces` are earlier ones that it contradicts: while it stands they don't count.

    `notes` say in words what it changes of what was decided before.
    """

    decision: IdentityDecision
    replaces: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class IdentityProblem(enum.StrEnum):
    NO_SUCH_CALL = "no_such_call"
    NO_SUCH_DECISION = "no_such_decision"
    NOT_YOURS = "not_yours"
    NOT_OF_THIS_CALL = "not_of_this_call"
    MALFORMED = "malformed"
    ID_REUSED = "id_reused"


class IdentityError(Exception):
    """Nothing was decided; the message says to a person why."""

    def __init__(self, problem: IdentityProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message


class Sign(enum.StrEnum):
    """What two records can agree or disagree in; the rules of `context.identity` are made of these.

    `phone`, `email`: one in common that is nobody else's, valid at the same time, or that both were found by;
    `*_verified`: both systems made sure of it. Of names at most one sign of those from `name_same` to
    `companies_differ`.
    """

    __hash__ = str.__hash__  # an enumeration's own is many times slower, and these are looked up all the time

    ID = "id"
    IDS_DIFFER = "ids_differ"
    PHONE_VERIFIED = "phone_verified"
    PHONE = "phone"
    PHONE_SHARED = "phone_shared"
    EMAIL_VERIFIED = "email_verified"
    EMAIL = "email"
    NAME_SAME = "name_same"
    NAME_SIMILAR = "name_similar"
    NAME_TRANSCRIBED = "name_transcribed"
    NAME_COMPATIBLE = "name_compatible"
    NAME_NEARLY = "name_nearly"
    NAME_PARTLY = "name_partly"
    NAME_UNREAD = "name_unread"
    SURNAMES_DIFFER = "surnames_differ"
    GIVEN_NAMES_DIFFER = "given_names_differ"
    NAMES_DIFFER = "names_differ"
    COMPANIES_DIFFER = "companies_differ"
    NAME_COMMON = "name_common"
    GENERATIONS_DIFFER = "generations_differ"
    GENERATION_UNSAID = "generation_unsaid"
    BIRTH_DATE = "birth_date"
    BIRTH_DATE_SIMILAR = "birth_date_similar"
    BIRTH_DATES_DIFFER = "birth_dates_differ"
    ADDRESS = "address"
    POSTCODE = "postcode"
    ADDRESSES_DIFFER = "addresses_differ"
    ORGANIZATION = "organization"
    ORGANIZATIONS_DIFFER = "organizations_differ"
    KINDS_DIFFER = "kinds_differ"
    SYSTEM = "system"
