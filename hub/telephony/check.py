"""Whether a PBX can be reached, let in to, and asked what the hub needs: for `ctihub check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hub.config.wording import counted, nearest
from hub.telephony.ami.errors import AmiActionFailed, AmiError
from hub.telephony.ami.manager import AsyncManager
from hub.telephony.control.dialplan import lacking

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.config.pbx import ControlSection
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.ami.settings import AmiSettings


class _Listing(NamedTuple):
    """An action that lists, the event of each row, and the header in it that names one."""

    action: str
    row: str
    name: str


_QUEUES = _Listing("QueueStatus", "QueueParams", "Queue")
_ENDPOINTS = _Listing("PJSIPShowEndpoints", "EndpointList", "ObjectName")
_PEERS = _Listing("SIPpeers", "PeerEntry", "ObjectName")
"""Of chan_sip, which Asterisk had until version 20."""


async def check(
    settings: AmiSettings,
    devices: Collection[str] = (),
    control: ControlSection | None = None,
    queues: Collection[str] = (),
) -> str:
    """Connect, log in and look around; return what was found, as in "Asterisk 22.5.2, 2 queues, 4 endpoints".

    `devices` are those that the configuration names, as in PJSIP/1001: without the right one no call is ever seen.
    With `control` it is also looked for what commands need, and for the `queues` that the configuration names.
    Raises :class:`AmiError` in plain words where the hub could not work with this PBX. Whether the manager user
    may read the events of calls and queues can't be asked of Asterisk: what it lacks simply never comes.
    """
    manager = AsyncManager(settings, on_events=_pass_over)
    try:
        await manager.connect()
        await manager.login(events=False)
        found, warnings = await _look_around(manager, settings, devices, queues)
        if control is not None:
            warnings += await lacking(manager, control)
        text = ", ".join(found)
        return f"{text}; {'; '.join(warnings)}" if warnings else text
    finally:
        await manager.close()


async def _look_around(
    manager: AsyncManager, settings: AmiSettings, devices: Collection[str], wanted: Collection[str]
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
    queues = await _names(manager, _QUEUES, warnings)
    if queues is not None:
        found.append(counted(len(queues), "queue"))
        # No error: those of a database are listed only once they are in use.
        lacking_queues = sorted(set(wanted) - set(queues))
        warnings += [f"no queue is listed as {name!r}{nearest(name, queues)}" for name in lacking_queues]
    refused: list[str] = []
    endpoints = await _names(manager, _ENDPOINTS, refused)
    if endpoints is not None:
        found.append(counted(len(endpoints), "endpoint"))
        for unlisted in _unlisted(devices, "PJSIP", endpoints):
            raise AmiError(f"{settings.where} has no endpoint {unlisted}")
    peers = await _names(manager, _PEERS, refused)
    if peers is not None:
        found.append(counted(len(peers), "peer"))
        # No error: those of a database are listed only while they are in use.
        warnings += [f"no peer is listed as {unlisted}" for unlisted in _unlisted(devices, "SIP", peers)]
    # An Asterisk with the one kind of phones need not have the other.
    has_phones = endpoints is not None or peers is not None
    warnings += [said for said in refused if not (has_phones and "unknown command" in said.lower())]
    return found, warnings


async def _version(manager: AsyncManager, warnings: list[str]) -> str:
    try:
        return (await manager.send_action({"Action": "CoreSettings"})).get("AsteriskVersion")
    except AmiActionFailed as error:
        warnings.append(f"its version is not told ({error.reply.message})")
        return ""


def _unlisted(devices: Collection[str], technology: str, names: list[str]) -> list[str]:
    """Return in words the devices that the PBX does not list; one that lists none at all can't be asked."""
    parts = ((device, *device.split("/", 1)) for device in devices)
    return [
        f"{name!r}, which agents or trunks name as {device}{nearest(name, names)}"
        for device, kind, name in parts
        if names and kind.upper() == technology and name not in names
    ]


async def _names(manager: AsyncManager, listing: _Listing, refused: list[str]) -> list[str] | None:
    """Return what an action lists; None, and why, where it is refused."""
    try:
        reply = await manager.send_action({"Action": listing.action})
    except AmiActionFailed as error:
        if "no endpoints" in error.reply.message.lower():
            return []
        refused.append(f"{listing.action} is refused ({error.reply.message})")
        return None
    return [event.get(listing.name) for event in reply.events if event.name == listing.row]


def _pass_over(_events: list[AmiEvent]) -> None:
    """Take the few events that come in spite of their being switched off."""
