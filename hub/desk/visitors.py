"""Who a visitor of a web site is: what the site's own server has signed, and nothing that the browser says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import jwt
import msgspec

from hub.config.inbound import InboundFeed
from hub.desk.replies import ApiError
from hub.domain.interaction import CustomerRef
from hub.domain.phone import parse_number

LONGEST_S: Final = 3_600
"""How long a token may be good for: it can be shown again until then."""

_LEEWAY_S: Final = 30
_MAX_TOKEN: Final = 4_096
_MAX_ID: Final = 200
_MAX_EMAIL: Final = 254
_BEARER: Final = {"WWW-Authenticate": 'Bearer realm="ctihub"'}


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in visitor of the site that is the feed `site`; `id` is the customer's in the feed's `system`."""

    site: str
    system: str
    id: str
    email: str = ""
    phone: str = ""

    def ref(self) -> CustomerRef:
        return CustomerRef(
            phones=(self.phone,) if self.phone else (),
            emails=(self.email,) if self.email else (),
            ids={self.system: self.id},
        )


class VisitorTokens:
    """Reads the tokens that a site's server signs for its visitors: JWT (RFC 7519) with HS256, and nothing else.

    Claims: `sub` the customer's id, `aud` the feed, `exp` within an hour; `email` and `phone` if the site knows them.
    """

    def __init__(self, feeds: Mapping[str, InboundFeed], *, region: str) -> None:
        self._sites = {
            name: (feed.web.secret.get_secret_value(), feed.system_of(name))
            for name, feed in feeds.items()
            if feed.web is not None
        }
        self._region = region

    def visitor(self, site: str, authorization: str) -> Visitor:
        """Return who it is by the header `Authorization`. Raises ApiError 401."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            message = "Visitors are told by a token that the site's server has signed: Authorization: Bearer TOKEN."
            raise ApiError(401, "no_token", message, _BEARER)
        secret, system = self._sites[site]
        claims = self._claims(token.strip(), secret, site)
        visitor_id = claims["sub"]
        if not (0 < len(visitor_id) <= _MAX_ID and visitor_id.isprintable()):
            raise _wrong(f"sub: must be the customer's id, of at most {_MAX_ID} printable characters")
        return Visitor(
            site=site,
            system=system,
            id=visitor_id,
            email=_email(claims.get("email", "")),
            phone=parse_number(_text(claims, "phone"), self._region).e164 or "",
        )

    def _claims(self, token: str, secret: str, site: str) -> dict[str, Any]:
        if len(token) > _MAX_TOKEN:
            raise _wrong("it is too long")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                audience=site,
                leeway=_LEEWAY_S,
                options={"require": ["sub", "aud", "exp"], "strict_aud": True},
            )
        except jwt.ExpiredSignatureError:
            message = "This visitor's token has expired: have the site's server sign another one."
            raise ApiError(401, "token_expired", message, _BEARER) from None
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as error:
            # Says what is wrong with the token, not what is in it.
            raise _wrong(_why(error)) from None
        # The library takes a number written as text, too.
        if not isinstance(claims["exp"], int | float) or claims["exp"] > time.time() + LONGEST_S + _LEEWAY_S:
            raise _wrong(f"exp: at most {LONGEST_S} s from now, so that one that is found is soon worth nothing")
        return claims


def _why(error: Exception) -> str:
    match error:
        case jwt.InvalidSignatureError():
            return "it is signed with another secret"
        case jwt.InvalidAudienceError():
            return "aud: must be the name of the feed, as one text"
        case jwt.MissingRequiredClaimError():
            return f"{error.claim} is missing"
        case jwt.InvalidAlgorithmError():
            return "it must be signed with HS256"
        case _:
            return f"it can't be read ({type(error).__name__})"


def _wrong(why: str) -> ApiError:
    return ApiError(401, "wrong_token", f"This is no token of a visitor of this site: {why}.", _BEARER)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise _wrong(f"{name}: must be a text")
    return value


def _email(value: object) -> str:
    if not value:
        return ""
    if not (isinstance(value, str) and len(value) <= _MAX_EMAIL and value.isprintable() and value.count("@") == 1):
        raise _wrong("email: must be an e-mail address")
    return value.strip()
