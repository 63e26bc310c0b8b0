"""JSON-RPC 2.0 messages read and written (jsonrpc.org/specification): a request or a batch of them. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from hub.domain.rpc import (
    MAX_BATCH,
    MAX_MESSAGE_BYTES,
    MAX_REPLY_BYTES,
    PARAMS,
    Code,
    Params,
    RpcError,
    RpcErrorObject,
)

MAX_ID_BYTES: Final = 256
MAX_QUOTED: Final = 200
"""Characters of the requester's own words, or of a complaint about them, that an error repeats."""

_NULL: Final = b"null"
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BATCH: Final = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_PARAMS: Final = {method: msgspec.json.Decoder(kind) for method, kind in PARAMS.items()}
_NUMBER: Final = re.compile(rb"-?[0-9][0-9.eE+-]*")
_PLACE: Final = re.compile(r" - at (?:`key` in )?`\$\.?(?P<param>[^`]*)`$")
_UNKNOWN: Final = re.compile(r"unknown field `(?P<param>[^`]*)`")
_MISSING: Final = re.compile(r"required field `(?P<param>[^`]*)`")
_encoder: Final = msgspec.json.Encoder()


class Request(NamedTuple):
    """A request that can be tried; `id` is as it came, in JSON, None for a notification."""

    method: str
    params: Params
    id: bytes | None


class Unfit(NamedTuple):
    """What is none, and why; None for a notification's `id`: then nobody is told."""

    method: str
    error: RpcError
    id: bytes | None


class Message(NamedTuple):
    """What came in one message."""

    requests: Sequence[Request | Unfit]
    is_batch: bool


def read_message(body: bytes) -> Message:
    """Read a message. Raises nothing: what is wrong stands in place of the request that it is wrong with."""
    try:
        return _message(body)
    except RpcError as error:
        return Message([Unfit("", error, _NULL)], is_batch=False)


def _message(body: bytes) -> Message:
    if len(body) > MAX_MESSAGE_BYTES:
        raise RpcError(Code.INVALID_REQUEST, f"The message is too large: at most {MAX_MESSAGE_BYTES} bytes.")
    try:
        body.decode()
    except UnicodeDecodeError:
        raise RpcError(Code.PARSE_ERROR, "The message is not in UTF-8.") from None
    try:
        if not body.lstrip(b" \t\r\n").startswith(b"["):
            return Message([_request(body)], is_batch=False)
        batch = _BATCH.decode(body)
    except RecursionError:
        raise RpcError(Code.PARSE_ERROR, "The message is nested too deeply.") from None
    except msgspec.DecodeError as error:
        raise RpcError(Code.PARSE_ERROR, f"The message is no JSON: {_short(str(error))}.") from None
    if not batch:
        raise RpcError(Code.INVALID_REQUEST, "The batch is empty.")
    if len(batch) > MAX_BATCH:
        raise RpcError(Code.INVALID_REQUEST, f"The batch is too large: at most {MAX_BATCH} requests.")
    return Message([_request(bytes(one)) for one in batch], is_batch=True)


def _request(body: bytes) -> Request | Unfit:
    """Read one request. Raises DecodeError where it is no JSON at all."""
    try:
        members = _MEMBERS.decode(body)
    except msgspec.ValidationError:
        return Unfit("", RpcError(Code.INVALID_REQUEST, "A request is an object."), _NULL)
    request_id: bytes | None = _NULL
    method = ""
    try:
        request_id = _id(members)
        method = _method(members)
        return Request(method, _params(method, members), request_id)
    except RpcError as error:
        # Without an id it could be a notification or anything else; only a sound notification goes unanswered.
        is_unanswered = error.code not in {Code.INVALID_REQUEST, Code.PARSE_ERROR}
        return Unfit(method, error, request_id if request_id is not None or is_unanswered else _NULL)


def _id(members: dict[str, msgspec.Raw]) -> bytes | None:
    """Return the id as it came: a number in another form would be another one to who looks for it."""
    raw = members.get("id")
    if raw is None:
        return None
    given = bytes(raw).strip()
    if len(given) <= MAX_ID_BYTES and (given == _NULL or _NUMBER.fullmatch(given) or given.startswith(b'"')):
        return given if given[:1] != b'"' else _encoder.encode(_TEXT.decode(given))
    raise RpcError(Code.INVALID_REQUEST, f"id: must be a string, a number or null, of at most {MAX_ID_BYTES} bytes.")


def _method(members: dict[str, msgspec.Raw]) -> str:
    if bytes(members.get("jsonrpc", b"")).strip() != b'"2.0"':
        raise RpcError(Code.INVALID_REQUEST, 'jsonrpc: must be "2.0".')
    try:
        method = _TEXT.decode(members.get("method", _NULL))
    except msgspec.ValidationError:
        raise RpcError(Code.INVALID_REQUEST, "method: must be a string.") from None
    if method not in PARAMS:
        raise RpcError(Code.METHOD_NOT_FOUND, f"There is no method {_short(method)!r}: there are {', '.join(PARAMS)}.")
    return method


def _params(method: str, members: dict[str, msgspec.Raw]) -> Params:
    raw = bytes(members.get("params", b"{}")).strip()
    if raw.startswith(b"["):
        raise RpcError(Code.INVALID_PARAMS, f"{method} takes its params by name, as an object.")
    if not raw.startswith(b"{"):
        raise RpcError(Code.INVALID_REQUEST, "params: must be an object.")
    try:
        return _PARAMS[method].decode(raw)
    except msgspec.ValidationError as error:
        raise _unfit_params(method, str(error)) from None


def _unfit_params(method: str, complaint: str) -> RpcError:
    """Turn msgspec's words, which quote no value, into the param's name and what was expected of it."""
    place = _PLACE.search(complaint)
    param = place["param"] if place else ""
    words = complaint[: place.start()] if place else complaint
    if (unknown := _UNKNOWN.search(words)) is not None:
        param = unknown["param"]
        words = f"{method} takes no such param: it takes {', '.join(PARAMS[method].__struct_fields__)}"
    elif (missing := _MISSING.search(words)) is not None:
        param, words = missing["param"], "is missing"
    param = _short(param)
    return RpcError(Code.INVALID_PARAMS, f"{param}: {_short(words)}." if param else f"{_short(words)}.", param)


def reply(request_id: bytes, result: object) -> bytes:
    """Write the reply with a result, or with an error where that is one."""
    if isinstance(result, RpcError):
        return _written(request_id, b"error", result.as_object())
    written = _written(request_id, b"result", result)
    return written if len(written) <= MAX_REPLY_BYTES else too_large(request_id)


def too_large(request_id: bytes) -> bytes:
    """Write the reply in place of one that nobody could take."""
    reason = f"The reply is larger than {MAX_REPLY_BYTES} bytes: ask for less at once."
    return _written(request_id, b"error", RpcError(Code.REPLY_TOO_LARGE, reason).as_object())


def batch_reply(replies: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Write the reply to a batch from ids and replies; what is over the bound as a whole is left out of it."""
    left = MAX_REPLY_BYTES
    parts = []
    for request_id, one in replies:
        left -= len(one)
        parts.append(one if left >= 0 else too_large(request_id))
    return b"[" + b",".join(parts) + b"]"


def _written(request_id: bytes, member: bytes, value: object | RpcErrorObject) -> bytes:
    return b'{"jsonrpc":"2.0","' + member + b'":' + _encoder.encode(value) + b',"id":' + request_id + b"}"


def _short(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."
