"""Carries out what the roster orders, and wakes it when something is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from hub.telephony.agents.actions import pause_member
from hub.telephony.ami.errors import AmiConnectionLost, AmiError

if TYPE_CHECKING:
    from hub.telephony.agents.after_call import PauseOrder
    from hub.telephony.agents.roster import Roster
    from hub.telephony.ami.manager import AsyncManager

log = structlog.get_logger(__name__)

ManagerOf = Callable[[str], "AsyncManager | None"]
"""Returns the connection to a PBX by its name; None while there is none."""


class PauseKeeper:
    """The clock and the hands of the roster's after-call work. Begins with the first thing that it has to wait for."""

    def __init__(self, manager_of: ManagerOf) -> None:
        self._manager_of = manager_of
        self._orders: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._is_stopped = False

    def attach(self, roster: Roster) -> None:
        """Work for this roster."""
        self._roster = roster

    def order(self, order: PauseOrder) -> None:
        """Carry an order out, without making anyone wait."""
        if self._is_stopped:
            return
        task = asyncio.get_running_loop().create_task(self._carry_out(order), name=f"pause-{order.agent}")
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    def wake_in_time(self) -> None:
        """Set the timer to the roster's next deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = datetime.now(UTC)
        deadline = None if self._is_stopped else self._roster.next_deadline(now)
        if deadline is not None:
            wait_s = (deadline - now).total_seconds()
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)

    async def stop(self) -> None:
        """Give up what is under way. Places that are paused stay so: the next hub knows them by their reason."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._orders:
            task.cancel()
        await asyncio.gather(*self._orders, return_exceptions=True)

    def _tick(self) -> None:
        self._timer = None
        try:
            self._roster.tick(datetime.now(UTC))
        finally:
            self.wake_in_time()

    async def _carry_out(self, order: PauseOrder) -> None:
        pbx, queue, interface = order.place
        try:
            manager = self._manager_of(pbx)
            if manager is None:
                raise AmiConnectionLost(f"pbx {pbx} is not connected")
            await pause_member(
                manager, interface=interface, is_paused=order.is_paused, queue=queue, reason=order.reason
            )
        except (AmiError, ValueError) as error:
            log.warning(
                "after_call_pause_failed" if order.is_paused else "after_call_unpause_failed",
                agent=order.agent,
                pbx=pbx,
                queue=queue,
                reason=str(error),
            )
            self._roster.order_failed(order, datetime.now(UTC))
            self.wake_in_time()
