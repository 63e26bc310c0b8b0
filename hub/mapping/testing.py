"""Tests beside a mapping: `NAME.test.yaml` holds cases of input and expected output."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from hub.config.document import read_document
from hub.config.problem import ConfigError, Problem
from hub.domain.change import CustomerChange
from hub.domain.phone import is_region
from hub.mapping.errors import MappingError, MappingRunError
from hub.mapping.mapping import Mapping, load_mapping
from hub.mapping.reader import Findings

SYSTEM = "test"
_TOP_KEYS = frozenset({"region", "cases"})
_CASE_KEYS = frozenset({"name", "input", "expect", "whole", "error"})


@dataclasses.dataclass(frozen=True, slots=True)
class CaseResult:
    """One case: where it stands, and the lines of its difference (none when it passed)."""

    file: str
    line: int
    column: int
    name: str
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences

    def problem(self) -> Problem:
        """Say what differs, at the place of the case."""
        lines = "".join(f"\n  {difference}" for difference in self.differences)
        return Problem(self.file, self.line, self.column, f"case {self.name!r}{lines}")


def tests_of(mapping_file: Path) -> Path:
    """Return where the tests of a mapping belong: beside it."""
    return mapping_file.with_suffix(".test.yaml")


def run_mapping_tests(mapping_file: Path) -> list[CaseResult]:
    """Run the cases beside a mapping. Raises MappingError if the mapping or the file of cases can't be used."""
    mapping = load_mapping(mapping_file)
    test_file = tests_of(mapping_file)
    try:
        # As a backend's reply is read: 12.10 stays 12.10.
        document = read_document(test_file, exact=True)
    except ConfigError as error:
        raise MappingError(error.problems) from None
    findings = Findings(document)
    top = findings.section(document.data, (), _TOP_KEYS)
    region = top.get("region", "DE")
    if not isinstance(region, str) or not is_region(region):
        findings.at_value(("region",), "must be a country code in capitals, as in DE or CN")
    cases = top.get("cases")
    if not isinstance(cases, list) or not cases:
        findings.at_value(("cases",), "must be a list of cases with name, input, and expect or error")
        raise MappingError(findings.problems)
    checked = [_case(findings, node, index) for index, node in enumerate(cases)]
    if findings.problems:
        raise MappingError(findings.problems)
    return [
        CaseResult(
            document.file, *document.value_place(("cases", index)), str(case["name"]), _run(mapping, case, region)
        )
        for index, case in enumerate(checked)
    ]


def _case(findings: Findings, node: Any, index: int) -> dict[str, Any]:
    path = ("cases", index)
    case = findings.section(node, path, _CASE_KEYS)
    for key in ("name", "input"):
        if key not in case:
            findings.at_value(path, f"the case has no {key!r}")
    if ("expect" in case) == ("error" in case):
        findings.at_value(path, "a case has either `expect` or `error`")
    if not isinstance(case.get("expect", {}), dict):
        findings.at_value((*path, "expect"), "must be a section of fields")
    if not isinstance(case.get("error", ""), str):
        findings.at_value((*path, "error"), "must be a part of the message that is expected")
    return case


def _run(mapping: Mapping, case: dict[str, Any], region: str) -> tuple[str, ...]:
    wanted_error = case.get("error")
    try:
        made = mapping.run(case["input"], system=SYSTEM, region=region)
    except MappingRunError as error:
        if wanted_error is not None and wanted_error in str(error):
            return ()
        return (f"failed: {error}",)
    if wanted_error is not None:
        return (f"expected an error with {wanted_error!r}, but the record was mapped",)
    actual, complete = msgspec.json.decode(msgspec.json.encode(made)), _complete(made)
    if isinstance(made, CustomerChange):
        # A mapping of customers is tested alike whether it serves a backend's answers, a feed, or both.
        actual, complete = ({**one.pop("customer"), **one} for one in (actual, complete))
    return tuple(_differences(case["expect"], actual, complete, "", whole=bool(case.get("whole"))))


def _complete(value: Any) -> Any:
    """Return what was made with its defaults, which are not written out: kind individual, an order that is open."""
    match value:
        case msgspec.Struct():
            return {name: _complete(getattr(value, name)) for name in value.__struct_fields__}
        case tuple() | list():
            return [_complete(inner) for inner in value]
        case _:
            return msgspec.to_builtins(value)


_FILLED = frozenset({"system", "mapping", "source"})


def _differences(expected: Any, actual: Any, complete: Any, path: str, *, whole: bool) -> list[str]:
    """Compare what is given under `expect`; with `whole` nothing else may be there. Null means: not there."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _section_differences(expected, actual, complete, path, whole=whole)
    if isinstance(expected, list) and isinstance(actual, list):
        lines = [] if len(expected) == len(actual) else [f"{path}: expected {len(expected)} items, got {len(actual)}"]
        for index, (one, other, full) in enumerate(zip(expected, actual, complete, strict=False)):
            lines += _differences(one, other, full, f"{path}[{index}]", whole=whole)
        return lines
    if type(expected) is type(actual) and expected == actual:
        return []
    hint = "; put the expected value in quotes" if isinstance(actual, str) and str(expected) == actual else ""
    return [f"{path}: expected {_shown(expected)}, got {_shown(actual)}{hint}"]


def _section_differences(
    expected: dict[str, Any], actual: dict[str, Any], complete: dict[str, Any], path: str, *, whole: bool
) -> list[str]:
    lines: list[str] = []
    for key, value in expected.items():
        place = f"{path}.{key}" if path else key
        if key in actual:
            lines += _differences(value, actual[key], complete[key], place, whole=whole)
        elif value not in (None, "", [], {}) and (key not in complete or complete[key] != value):
            lines.append(f"{place}: expected {_shown(value)}, but it is not there")
    if whole:
        unexpected = [key for key in actual if key not in expected and (path or key not in _FILLED)]
        lines += [f"{path}.{key}".lstrip(".") + f": not expected, got {_shown(actual[key])}" for key in unexpected]
    return lines


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal) else msgspec.json.encode(value).decode()
    return text if len(text) <= 200 else f"{text[:200]}..."  # noqa: PLR2004 - a line stays a line
