import pytest

from hub.context.identity.grouping import group_records
from hub.context.names import compatible
from hub.domain.customer import CustomerRecord, Email, Kind, Name


def record(system: str, record_id: str, name: str = "", **more: object) -> CustomerRecord:
    return CustomerRecord(system=system, id=record_id, name=Name(full=name), **more)  # type: ignore[arg-type]  # test shorthand


def ids(groups: list[list[CustomerRecord]]) -> list[list[str]]:
    return [[f"{r.system}:{r.id}" for r in group] for group in groups]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria Huber", "Huber, Maria"),
        ("Dr. Maria Huber", "maria huber"),
        ("Jürgen Müller", "Juergen Mueller"),
        ("Jürgen Müller", "Jurgen Muller"),
        ("M. Huber", "Maria Huber"),
        ("Huber GmbH", "HUBER"),
        ("王伟", "王伟"),
        ("José García", "Jose Garcia Lopez"),
        ("", "Maria Huber"),
    ],
)
def test_names_that_one_person_may_have_fit(one: str, other: str) -> None:
    """Order, titles, accents, umlauts and initials are no contradiction, in either direction."""
    assert compatible(one, other)
    assert compatible(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria Huber", "Jonas Huber"),
        ("Maria Huber", "Maria Weber"),
        ("M. Huber", "Jonas Huber"),
        ("王伟", "王芳"),
    ],
)
def test_names_of_two_people_do_not_fit(one: str, other: str) -> None:
    """A family's shared number does not make its members one person."""
    assert not compatible(one, other)
    assert not compatible(other, one)


def test_same_person_in_two_systems_is_one_customer() -> None:
    """Same number and a compatible name in two systems: one customer."""
    assert ids(group_records([record("sap", "1", "Maria Huber"), record("osc", "9", "Huber, M.")])) == [
        ["sap:1", "osc:9"]
    ]


def test_two_records_of_one_system_are_two_customers() -> None:
    """Several customers with one number stay several, even with equal names."""
    groups = group_records([record("sap", "1", "Maria Huber"), record("sap", "2", "Maria Huber")])
    assert [["sap:1"], ["sap:2"]] == ids(groups)


def test_record_that_fits_two_customers_is_given_to_neither() -> None:
    """Where the name does not decide, nothing is guessed."""
    groups = group_records(
        [record("sap", "1", "Maria Huber"), record("sap", "2", "Maria Huber"), record("osc", "9", "M Huber")]
    )
    assert [["sap:1"], ["sap:2"], ["osc:9"]] == ids(groups)


def test_external_id_joins_in_spite_of_names() -> None:
    """One system naming the other's id is stronger than a changed name."""
    groups = group_records(
        [record("sap", "1", "Maria Huber"), record("osc", "9", "Maria Weber", ids={"sap": "1"})],
    )
    assert [["sap:1", "osc:9"]] == ids(groups)


def test_email_joins_to_the_right_one_of_several() -> None:
    """With several candidates a shared e-mail address says which one it is."""
    mail = (Email(address="Maria@Example.com"),)
    groups = group_records(
        [
            record("sap", "1", "Jonas Huber"),
            record("sap", "2", "Maria Huber", emails=(Email(address="maria@example.com"),)),
            record("osc", "9", "Maria H", emails=mail),
        ],
    )
    assert [["sap:1"], ["sap:2", "osc:9"]] == ids(groups)


def test_contact_joins_the_company_it_belongs_to() -> None:
    """A company in one system and its contact person in the other are one customer on the screen."""
    groups = group_records(
        [
            record("sap", "1", "", kind=Kind.ORG, organization="Huber Maschinenbau GmbH"),
            record("osc", "9", "Maria Schmidt", organization="Huber Maschinenbau"),
        ],
    )
    assert [["sap:1", "osc:9"]] == ids(groups)
