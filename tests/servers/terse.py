"""Phones, and the outside, that say nothing but what the test tells them to.

They may answer without ringing, play sound before the answer, refuse at once or send the caller elsewhere.
"""

from types import TracebackType
from typing import Self

from tests.servers.asterisk import TRUNK_HOST, Asterisk
from tests.servers.sipp import Leg, Phone, SippProcess

REFUSALS = {486: "X-BUSY", 603: "X-DECLINE", 404: "X-UNKNOWN", 503: "X-CONGESTED"}


class CalledLeg(Leg):
    """A call that has arrived and was said nothing to yet. `shown` is the To header: who was called."""

    def ring(self) -> None:
        """Say that it rings (180)."""
        self.sipp.tell("X-RING", self.call_id)

    def play(self) -> None:
        """Begin to send sound before the answer (183)."""
        self.sipp.tell("X-PROGRESS", self.call_id)

    async def answer(self) -> None:
        """Lift the receiver."""
        self.sipp.tell("X-ANSWER", self.call_id)
        await self.established()

    async def refuse(self, status: int) -> None:
        """Refuse: 486 Busy Here, 603 Decline, 404 Not Found or 503 Service Unavailable."""
        self.sipp.tell(REFUSALS[status], self.call_id)
        await self.cleared()

    async def send_on(self, to: str) -> None:
        """Tell the PBX to call this address instead (302)."""
        self.sipp.tell("X-REDIRECT", self.call_id, f"Target: <sip:{to}>")
        await self.cleared()


class TersePhone(Phone):
    """An agent's phone of that kind."""

    scenario = "terse.xml"

    async def called(self, within: float = 10.0) -> CalledLeg:
        """Wait for the next call."""
        event = await self._sipp.next_call("called", within)
        return CalledLeg(self._sipp, event.call_id, event.detail)


class Outside:
    """All numbers behind the trunk, while the `async with` lasts."""

    def __init__(self, asterisk: Asterisk) -> None:
        peer = f"{asterisk.host}:{asterisk.sip_port}"
        self._sipp = SippProcess("terse.xml", TRUNK_HOST, [peer], port=asterisk.trunk_port)

    async def __aenter__(self) -> Self:
        """Begin to take calls."""
        await self._sipp.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        await self._sipp.remove()

    async def called(self, within: float = 10.0) -> CalledLeg:
        """Wait for the next call from the PBX, to whatever number."""
        event = await self._sipp.next_call("called", within)
        return CalledLeg(self._sipp, event.call_id, event.detail)
