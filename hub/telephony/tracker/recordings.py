"""Recordings of calls (MixMonitor): whether there is one, paused or not, and what the PBX calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.domain.phone import clean_text

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.sight import Sight

FILE_VARIABLE = "MIXMONITOR_FILENAME"
"""Set by MixMonitor on the channel just before it says that it began; its own events don't name the file."""

_MAX_REFERENCE = 250


class Recordings:
    EVENTS: ClassVar[dict[str, str]] = {
        "MixMonitorStart": "begun",
        "MixMonitorStop": "ended",
        "MixMonitorMute": "paused",
    }

    def __init__(self, sight: Sight, book: CallBook) -> None:
        self._sight = sight
        self._book = book

    def named(self, channel: Channel, file: str, now: datetime) -> None:
        """Take the name of the recording that begins, or just began, on this channel."""
        channel.recording_file = clean_text(file, _MAX_REFERENCE)
        if channel.uid in channel.call.recorders and channel.recording_file:
            channel.call.add_recording(channel.recording_file)
            self._book.inform(channel.call, channel.party, now)

    def found(self, channel: Channel, file: str, now: datetime) -> None:
        """Take a channel that has such a name for one that is recorded: most recordings last as long as their call."""
        if not channel.recording_file:
            channel.call.recorders.setdefault(channel.uid, False)
            self.named(channel, file, now)

    def begun(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.present(event, now)
        if channel is None:
            return
        call = channel.call
        call.recorders[channel.uid] = False
        if channel.recording_file:
            call.add_recording(channel.recording_file)
        self._book.inform(call, channel.party, now)

    def ended(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is not None and channel.uid in channel.call.recorders:
            del channel.call.recorders[channel.uid]
            self._book.inform(channel.call, channel.party, now)

    def paused(self, event: AmiEvent, now: datetime) -> None:
        """Silence is recorded instead of what is said, of both sides or of one; or no more."""
        channel = self._sight.present(event, now)
        if channel is None:
            return
        is_paused = event.get("State") == "1"
        if channel.call.recorders.get(channel.uid) is not is_paused:
            channel.call.recorders[channel.uid] = is_paused
            self._book.inform(channel.call, channel.party, now)
