"""What the hub's own commands say by UserEvent, as Asterisk has no event for it.

Said by the hub's dialplan (`UserEvent(CtihubHold)`), which brings the running channel's headers, or by the action
UserEvent with the header Uniqueid. `Device` names another device in that channel's call which is meant instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.domain.call import Monitoring, TransferKind

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.party import Party
    from hub.telephony.tracker.sight import Sight
    from hub.telephony.tracker.states import States
    from hub.telephony.tracker.transfers import Transfers

HOLD = "CtihubHold"
RETRIEVE = "CtihubRetrieve"
MUTE = "CtihubMute"
UNMUTE = "CtihubUnmute"
MONITOR = "CtihubMonitor"
"""Said before ChanSpy begins, with the header Mode: spy, whisper or barge."""
TRANSFER = "CtihubTransfer"
"""Said by the channel that hands the call over, as it leaves; Kind is a `TransferKind`, To the number."""


class HubEvents:
    EVENTS: ClassVar[dict[str, str]] = {"UserEvent": "said"}

    def __init__(self, sight: Sight, states: States, transfers: Transfers) -> None:
        self._sight = sight
        self._states = states
        self._transfers = transfers

    def said(self, event: AmiEvent, now: datetime) -> None:
        name = event.get("UserEvent")
        if name not in _NAMES:
            return
        channel = self._sight.known(event)
        if channel is None:
            return
        if name == MONITOR:
            channel.monitors = _MODES.get(event.get("Mode").lower(), Monitoring.SPY)
            return
        if name == TRANSFER:
            kind = _KINDS.get(event.get("Kind").lower(), TransferKind.BLIND)
            self._transfers.hand_over(channel, kind, event.get("To"), now)
            return
        party = _meant(channel, event.get("Device"))
        if party is None:
            return
        if name == HOLD:
            self._states.held(channel.call, party, now, by_hub=True)
        elif name == RETRIEVE:
            self._states.retrieved(channel.call, party, now)
        else:
            self._states.muted(channel.call, party, now, is_muted=name == MUTE)


def _meant(channel: Channel, device: str) -> Party | None:
    if not device:
        return channel.party
    parties = [other.party for other in channel.call.channels.values() if other.party]
    return next((party for party in parties if party.device == device), None)


_NAMES = frozenset({HOLD, RETRIEVE, MUTE, UNMUTE, MONITOR, TRANSFER})
_MODES = {str(mode): mode for mode in Monitoring}
_KINDS = {str(kind): kind for kind in TransferKind}
