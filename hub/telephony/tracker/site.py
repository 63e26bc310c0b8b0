"""What a tracker knows of its PBX from the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet


class Site:
    """`variables` are the names of the channel variables that are kept with a call."""

    __slots__ = ("agents_by_device", "pbx", "region", "trunks", "variables")

    def __init__(
        self,
        pbx: str,
        region: str,
        agents_by_device: Mapping[str, str],
        trunks: AbstractSet[str],
        variables: AbstractSet[str] = frozenset(),
    ) -> None:
        self.pbx = pbx
        self.region = region
        self.agents_by_device = agents_by_device
        self.trunks = trunks
        self.variables = variables

    def is_trunk(self, device: str) -> bool:
        """Whether the device leads outside. `DAHDI/i1` is the trunk of `DAHDI/i1/0301234`, one channel of its span."""
        return device in self.trunks or device.rpartition("/")[0] in self.trunks
