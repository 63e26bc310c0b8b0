"""Fields that are asked for as long as the backend gives them: one that its user may not read costs nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import structlog

from connectors.reply import Reply
from connectors.tracing import note
from hub.config.request import Argument, Statement
from hub.config.unknown_fields import ENTITY, FIELD

log = structlog.get_logger(__name__)

MAX_BYTES = 64 * 1024
"""An error is short; a longer reply is a result."""

_NAME = r"[A-Za-z_][\w./]{0,199}"

Wanted = Mapping[str, Sequence[str]]
"""Fields that may be left out, by what they are fields of."""


class FieldLeftOutError(Exception):
    """A field was refused that the request can do without: made again, it goes without it."""


class OptionalFields:
    """What one backend has refused, for as long as the connector lives; `signs` are its words for that."""

    def __init__(self, connector: str, signs: Sequence[str]) -> None:
        self._connector = connector
        self._signs = [_pattern(sign) for sign in signs]
        self._refused: dict[tuple[str, str], None] = {}

    @property
    def left_out(self) -> Sequence[str]:
        """The fields that are not asked for any more, each with what it is a field of."""
        return [f"{group}.{field}" for group, field in self._refused]

    def still(self, wanted: Wanted) -> dict[str, tuple[str, ...]]:
        """Return those of the fields that were not refused."""
        return {
            group: tuple(field for field in fields if (group, field) not in self._refused)
            for group, fields in wanted.items()
        }

    def hear(self, reply: Reply, asked: Wanted) -> None:
        """Remember what an error refuses of these. Raises FieldLeftOutError where it does."""
        if not any(asked.values()) or len(reply.body) > MAX_BYTES:
            return
        told = reply.body.decode("utf-8", "replace")
        refused = {one for sign in self._signs for match in sign.finditer(told) for one in _named(match, asked)}
        for group, field in sorted(refused - self._refused.keys()):
            self._refused[group, field] = None
            log.warning("field left out", connector=self._connector, entity=group, field=field)
        if refused:
            note(f"asked again without {', '.join(f'{group}.{field}' for group, field in sorted(refused))}")
            raise FieldLeftOutError


def told_left_out(fields: Sequence[str]) -> str:
    """Say in a check's words which fields the backend does not give; nothing where it gives all of them."""
    if not fields:
        return ""
    return f", without {', '.join(fields)} (there is no such field, or the backend's user may not read it)"


def statements_without(argument: Argument, fields: OptionalFields) -> Argument:
    """Return an argument whose statements ask for nothing that was refused."""
    match argument:
        case Statement() if argument.optional_fields:
            return argument.model_copy(update={"optional_fields": fields.still(argument.optional_fields)})
        case dict():
            return {name: statements_without(inner, fields) for name, inner in argument.items()}
        case list():
            return [statements_without(inner, fields) for inner in argument]
    return argument


def _pattern(sign: str) -> re.Pattern[str]:
    escaped = re.escape(sign)
    for name, place in (("field", FIELD), ("entity", ENTITY)):
        escaped = escaped.replace(re.escape(place), f"(?P<{name}>{_NAME})")
    return re.compile(escaped)


def _named(match: re.Match[str], asked: Wanted) -> list[tuple[str, str]]:
    """Return the field that a reply names, of its own object where that is among those asked, else of every one."""
    field = match["field"].casefold()
    entity = match.groupdict().get("entity") or ""
    found = [(group, one) for group, fields in asked.items() for one in fields if one.casefold() == field]
    return [one for one in found if one[0].casefold() == entity.casefold()] or found
