"""Which fields are hidden from whom, read once from the configuration."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Final

import msgspec

from hub.config.privacy import EXTRA, FieldPrivacy, PrivacySection, ViewerRole
from hub.domain.consent import refused_purposes
from hub.domain.customer import Consent, Hidden, HiddenReason, Hiding
from hub.domain.interaction import Channel
from hub.privacy.masks import MASKS

Hides = Mapping[str, Hidden]
"""Fields that are hidden, by name: `birth_date`, `extra.<field>` or `extra.<system>.<field>`."""

_CHANNEL_OF_FIELD: Final = {"orders": Channel.ORDER, "cases": Channel.CASE}


class RoleRules(msgspec.Struct, frozen=True):
    """What one role does not see, whoever the customer is: fields, and what was said on some channels.

    From whom orders or cases are hidden, theirs are among the channels.
    """

    fields: dict[str, Hidden]
    channels: frozenset[Channel]

    @property
    def phones(self) -> bool:
        return "phones" in self.fields

    @property
    def emails(self) -> bool:
        return "emails" in self.fields


class Rules:
    def __init__(self, section: PrivacySection) -> None:
        self._section = section
        self._of_role: dict[str, RoleRules] = {}
        self._purposes = {name: rule.purpose for name, rule in section.fields.items() if rule.purpose}
        self.heed_consent = bool(self._purposes)

    def of(self, role: str) -> RoleRules:
        known = self._of_role.get(role)
        if known is None:
            known = self._of_role[role] = self._made(role)
        return known

    def refused(self, consents: Iterable[Consent], today: date) -> frozenset[str]:
        """Return the purposes of fields that a customer has refused; one refusal counts, whatever others say."""
        purposes = set(self._purposes.values())
        return refused_purposes(consents, today) & purposes

    def with_consent(self, hides: Hides, refused: Collection[str]) -> Hides:
        if not refused:
            return hides
        by_consent = {
            name: Hidden(field=name, shown=Hiding.NOTHING, reason=HiddenReason.CONSENT, purpose=purpose)
            for name, purpose in self._purposes.items()
            if purpose in refused
        }
        return {**hides, **by_consent}

    def _made(self, role: str) -> RoleRules:
        section = self._section
        fields = {name: _hidden(name, rule) for name, rule in section.fields.items() if not _may(role, rule.roles)}
        channels = {channel for channel, rule in section.interactions.items() if not _may(role, rule.roles)}
        channels |= {channel for name, channel in _CHANNEL_OF_FIELD.items() if name in fields}
        return RoleRules(fields, frozenset(channels))


def _may(role: str, roles: tuple[ViewerRole, ...] | None) -> bool:
    return roles is None or role in roles or (role.startswith("token:") and "token" in roles)


def _hidden(name: str, rule: FieldPrivacy) -> Hidden:
    is_masked = rule.others_see == "masked" and name in MASKS and not name.startswith(EXTRA)
    return Hidden(
        field=name,
        shown=Hiding.MASKED if is_masked else Hiding.NOTHING,
        reason=HiddenReason.ROLE,
        purpose=rule.purpose or "",
    )
