"""Loads `ctihub.yaml`: either the whole typed configuration, or every problem in it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hub.config.connector_kinds import broken
from hub.config.document import Document, KeyPath, read_document
from hub.config.model import Config
from hub.config.placed import PlacedError
from hub.config.problem import ConfigError, Problem
from hub.config.references import reference_problems
from hub.config.shape import boolean_numbers, known_keys
from hub.config.substitute import Substitution
from hub.config.wording import nearest, wording


def load_config(path: Path, environment: Mapping[str, str]) -> Config:
    """Read, fill in `${...}`, validate and cross-check a configuration file. Raises `ConfigError`."""
    document = read_document(path, advice="`ctihub init` writes one to begin with, --config names another")
    if not isinstance(document.data, dict):
        raise ConfigError([document.problem((1, 1), "a configuration is a list of keys with values: `hub:`, `pbx:`")])
    folder = path.absolute().parent
    filled = Substitution(document, folder, environment)
    problems = [*filled.problems, *reference_problems(document, filled.data, folder)]
    problems += [
        document.problem(document.value_place(path), f"{_dotted(path)}: must be a number, not true or false")
        for path in boolean_numbers(Config, filled.data)
    ]
    config: Config | None = None
    try:
        # `store` has a path to resolve even when nobody wrote it.
        data = {"store": {}, **filled.data} if isinstance(filled.data, dict) else filled.data
        config = Config.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        problems += _Findings(document, filled.data, filled.unresolved).problems(error)
    if config is None or problems:
        raise ConfigError([_without(filled.filled, problem) for problem in problems])
    return config


class _Findings:
    """Turns what pydantic found into problems with places."""

    def __init__(self, document: Document, data: Any, unresolved: set[KeyPath]) -> None:
        self._document = document
        self._data = data
        self._unresolved = unresolved

    def problems(self, error: ValidationError) -> Iterator[Problem]:
        findings = [
            (self._path(finding["loc"], finding["type"]), finding) for finding in error.errors(include_url=False)
        ]
        meant = {
            (*path[:-1], near.split("'")[1])
            for path, finding in findings
            if finding["type"] == "extra_forbidden" and "did you mean" in (near := self._near(path))
        }
        for path, finding in findings:
            if path in self._unresolved or (finding["type"] == "missing" and path in meant):
                continue
            if finding["type"] == "too_short" and any(path == other[:-1] for other, _ in findings):
                continue  # items that are wrong are not counted: nothing is missing
            yield self._problem(path, finding)

    def _problem(self, path: KeyPath, finding: Mapping[str, Any]) -> Problem:
        document = self._document
        match finding["type"]:
            case "missing":
                return document.problem(document.key_place(path[:-1]), f"key {path[-1]!r} is missing{_inside(path)}")
            case "union_tag_not_found":
                name = finding["ctx"]["discriminator"].strip("'")
                return document.problem(document.key_place(path), f"key {name!r} is missing{_inside((*path, name))}")
            case "extra_forbidden":
                message = f"unknown key {path[-1]!r}{_inside(path)}{self._near(path)}"
                return document.problem(document.key_place(path), message)
            case "union_tag_invalid":
                path = (*path, finding["ctx"]["discriminator"].strip("'"))
        if path[-1:] == ("[key]",):
            return document.problem(document.key_place(path[:-1]), f"name {path[-2]!r}: {wording(finding)}")
        if finding["type"] == "value_error" and isinstance(error := finding["ctx"]["error"], PlacedError):
            path = (*path, *error.path)
            return document.problem(document.key_place(path), f"{_dotted(path)}: {error}")
        return document.problem(
            document.value_place(path), f"{_dotted(path)}: {_broken_kind(finding) or wording(finding)}"
        )

    def _near(self, path: KeyPath) -> str:
        return nearest(str(path[-1]), known_keys(Config, path[:-1], self._data))

    def _path(self, location: tuple[str | int, ...], kind: str) -> KeyPath:
        """Drop the steps that pydantic adds for the members of a union: they are not in the file."""
        path: list[str | int] = []
        node = self._data
        for position, step in enumerate(location):
            known = step in node if isinstance(node, dict) else isinstance(node, list) and isinstance(step, int)
            # The last step is not in the file when a key is missing; else it names the member as a whole.
            if not known and (position < len(location) - 1 or (kind == "value_error" and step != "[key]")):
                continue
            path.append(step)
            node = node[step] if known else None
        return tuple(path)


def _broken_kind(finding: Mapping[str, Any]) -> str:
    """Return why another package's kind of connector can't be used, where that is what was found."""
    if finding["type"] != "union_tag_invalid" or finding["ctx"]["discriminator"] != "'kind'":
        return ""
    return broken().get(finding["ctx"]["tag"], "")


def _dotted(path: KeyPath) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".")


def _inside(path: KeyPath) -> str:
    return f" in {_dotted(path[:-1])}" if len(path) > 1 else ""


def _without(secrets: set[str], problem: Problem) -> Problem:
    """Take out whatever came from the environment or a file, should a message have quoted it."""
    message = problem.message
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(repr(secret), "'***'")
        if len(secret) >= 4:  # noqa: PLR2004 - shorter ones are found in any text
            message = message.replace(secret, "***")
    return Problem(problem.file, problem.line, problem.column, message)
