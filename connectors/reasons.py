"""What a reply that is an error says of itself, in whatever shape it says it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from connectors.base import ConnectorError
from connectors.documents import decoded, refuse_html
from connectors.reply import Reply
from connectors.secrecy import without_secrets
from connectors.wording import backend_words

MAX_BYTES = 64 * 1024
MAX_SECTIONS = 50
MAX_CODE = 60
MAX_PARTS = 3
_CODE = re.compile(r"[A-Za-z0-9_.:/-]{1,60}")
# By what errors call their sentence: problem details (RFC 9457), JSON:API, OAuth, OData, SOAP, Salesforce, Oracle, SAP.
_SENTENCES = ("message", "detail", "error_description", "errormessage", "faultstring", "description", "reason", "msg")
_TITLES = ("title", "error", "errors", "name", "text")
_CODES = ("code", "errorcode", "error_code", "o:errorcode", "faultcode", "number", "error")


def reason_of(reply: Reply) -> str:
    """Return the error's sentence and code, fit to be shown; `no reason given` if there is none to be found."""
    if len(reply.body) > MAX_BYTES:
        return backend_words(None)
    try:
        refuse_html(reply)
        document = decoded(reply)
    except ConnectorError:
        return backend_words(None)
    return words_of(document) or backend_words(_first_list(document))


def words_of(document: Any) -> str:
    """Return the sentence and code of what may be an error's document, the outer before the inner; empty for none."""
    for names in (_SENTENCES, _TITLES):
        for section in _sections(document):
            sentence = _first_text(section, names)
            if sentence:
                code = _first_text(section, _CODES)
                words = backend_words(sentence)
                return f"{words} ({_shown(code)})" if code and code not in sentence else words
    return ""


def _shown(code: str) -> str:
    """Return a code as it is: digits with letters between them are nobody's number."""
    code = without_secrets(code)
    is_code = _CODE.fullmatch(code) and any(character.isalpha() for character in code)
    return code if is_code else backend_words(code[:MAX_CODE])


def _sections(document: Any) -> Iterator[Mapping[str, Any]]:
    """Yield a document's sections, the outer before the inner, a bounded number of them."""
    waiting: deque[Any] = deque([document])
    for _ in range(MAX_SECTIONS):
        if not waiting:
            return
        match waiting.popleft():
            case dict() as section:
                yield {name.lower(): value for name, value in section.items()}
                waiting.extend(value for value in section.values() if isinstance(value, dict | list))
            case list() as items:
                waiting.extend(items[:MAX_SECTIONS])


def _first_text(section: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = section.get(name)
        if isinstance(value, dict):
            # OData V2 gives `{lang, value}`, XML an element with attributes.
            value = value.get("value", value.get("#text"))
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, list):
            # Tryton gives `["UserError", ["You can not ..", ""]]`, others a list of sentences.
            value = ": ".join(islice(_texts(value), MAX_PARTS))
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _texts(values: list[Any]) -> Iterator[str]:
    for value in values[:MAX_SECTIONS]:
        if isinstance(value, str) and value.strip():
            yield value.strip()
        elif isinstance(value, list):
            yield from (inner.strip() for inner in value[:MAX_SECTIONS] if isinstance(inner, str) and inner.strip())


def _first_list(document: Any) -> str | None:
    """Return the first list of sentences with the name of the field that it is about (Django: `{"phone": [".."]}`)."""
    for section in _sections(document):
        for name, value in section.items():
            texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
            if texts:
                return f"{name}: {texts[0]}"
    return None
