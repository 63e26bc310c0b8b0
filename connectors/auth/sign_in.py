"""What signs a connector's requests in, by its `auth`."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from connectors.auth.signing import Outgoing, PostForm, Signed, SignIn
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
