"""Whether a PBX can be reached, let in to, and asked what the hub needs: for `ctihub check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.config.wording import counted, nearest
from hub.telephony.ami.errors import AmiActionFailed, AmiError
from hub.telephony.ami.manager import AsyncManager
from hub.telephony.control.dialplan import lacking

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.config.pbx import ControlSection
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.ami.settings import AmiSettings


async def check(settings: AmiSettings, devices: Collection[str] = (), control: ControlSection | None = None) -> str:
    """Connect, log in and look around; return what was found, as in "Asterisk 22.5.2, 2 queues, 4 endpoints".

    `devices` are those that the configuration names, as in PJSIP/1001: without the right one no call is ever seen.
    With `control` it is also looked for what commands need.
    Raises :class:`AmiError` in plain words where the hub could not work with this PBX. Whether the manager user
    may read the events of calls and queues can't be asked of Asterisk: what it lacks simply never comes.
    """
    manager = AsyncManager(settings, on_events=_pass_over)
    try:
        await manager.connect()
        await manager.login(events=False)
        found, warnings = await _look_around(manager, settings, devices)
        if control is not None:
            warnings += await lacking(manager, control)
        text = ", ".join(found)
        return f"{text}; {'; '.join(warnings)}" if warnings else text
    finally:
        await manager.close()


async def _look_around(
    manager: AsyncManager, settings: AmiSettings, devices: Collection[str]
) -> tuple[list[str], list[str]]:
    """Return what there is, and what is not as it could be."""
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
    for action, row, name, noun in (
        ("QueueStatus", "QueueParams", "Queue", "queue"),
        ("PJSIPShowEndpoints", "EndpointList", "ObjectName", "endpoint"),
    ):
        names = await _names(manager, action, row, name, warnings)
        if names is None:
            continue
        found.append(counted(len(names), noun))
        if noun == "endpoint":
            _require(devices, names, settings)
    return found, warnings


async def _version(manager: AsyncManager, warnings: list[str]) -> str:
    try:
        return (await manager.send_action({"Action": "CoreSettings"})).get("AsteriskVersion")
    except AmiActionFailed as error:
        warnings.append(f"its version is not told ({error.reply.message})")
        return ""


def _require(devices: Collection[str], endpoints: list[str], settings: AmiSettings) -> None:
    """Raise AmiError for a PJSIP device that the PBX does not list; one that lists none at all can't be asked."""
    for device in devices:
        technology, _, name = device.partition("/")
        if endpoints and technology.upper() == "PJSIP" and name not in endpoints:
            raise AmiError(
                f"{settings.where} has no endpoint {name!r}, which agents or trunks name as {device}"
                f"{nearest(name, endpoints)}"
            )


async def _names(manager: AsyncManager, action: str, row: str, name: str, warnings: list[str]) -> list[str] | None:
    """Return what an action lists; None, and a warning, where it is refused."""
    try:
        reply = await manager.send_action({"Action": action})
    except AmiActionFailed as error:
        if "no endpoints" in error.reply.message.lower():
            return []
        warnings.append(f"{action} is refused ({error.reply.message})")
        return None
    return [event.get(name) for event in reply.events if event.name == row]


def _pass_over(_events: list[AmiEvent]) -> None:
    """Take the few events that come in spite of their being switched off."""
