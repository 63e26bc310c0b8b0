"""Keep one PBX connected: connect, log in, hand over, and after a loss all of it again, for ever."""

from __future__ import annotations

import asyncio
import enum
from typing import TYPE_CHECKING

import structlog

from hub.domain.backoff import wait_after
from hub.telephony.ami.errors import AmiConnectionLost, AmiError, AmiLoginRefused
from hub.telephony.ami.filters import check_event_names, exclude_events
from hub.telephony.ami.manager import AsyncManager

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.ami.settings import AmiSettings

log = structlog.get_logger(__name__)


class LinkState(enum.Enum):
    """Where a link stands."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"
    REFUSED = "refused"
    STOPPED = "stopped"


class AmiLink:
    """One PBX and the endless attempt to be connected to it; ``run`` until it is cancelled.

    ``on_connected`` is awaited with each new logged-in manager: the place to ask for the present truth.
    Events come to ``on_events`` from the moment they are switched on, which is just before. ``on_lost`` gets
    the reason once for each call of ``on_connected``, whether that finished or not.

    ``state``, ``reason`` (the last failure in plain words, empty while connected) and ``manager`` (``None``
    unless connected) tell others how it stands. An ``exclude`` that holds no event names is a ``ValueError``.

    Of the event VarSet only those of ``variables`` are reported, ``None`` for all.
    """

    def __init__(
        self,
        settings: AmiSettings,
        *,
        on_events: Callable[[list[AmiEvent]], None],
        on_connected: Callable[[AsyncManager], Awaitable[None]],
        on_lost: Callable[[AmiError], None],
        wanted: Sequence[str] | None = None,
        exclude: Sequence[str] = (),
        variables: Sequence[str] | None = None,
    ) -> None:
        check_event_names((*exclude, *(variables or ())))
        self.state = LinkState.STOPPED
        self.reason = ""
        self.manager: AsyncManager | None = None
        self._settings = settings
        self._on_events = on_events
        self._on_connected = on_connected
        self._on_lost = on_lost
        self._wanted = wanted
        self._exclude = exclude
        self._variables = variables
        self._messages_before = 0
        self._failures = 0

    @property
    def messages_received(self) -> int:
        """How many messages have come in on all connections so far, wanted or not."""
        return self._messages_before + (self.manager.messages_received if self.manager else 0)

    async def run(self) -> None:
        """Stay connected until cancelled; then log off."""
        try:
            while True:
                self.state = LinkState.CONNECTING
                reason = await self._live_once()
                is_news = str(reason) != self.reason
                self.reason = str(reason)
                is_refused = isinstance(reason, AmiLoginRefused)
                self.state = LinkState.REFUSED if is_refused else LinkState.WAITING
                wait_s = self._wait_after(is_refused=is_refused)
                # A PBX that is off for a night is one line, not one for each attempt.
                (log.warning if is_news else log.debug)(
                    "ami_login_refused" if is_refused else "ami_not_connected",
                    pbx=self._settings.name,
                    reason=self.reason,
                    retry_in_s=round(wait_s, 1),
                )
                await asyncio.sleep(wait_s)
        finally:
            self.state = LinkState.STOPPED

    async def _live_once(self) -> AmiError:
        """One connection from beginning to end; return why it ended or could not begin."""
        manager = AsyncManager(
            self._settings, on_events=self._on_events, wanted=self._wanted, variables=self._variables
        )
        try:
            await manager.connect()
            await manager.login(events=False)
            await exclude_events(manager, self._exclude, pbx=self._settings.name, kept_variables=self._variables or ())
            self.manager = manager
            return await self._serve(manager)
        except AmiError as error:
            return error
        finally:
            self.manager = None
            self._messages_before += manager.messages_received
            await manager.close()

    async def _serve(self, manager: AsyncManager) -> AmiError:
        began = asyncio.get_running_loop().time()
        ended = asyncio.create_task(manager.wait_ended())
        handed_over = asyncio.create_task(self._hand_over(manager))
        reason: AmiError = AmiConnectionLost(f"{self._settings.where}: the hub closed the connection")
        try:
            await asyncio.wait((ended, handed_over), return_when=asyncio.FIRST_COMPLETED)
            if handed_over.cancelled():
                reason = AmiError(f"{self._settings.where}: taking stock after connecting was given up")
            else:
                failure = handed_over.result() if handed_over.done() else None
                reason = failure or await ended
        finally:
            ended.cancel()
            handed_over.cancel()
            await asyncio.gather(ended, handed_over, return_exceptions=True)
            self.manager = None
            if asyncio.get_running_loop().time() - began >= self._settings.reconnect_reset_s:
                self._failures = 0
            self._tell_lost(reason)
        return reason

    async def _hand_over(self, manager: AsyncManager) -> AmiError | None:
        """Switch events on and let the hub take stock; return what went wrong."""
        try:
            await manager.send_action({"Action": "Events", "EventMask": "on"})
            await self._on_connected(manager)
        except AmiError as error:
            return error
        except Exception as error:
            log.exception("ami_takeover_failed", pbx=self._settings.name)
            return AmiError(f"{self._settings.where}: taking stock after connecting failed: {error!r}")
        self.state = LinkState.CONNECTED
        self.reason = ""
        log.info("ami_connected", pbx=self._settings.name, version=manager.version)
        return None

    def _tell_lost(self, reason: AmiError) -> None:
        try:
            self._on_lost(reason)
        except Exception:
            # Whatever the hub does about a loss, connecting again must go on.
            log.exception("ami_loss_handler_failed", pbx=self._settings.name)

    def _wait_after(self, *, is_refused: bool) -> float:
        """How long to wait, in seconds; after a refused login always long, as `AmiSettings` says."""
        settings = self._settings
        if is_refused:
            return wait_after(0, shortest_s=settings.refused_retry_s, longest_s=settings.refused_retry_s)
        self._failures += 1
        return wait_after(self._failures - 1, shortest_s=settings.reconnect_min_s, longest_s=settings.reconnect_max_s)
