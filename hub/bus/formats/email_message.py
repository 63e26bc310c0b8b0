"""E-mail (RFC 5322 and MIME): each message or file is one mail, and one record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import msgspec

from hub.bus.formats.email_headers import Fields, split_mail
from hub.bus.formats.email_parts import content_of
from hub.bus.formats.email_text import without_history
from hub.bus.formats.found import Found
from hub.bus.refusal import RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage

DIRECTION: Final = "mail-direction"
RECEIVED: Final = "mail-received"
SIZE: Final = "mail-size"
"""Headers in which a transport says what it knows of a mail: `inbound` or `outbound`, when it came, its whole size."""

MAX_CUSTOMERS: Final = 20
MAX_CODES: Final = 20
_EVERY_MAIL: Final = ("from", "sender", "date", "message-id", "subject", "received", "to")
_CODE: Final = re.compile(r"[\w.-]*\d[\w./-]*")
_BULK: Final = frozenset({"bulk", "list", "junk", "auto_reply"})


class EmailReader:
    """Reads a mail; one in which nobody but the company itself takes part is passed over.

    Of a mail that is larger than a record may be the beginning is read, which has the header and usually the text.
    """

    def __init__(self, feed: InboundFeed) -> None:
        self._own = frozenset(feed.email.own_addresses)
        self._max_bytes = feed.max_bytes

    def found(self, message: InboundMessage) -> Iterator[Found]:
        """Yield the mail. Raises RefusedError if it is none."""
        yield from self._found(message.body, message)

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        """Yield the mail in a file. Raises RefusedError if it is none."""
        body = file.read(self._max_bytes + 1)
        if len(body) <= self._max_bytes:
            yield from self._found(body, message)
            return
        # Cut off, it is not the original: that is the file.
        headers = {SIZE: str(file.seek(0, 2)), **message.headers}
        cut = msgspec.structs.replace(message, headers=headers)
        for found in self._found(body[: self._max_bytes], cut):
            yield found._replace(original=b"")

    def _found(self, body: bytes, message: InboundMessage) -> Iterator[Found]:
        record = self._record(body, message)
        if record["customers"] or record["from"] is None:
            yield Found("", body, record, known_by=record["id"])

    def _record(self, body: bytes, message: InboundMessage) -> dict[str, Any]:
        lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
        if lines.startswith(b"From "):  # as a line before each mail of an mbox
            lines = lines.partition(b"\n")[2]
        block, rest = split_mail(lines)
        fields = Fields(block)
        if not any(map(fields.raw, _EVERY_MAIL)):
            raise RefusedError("it is no e-mail: among its first header fields is neither From nor Date nor Subject")
        content = content_of(fields, rest)
        whole = message.headers.get(SIZE, "")
        size = int(whole) if whole.isdecimal() else len(body)
        date = fields.date(_moment(message.headers.get(RECEIVED, "")))
        sender = next(iter(fields.addresses("from") or fields.addresses("sender")), None)
        subject = fields.text("subject")
        record: dict[str, Any] = {
            "message_id": fields.message_id(),
            "date": date.isoformat() if date else None,
            "from": sender,
            "reply_to": next(iter(fields.addresses("reply-to")), None),
            "to": fields.addresses("to"),
            "cc": fields.addresses("cc"),
            "subject": subject,
            "subject_codes": _codes(subject),
            "text": without_history(content.text),
            "whole_text": content.text,
            "in_reply_to": next(iter(fields.ids("in-reply-to")), ""),
            "references": fields.ids("references"),
            "attachments": content.attachments,
            "size": size,
            "is_cut": size > len(body),
            **_automatic(fields),
        }
        return {**record, **self._parties(record, message), "id": record["message_id"] or _hash(record)}

    def _parties(self, record: dict[str, Any], message: InboundMessage) -> dict[str, Any]:
        """Say which way the mail went, and who in it is none of the company's own."""
        sender = record["from"]
        direction = message.headers.get(DIRECTION, "")
        if direction not in {"inbound", "outbound"}:
            direction = "outbound" if sender is not None and self._is_own(sender) else "inbound"
        parties = [*record["to"], *record["cc"]] if direction == "outbound" else [sender] if sender else []
        customers = [party for party in parties if not self._is_own(party)][:MAX_CUSTOMERS]
        return {"direction": direction, "customers": customers}

    def _is_own(self, party: dict[str, str]) -> bool:
        address = party["address"].lower()
        return address in self._own or f"@{address.rpartition('@')[2]}" in self._own


def _automatic(fields: Fields) -> dict[str, Any]:
    """Say whether a program sent it (RFC 3834), or a mailing list (RFC 2919)."""
    submitted = fields.text("auto-submitted", 100).partition(";")[0].strip().lower()
    precedence = fields.text("precedence", 100).lower()
    list_id = fields.text("list-id", 200)
    return {
        "auto_submitted": submitted,
        "precedence": precedence,
        "list_id": list_id,
        "is_automatic": submitted not in {"", "no"} or precedence in _BULK or bool(list_id),
    }


def _codes(subject: str) -> list[str]:
    """Return the words of a subject that have a digit in them, as numbers of cases and orders do."""
    return [code.strip(".-/")[:100] for code in _CODE.findall(subject)][:MAX_CODES]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _hash(record: dict[str, Any]) -> str:
    """Return by what a mail is known that has no id of its own, in whichever folder it lies."""
    said = [record[name] for name in ("date", "from", "to", "cc", "subject", "whole_text")]
    return f"sha256:{hashlib.sha256(msgspec.json.encode(said)).hexdigest()}"
