"""Documents that the simulated SAP takes: calls and service requests, each change behind a CSRF token and cookie."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping

from aiohttp import web

from hub.demo.sap.entities import Row

TOKEN = "x-csrf-token"  # noqa: S105 - the header's name
SESSION = "SAP_SESSIONID_DEM_100"

# Entity set: the property that holds its number, the first number, and what a new one has that nobody gives.
_MADE: Mapping[str, tuple[str, int, Mapping[str, str]]] = {
    "A_PhoneCallActivity": ("PhoneCallActivity", 5_000_000_001, {}),
    "A_ServiceRequest": (
        "ServiceRequest",
        8_000_000_001,
        {"ServiceRequestIsCompleted": "", "ServiceRequestIsCanceled": "", "ServiceDocumentPriority": "5"},
    ),
}


class Documents:
    """The services that take documents; `services` are read as the others are."""

    def __init__(self) -> None:
        self.services: dict[str, dict[str, list[Row]]] = {
            "API_ACTIVITY_PHONECALL_SRV": {"A_PhoneCallActivity": []},
            "API_SERVICE_REQUEST_SRV": {"A_ServiceRequest": []},
        }
        self._token = secrets.token_urlsafe(16)
        self._session = secrets.token_urlsafe(16)

    def give_token(self, request: web.Request, response: web.Response) -> None:
        """Add the token and the cookie that goes with it, if the request fetches one."""
        if request.headers.get(TOKEN, "").lower() == "fetch":
            response.headers[TOKEN] = self._token
            response.set_cookie(SESSION, self._session, httponly=True)

    def is_permitted(self, request: web.Request) -> bool:
        """Whether a change brings both."""
        pairs = ((request.headers.get(TOKEN, ""), self._token), (request.cookies.get(SESSION, ""), self._session))
        return all(hmac.compare_digest(given.encode(), wanted.encode()) for given, wanted in pairs)

    def make(self, service: str, entity_set: str, given: Mapping[str, object]) -> Row | None:
        """Keep a new document under the next number; None if the service makes no such documents."""
        documents = self.services.get(service, {}).get(entity_set)
        if documents is None:
            return None
        number, first, defaults = _MADE[entity_set]
        row: dict[str, str] = {**defaults, **{name: value for name, value in given.items() if isinstance(value, str)}}
        row[number] = str(first + len(documents))
        documents.append(row)
        return row
