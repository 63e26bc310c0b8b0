"""What a reply's headers say of its one record."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from yarl import URL

from connectors.reply import Reply
from connectors.rows import Row
from hub.config.operations import RestStep

MAX_COOKIE_HEADER = 8_000


def told_by_headers(step: RestStep, reply: Reply) -> Row:
    """Return `@etag`, `@location` with its last part `@location_id`, and the headers and cookies that a step names."""
    told: Row = {}
    if etag := reply.headers.get("ETag"):
        told["@etag"] = etag
    if location := reply.headers.get("Location"):
        told["@location"] = location
        told["@location_id"] = _last_part(location)
    for field, name in step.reply_headers.items():
        if value := reply.headers.get(name):
            told[field] = value
    if step.reply_cookies:
        cookies = _cookies(reply.headers)
        told |= {field: cookies[name] for field, name in step.reply_cookies.items() if name in cookies}
    return told


def _last_part(address: str) -> str:
    try:
        return URL(address).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        return ""


def _cookies(headers: Mapping[str, str]) -> dict[str, str]:
    several = getattr(headers, "getall", None)
    read: dict[str, str] = {}
    for header in several("Set-Cookie", []) if several else [headers.get("Set-Cookie", "")]:
        try:
            read |= {name: morsel.coded_value for name, morsel in SimpleCookie(header[:MAX_COOKIE_HEADER]).items()}
        except CookieError:
            continue
    return read
