"""What has become of the call that was made for a callback, where its steps may have gone unseen."""

from __future__ import annotations

from hub.callbacks.book import channel_of
from hub.domain.call import Call
from hub.domain.callback import Callback
from hub.domain.ports import AgentDirectory, CallArchive, CallLogEntry, LiveCalls, StatusSource


class CallsMade:
    """Knows a callback's call by its channel: before the PBX has answered its id is not known."""

    def __init__(self, live: LiveCalls, directory: AgentDirectory, status: StatusSource, archive: CallArchive) -> None:
        self._live = live
        self._directory = directory
        self._status = status
        self._archive = archive

    def live(self, callback: Callback) -> Call | None:
        channel = channel_of(callback)
        return next((call for call in self._live.live_calls() if call.id.endswith(channel)), None)

    def is_in_sight(self, callback: Callback) -> bool:
        """Whether every PBX on which the call can be is connected."""
        agent = self._directory.agent(callback.agent)
        pbxs = {device.pbx for device in agent.devices} if agent is not None else set()
        return all(status.connected for status in self._status.pbx_status() if not pbxs or status.name in pbxs)

    async def finished(self, callback: Callback) -> CallLogEntry | None:
        """Return it as it ended. Raises StoreError."""
        channel = channel_of(callback)
        for status in self._status.pbx_status():
            entry = await self._archive.finished_call(f"{status.name}-{channel}")
            if entry is not None:
                return entry
        return None
