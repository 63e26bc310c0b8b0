"""What the HTTP API answers: JSON, and errors in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

_encoder = msgspec.json.Encoder()


class ErrorDetail(msgspec.Struct, frozen=True):
    """`code` is for programs, `message` for people."""

    code: str
    message: str


class ErrorReply(msgspec.Struct, frozen=True):
    error: ErrorDetail


class ApiError(Exception):
    """A refusal that becomes an `ErrorReply` with this HTTP status."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def json_reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Encode a msgspec struct, or a plain JSON value."""
    return web.Response(
        body=_encoder.encode(value), status=status, content_type="application/json", charset="utf-8", headers=headers
    )


def error_reply(error: ApiError) -> web.Response:
    body = ErrorReply(error=ErrorDetail(code=error.code, message=error.message))
    return json_reply(body, status=error.status, headers=error.headers)
