"""Whether a reply bears one of the signs that the configuration declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.base import ConnectorError
from connectors.documents import decoded
from connectors.reply import Reply
from hub.config.reply_signs import PlainValue, ReplySign
from hub.domain.path import Path

MAX_BYTES = 64 * 1024
"""What says that a session is over is short; a longer reply is a result."""


def has_sign(reply: Reply, signs: Sequence[ReplySign]) -> bool:
    return any(_fits(reply, sign) for sign in signs)


def _fits(reply: Reply, sign: ReplySign) -> bool:
    if sign.statuses and reply.status not in sign.statuses:
        return False
    looks_inside = bool(sign.where or sign.differs or sign.present)
    if not (sign.texts or looks_inside):
        return True
    if len(reply.body) > MAX_BYTES:
        return False
    if sign.texts:
        body = reply.body.decode("utf-8", "replace")
        if not any(text in body for text in sign.texts):
            return False
    return not looks_inside or _stands(reply, sign)


def _stands(reply: Reply, sign: ReplySign) -> bool:
    try:
        document = decoded(reply)
    except ConnectorError:
        return False
    if not all(_texts_at(path, document) & _texts(wanted) for path, wanted in sign.where.items()):
        return False
    if not all(_texts_at(path, document) - _texts(wanted) for path, wanted in sign.differs.items()):
        return False
    return all(Path(path).read_all(document) for path in sign.present)


def _texts_at(path: str, document: Any) -> set[str]:
    return {_text(found) for found in Path(path).read_all(document)}


def _texts(wanted: PlainValue | tuple[PlainValue, ...]) -> set[str]:
    return {_text(value) for value in (wanted if isinstance(wanted, tuple) else (wanted,))}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
