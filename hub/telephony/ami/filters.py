"""Keep unwanted events from being sent at all: Asterisk's action ``Filter``, for the session it is sent in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from hub.telephony.ami.errors import AmiActionFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.telephony.ami.manager import AsyncManager

log = structlog.get_logger(__name__)


async def exclude_events(manager: AsyncManager, names: Iterable[str], *, pbx: str) -> list[str]:
    """Ask the PBX to leave these events out; return the names for which it would not.

    A refusal costs some work here, nothing else, so it is one warning and no failure. Names are letters,
    digits and ``_``; others raise ``ValueError``, as they would mean something in a filter.
    """
    names = list(names)
    for name in names:
        if not name.isidentifier():
            raise ValueError(f"{name!r} is not the name of an AMI event")
    outcomes = await asyncio.gather(*(_exclude(manager, name) for name in names))
    refused = [name for name, why in zip(names, outcomes, strict=True) if why]
    if refused:
        log.warning(
            "ami_event_filter_refused",
            pbx=pbx,
            reason=next(why for why in outcomes if why),
            events=refused,
            advice="give the manager user write = system for less traffic; all else works without",
        )
    return refused


async def _exclude(manager: AsyncManager, name: str) -> str:
    by_name = {"Action": "Filter", "Operation": "Add", "MatchCriteria": f"action(exclude),name({name})"}
    # Without the end of the line, Event: Dial would also exclude DialBegin.
    by_pattern = {"Action": "Filter", "Operation": "Add", "Filter": f"!Event: {name}[[:space:]]"}
    try:
        await manager.send_action(by_name)
        await manager.send_action(by_pattern)
    except AmiActionFailed as error:
        return str(error)
    return ""
