"""The token by which a mailbox is signed in to: fetched, kept and renewed as a connector's are."""

from __future__ import annotations

from yarl import URL

from connectors.base import ConnectorError
from connectors.http import HttpClient
from hub.bus.imap_errors import MailboxError
from hub.config.connector_base import ConnectorBase
from hub.config.http_access import JwtBearerAuth, OAuth2ClientAuth

_SCHEME = "Bearer "


class FetchedToken:
    """`hub.bus.imap.MailToken`, from a token server."""

    def __init__(self, auth: OAuth2ClientAuth | JwtBearerAuth, timeout_s: float) -> None:
        self._address = URL(auth.token_url, encoded=True)
        self._client = HttpClient(ConnectorBase(kind="imap", timeout_s=min(timeout_s, 60.0)), auth)
        self._client.start()

    async def get(self) -> str:
        """Return one that counts at the moment. Raises MailboxError."""
        try:
            signed = await self._client.signed(self._address)
        except ConnectorError as error:
            raise MailboxError(f"without a token nobody is let in: {error.message}") from error
        return signed.headers["Authorization"].removeprefix(_SCHEME)

    async def refused(self) -> None:
        """Have another one fetched next time."""
        await self._client.close()
        self._client.start()

    async def close(self) -> None:
        await self._client.close()
