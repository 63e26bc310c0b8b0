"""The calls of all PBXs, joined where they are one, with the clock that `Federation` itself has not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime

import structlog

from hub.config.pbx import PbxSection
from hub.domain.call import Call, CallEvent
from hub.telephony.federation import SETTLE, Federation
from hub.telephony.joined import Sharing

log = structlog.get_logger(__name__)


class FederatedCalls:
    """What `PbxLink` tells goes to `happened` and `arrived`; what that means of calls as a whole to the listeners.

    A listener that raises is logged and spoils nothing. `stop` ends what is still to be told later.
    """

    def __init__(
        self,
        pbx: Mapping[str, PbxSection],
        *,
        on_event: Callable[[CallEvent], None],
        on_arrival: Callable[[Call], None],
        on_absorbed: Callable[[str], None],
        known_before: Container[str],
    ) -> None:
        self._on_event = on_event
        self._federation = Federation(
            sharing(pbx),
            on_event=self._tell,
            on_arrival=on_arrival,
            on_absorbed=on_absorbed,
            known_before=known_before,
        )
        self.arrived = self._federation.arrived
        self.parts_of = self._federation.parts_of
        self._settling: asyncio.TimerHandle | None = None

    def happened(self, event: CallEvent) -> None:
        self._federation.happened(event)
        self._settle_later()

    def live(self, parts: Sequence[Call]) -> list[Call]:
        """Return the calls as a whole that have these parts."""
        return self._federation.live(parts)

    def stop(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None

    def _settle_later(self) -> None:
        if self._settling is None and not self._federation.is_settled:
            self._settling = asyncio.get_running_loop().call_later(SETTLE.total_seconds(), self._settle)

    def _settle(self) -> None:
        self._settling = None
        self._federation.settle(datetime.now(UTC))
        self._settle_later()

    def _tell(self, event: CallEvent) -> None:
        try:
            self._on_event(event)
        except Exception:
            # A step may bring about several, of which the next may be the one that an agent waits for.
            log.exception("call_listener_failed", call=event.call.id, kind=str(event.kind))


def sharing(pbx: Mapping[str, PbxSection]) -> dict[str, Sharing]:
    """Return how the PBXs share calls; none of a PBX that is configured without."""
    return {
        name: Sharing(
            variable=section.shared_call_variable,
            between=frozenset(section.shared_call_trunks),
            outside=frozenset(section.trunks) - frozenset(section.shared_call_trunks),
        )
        for name, section in pbx.items()
        if section.shared_call_variable
    }
