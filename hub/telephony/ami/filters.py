"""Keep unwanted events from being sent at all: Asterisk's action ``Filter``, for the session it is sent in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import structlog

from hub.telephony.ami.errors import AmiActionFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.telephony.ami.manager import AsyncManager

_DEEPEST = 8
_LONGEST = 800
"""Characters of a name that a filter looks at, and of the filter; Asterisk takes lines of 1,024."""

log = structlog.get_logger(__name__)


def check_event_names(names: Iterable[str]) -> None:
    """Raise ``ValueError`` for a name that is not letters, digits and ``_``: it would mean more in a filter."""
    for name in names:
        if not (name.isascii() and name.isidentifier()):
            raise ValueError(f"{name!r} is not the name of an AMI event")


async def exclude_events(
    manager: AsyncManager, names: Iterable[str], *, pbx: str, kept_variables: Iterable[str] = ()
) -> list[str]:
    """Ask the PBX to leave these events out; return the names for which it would not.

    With `kept_variables` it is asked to leave out VarSet, too, of most variables that are none of these: the filter
    looks at the beginning of the name alone, as a line may have no more than 1,024 characters.

    A refusal costs some work here, nothing else, so it is one warning and no failure. What is not the name
    of an event raises ``ValueError`` before anything is sent.
    """
    names = list(names)
    kept_variables = tuple(kept_variables)
    check_event_names((*names, *kept_variables))
    exclusions = [_Exclusion(name) for name in names]
    if kept_variables:
        exclusions.append(_Exclusion("VarSet", "Variable", other_beginnings(kept_variables)))
    add = _add_by_pattern
    refused = []
    reason = ""
    for exclusion in exclusions:
        try:
            try:
                await add(manager, exclusion)
            except AmiActionFailed:
                if add is _add_by_name:
                    raise
                await _add_by_name(manager, exclusion)
                add = _add_by_name
        except AmiActionFailed as error:
            refused.append(exclusion.name)
            reason = str(error)
    if refused:
        log.warning(
            "ami_event_filter_refused",
            pbx=pbx,
            reason=reason,
            events=refused,
            advice="give the manager user write = system for less traffic; all else works without",
        )
    return refused


class _Exclusion(msgspec.Struct, frozen=True):
    """An event to leave out; with a header only those in which its value begins as `beginning` (POSIX, extended)."""

    name: str
    header: str = ""
    beginning: str = ""


async def _add_by_pattern(manager: AsyncManager, exclusion: _Exclusion) -> None:
    """Add a filter as Asterisk 10 and later take it; one that knows MatchCriteria refuses it.

    Older ones overlook MatchCriteria and would take a filter with nothing else for one that lets all through,
    so the two ways are told apart by a request that is right for one and wrong for the other.
    """
    # Without the end of the line, Event: Dial would also exclude DialBegin.
    pattern = f"!Event: {exclusion.name}[[:space:]]"
    if exclusion.header:
        pattern += f".*[[:space:]]{exclusion.header}: {exclusion.beginning}"
    await manager.send_action({**_criteria(exclusion.name), "Filter": pattern})


async def _add_by_name(manager: AsyncManager, exclusion: _Exclusion) -> None:
    """Add a filter as Asterisk 20.11, 21.6, 22.1 and later take it: by a hash of the name, not a pattern."""
    if not exclusion.header:
        await manager.send_action(_criteria(exclusion.name))
        return
    criteria = _criteria(exclusion.name)
    criteria["MatchCriteria"] += f",header({exclusion.header}),method(regex)"
    await manager.send_action({**criteria, "Filter": f"^{exclusion.beginning}"})


def _criteria(name: str) -> dict[str, str]:
    return {"Action": "Filter", "Operation": "Add", "MatchCriteria": f"action(exclude),name({name})"}


def other_beginnings(names: Iterable[str]) -> str:
    """Return a POSIX extended expression for the beginnings that none of these names has.

    A name that begins with an underscore is never left out: variables that are to be inherited are set so.
    """
    wanted = {name.lstrip("_") or "_" for name in names} | {"_"}
    for depth in range(_DEEPEST, 1, -1):
        expression = _others(wanted, depth)
        if len(expression) <= _LONGEST:
            return expression
    return _others(wanted, 1)


def _others(names: Iterable[str], depth: int) -> str:
    by_head: dict[str, set[str]] = {}
    for name in names:
        if not name:
            return ""
        by_head.setdefault(name[0], set()).add(name[1:])
    heads = sorted(by_head)
    deeper = [(head, _others(by_head[head], depth - 1)) for head in heads] if depth > 1 else []
    alternatives = [f"[^{''.join(heads)}]", *(f"{head}{rest}" for head, rest in deeper if rest)]
    return f"({'|'.join(alternatives)})"
