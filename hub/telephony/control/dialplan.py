"""What a PBX has that commands need: places in its dialplan, and actions that the manager user may send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.telephony.ami.errors import AmiActionFailed

if TYPE_CHECKING:
    from hub.config.pbx import ControlSection
    from hub.telephony.ami.manager import AsyncManager

ACTIONS: Final = (
    "BlindTransfer",
    "Getvar",
    "Hangup",
    "MixMonitor",
    "MixMonitorMute",
    "MuteAudio",
    "Originate",
    "Park",
    "ParkedCalls",
    "PlayDTMF",
    "Redirect",
    "Setvar",
    "ShowDialPlan",
    "Status",
    "StopMixMonitor",
    "UserEvent",
)
"""Every action that a command on calls sends, whatever the phones are."""

_TO_ANSWER: Final = (("PJSIPShowEndpoints", "PJSIPNotify"), ("SIPpeers", "SIPnotify"))
"""What tells phones to answer, beside what shows that there are such phones."""


async def leads_somewhere(manager: AsyncManager, context: str, extension: str = "") -> bool:
    """Whether the dialplan has that context, or in it and what it includes a place for that extension.

    Raises AmiError where that can't be asked.
    """
    headers = {"Action": "ShowDialPlan", "Context": context}
    if extension:
        headers["Extension"] = extension
    try:
        reply = await manager.send_action(headers)
    except AmiActionFailed as error:
        if "did not find" in error.reply.message.lower():
            return False
        raise
    # A hint is no place to go to. A switch (realtime, another PBX) is not listed by what it leads to: it may.
    return any(
        event.get("Switch") or event.get("Priority") not in ("", "hint")
        for event in reply.events
        if event.name == "ListDialplan"
    )


async def lacking(manager: AsyncManager, section: ControlSection) -> list[str]:
    """Return in words what keeps commands from being carried out; nothing where all can be."""
    found: list[str] = []
    try:
        listed = await manager.send_action({"Action": "ListCommands"})
    except AmiActionFailed as error:
        return [f"what can be commanded is not told ({error.reply.message})"]
    answering = [notify for phones, notify in _TO_ANSWER if listed.get(phones)]
    missing = [action for action in (*ACTIONS, *answering) if not listed.get(action)]
    if missing:
        found.append(
            f"commands can't use {', '.join(missing)}: the manager user lacks the right, or Asterisk the module"
        )
    if "ShowDialPlan" not in missing:
        for context, without in (
            (section.hub_context, "hold, consult, conference, pick up and listening in can't be commanded"),
            (section.context, "no number can be dialled by command"),
        ):
            if not await leads_somewhere(manager, context):
                found.append(f"its dialplan has no context {context!r}: {without}")
    return found
