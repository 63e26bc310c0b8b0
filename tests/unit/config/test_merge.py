"""`context.merge`: which system is believed, and what is wrong in it."""

import pytest

from tests.unit.config.conftest import MINIMAL, Load, Problems

CRM = "connectors: {crm: {kind: rest}}\n"


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "{default: newst}",
            "6:28: context.merge.default: must be system_order, newest, most_complete or a list of systems; did",
        ),
        (
            "{default: oldest}",
            "6:28: context.merge.default: must be system_order, newest, most_complete or a list of systems",
        ),
        ("{default: 3}", "6:28: context.merge.default: must be system_order, newest, most_complete or a list"),
        ("{default: []}", "6:28: context.merge.default: must name a system at least"),
        (
            "{fields: {languge: newest}}",
            "6:28: context.merge.fields.languge: there is no field 'languge' that systems share; did",
        ),
        (
            "{fields: {extra.: newest}}",
            "6:28: context.merge.fields.extra.: there is no field 'extra.' that systems share",
        ),
        (
            "{fields: {language.x: newest}}",
            "6:28: context.merge.fields.language.x: there is no field 'language.x' that systems share",
        ),
        ("{fields: {language: [crm, crm]}}", "6:44: context.merge.fields.language[1]: 'crm' stands here twice"),
        ("{fields: {language: [crm, shop]}}", "6:44: there is no system 'shop'; known here: crm"),
        ("{default: [krm]}", "6:29: there is no system 'krm'; did you mean 'crm'?"),
        ("{field: {}}", "6:19: unknown key 'field' in context.merge; did you mean 'fields'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(problems: Problems, section: str, told: str) -> None:
    """A word that is no rule, a field that there is not, a system that nothing comes from."""
    text = f"{MINIMAL}context: {{merge: {section}}}\n{CRM}"
    [problem] = [one for one in problems(text) if one.startswith("6:")]
    assert problem.startswith(told)


def test_rules_of_fields(load: Load) -> None:
    """The longest name that fits has the say; a feed's system may be named as a connector's."""
    config = load(
        MINIMAL
        + "context:\n  merge:\n    default: newest\n    fields:\n      tier: [erp]\n      extra: [erp]\n"
        + "      extra.erp.points: most_complete\n"
        + "inbound:\n  shop: {system: erp, soap: {}}\n"
        + "auth: {tokens: {shop: {token: 0123456789, may: [publish], feeds: [shop]}}}\n"
    )
    rules = config.context.merge
    assert ("newest", ("erp",), ("erp",)) == (rules.rule_of("name"), rules.rule_of("tier"), rules.rule_of("extra.a.b"))
    assert "most_complete" == rules.rule_of("extra.erp.points")
