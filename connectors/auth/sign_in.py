"""What signs a connector's requests in, by its `auth`."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from yarl import URL

from connectors.reply import Reply
from hub.config.http_access import (
    ApiKeyAuth,
    BasicAuth,
    BearerAuth,
    HttpAuth,
    JwtBearerAuth,
    OAuth1Auth,
    OAuth2ClientAuth,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Outgoing:
    """A request before it is signed in."""

    method: str
    url: URL
    body: bytes | None = None
    content_type: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Signed:
    """Where the request goes, and the headers that sign it in. `secrets` are what no message may show.

    `kept` is what it was signed with, if that is kept for others.
    """

    url: URL
    headers: Mapping[str, str]
    secrets: tuple[str, ...] = ()
    kept: object = None


PostForm = Callable[[URL, Mapping[str, str], Mapping[str, str]], Awaitable[Reply]]
"""Posts fields with headers to an address; follows nothing, reads a small reply. Raises ConnectorError."""


class SignIn(Protocol):
    """One for a connector. `minds_clock`: it fails if this machine's clock is wrong."""

    minds_clock: bool

    async def sign(self, request: Outgoing) -> Signed:
        """Sign a request in. Raises ConnectorError."""

    def is_over(self, signed: Signed, reply: Reply, /) -> bool:
        """Whether the reply says that what was sent no longer counts; then signing again may help."""

    async def close(self) -> None: ...


class FixedSignIn:
    """Headers that are the same for each request."""

    minds_clock = False

    def __init__(self, headers: Mapping[str, str], secrets: tuple[str, ...]) -> None:
        self._headers = headers
        self._secrets = secrets

    async def sign(self, request: Outgoing) -> Signed:
        return Signed(request.url, self._headers, self._secrets)

    def is_over(self, _signed: Signed, _reply: Reply) -> bool:
        return False

    async def close(self) -> None:
        return


def sign_in(auth: HttpAuth | None, url: str | None, post: PostForm, wait_s: float) -> SignIn:
    """Make what signs in. `url` is the backend's, `post` reaches token servers, `wait_s` is a caller's patience."""
    match auth:
        case BasicAuth():
            password = auth.password.get_secret_value()
            pair = base64.b64encode(f"{auth.username}:{password}".encode()).decode()
            return FixedSignIn({"Authorization": f"Basic {pair}"}, (password, pair))
        case BearerAuth():
            token = auth.token.get_secret_value()
            return FixedSignIn({"Authorization": f"Bearer {token}"}, (token,))
        case ApiKeyAuth():
            key = auth.key.get_secret_value()
            return FixedSignIn({auth.header: key}, (key,))
        case OAuth1Auth():
            from connectors.auth.oauth1 import OAuth1SignIn

            return OAuth1SignIn(auth)
        case OAuth2ClientAuth() | JwtBearerAuth():
            from connectors.auth.token import TokenSignIn

            return TokenSignIn(auth, url, post, wait_s)
        case None:
            return FixedSignIn({}, ())
