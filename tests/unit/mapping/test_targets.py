"""What a mapping can make, and what of it is the hub's to say."""

from pathlib import Path

import pytest

from hub.domain.change import ChangeKind, CustomerChange
from hub.domain.customer import CustomerRecord
from hub.domain.event import customer_of
from hub.domain.interaction import CustomerRef
from hub.domain.writeback import WriteBack, WriteKind
from hub.mapping.errors import MappingError, MappingRunError
from hub.mapping.mapping import Mapping, load_mapping
from hub.mapping.targets import FILLED_BY_HUB, OF_FEEDS, TARGETS
from hub.mapping.testing import run_mapping_tests

HEAD = "source: x\nversion: 1\ntarget: {}\nfields:\n"
CUSTOMER = "  id: no\n  phones: {each: tel, fields: {number: '@'}}\n  change: {from: op, table: {D: deleted}}\n"


def loaded(folder: Path, target: str, fields: str) -> Mapping:
    """Return a mapping with that target."""
    file = folder / f"{target}.yaml"
    file.write_text(HEAD.format(target) + fields)
    return load_mapping(file)


@pytest.mark.parametrize(
    ("target", "field"), [(target, field) for target in TARGETS for field in sorted(FILLED_BY_HUB[target])]
)
def test_what_the_hub_fills_no_mapping_does(tmp_path: Path, target: str, field: str) -> None:
    """Above all whose record it is."""
    with pytest.raises(MappingError, match=f"the hub fills '{field}' itself: leave it out"):
        loaded(tmp_path, target, f"  {field}: a\n")


@pytest.mark.parametrize(("target", "rest"), [("order", "order.id: a\n  customer.ids"), ("customer", "id: a\n  ids")])
def test_whose_ids_are_meant_stands_in_the_file(tmp_path: Path, target: str, rest: str) -> None:
    """Systems are keys of the file: no rule takes them from a message, not even one that is called like a rule."""
    with pytest.raises(MappingError, match="must be a section of keys"):
        loaded(tmp_path, target, f"  {rest}: b\n")
    for key in ("from", "expr", "each"):
        mapping = loaded(tmp_path, target, f"  {rest}: {{{key}: b}}\n")
        named = customer_of(mapping.run_feed({"a": "1", "b": "2"}, system="shop", region="DE"))
        assert {key: "2"} == {system: value for system, value in named.ids.items() if system != "shop"}
        with pytest.raises(MappingRunError, match="needs a plain value"):
            mapping.run_feed({"a": "1", "b": {"sap": "2"}}, system="shop", region="DE")


def test_one_mapping_serves_a_backends_answers_and_a_feed(tmp_path: Path) -> None:
    """`change` is for the feed; a backend's answer is a customer that is there."""
    mapping = loaded(tmp_path, "customer", CUSTOMER)
    record = {"no": "1", "tel": ["1", "2"], "op": "D"}

    answer = mapping.run_customer(record, system="crm", region="DE")
    told = mapping.run_feed(record, system="crm", region="DE")

    assert isinstance(answer, CustomerRecord)
    assert CustomerChange(customer=answer, change=ChangeKind.DELETED) == told


def test_an_unknown_change_is_an_error(tmp_path: Path) -> None:
    """A code that the table does not have is not taken for something else."""
    with pytest.raises(MappingRunError, match="field change"):
        loaded(tmp_path, "customer", CUSTOMER).run_feed({"no": "1", "op": "X"}, system="crm", region="DE")


def test_the_cases_beside_a_mapping_of_customers_tell_of_changes(tmp_path: Path) -> None:
    """In one section with the customer's fields; `changed` needs not be said."""
    mapping = loaded(tmp_path, "customer", CUSTOMER)
    cases = (
        "cases:\n"
        "  - {name: gone, whole: true, input: {no: '1', op: D}, expect: {id: '1', change: deleted}}\n"
        "  - {name: there, whole: true, input: {no: '1'}, expect: {id: '1'}}\n"
        "  - {name: said, input: {no: '1'}, expect: {id: '1', change: changed}}\n"
        "  - {name: wrong, input: {no: '1'}, expect: {id: '1', change: deleted}}\n"
    )
    (tmp_path / "customer.test.yaml").write_text(cases)

    results = run_mapping_tests(tmp_path / "customer.yaml")

    assert [True, True, True, False] == [result.passed for result in results]
    assert "customer" == mapping.target


def test_what_is_written_back(tmp_path: Path) -> None:
    """The hub says which entry it is, of what kind, and whose; the mapping says the rest."""
    mapping = loaded(tmp_path, "write_back", "  subject: {join: [type, data.call.id]}\n  outcome: data.outcome\n")
    event = {"type": "cti.call.cleared", "data": {"call": {"id": "c1"}, "outcome": "answered"}}

    made = mapping.run_write_back(event, entry_id="e1", kind=WriteKind.NOTE, customer="42", region="DE")

    assert (
        WriteBack(id="e1", kind=WriteKind.NOTE, customer="42", subject="cti.call.cleared c1", outcome="answered")
        == made
    )


def test_a_feed_writes_nothing_back(tmp_path: Path) -> None:
    """A mapping of that kind is none for feeds."""
    assert set(TARGETS) - {"write_back"} == set(OF_FEEDS)
    with pytest.raises(MappingRunError, match="a write_back is nothing that a feed brings"):
        loaded(tmp_path, "write_back", "  subject: a\n").run_feed({"a": "1"}, system="shop", region="DE")


@pytest.mark.parametrize(
    "named",
    [
        CustomerRef(),
        CustomerRef(phones=("+491", "+492"), emails=("a@b.example",), ids={"b": "1"}),
        CustomerRef(emails=("A@b.example",), ids={"b": "1"}),
        CustomerRef(ids={"b": "1", "a": "2"}),
    ],
)
def test_the_first_key_is_the_first_of_all(named: CustomerRef) -> None:
    """By it the events of a customer are ordered."""
    assert next(iter(named.keys()), "") == named.first_key()
