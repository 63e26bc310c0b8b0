"""Why personal data is held, for how long, and who sees it: `context.privacy`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator

from hub.config.placed import PlacedError
from hub.config.section import Section
from hub.config.wording import nearest
from hub.domain.customer import CustomerRecord
from hub.domain.interaction import Channel

_STRUCTURE: Final = frozenset(
    {"system", "id", "mapping", "fetched_at", "changed_at", "kind", "ids", "consents", "hidden"}
)
"""What a record is told apart by, and what says what may be shown: never hidden."""

PRIVATE_FIELDS: Final = tuple(name for name in CustomerRecord.__struct_fields__ if name not in _STRUCTURE)
EXTRA: Final = "extra."
NAMED: Final = "token:"
"""Begins the role of one machine."""

_ROLE: Final = re.compile(r"agent|supervisor|token(:[A-Za-z0-9][A-Za-z0-9_.-]{0,63})?")


def _role(text: str) -> str:
    if not _ROLE.fullmatch(text):
        raise ValueError("must be agent, supervisor, token (every machine's), or token:NAME")
    return text


ViewerRole = Annotated[str, AfterValidator(_role)]
Purpose = Annotated[str, Field(min_length=1, max_length=100)]
Days = Annotated[int, Field(ge=1, le=36_500)]


class KeptData(Section):
    """A kind of data: what it is held for, and after how many days it is erased; unset: never by itself."""

    purpose: Purpose | None = None
    retention_days: Days | None = None


class FieldPrivacy(KeptData):
    """One field of a customer. `roles` may see it (unset: everybody); `others_see` a masked form of it, or nothing.

    A field whose purpose the customer has refused (a consent with `granted: false`) is shown to nobody.
    """

    roles: tuple[ViewerRole, ...] | None = None
    others_see: Literal["masked", "nothing"] = "masked"


class ChannelPrivacy(KeptData):
    """Contacts on one channel. `roles` may read what was said in them (unset: everybody)."""

    roles: tuple[ViewerRole, ...] | None = None


class PrivacySection(Section):
    """Purpose and retention of everything personal that the hub keeps. Nothing is erased that is not named here.

    `calls` are the steps of calls and the call log, `contexts` what was known of a call's other party when it came,
    `records` what feeds told of customers, `accesses` the log of who saw whose data, `dead_letters` what could not be
    understood or written, `callbacks` who asked to be called back. `fields` outlive neither.
    """

    fields: dict[str, FieldPrivacy] = {}
    interactions: dict[Channel, ChannelPrivacy] = {}
    calls: KeptData = KeptData()
    contexts: KeptData = KeptData()
    records: KeptData = KeptData()
    callbacks: KeptData = KeptData()
    dead_letters: KeptData = KeptData()
    accesses: KeptData = KeptData()

    @field_validator("fields")
    @classmethod
    def _are_fields(cls, fields: Mapping[str, FieldPrivacy]) -> Mapping[str, FieldPrivacy]:
        for name in fields:
            if name.startswith(EXTRA) and len(name) > len(EXTRA):
                continue
            if name not in PRIVATE_FIELDS:
                known = [*PRIVATE_FIELDS, "extra.<field>"]
                raise PlacedError((name,), f"there is no field {name!r} of a customer{nearest(name, known)}")
        return fields


def named_tokens(roles: object) -> Iterator[tuple[int, str]]:
    """Yield the tokens that a list of roles names as it was written, with their places in it."""
    for index, role in enumerate(roles if isinstance(roles, list) else ()):
        if isinstance(role, str) and role.startswith(NAMED):
            yield index, role.removeprefix(NAMED)
