"""The section `context.identity`: the rules by which records of different systems are one customer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from hub.config.patterned import NumberOrBeginning, patterned
from hub.config.placed import PlacedError
from hub.config.section import Section
from hub.config.wording import nearest
from hub.domain.identity import Sign

_RuleName = Annotated[str, patterned(r"[a-z0-9][a-z0-9 _-]{0,63}", "1 to 64 small letters, digits, spaces, _ or -")]


def _sign(value: Any) -> Any:
    if isinstance(value, str) and value not in set(Sign):
        raise ValueError(f"there is no sign {value!r}{nearest(value, [sign.value for sign in Sign])}")
    return value


class IdentityRule(Section):
    """`adds` counts when two records have all `signs`: each 1 doubles the odds that they are one customer.

    In Fellegi and Sunter's terms (A Theory for Record Linkage, 1969) it is log2(m/u): m is how often one customer's
    records have these signs, u how often those of two do; below 0 it speaks against. Of rules that are `about` the same
    thing the first that fits has its say alone; without `about` a rule is about itself.
    """

    name: _RuleName
    about: _RuleName | None = None
    signs: Annotated[tuple[Annotated[Sign, BeforeValidator(_sign)], ...], Field(min_length=1, max_length=8)]
    adds: Annotated[float, Field(ge=-200, le=200)]

    @property
    def topic(self) -> str:
        return self.about or self.name


def _rule(name: str, adds: float, *signs: Sign, about: str | None = None) -> IdentityRule:
    return IdentityRule(name=name, about=about, signs=signs, adds=adds)


DEFAULT_RULES: tuple[IdentityRule, ...] = (
    _rule("external id", 85, Sign.ID, about="id"),
    _rule("ids differ", -60, Sign.IDS_DIFFER, about="id"),
    _rule("one system", -60, Sign.SYSTEM),
    _rule("verified phone", 21, Sign.PHONE_VERIFIED, about="phone"),
    _rule("phone", 16, Sign.PHONE, about="phone"),
    _rule("shared phone", 4, Sign.PHONE_SHARED, about="phone"),
    _rule("verified email", 24, Sign.EMAIL_VERIFIED, about="email"),
    _rule("email", 22, Sign.EMAIL, about="email"),
    _rule("same name", 10, Sign.NAME_SAME, about="name"),
    _rule("similar name", 7, Sign.NAME_SIMILAR, about="name"),
    _rule("transcribed name", 8, Sign.NAME_TRANSCRIBED, about="name"),
    _rule("compatible name", 5, Sign.NAME_COMPATIBLE, about="name"),
    _rule("nearly the name", 2, Sign.NAME_NEARLY, about="name"),
    _rule("part of the name", 2, Sign.NAME_PARTLY, about="name"),
    _rule("names in other letters", -3, Sign.NAME_UNREAD, about="name"),
    _rule("other surname", -1, Sign.SURNAMES_DIFFER, about="name"),
    _rule("other given name", -72, Sign.GIVEN_NAMES_DIFFER, about="name"),
    _rule("other name", -72, Sign.NAMES_DIFFER, about="name"),
    _rule("other company", -60, Sign.COMPANIES_DIFFER, about="name"),
    _rule("twins may be", -13, Sign.NAME_NEARLY, Sign.BIRTH_DATE),
    _rule("common name", -3, Sign.NAME_COMMON),
    _rule("other generation", -60, Sign.GENERATIONS_DIFFER, about="generation"),
    _rule("one generation unsaid", -8, Sign.GENERATION_UNSAID, about="generation"),
    _rule("birth date", 14, Sign.BIRTH_DATE, about="birth date"),
    _rule("similar birth date", 4, Sign.BIRTH_DATE_SIMILAR, about="birth date"),
    _rule("other birth date", -60, Sign.BIRTH_DATES_DIFFER, about="birth date"),
    _rule("address at work", 2, Sign.ADDRESS, Sign.ORGANIZATION, about="address"),
    _rule("address of a family", 1, Sign.ADDRESS, Sign.NAME_NEARLY, about="address"),
    _rule("address of one surname", 1, Sign.ADDRESS, Sign.NAME_PARTLY, about="address"),
    _rule("address", 9, Sign.ADDRESS, about="address"),
    _rule("postcode", 3, Sign.POSTCODE, about="address"),
    _rule("other address", -2, Sign.ADDRESSES_DIFFER, about="address"),
    _rule("organization", 5, Sign.ORGANIZATION, about="organization"),
    _rule("other organization", -3, Sign.ORGANIZATIONS_DIFFER, about="organization"),
    _rule("other kind", -72, Sign.KINDS_DIFFER),
)
"""What counts where the configuration says nothing else."""


class IdentitySection(Section):
    """When records are one customer.

    Before anything is compared the odds are 1 to `customers`; each rule multiplies them by 2 to the power of what it
    `adds`, and the score is the probability that follows. From `same` on two records are one customer, from `maybe` on
    the agent is shown that they may be. A wrong merge is to cost ten times a miss: then 10/11 is the least that pays.

    `rules` are laid over those that count without any: one of the same name takes that one's place (`adds: 0` switches
    it off) and is about the same unless it says otherwise, a new one goes before the others that are `about` the same.
    `shared_numbers` are nobody's own.
    """

    same: Annotated[float, Field(gt=0.5, lt=1)] = 0.92
    maybe: Annotated[float, Field(gt=0, lt=1)] = 0.015
    customers: Annotated[int, Field(ge=10, le=10_000_000_000)] = 100_000
    shared_numbers: Annotated[tuple[NumberOrBeginning, ...], Field(max_length=10_000)] = ()
    rules: Annotated[tuple[IdentityRule, ...], Field(max_length=200)] = ()

    @model_validator(mode="after")
    def _in_order(self) -> IdentitySection:
        if self.maybe >= self.same:
            raise PlacedError(("maybe",), f"must be less than `same`, which is {self.same:g}")
        seen: set[str] = set()
        for number, rule in enumerate(self.rules):
            if rule.name in seen:
                raise PlacedError(("rules", number, "name"), f"two rules are called {rule.name!r}")
            seen.add(rule.name)
        return self

    @model_validator(mode="after")
    def _about_what_others_are(self) -> IdentitySection:
        """Refuse a slip in `about`, by which the same thing would be counted twice, unseen."""
        for number, rule in enumerate(self.rules):
            others = {other.topic for other in (*DEFAULT_RULES, *self.rules) if other is not rule}
            if rule.about is not None and rule.about != rule.name and rule.about not in others:
                near = nearest(rule.about, sorted(others))
                raise PlacedError(("rules", number, "about"), f"no other rule is about {rule.about!r}{near}")
        return self

    @property
    def all_rules(self) -> tuple[IdentityRule, ...]:
        """The rules as they count: those of the configuration laid over the others."""
        topics = {rule.name: rule.topic for rule in DEFAULT_RULES}
        own = {rule.name: rule.model_copy(update={"about": rule.about or topics.get(rule.name)}) for rule in self.rules}
        new = tuple(rule for rule in own.values() if rule.name not in topics)
        return (*new, *(own.get(rule.name, rule) for rule in DEFAULT_RULES))
