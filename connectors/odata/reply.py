"""What an OData service answers: pages of rows, or an error with its code."""

from __future__ import annotations

from typing import Any, NamedTuple

from connectors.base import ConnectorError
from connectors.documents import read_json
from connectors.reply import Reply
from connectors.rows import MAX_ROWS, Row
from connectors.secrecy import without_secrets
from connectors.wording import backend_words, refusal
from hub.domain.customer import Problem

ETAG = "@etag"
"""The field under which a row carries its entity's ETag, where the service gives one."""

MAX_DETAILS = 3
_STATUS_HINTS = {
    409: "; something with that key is there already",
    412: "; it was changed by somebody else in the meantime: read it again",
    428: "; it can be changed only with its ETag: give the step `if_match`",
}


class Page(NamedTuple):
    """`next` is the link to the next page as the service gave it."""

    rows: list[Row]
    next: Any


async def read_page(reply: Reply, asked: str) -> Page:
    """Return the entities of a reply, of V2 (`d.results`, `d`) or V4 (`value`, or the entity itself).

    `asked` is the entity set's address below the backend's url. Raises ConnectorError.
    """
    if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
        raise await failure(reply, asked)
    document = await read_json(reply)
    found, link = _entities(document)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ConnectorError(
            Problem.MALFORMED, "the reply has neither `d` (OData V2) nor `value` (V4): check the url and `version`"
        )
    return Page([_row(row) for row in found[:MAX_ROWS]], link)


def _entities(document: Any) -> tuple[Any, Any]:
    if not isinstance(document, dict):
        return None, None
    if "d" in document:
        inner = document["d"]
        if isinstance(inner, dict):
            return inner.get("results", [inner]), inner.get("__next")
        return inner, None
    if "value" in document:
        return document["value"], document.get("@odata.nextLink", document.get("@nextLink"))
    # A single entity of V4 says of what it is.
    is_entity = any(name in document for name in ("@odata.context", "@odata.etag", "@context"))
    return ([document] if is_entity else None), None


def _row(entity: Row) -> Row:
    plain: Row = plain_entity(entity)
    metadata = entity.get("__metadata")
    etag = metadata.get("etag") if isinstance(metadata, dict) else entity.get("@odata.etag")
    return {**plain, ETAG: etag} if isinstance(etag, str) and etag else plain


def plain_entity(value: Any) -> Any:
    """Take the protocol out of an entity: `{results: []}` becomes a list, what was not expanded goes."""
    if isinstance(value, list):
        return [plain_entity(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "__deferred" in value:
        return None
    results = value.get("results")
    if isinstance(results, list) and value.keys() <= {"results", "__count", "__next"}:
        return [plain_entity(item) for item in results]
    return {key: plain_entity(item) for key, item in value.items() if key != "__metadata" and not _is_control(key)}


def _is_control(name: str) -> bool:
    """Whether a name is one of the protocol's (OData 4.01 JSON, 4.6); annotations of a vocabulary are not."""
    _, at, control = name.partition("@")
    return bool(at) and control.startswith("odata.")


async def failure(reply: Reply, asked: str) -> ConnectorError:
    """Return the error that a reply tells."""
    words = await _reason(reply) + _STATUS_HINTS.get(reply.status, "")
    return ConnectorError(Problem.FAULT, refusal(reply.status, words, asked), status=reply.status)


async def _reason(reply: Reply) -> str:
    """Return code and message of `{error: {code, message}}`, and what the details add to it.

    In V2 the message is `{lang, value}`; SAP's details are in `innererror.errordetails`, those of V4 in `details`.
    """
    try:
        document = await read_json(reply)
    except ConnectorError:
        return backend_words(None)
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return backend_words(None)
    message = error.get("message")
    text = message.get("value") if isinstance(message, dict) else message
    words = backend_words(text if isinstance(text, str) else None)
    code = error.get("code")
    if isinstance(code, str) and code and code.isprintable():
        words = f"{words} ({without_secrets(code)[:60]})"
    return "; ".join([words, *_details(error, text)])


def _details(error: dict[str, Any], message: Any) -> list[str]:
    inner = error.get("innererror")
    listed = inner.get("errordetails") if isinstance(inner, dict) else error.get("details")
    told = dict.fromkeys(
        detail["message"]
        for detail in (listed if isinstance(listed, list) else ())
        if isinstance(detail, dict)
        and isinstance(detail.get("message"), str)
        and detail["message"] not in {"", message}
        and detail.get("severity", "error") == "error"
    )
    return [backend_words(text) for text in list(told)[:MAX_DETAILS]]
