"""A feed's dead letter, taken in once more with the feed's mapping as it stands in its file by now."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from hub.bus.dead_letters import FEED_ORIGIN
from hub.bus.feeds import Feed, Feeds
from hub.bus.reception import ID_OF_ANOTHER, IdOfAnotherError, Placed, Reception, Refusal, Understood, guarded
from hub.bus.refusal import FailedError
from hub.bus.replay import WorthAnotherError
from hub.config.problem import ConfigError
from hub.domain.inbound import DeadLetter, InboundMessage, Receipt, UnknownFeedError

_ONCE_MORE: Final = "drop it if so, or replay it once more to have it beside the other"


class FeedReplay:
    """What it says is journaled under the same event id as if it had been understood at once."""

    def __init__(self, feeds: Feeds, reception: Reception) -> None:
        self._feeds = feeds
        self._reception = reception

    async def replay(self, letter: DeadLetter) -> str:
        """Return why it failed again, or "". Raises StoreError, WorthAnotherError."""
        name = letter.origin.removeprefix(FEED_ORIGIN)
        try:
            feed = await asyncio.to_thread(self._feeds.refresh, name)
        except (UnknownFeedError, ConfigError) as error:
            return str(error)
        message = InboundMessage(
            body=letter.body,
            transport=letter.transport,
            id=letter.message_id,
            content_type=letter.content_type,
            headers=letter.headers,
        )
        if letter.file and not letter.body:
            return await self._file(feed, message, Path(letter.file))
        return await self._message(feed, message, letter)

    async def _file(self, feed: Feed, message: InboundMessage, path: Path) -> str:
        """Take in the whole file; what of it can't be understood by itself stays among the dead letters."""
        try:
            receipt = await self._reception.take_file(feed.name, path, message)
        except OSError as error:
            return f"the file {path} can't be read: {error.strerror or type(error).__name__}"
        return "" if _is_taken(receipt) else receipt.refused[0].reason

    async def _message(self, feed: Feed, message: InboundMessage, letter: DeadLetter) -> str:
        part = letter.part
        understood, refused = await self._record(feed, message, part)
        if refused and all(isinstance(refusal, IdOfAnotherError) for _, refusal in refused):
            if ID_OF_ANOTHER not in letter.reason:
                # What it should have said may have been sent again, corrected: what is older must not go over that.
                return f"{ID_OF_ANOTHER}. It was not taken in: a corrected one may have come meanwhile; {_ONCE_MORE}"
            # Whoever asks for its replay says that it is a message of its own, whatever id it was given.
            of_its_own = msgspec.structs.replace(message, id=f"sha256:{sha256(message.body).hexdigest()}")
            understood, refused = await self._record(feed, of_its_own, part)
        if len(refused) < len(understood.parts):
            # What could not be understood of several records has letters of its own from now on.
            left = Understood(feed, understood.messages, [placed for placed, _ in refused])
            await self._reception.keep(left)
            return ""
        reason = refused[0][1] if refused else None
        if isinstance(reason, FailedError):
            raise WorthAnotherError(reason.reason)
        return reason.reason if reason else ""

    async def _record(self, feed: Feed, message: InboundMessage, part: str) -> tuple[Understood, list[Refusal]]:
        parts = guarded(feed, message, feed.intake.parts(message, part=part))
        found = await self._reception.in_thread(feed.name, lambda: list(parts))
        understood = Understood(feed, (message,), [Placed(0, one) for one in found])
        return understood, (await self._reception.record(understood))[1]


def _is_taken(receipt: Receipt) -> bool:
    is_broken = any(not refused.part for refused in receipt.refused)
    return not is_broken and (receipt.recorded + receipt.duplicates > 0 or receipt.dead == 0)
