"""`context.anticipation`, and the files of rules by which something is proposed to the agent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from hub.config.conditions import DatedComparison, conditions_of
from hub.config.document import Document, read_document
from hub.config.fact_names import check_path
from hub.config.mapping_files import find_mapping, mapping_names
from hub.config.names import Name
from hub.config.patterned import patterned
from hub.config.placed import PlacedError
from hub.config.problem import ConfigError, Problem
from hub.config.proposal_text import parts_of, paths_of
from hub.config.section import Section
from hub.config.wording import nearest, wording
from hub.domain.anticipation import FACTS_OF
from hub.domain.proposal import ProposalKind

FOLDER: Final = "anticipation"
TARGET: Final = "proposal"
_RULE_FILE: Final = re.compile(rf"^target[ \t]*:[ \t]*[\"']?{TARGET}\b", re.MULTILINE)
_MAPPING_FILE: Final = re.compile(
    r"^target[ \t]*:[ \t]*[\"']?(customer|interaction|order|case|write_back)\b", re.MULTILINE
)
_LOOKED_AT: Final = 64 * 1024

Language = Annotated[str, patterned(r"[a-z]{2,3}", "a language's code, as in en or zh")]
Words = Annotated[str, Field(min_length=1, max_length=300)]
Each = Literal["consents", "products", "orders", "cases", "invoices", "repeats"]


class AnticipationSection(Section):
    """What is proposed to agents. `rules` are names of files under `anticipation/`, the more important first.

    `languages` are those that are spoken here, by which it is seen who needs somebody else.
    """

    rules: Annotated[
        tuple[Name, ...] | None, Field(max_length=200, description="Unset: all that there are, by name")
    ] = None
    at_most: Annotated[int, Field(ge=0, le=50, description="Proposals for one customer; 0: none")] = 5
    languages: Annotated[tuple[Language, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: set[str] = set()
        for number, name in enumerate(self.rules or ()):
            if name in seen:
                raise PlacedError(("rules", number), f"{name} stands here twice")
            seen.add(name)
        return self


class ProposalRule(Section):
    """A file under `anticipation/`: when all of `when` holds, for the customer or for an item of `each`, it proposes.

    `text` is what, `reason` why, by language; `{item.name}` in them is what stands at that path, and what is in `[]`
    is left out where it names a fact that is not known.
    """

    rule: Words
    version: Annotated[int | str, Field(description="For people")]
    target: Literal["proposal"]
    kind: ProposalKind
    each: Each | None = None
    when: Annotated[dict[str, Any], Field(min_length=1, max_length=50)]
    text: dict[Language, Words]
    reason: dict[Language, Words]
    about: str = ""
    at_most: Annotated[int, Field(ge=1, le=50, description="Proposals of this rule, where it goes through items")] = 2

    @field_validator("when", mode="before")
    @classmethod
    def _conditions(cls, when: Any, info: ValidationInfo) -> Any:
        # Without a usable `each`, which is told by itself, nobody knows what the facts are.
        return conditions_of(when, FACTS_OF[info.data["each"] or ""], DatedComparison) if "each" in info.data else when

    @field_validator("text", "reason")
    @classmethod
    def _filled(cls, texts: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if "en" not in texts:
            raise ValueError("must be there in English (en) at least")
        for language, text in texts.items():
            try:
                parts = parts_of(text)
            except ValueError as error:
                raise PlacedError((language,), str(error)) from None
            for path in paths_of(parts):
                _checked(path, info, (language,))
        return texts

    @field_validator("about")
    @classmethod
    def _said(cls, about: str, info: ValidationInfo) -> str:
        return _checked(about, info, ()) if about else about

    @model_validator(mode="after")
    def _in_one_language(self) -> Self:
        missing = sorted(self.text.keys() ^ self.reason.keys())
        if missing:
            raise PlacedError(("reason",), f"`text` and `reason` have to be in the same languages: {missing[0]} is not")
        return self


def _checked(path: str, info: ValidationInfo, place: tuple[str, ...]) -> str:
    if "each" not in info.data:
        return path
    try:
        return check_path(path, FACTS_OF[info.data["each"] or ""])
    except ValueError as error:
        raise PlacedError(place, str(error)) from None


def is_rule_file(file: Path) -> bool:
    """Whether a file says of itself that it is a rule of proposals, or stands where they do and says nothing else."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_LOOKED_AT).decode("utf-8", "replace")
    except OSError:
        return False
    return bool(_RULE_FILE.search(text)) or (file.parent.name == FOLDER and not _MAPPING_FILE.search(text))


def load_rule(file: Path) -> ProposalRule:
    """Read a rule. Raises ConfigError with every problem and its place."""
    document = read_document(file)
    try:
        return ProposalRule.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(misread(document, error, {0: ProposalRule})) from None


def rule_names(section: AnticipationSection, folders: Iterable[str | Path]) -> list[str]:
    """Return the names of the rules that are on, in their order; those of the site's own folders among them."""
    if section.rules is not None:
        return list(section.rules)
    prefix = f"{FOLDER}/"
    return [name.removeprefix(prefix) for name in mapping_names(folders) if name.startswith(prefix)]


def rule_file(name: str, folders: Iterable[str | Path]) -> Path | None:
    """Return where a rule stands: in one of the site's own folders, else among those that are shipped."""
    return find_mapping(f"{FOLDER}/{name}", folders)


def load_rules(section: AnticipationSection, folders: Iterable[str | Path]) -> dict[str, ProposalRule]:
    """Read the rules that are on, by name. Raises ConfigError."""
    folders = list(folders)
    rules: dict[str, ProposalRule] = {}
    problems: list[Problem] = []
    for name in rule_names(section, folders):
        file = rule_file(name, folders)
        if file is None:
            known = rule_names(AnticipationSection(), folders)
            message = f"context.anticipation: there is no rule {name!r}{nearest(name, known)}"
            problems.append(Problem(f"{FOLDER}/{name}.yaml", 1, 1, message))
            continue
        try:
            rules[name] = load_rule(file)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return rules


def misread(document: Document, error: ValidationError, models: dict[int, type[Section]]) -> Iterator[Problem]:
    """Say what pydantic found in a file, each with its place; `models` are the sections by how deep they stand."""
    findings = error.errors(include_url=False)
    for finding in findings:
        path = finding["loc"]
        if finding["type"] == "too_short" and any(
            other["loc"][: len(path)] == path != other["loc"] for other in findings
        ):
            continue  # items that are wrong are not counted: nothing is missing
        if path[-1:] == ("[key]",):
            place = document.key_place(path[:-1])
            yield document.problem(place, f"name {path[-2]!r}: {wording(finding)}")
            continue
        match finding["type"]:
            case "extra_forbidden":
                known = list(models[len(path) - 1].model_fields) if len(path) - 1 in models else []
                message = f"unknown key {path[-1]!r}{nearest(str(path[-1]), known)}"
            case "missing":
                message = f"key {path[-1]!r} is missing"
            case "value_error" if isinstance(inner := finding["ctx"]["error"], PlacedError):
                path, message = (*path, *inner.path), str(inner)
            case _:
                yield document.problem(document.value_place(path), wording(finding))
                continue
        yield document.problem(document.key_place(path), message)
