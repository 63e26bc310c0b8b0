"""A link to a real Asterisk that writes down what it tells."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr

from hub.config.pbx import PbxSection
from hub.domain.call import CallEvent
from hub.domain.ports import PbxStatus
from hub.telephony.link import PbxLink
from tests.servers.asterisk import Asterisk
from tests.unit.telephony.tracker.replay import table_of
from tests.waiting import eventually


def section(asterisk: Asterisk, trunks: tuple[str, ...]) -> PbxSection:
    """Make the configuration that leads to that Asterisk."""
    return PbxSection(
        host=asterisk.host,
        port=asterisk.ami_port,
        username=asterisk.ami_username,
        secret=SecretStr(asterisk.ami_secret),
        trunks=trunks,
        reconnect_min_s=0.05,
        reconnect_max_s=0.2,
    )


class Watcher:
    """A link with what it told, as lines."""

    def __init__(self, asterisk: Asterisk, agents: Mapping[str, str], trunks: tuple[str, ...]) -> None:
        self.steps: list[CallEvent] = []
        self.statuses: list[PbxStatus] = []
        self.link = PbxLink(
            "main",
            section(asterisk, trunks),
            region="DE",
            agents_by_device=agents,
            on_call_event=self.steps.append,
            on_status=self.statuses.append,
        )

    async def start(self) -> None:
        """Connect."""
        await self.link.start()
        await eventually(lambda: self.link.status().connected, within=10, what=str(self.link.status()))

    @property
    def table(self) -> list[str]:
        """Return kind, agent or device, and cause of each step; those of a second call with `2:`."""
        return table_of(self.steps)

    async def tells(self, line: str) -> None:
        """Wait until a step is told."""
        await eventually(lambda: line in self.table, within=10, what=f"{line!r} in {self.table}")
