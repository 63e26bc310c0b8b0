"""Tests beside a mapping: run, and told what differs."""

from pathlib import Path

import pytest

from hub.config.anticipation import is_rule_file
from hub.config.mapping_files import SHIPPED
from hub.mapping import testing
from hub.mapping.errors import MappingError
from hub.mapping.testing import run_mapping_tests
from tests.unit.mapping.conftest import HEAD

SHIPPED_FILES = sorted(
    file for file in SHIPPED.rglob("*.yaml") if not (file.name.endswith(".test.yaml") or is_rule_file(file))
)


@pytest.mark.parametrize("file", SHIPPED_FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_shipped_mappings_pass_their_tests(file: Path) -> None:
    """Every mapping that is shipped has cases beside it, and passes them."""
    results = run_mapping_tests(file)
    assert [] == [str(result.problem()) for result in results if not result.passed]
    assert len(results) >= 2


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """Write a mapping of a few fields."""
    file = tmp_path / "m.yaml"
    file.write_text(f"{HEAD}  id: id\n  title: t\n  phones: {{each: p, fields: {{number: '@'}}}}\n  name.full: n\n")
    return file


def run(mapping: Path, cases: str) -> list[tuple[str, tuple[str, ...]]]:
    testing.tests_of(mapping).write_text(f"cases:\n{cases}")
    return [(f"{result.line}:{result.column}", result.differences) for result in run_mapping_tests(mapping)]


def test_what_differs(mapping: Path) -> None:
    """A difference names its field, what was expected and what came, at the place of the case."""
    cases = (
        "  - {name: a, input: {id: '1', t: x, p: ['5', '6'], n: N}, expect: {id: '1'}}\n"
        "  - {name: b, input: {id: '1', t: x, p: ['5', '6'], n: N}, expect: {title: y, phones: [{number: '5'}]}}\n"
        "  - {name: c, input: {id: '1'}, expect: {id: 1, name: {full: N}, title: null}}\n"
        "  - {name: d, input: {id: '1', t: x, n: N}, whole: true, expect: {id: '1', name: {}}}\n"
    )
    assert [
        ("2:5", ()),
        ("3:5", ('title: expected "y", got "x"', "phones: expected 1 items, got 2")),
        ("4:5", (
            'id: expected 1, got "1"; put the expected value in quotes',
            'name: expected {"full":"N"}, but it is not there',
        )),
        ("5:5", ('name.full: not expected, got "N"', 'title: not expected, got "x"')),
    ] == run(mapping, cases)  # fmt: skip


def test_expected_errors(mapping: Path) -> None:
    """A case may expect an error; then none, or another, is a failure."""
    cases = (
        "  - {name: a, input: {}, error: 'field id'}\n"
        "  - {name: b, input: {id: '1'}, error: 'field id'}\n"
        "  - {name: c, input: {}, error: 'other'}\n"
        "  - {name: d, input: {}, expect: {id: '1'}}\n"
    )
    differences = [lines for _, lines in run(mapping, cases)]
    assert () == differences[0]
    assert ("expected an error with 'field id', but the record was mapped",) == differences[1]
    assert all(lines[0].startswith("failed: mapping ") for lines in differences[2:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cases: []\n", "1:8: must be a list of cases"),
        ("cases:\n  - {input: {}, expect: {}}\n", "2:5: the case has no 'name'"),
        ("cases:\n  - {name: a, input: {}}\n", "2:5: a case has either `expect` or `error`"),
        ("cases:\n  - {name: a, inptu: {}, expect: {}}\n", "2:15: unknown key 'inptu'; did you mean 'input'?"),
        ("cases:\n  - {name: a, input: {}, expect: [a]}\n", "2:34: must be a section of fields"),
        ("region: Germany\ncases:\n  - {name: a, input: {}, expect: {}}\n", "1:9: must be a country code"),
    ],
)
def test_what_is_wrong_with_the_cases(mapping: Path, text: str, expected: str) -> None:
    """A mistake in the file of cases is told with its place."""
    testing.tests_of(mapping).write_text(text)
    with pytest.raises(MappingError) as raised:
        run_mapping_tests(mapping)
    assert any(f"{testing.tests_of(mapping)}:{expected}" in str(problem) for problem in raised.value.problems)


def test_without_cases(mapping: Path) -> None:
    """A mapping without a file of cases is told by the name of the file that is missing."""
    with pytest.raises(MappingError, match=r"m\.test\.yaml:1:1: .*no such file"):
        run_mapping_tests(mapping)


def test_numbers_are_read_as_in_a_reply(mapping: Path) -> None:
    """12.10 in a case is what 12.10 in a backend's JSON is: with all its digits."""
    cases = "  - {name: a, input: {id: 1, t: 12.10}, expect: {title: '12.10'}}\n"
    cases += "  - {name: b, input: {id: 1, t: 12.10}, expect: {title: 12.10}}\n"
    assert [(), ('title: expected 12.10, got "12.10"; put the expected value in quotes',)] == [
        differences for _, differences in run(mapping, cases)
    ]


def test_what_a_field_is_by_default(mapping: Path) -> None:
    """A case may expect what a field is where the record says nothing of it."""
    cases = (
        "  - {name: a, input: {id: '1'}, expect: {kind: individual, language: ''}}\n"
        "  - {name: b, input: {id: '1'}, expect: {kind: org}}\n"
    )
    assert [(), ('kind: expected "org", but it is not there',)] == [lines for _, lines in run(mapping, cases)]
