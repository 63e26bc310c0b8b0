"""`ctihub lint`: every error of a configuration or mapping, with its place."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from hub.cli.connector_folders import connector_folders, folder_problems
from hub.cli.mapping_paths import mapping_files
from hub.cli.options import DEFAULT_CONFIG, add_config
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError
from hub.config.load import load_config
from hub.config.model import Config
from hub.config.problem import ConfigError, Problem
from hub.config.wording import counted

_EXAMPLES = """\
Each problem is a line `file:line:column: message`. What a connector asks is compared with its contract: a SOAP
connector's `wsdl`, an OData connector's `metadata: FILE` (what $metadata gives), a REST connector's `openapi: FILE`.

examples:
  ctihub lint                          ./ctihub.yaml and the mappings beside it
  ctihub lint --online                 reads WSDLs and $metadata from their addresses too
  ctihub lint mappings/crm             mappings alone
  ctihub lint connectors/mycrm         the preset and quality.yaml of a connector's folder
"""
_CONFIG_KEY = re.compile(rf"^({'|'.join(Config.model_fields)})[ \t]*:", re.MULTILINE)


def configure(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="configurations, mappings, folders of mappings or of connectors (the configuration and its own mappings)",
    )
    parser.add_argument(
        "--online", action="store_true", help="read also the contracts (WSDL, $metadata) that are given by address"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(arguments: argparse.Namespace) -> int:
    files: list[Path] = arguments.files or [arguments.config]
    problems: set[Problem] = set()
    checked = 0
    for path in files:
        if not path.exists():
            raise CannotRunError(f"{path}: there is no such file or folder; `ctihub init` writes a configuration")
        found: Sequence[Problem]
        if path == arguments.config or (path.is_file() and _is_configuration(path)):
            found, mappings = _configuration_problems(path, is_online=arguments.online)
            checked += 1
        elif folders := connector_folders(path):
            found, mappings = [problem for folder in folders for problem in folder_problems(folder)], []
            checked += len(folders)
        else:
            found, mappings = [], list(mapping_files([path]))
        checked += len(mappings)
        problems.update(found, _mapping_problems(mappings))
    for problem in sorted(problems):
        print(problem)
    if problems:
        return FOUND_WRONG
    print(f"{counted(checked, 'file')} checked, nothing wrong")
    return FINE


def _is_configuration(path: Path) -> bool:
    """Tell by the name or the keys: a broken file can't be asked what it is."""
    if path.name == DEFAULT_CONFIG.name:
        return True
    with path.open("rb") as file:
        return bool(_CONFIG_KEY.search(file.read(64 * 1024).decode("utf-8", "replace")))


def _configuration_problems(path: Path, *, is_online: bool) -> tuple[Sequence[Problem], list[Path]]:
    """Return what is wrong with a configuration, and the mappings in its own folders."""
    try:
        config = load_config(path, os.environ)
    except ConfigError as error:
        return error.problems, _mappings_in([path.parent / "mappings"])
    own = _mappings_in(map(Path, config.hub.mappings))
    from hub.cli.proposal_use import proposal_problems

    found = proposal_problems(config, path)
    if not config.connectors and not config.inbound:
        return found, own
    from hub.cli.extra_use import extra_problems
    from hub.cli.mapping_use import mapping_problems

    found += [*mapping_problems(config, path), *extra_problems(config, path)]
    found += [*_contract_problems(config, path, is_online=is_online)]
    return [*found, *_soap_problems(config, path)], own


def _contract_problems(config: Config, path: Path, *, is_online: bool) -> list[Problem]:
    if not config.connectors:
        return []
    from hub.cli.contract_use import contract_problems

    if not is_online:
        return contract_problems(config, path)
    from hub.cli.contract_online import read_online

    return contract_problems(config, path, read_online)


def _soap_problems(config: Config, path: Path) -> Iterable[Problem]:
    if all(feed.soap is None or feed.soap.xsd is None for feed in config.inbound.values()):
        return []
    from hub.cli.soap_use import soap_schema_problems

    return sorted(set(soap_schema_problems(config, path)))


def _mappings_in(folders: Iterable[Path]) -> list[Path]:
    return list(mapping_files(folder for folder in folders if folder.is_dir()))


def _mapping_problems(files: Sequence[Path]) -> Iterable[Problem]:
    if not files:
        return  # the mapping language is not imported for nothing
    from hub.config.anticipation import is_rule_file, load_rule
    from hub.context.anticipation.testing import run_rule_tests
    from hub.mapping.mapping import load_mapping
    from hub.mapping.testing import run_mapping_tests, tests_of

    for file in files:
        try:
            if is_rule_file(file):
                run_rule_tests(file) if tests_of(file).is_file() else load_rule(file)
            elif tests_of(file).is_file():
                run_mapping_tests(file)
            else:
                load_mapping(file)
        except ConfigError as error:
            yield from error.problems
