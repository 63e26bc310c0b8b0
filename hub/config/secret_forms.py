"""How a secret may be written where it should not stand."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import quote, quote_plus


def written_forms(secret: str) -> set[str]:
    """Return a secret as it is, also without blanks around it, and as JSON, repr, URLs, forms and XML write it."""
    return _forms(secret) | _forms(secret.strip() or secret)


def _forms(secret: str) -> set[str]:
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        # JSON within JSON, as in forms that carry it.
        json.dumps(json.dumps(secret)[1:-1])[1:-1],
        json.dumps(json.dumps(secret, ensure_ascii=False)[1:-1], ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        escape(secret, quote=False),
        escape(secret),
        escape(secret).replace("&#x27;", "&apos;"),
    }
