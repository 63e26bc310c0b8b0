"""Writes a new connector: a configuration that works by itself, a mapping, and its test."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from hub.cli.new_candidates import Candidate
from hub.cli.outcome import CannotRunError
from hub.config.problem import ConfigError, Problem

_HEAD = """\
# The connector {name}, as `ctihub new connector` proposes it from {contract}.
# Try it with this file (-c {file}); then move what stands under `connectors` into your ctihub.yaml.
# `hub` and `pbx` stand here only so that the file is a whole configuration.
"""
_AUTH = {
    "soap": '# auth: {type: wsse, username: .., password: "${NAME}"}   or type: basic',
    "odata": '# auth: {type: basic, username: .., password: "${NAME}"}   # params: {sap-client: "100"} for SAP',
    "rest": '# auth: {type: bearer, token: "${NAME}"}   or basic, api_key, ..',
}
_FILLED = ("system", "mapping", "fetched_at")


class Draft(NamedTuple):
    """`section` is the connector without its operations; `notes` are said beside its keys.

    `to_write` are the contract's files, if it was read from an address.
    """

    section: dict[str, Any]
    candidates: tuple[Candidate, ...]
    notes: Mapping[str, str]
    to_write: Mapping[Path, bytes] = {}


def write(draft: Draft, chosen: Candidate, name: str, folder: Path, region: str) -> list[Path]:
    """Write the files and return them, the configuration first. Raises CannotRunError if one is there already."""
    config = folder / f"{name}.ctihub.yaml"
    mapping = folder / "mappings" / name / "customer.yaml"
    test = mapping.with_suffix(".test.yaml")
    for file in (config, mapping, test, *draft.to_write):
        if file.exists():
            raise CannotRunError(f"{file} is there already: take it away, or name another --output")
    if chosen.proposal is None:
        raise CannotRunError(f"{chosen.name} answers with no customer")
    try:
        mapping.parent.mkdir(parents=True, exist_ok=True)
        for file, content in draft.to_write.items():
            file.write_bytes(content)
        config.write_text(_config(draft, chosen, name, region), "utf-8")
        mapping.write_text(_mapping(draft, chosen), "utf-8")
        test.write_text(_test(mapping, chosen.proposal.record, region), "utf-8")
    except OSError as error:
        raise CannotRunError(f"{error.filename or folder}: {error.strerror}") from None
    return [config, mapping, test, *draft.to_write]


def _config(draft: Draft, chosen: Candidate, name: str, region: str) -> str:
    source = next(draft.section[key] for key in ("wsdl", "metadata", "openapi") if key in draft.section)
    head = _HEAD.format(name=name, contract=Path(source).name, file=f"{name}.ctihub.yaml")
    top = _yaml(
        {"hub": {"region": region}, "pbx": {"none": {"host": "127.0.0.1", "username": "ctihub", "secret": "not-used"}}}
    )
    operation = {"key": "phone", "forms": list(chosen.forms), "steps": list(chosen.steps)}
    if chosen.forms == ("e164",):
        operation = {key: value for key, value in operation.items() if key != "forms"}
    connector = [f"    {key}: {_scalar(value)}{_note(draft.notes.get(key))}" for key, value in draft.section.items()]
    body = _yaml({"operations": {"by_phone": operation}})
    lines = [
        "connectors:",
        f"  {name}:",
        *connector,
        f"    mapping: {name}/customer",
        f"    {_AUTH[draft.section['kind']]}",
        *(f"    {line}" for line in body.splitlines()),
    ]
    return f"{head}{top}" + "\n".join(lines) + "\n"


def _note(text: str | None) -> str:
    return f"   # {text}" if text else ""


def _mapping(draft: Draft, chosen: Candidate) -> str:
    source = next(draft.section[key] for key in ("wsdl", "metadata", "openapi") if key in draft.section)
    fields = chosen.proposal.fields if chosen.proposal else {}
    document = {"source": f"{Path(source).name}, {chosen.name}", "version": 1, "target": "customer", "fields": fields}
    return (
        "# Proposed from the contract: see by `ctihub trace` what the backend really answers, and correct it.\n"
        f"{_yaml(document)}"
    )


def _test(mapping: Path, record: dict[str, Any], region: str) -> str:
    """Write a case that expects what the mapping makes of the sample: to be read, not to be believed."""
    from hub.mapping.mapping import load_mapping
    from hub.mapping.testing import SYSTEM

    made = load_mapping(mapping).run_customer(record, system=SYSTEM, region=region)
    expected = {key: value for key, value in msgspec.to_builtins(made).items() if key not in _FILLED}
    case = {"name": "a customer as the contract describes one", "input": record, "expect": expected}
    return (
        "# The sample is made up: put a real reply in its place, with people's data taken out.\n"
        f"{_yaml({'region': region, 'cases': [case]})}"
    )


def _scalar(value: Any) -> str:
    return str(yaml.safe_dump(value, allow_unicode=True, width=1000)).removesuffix("\n").removesuffix("\n...")


def _yaml(document: Any) -> str:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None)


def problems_in(files: Sequence[Path]) -> list[Problem]:
    """Return what `ctihub lint` and `ctihub test` say of the files."""
    from hub.cli.contract_use import contract_problems
    from hub.config.load import load_config
    from hub.mapping.testing import run_mapping_tests

    config_file, mapping, *_ = files
    try:
        problems = contract_problems(load_config(config_file, os.environ), config_file)
        results = run_mapping_tests(mapping)
    except ConfigError as error:
        return list(error.problems)
    return [*problems, *(result.problem() for result in results if not result.passed)]
