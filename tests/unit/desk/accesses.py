"""Who saw whose data, as a test looks at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from hub.config.privacy import PrivacySection
from hub.desk.frames import AgentProfile
from hub.desk.sight import Sight
from hub.domain.ports import Access
from hub.privacy.visibility import PrivacyVisibility


class Accesses:
    """`written` has all of them, the oldest first."""

    def __init__(self) -> None:
        self.written: list[Access] = []

    def seen(self, access: Access) -> None:
        self.written.append(access)

    async def accesses(
        self, keys: Sequence[str], *, before: datetime | None = None, limit: int = 100
    ) -> Sequence[Access]:
        found = [one for one in reversed(self.written) if not set(one.keys).isdisjoint(keys)]
        return [one for one in found if before is None or one.at < before][:limit]


def sight(
    agents: Mapping[str, AgentProfile], accesses: Accesses | None = None, privacy: PrivacySection | None = None
) -> Sight:
    """Return what these agents and any machine see."""
    return Sight(PrivacyVisibility(privacy or PrivacySection()), accesses or Accesses(), agents)
