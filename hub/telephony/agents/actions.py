"""What AMI can do to a member of a queue (manager user: write = agent)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.telephony.ami.manager import AsyncManager


async def add_member(manager: AsyncManager, *, queue: str, device: str, name: str) -> None:
    """Add a device to a queue. Raises AmiError; Asterisk refuses one that is there already."""
    await manager.send_action(
        {
            "Action": "QueueAdd",
            "Queue": queue,
            "Interface": device,
            "StateInterface": device,
            "MemberName": name,
            "Paused": "false",
        }
    )


async def remove_member(manager: AsyncManager, *, queue: str, interface: str) -> None:
    """Take a member that was added at run time out of a queue. Raises AmiError."""
    await manager.send_action({"Action": "QueueRemove", "Queue": queue, "Interface": interface})


async def pause_member(
    manager: AsyncManager, *, interface: str, is_paused: bool, queue: str = "", reason: str = ""
) -> None:
    """Pause or unpause a member, in one queue or in all that it is in. Raises AmiError."""
    action = {"Action": "QueuePause", "Interface": interface, "Paused": "true" if is_paused else "false"}
    if queue:
        action["Queue"] = queue
    if reason:
        action["Reason"] = reason
    await manager.send_action(action)
