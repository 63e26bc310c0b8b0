"""From a legacy system's message to an event, or to the reason why not. No I/O."""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, Final

import msgspec
import structlog

from hub.domain.event import Event, interaction_event
from hub.domain.nesting import is_deeper_than
from hub.mapping.errors import MappingRunError
from hub.mapping.mapping import Mapping

log = structlog.get_logger(__name__)

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64
# As the replies of backends and the cases beside a mapping are read: 12.10 stays 12.10.
_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00{", b"{\x00")
_GZIP: Final = b"\x1f\x8b"
_EVENT_IDS: Final = uuid.UUID("6a1f0c5e-3d52-5c0b-9a77-0d5f0f1c9e21")
"""Namespace of the ids of events that come from feeds; changing it makes every old message new."""


class RefusedError(Exception):
    """A message that can't be understood: why, and if the mapping says so, which field."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class Intake:
    """Understands the messages of one feed."""

    def __init__(self, feed: str, mapping: Mapping, *, region: str, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._feed = feed
        self._mapping = mapping
        self._region = region
        self._max_body_bytes = max_body_bytes

    @property
    def mapping_label(self) -> str:
        """Name and version of the mapping, for the dead letters."""
        return self._mapping.label

    def event(self, body: bytes, message_id: str | None) -> Event:
        """Turn a message into the event that is journaled. Raises RefusedError.

        The event's id is made from the feed and the message's id, or from the body of a message without one:
        a message that is delivered twice gives one event.
        """
        record = self._record(body)
        try:
            interaction = self._mapping.run_interaction(record, system=self._feed, region=self._region)
        except MappingRunError as error:
            raise RefusedError(error.message, error.field) from error
        except Exception as error:
            # A defect of the hub must cost this one message a visit to the dead letters, not the feed its life.
            log.exception("mapping_failed", feed=self._feed, mapping=self._mapping.label)
            raise RefusedError(f"the hub failed on it ({type(error).__name__}): see the hub's log") from error
        identity = f"id:{message_id}" if message_id else f"body:{sha256(body).hexdigest()}"
        event = interaction_event(interaction, feed=self._feed)
        return msgspec.structs.replace(event, id=str(uuid.uuid5(_EVENT_IDS, f"{self._feed}\n{identity}")))

    def _record(self, body: bytes) -> Any:
        if len(body) > self._max_body_bytes:
            raise RefusedError(f"the message has {len(body)} bytes, the limit is {self._max_body_bytes}")
        if body.startswith(_UTF_16):
            raise RefusedError("the message is in UTF-16: JSON has to be sent in UTF-8")
        if body.startswith(_GZIP):
            raise RefusedError("the message is compressed with gzip: it has to be sent as it is")
        try:
            record = _JSON.decode(body.removeprefix(_BYTE_ORDER_MARK))
        except UnicodeDecodeError as error:
            raise RefusedError(f"the message is not UTF-8 (byte {error.start} of a text in it)") from error
        except RecursionError as error:
            raise RefusedError(f"the message is nested deeper than {MAX_DEPTH} levels") from error
        except InvalidOperation as error:
            raise RefusedError("the message holds a number whose exponent is too large") from error
        except msgspec.DecodeError as error:
            raise RefusedError(f"the message is not JSON: {error}") from error
        if is_deeper_than(record, MAX_DEPTH):
            raise RefusedError(f"the message is nested deeper than {MAX_DEPTH} levels")
        return record
