"""Whether a PBX can be reached, let in to, and asked what the hub needs: for `ctihub check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.telephony.ami.errors import AmiActionFailed, AmiError
from hub.telephony.ami.manager import AsyncManager

if TYPE_CHECKING:
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.ami.settings import AmiSettings


async def check(settings: AmiSettings) -> str:
    """Connect, log in and look around; return what was found, as in "Asterisk 22.5.2, 2 queues, 4 endpoints".

    Raises :class:`AmiError` in plain words where the hub could not work with this PBX. Whether the manager user
    may read the events of calls and queues can't be asked of Asterisk: what it lacks simply never comes.
    """
    manager = AsyncManager(settings, on_events=_pass_over)
    try:
        await manager.connect()
        await manager.login(events=False)
        return await _look_around(manager, settings)
    finally:
        await manager.close()


async def _look_around(manager: AsyncManager, settings: AmiSettings) -> str:
    warnings: list[str] = []
    try:
        await manager.send_action({"Action": "CoreShowChannels"})
    except AmiActionFailed as error:
        raise AmiError(
            f"{error}: the hub can't see the calls that are there; "
            "give the manager user write = system or reporting in manager.conf"
        ) from error
    version = await _version(manager, warnings)
    found = [f"Asterisk {version}" if version else settings.where]
    for action, row, noun in (
        ("QueueStatus", "QueueParams", "queue"),
        ("PJSIPShowEndpoints", "EndpointList", "endpoint"),
    ):
        count = await _count(manager, action, row, warnings)
        if count is not None:
            found.append(f"{count} {noun}" if count == 1 else f"{count} {noun}s")
    text = ", ".join(found)
    return f"{text}; {'; '.join(warnings)}" if warnings else text


async def _version(manager: AsyncManager, warnings: list[str]) -> str:
    try:
        return (await manager.send_action({"Action": "CoreSettings"})).get("AsteriskVersion")
    except AmiActionFailed as error:
        warnings.append(f"its version is not told ({error.reply.message})")
        return ""


async def _count(manager: AsyncManager, action: str, row: str, warnings: list[str]) -> int | None:
    """Return how many rows an action lists; None, and a warning, where it is refused."""
    try:
        reply = await manager.send_action({"Action": action})
    except AmiActionFailed as error:
        if "no endpoints" in error.reply.message.lower():
            return 0
        warnings.append(f"{action} is refused ({error.reply.message})")
        return None
    return sum(event.name == row for event in reply.events)


def _pass_over(_events: list[AmiEvent]) -> None:
    """Take the few events that come in spite of their being switched off."""
