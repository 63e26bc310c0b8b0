"""The rules of proposals that a configuration has on: each must be there, and be right."""

from __future__ import annotations

from pathlib import Path

from hub.config.anticipation import AnticipationSection, load_rule, rule_file, rule_names
from hub.config.document import read_document
from hub.config.model import Config
from hub.config.problem import ConfigError, Problem
from hub.config.wording import nearest


def proposal_problems(config: Config, file: Path) -> list[Problem]:
    """Return what is wrong with the rules of proposals that `config`, loaded from `file`, has on."""
    section, folders = config.context.anticipation, config.hub.mappings
    document = read_document(file)
    problems: set[Problem] = set()
    for number, name in enumerate(rule_names(section, folders)):
        found = rule_file(name, folders)
        if found is None:
            known = rule_names(AnticipationSection(), folders)
            place = document.value_place(("context", "anticipation", "rules", number))
            problems.add(document.problem(place, f"there is no rule {name!r}{nearest(name, known)}"))
            continue
        try:
            load_rule(found)
        except ConfigError as error:
            problems.update(error.problems)
    return sorted(problems)
