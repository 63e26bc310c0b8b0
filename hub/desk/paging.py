"""How a list is asked for a page at a time: the query parameters `limit`, and `before`, where that is a moment."""

from __future__ import annotations

from datetime import datetime

import msgspec
from aiohttp import web

from hub.desk.replies import ApiError
from hub.desk.route import Parameter

BEFORE = Parameter(
    name="before",
    description="Only those before this moment (RFC 3339, with its offset from UTC).",
    schema={"type": "string", "format": "date-time"},
)


class Limit(msgspec.Struct, frozen=True):
    """How many at most: what somebody gets who does not say, and who wants too many can have."""

    usual: int
    most: int

    def parameter(self, description: str = "How many at most.") -> Parameter:
        schema = {"type": "integer", "minimum": 1, "maximum": self.most, "default": self.usual}
        return Parameter(name="limit", description=description, schema=schema)

    def asked(self, request: web.Request) -> int:
        """Return how many are asked for. Raises ApiError 400."""
        text = request.query.get("limit")
        if text is None:
            return self.usual
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(self.most)) and 1 <= int(text) <= self.most):
            raise ApiError(400, "bad_request", f"limit: must be a whole number from 1 to {self.most}.")
        return int(text)


def before(request: web.Request) -> datetime | None:
    """Return before when those are to be that are asked for, None: whenever. Raises ApiError 400."""
    text = request.query.get("before")
    if text is None:
        return None
    try:
        # A plus sign in a query is a blank once decoded.
        moment = msgspec.convert(text.replace(" ", "+"), datetime)
    except msgspec.ValidationError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ApiError(400, "bad_request", "before: must be a moment as in 2026-01-31T12:00:00Z.")
    return moment
