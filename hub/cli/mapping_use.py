"""The mappings that a configuration uses: each must load, and make what its place needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hub.cli.feed_use import feed_problems
from hub.cli.rule_use import rule_problems
from hub.config.document import KeyPath, read_document
from hub.config.mapping_files import find_mapping
from hub.config.model import Config
from hub.config.problem import Problem
from hub.mapping.errors import MappingError
from hub.mapping.mapping import load_mapping
from hub.mapping.targets import OF_FEEDS


def mapping_problems(config: Config, file: Path) -> list[Problem]:
    """Return what is wrong with the mappings that `config`, loaded from `file`, names. Presets' are included."""
    document = read_document(file)
    problems: set[Problem] = set()
    for path, name, targets in _named(config):
        found = find_mapping(name, config.hub.mappings)
        place = document.value_place(path)
        if found is None:
            problems.add(document.problem(place, f"there is no mapping {name!r}"))
            continue
        try:
            made = load_mapping(found).target
        except MappingError as error:
            problems.update(error.problems)
            continue
        if made not in targets:
            wanted = " or ".join(f"{target}s" for target in targets)
            message = f"mapping {name!r} makes {made}s, but {wanted} are needed here"
            problems.add(document.problem(place, message))
        elif path[0] == "inbound":
            feed = str(path[1])
            problems.update(feed_problems(feed, config.inbound[feed], found, document))
        elif "outbound" in path:
            rule = config.connectors[str(path[1])].outbound.rules[int(path[-2])]
            problems.update(rule_problems(rule, found, document.problem, place))
    return sorted(problems)


def _named(config: Config) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    for name, connector in config.connectors.items():
        path: KeyPath = ("connectors", name)
        if connector.mapping:
            yield (*path, "mapping"), connector.mapping, ("customer",)
        for operation, steps in connector.lookups.items():
            if steps.mapping:
                yield (*path, "operations", operation, "mapping"), steps.mapping, ("customer",)
        for index, rule in enumerate(connector.outbound.rules):
            if rule.mapping:
                yield (*path, "outbound", "rules", index, "mapping"), rule.mapping, ("write_back",)
    for name, feed in config.inbound.items():
        if feed.mapping:
            yield ("inbound", name, "mapping"), feed.mapping, OF_FEEDS
