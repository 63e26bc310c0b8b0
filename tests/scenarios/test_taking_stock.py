"""What a real Asterisk lists while calls stand: rooms, parking places and variables, as the hub reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.telephony.resync import take_stock
from tests.faults.test_ami_asterisk import connected
from tests.waiting import eventually_asked

if TYPE_CHECKING:
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker import PbxSnapshot
    from tests.servers.asterisk import Asterisk


async def test_rooms_places_and_variables_are_listed(asterisk: Asterisk) -> None:
    """Who is in a conference, who is parked where, and what was set on their channels."""
    events: list[AmiEvent] = []
    manager = await connected(asterisk, events)
    try:
        for app, data in (("ConfBridge", "6001"), ("Park", "default")):
            choice = {"CHOICE": data}
            await manager.originate(
                "Local/hold@ctihub/n", "", application=app, data=data, run_async=True, variables=choice
            )
        taken: list[PbxSnapshot] = []

        async def both_are_there() -> bool:
            calls, _ = await take_stock(manager, pbx="main", variables=("CHOICE", "NEVER_SET"))
            taken.append(calls)
            return bool(calls.parked and calls.conferees)

        await eventually_asked(both_are_there, "a room and a parked call")
        calls = taken[-1]
        names = {channel.uid: channel.name for channel in calls.channels}
        [conferee], [parked] = calls.conferees, calls.parked
        assert ("6001", False) == (conferee.room, conferee.is_muted)
        assert parked.place.startswith("default/7")
        assert conferee.uid in names
        assert parked.uid in names
        assert {"CHOICE": "6001"} == calls.variables[conferee.uid]
        assert {"CHOICE": "default"} == calls.variables[parked.uid]
    finally:
        await manager.send_action({"Action": "Hangup", "Channel": "/^Local/"})
        await manager.close()
