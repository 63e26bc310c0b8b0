"""What an OData service answers: rows, or an error with its code."""

from __future__ import annotations

from typing import Any

from connectors.base import ConnectorError
from connectors.documents import read_json
from connectors.reply import Reply
from connectors.rows import MAX_ROWS, Row
from connectors.wording import backend_words, refusal
from hub.domain.customer import Problem


async def read_rows(reply: Reply, asked: str) -> list[Row]:
    """Return the entities of a reply, of V2 (`d.results`, `d`) or V4 (`value`). Raises ConnectorError.

    `asked` is the entity set's address below the backend's url.
    """
    if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
        raise ConnectorError(Problem.FAULT, refusal(reply.status, await _reason(reply), asked))
    document = await read_json(reply)
    found = document.get("d", document.get("value")) if isinstance(document, dict) else None
    if isinstance(found, dict):
        found = found.get("results", [found])
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ConnectorError(
            Problem.MALFORMED, "the reply has neither `d` (OData V2) nor `value` (V4): check the url and `version`"
        )
    return [plain_entity(row) for row in found[:MAX_ROWS]]


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
    return {key: plain_entity(item) for key, item in value.items() if key != "__metadata" and "@odata" not in key}


async def _reason(reply: Reply) -> str:
    """Return code and message of `{error: {code, message}}`; in V2 the message is `{lang, value}`."""
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
    return f"{words} ({code[:60]})" if isinstance(code, str) and code and code.isprintable() else words
