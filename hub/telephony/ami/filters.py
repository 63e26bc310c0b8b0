"""Keep unwanted events from being sent at all: Asterisk's action ``Filter``, for the session it is sent in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from hub.telephony.ami.errors import AmiActionFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.telephony.ami.manager import AsyncManager

log = structlog.get_logger(__name__)


def check_event_names(names: Iterable[str]) -> None:
    """Raise ``ValueError`` for a name that is not letters, digits and ``_``: it would mean more in a filter."""
    for name in names:
        if not (name.isascii() and name.isidentifier()):
            raise ValueError(f"{name!r} is not the name of an AMI event")


async def exclude_events(manager: AsyncManager, names: Iterable[str], *, pbx: str) -> list[str]:
    """Ask the PBX to leave these events out; return the names for which it would not.

    A refusal costs some work here, nothing else, so it is one warning and no failure. What is not the name
    of an event raises ``ValueError`` before anything is sent.
    """
    names = list(names)
    check_event_names(names)
    add = _add_by_pattern
    refused = []
    reason = ""
    for name in names:
        try:
            try:
                await add(manager, name)
            except AmiActionFailed:
                if add is _add_by_name:
                    raise
                await _add_by_name(manager, name)
                add = _add_by_name
        except AmiActionFailed as error:
            refused.append(name)
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


async def _add_by_pattern(manager: AsyncManager, name: str) -> None:
    """Add a filter as Asterisk 10 and later take it; one that knows MatchCriteria refuses it.

    Older ones overlook MatchCriteria and would take a filter with nothing else for one that lets all through,
    so the two ways are told apart by a request that is right for one and wrong for the other.
    """
    # Without the end of the line, Event: Dial would also exclude DialBegin.
    pattern = f"!Event: {name}[[:space:]]"
    await manager.send_action({**_criteria(name), "Filter": pattern})


async def _add_by_name(manager: AsyncManager, name: str) -> None:
    """Add a filter as Asterisk 20.11, 21.6, 22.1 and later take it: by a hash of the name, not a pattern."""
    await manager.send_action(_criteria(name))


def _criteria(name: str) -> dict[str, str]:
    return {"Action": "Filter", "Operation": "Add", "MatchCriteria": f"action(exclude),name({name})"}
