"""Devices as app_queue and the configuration name them, and their states."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hub.domain.agent import DeviceState

if TYPE_CHECKING:
    from collections.abc import Mapping

_AGENT_TECHNOLOGY = "AGENT"
"""What app_agent_pool's device states begin with; such an agent is configured as the device `Agent/1001`."""

_BY_NAME = {
    "NOT_INUSE": DeviceState.IDLE,
    "INUSE": DeviceState.BUSY,
    "BUSY": DeviceState.BUSY,
    "RINGING": DeviceState.ALERTING,
    "RINGINUSE": DeviceState.BUSY,
    "ONHOLD": DeviceState.HELD,
    "UNAVAILABLE": DeviceState.UNAVAILABLE,
    "INVALID": DeviceState.UNAVAILABLE,
}
_BY_NUMBER = {
    "1": DeviceState.IDLE,
    "2": DeviceState.BUSY,
    "3": DeviceState.BUSY,
    "4": DeviceState.UNAVAILABLE,
    "5": DeviceState.UNAVAILABLE,
    "6": DeviceState.ALERTING,
    "7": DeviceState.BUSY,
    "8": DeviceState.HELD,
}


def state_by_name(text: str) -> DeviceState:
    """Read `State` of DeviceStateChange."""
    return _BY_NAME.get(text, DeviceState.UNKNOWN)


def state_by_number(text: str) -> DeviceState:
    """Read `Status` of a queue's member (`AST_DEVICE_...`, numbered from 0)."""
    return _BY_NUMBER.get(text, DeviceState.UNKNOWN)


@lru_cache(maxsize=16_384)
def device_key(device: str) -> str:
    """Return what is the same for all ways of writing one device.

    The technology's letters don't matter, nor the options of a Local channel (`Local/5@agents/n`); app_agent_pool
    writes `Agent:1001` where a device is meant.
    """
    technology, slash, name = device.partition("/")
    if not slash:
        technology, slash, name = device.partition(":")
        if technology.upper() != _AGENT_TECHNOLOGY:
            return device
    technology = technology.upper()
    if technology == "LOCAL":
        name = name.partition("/")[0]
    return f"{technology}/{name}"


def is_pooled(device: str) -> bool:
    """Whether this is an agent of app_agent_pool rather than a phone."""
    return device_key(device).startswith(f"{_AGENT_TECHNOLOGY}/")


def is_phone(device: str) -> bool:
    """Whether this is a device that rings by itself, not a name by which a queue has one rung."""
    return not is_pooled(device) and not device_key(device).startswith("LOCAL/")


class DeviceOwners:
    """Which agent has a device, by the configuration."""

    def __init__(self, agents_by_device: Mapping[str, str]) -> None:
        self._owners = {device_key(device): (device, agent) for device, agent in agents_by_device.items()}

    def agents(self) -> set[str]:
        """Return everyone who has a device."""
        return {agent for _, agent in self._owners.values()}

    def find(self, *names: str) -> tuple[str, str] | None:
        """Return device, as configured, and agent of the first of these names that is somebody's."""
        for name in names:
            found = self._owners.get(device_key(name)) if name else None
            if found is not None:
                return found
        return None
