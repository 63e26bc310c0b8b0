"""Commands about the recording of a call. It is made on the agent's channel, and ends with the agent's part."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hub.domain.call import ConnectionState
from hub.domain.control import Refusal
from hub.telephony.control.outcome import DONE, Outcome
from hub.telephony.control.refused import RefusedError

if TYPE_CHECKING:
    from hub.telephony.ami.outgoing import ActionHeaders
    from hub.telephony.control.part import Part

_FILE = "CTIHUB_RECORDING"
_UNSAFE = re.compile(r"[^A-Za-z0-9._~-]")
_TALKING = (ConnectionState.CONNECTED, ConnectionState.HOLD)


async def start(part: Part) -> Outcome:
    part.need(*_TALKING)
    if await part.pbx.variable(part.channel, _FILE):
        raise RefusedError(Refusal.WRONG_STATE, "The call is being recorded already.")
    file = recording_file(part, datetime.now(UTC))
    await part.pbx.act({"Action": "MixMonitor", "Channel": part.channel, "File": file})
    await part.pbx.set_variables(part.channel, {_FILE: file})
    return Outcome(value=file)


async def stop(part: Part) -> Outcome:
    await _on_recorded_channel(part, {"Action": "StopMixMonitor"})
    file = await part.pbx.variable(part.channel, _FILE)
    await part.pbx.set_variables(part.channel, {_FILE: ""})
    return Outcome(value=file)


async def pause(part: Part, *, on: bool) -> Outcome:
    """Record silence, or what is said again."""
    await _on_recorded_channel(part, {"Action": "MixMonitorMute", "Direction": "both", "State": "1" if on else "0"})
    return DONE


def recording_file(part: Part, now: datetime) -> str:
    """Return where a recording goes: named after the call and its begin, in the folder of the configuration."""
    section = part.pbx.section
    name = _UNSAFE.sub("_", part.call.id).lstrip(".")
    return f"{section.recordings.rstrip('/')}/{name}-{now:%Y%m%dT%H%M%S%f}.{section.recording_format}"


async def _on_recorded_channel(part: Part, headers: ActionHeaders) -> None:
    """Do it on the agent's channel, or on the other side's where the dialplan began the recording there."""
    part.need(*_TALKING)
    for channel in (part.channel, *(other.channel for other in part.others(*_TALKING))):
        try:
            await part.pbx.act({**headers, "Channel": channel})
        except RefusedError as refused:
            if refused.refusal is not Refusal.PBX_REFUSED:
                raise
        else:
            return
    raise RefusedError(Refusal.WRONG_STATE, "The call is not being recorded.")
