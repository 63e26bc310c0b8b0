"""Bearer tokens from a token server: OAuth 2.0 client credentials and the JWT bearer grant."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import re
from collections.abc import Mapping
from time import monotonic
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr
from yarl import URL

from connectors.auth.instance import instance_origin
from connectors.auth.signing import Outgoing, PostForm, Signed
from connectors.base import ConnectorError
from connectors.clock import clock_words
from connectors.documents import read_json
from connectors.reasons import reason_of
from connectors.reply import Reply
from connectors.reply_signs import has_sign
from connectors.secrecy import keep_secret
from connectors.shared_value import SharedValue
from hub.config.http_access import JwtBearerAuth, OAuth2ClientAuth
from hub.domain.customer import Problem

CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MARGIN_S = 60.0
"""A token is renewed so long before its end, at most a tenth of its life."""
MAX_LIFE_S = 86_400.0
UNPROVEN_S = 30.0
"""For so long a token that never worked is not replaced."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,16000}")
_UNAUTHORIZED = 401


@dataclasses.dataclass(slots=True, eq=False)
class Token:
    """`origin` is the server that the token's answer names in place of the url's; `has_worked` that it was let in."""

    text: str = dataclasses.field(repr=False)
    origin: URL | None
    has_worked: bool = False
    since: float = dataclasses.field(default_factory=monotonic)


class TokenSignIn:
    def __init__(self, auth: OAuth2ClientAuth | JwtBearerAuth, url: str | None, post: PostForm, wait_s: float) -> None:
        self._auth = auth
        self._url = URL(url) if url else None
        self._post = post
        self._address = URL(auth.token_url, encoded=True)
        self._what = f"signing in at {self._address.host}"
        self._token = SharedValue(self._what, self._fetch, wait_s)
        self.minds_clock = isinstance(auth, JwtBearerAuth) or auth.signed is not None

    async def sign(self, request: Outgoing) -> Signed:
        token = await self._token.get()
        return Signed(
            self._moved(request.url, token), {"Authorization": f"Bearer {token.text}"}, (token.text,), kept=token
        )

    def is_over(self, signed: Signed, reply: Reply) -> bool:
        token = signed.kept
        if not isinstance(token, Token):
            return False
        if reply.status != _UNAUTHORIZED and not has_sign(reply, self._auth.expired):
            token.has_worked = True
            return False
        if not token.has_worked and monotonic() < token.since + UNPROVEN_S:
            # A token that is refused from the start would be refused again: the token server is left in peace.
            return False
        self._token.drop(token)
        return True

    async def close(self) -> None:
        await self._token.close()

    def _moved(self, url: URL, token: Token) -> URL:
        if token.origin is None or self._url is None or url.origin() != self._url.origin():
            return url
        return url.with_scheme(token.origin.scheme).with_host(token.origin.host or "").with_port(token.origin.port)

    async def _fetch(self) -> tuple[Token, float]:
        hidden: list[str] = []
        try:
            fields, headers = await asyncio.to_thread(self._request, hidden)
            keep_secret(hidden)
            reply = await self._post(self._address, fields, headers)
            token, lasts_s = await self._read(reply)
        except ConnectorError as error:
            raise error.hiding(hidden).within(self._what) from None
        return token, lasts_s - min(MARGIN_S, lasts_s / 10)

    def _request(self, hidden: list[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return fields and headers of the request for a token; what is secret in them goes into `hidden`."""
        auth = self._auth
        fields = dict(auth.params)
        headers: dict[str, str] = {}
        if auth.scope:
            fields["scope"] = auth.scope
        if isinstance(auth, JwtBearerAuth):
            fields |= {"grant_type": JWT_BEARER, "assertion": self._assertion(auth.issuer, auth.subject, auth.claims)}
            hidden.append(fields["assertion"])
            if auth.client_id:
                fields["client_id"] = auth.client_id
        else:
            fields["grant_type"] = "client_credentials"
            if auth.signed is not None:
                signed = self._assertion(auth.client_id, auth.client_id, {})
                fields |= {"client_assertion_type": CLIENT_ASSERTION, "client_assertion": signed}
                hidden.append(signed)
            elif auth.send == "basic" and auth.client_secret is not None:
                headers["Authorization"] = _basic(auth.client_id, auth.client_secret)
                hidden += [auth.client_secret.get_secret_value(), headers["Authorization"].removeprefix("Basic ")]
                return fields, headers
            fields["client_id"] = auth.client_id
        if auth.client_secret is not None:
            fields["client_secret"] = auth.client_secret.get_secret_value()
            hidden.append(fields["client_secret"])
        return fields, headers

    def _refused(self, reply: Reply) -> ConnectorError:
        clock = clock_words(reply.headers, str(self._address.host)) if self.minds_clock else ""
        message = f"it is refused (HTTP {reply.status}: {reason_of(reply)}): check `auth`{clock}"
        return ConnectorError(Problem.REFUSED, message, status=reply.status)

    def _assertion(self, issuer: str, subject: str, claims: Mapping[str, str]) -> str:
        from connectors.auth.assertion import assertion

        auth = self._auth
        if auth.signed is None:
            raise ConnectorError(Problem.INTERNAL, "`auth` names no key to sign with")
        audience = auth.audience or auth.token_url
        return assertion(auth.signed, issuer=issuer, subject=subject, audience=audience, claims=claims)

    async def _read(self, reply: Reply) -> tuple[Token, float]:
        """Return the token of an answer and for how long it lasts, in seconds (RFC 6749, 5.1 and 5.2)."""
        if reply.status >= 500:  # noqa: PLR2004 - the server's own errors
            message = f"it fails (HTTP {reply.status}: {reason_of(reply)})"
            raise ConnectorError(Problem.FAULT, message, status=reply.status)
        if reply.status >= 400:  # noqa: PLR2004 - the first status of errors
            raise self._refused(reply)
        document = await read_json(reply)
        answer: dict[str, Any] = document if isinstance(document, dict) else {}
        if "error" in answer:
            raise self._refused(reply)
        text = answer.get("access_token")
        if not isinstance(text, str) or not _TOKEN.fullmatch(text):
            raise ConnectorError(
                Problem.MALFORMED, f"the answer (HTTP {reply.status}) holds no access_token: check `token_url`"
            )
        if str(answer.get("token_type", "Bearer")).lower() not in {"bearer", "jwt"}:
            raise ConnectorError(Problem.MALFORMED, "the answer's token is no bearer token, which alone can be used")
        origin = None
        if self._auth.instance is not None and self._url is not None:
            origin = instance_origin(answer, self._auth.instance, self._url)
        return Token(text, origin), _life(answer.get("expires_in"), self._auth.lasts_s)


def _basic(name: str, secret: SecretStr) -> str:
    """Both are form-encoded first (RFC 6749, 2.3.1)."""
    pair = f"{quote(name, safe='')}:{quote(secret.get_secret_value(), safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _life(named: Any, otherwise: float) -> float:
    try:
        seconds = float(named) if isinstance(named, str | int | float) or hasattr(named, "__float__") else otherwise
    except (ValueError, OverflowError):
        seconds = otherwise
    return min(max(seconds, 1.0), MAX_LIFE_S) if seconds == seconds else otherwise  # noqa: PLR0124 - NaN
