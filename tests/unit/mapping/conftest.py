"""Mappings written in the test."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.domain.customer import CustomerRecord
from hub.mapping.errors import MappingError
from hub.mapping.mapping import load_mapping

HEAD = "source: test\nversion: 1\ntarget: customer\nfields:\n"

Problems = Callable[[str], list[str]]
MapOne = Callable[..., CustomerRecord]


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """Return what is wrong with a mapping file, as `line:column: message`."""

    def find(text: str) -> list[str]:
        file = tmp_path / "m.yaml"
        file.write_text(textwrap.dedent(text))
        try:
            load_mapping(file)
        except MappingError as error:
            return [str(problem).removeprefix(f"{file}:") for problem in error.problems]
        return []

    return find


@pytest.fixture
def map_one(tmp_path: Path) -> MapOne:
    """Map a record by the fields given as YAML; `id` is always there."""

    def run(fields: str, record: dict[str, Any], region: str = "DE") -> CustomerRecord:
        file = tmp_path / "m.yaml"
        file.write_text(f"{HEAD}  id: {{const: x}}\n{textwrap.indent(textwrap.dedent(fields), '  ')}\n")
        return load_mapping(file).run_customer(record, system="crm", region=region)

    return run
