"""`context.privacy`: what is held for what, for how long, for whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.load import load_config
from hub.config.privacy import PRIVATE_FIELDS, PrivacySection
from hub.domain.customer import CustomerRecord
from tests.unit.config.conftest import Problems

MINIMAL = """\
hub: {region: DE}
pbx: {main: {host: pbx, username: hub, secret: secret-of-ami}}
auth: {tokens: {reporting: long-enough-token}}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "context: {privacy: {fields: {birthdate: {purpose: x}}}}",
            (
                "4:30: context.privacy.fields.birthdate: there is no field 'birthdate' of a customer; did you mean "
                "'birth_date'?"
            ),
        ),
        (
            "context: {privacy: {fields: {tier: {roles: [boss]}}}}",
            (
                "4:45: context.privacy.fields.tier.roles[0]: must be agent, supervisor, token (every machine's), or "
                "token:NAME"
            ),
        ),
        (
            'context: {privacy: {fields: {tier: {roles: ["token:report"]}}}}',
            "4:45: there is no token 'report'; did you mean 'reporting'?",
        ),
        (
            'context: {privacy: {interactions: {chat: {roles: [agent, "token:nobody"]}}}}',
            "4:58: there is no token 'nobody'; known here: reporting",
        ),
        (
            "context: {privacy: {interactions: {fax: {retention_days: 3}}}}",
            None,
        ),
        (
            "context: {privacy: {calls: {retention_days: 0}}}",
            "4:45: context.privacy.calls.retention_days: must be at least 1",
        ),
        (
            "context: {privacy: {calls: {retention: 3}}}",
            "4:29: unknown key 'retention' in context.privacy.calls; did you mean 'retention_days'?",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(problems: Problems, text: str, expected: str | None) -> None:
    """A field that there is not, a role or token that nobody has, a channel, days, keys."""
    found = problems(f"{MINIMAL}{text}\n")
    assert 1 == len(found)
    if expected is not None:
        assert [expected] == found


def test_what_fits_is_taken(tmp_path: Path) -> None:
    """Every field of a customer, a site's own by their names, every role."""
    fields = ", ".join(f"{name}: {{roles: [agent, supervisor, token, 'token:reporting']}}" for name in PRIVATE_FIELDS)
    path = tmp_path / "ctihub.yaml"
    path.write_text(f"{MINIMAL}context: {{privacy: {{fields: {{{fields}, extra.points: {{purpose: x}}}}}}}}\n")
    assert {*PRIVATE_FIELDS, "extra.points"} == load_config(path, {}).context.privacy.fields.keys()


def test_nothing_is_erased_or_hidden_by_default() -> None:
    """Only what is written counts: no retention and no roles without a word of them."""
    section = PrivacySection()
    assert {} == section.fields
    assert {None} == {getattr(section, name).retention_days for name in ("calls", "contexts", "records", "accesses")}


def test_every_field_of_a_record_can_be_private_but_its_frame() -> None:
    """Whoever adds a field to the canonical customer has it here."""
    left = set(CustomerRecord.__struct_fields__) - set(PRIVATE_FIELDS)
    assert {"system", "id", "mapping", "fetched_at", "changed_at", "kind", "ids", "consents", "hidden"} == left
