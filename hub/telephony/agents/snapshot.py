"""What a PBX lists of its queues and devices at one moment."""

from __future__ import annotations

import msgspec

from hub.telephony.ami.event import AmiEvent


class QueueSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of QueueStatus and of DeviceStateList; None where the PBX would not list them.

    `pbx_now` is the PBX's clock, in seconds since 1970: times of its calls and pauses are by that clock.
    """

    queues: tuple[AmiEvent, ...] | None = None
    devices: tuple[AmiEvent, ...] | None = None
    pbx_now: int | None = None
