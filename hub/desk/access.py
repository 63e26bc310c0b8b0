"""Who is asking, and whether they may: bearer tokens of machines, session cookies of agents, origins of pages."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from ipaddress import ip_address

import msgspec
import structlog
from aiohttp import hdrs, web
from yarl import URL

from hub.config.model import TokenRight, TokenSection
from hub.config.tokens import Tokens, UnknownTokenError
from hub.desk.replies import ApiError
from hub.desk.sign_in import SignIn
from hub.desk.user_store import Session

log = structlog.get_logger(__name__)

_SAFE_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})


class Access(enum.Enum):
    """Who may use a route."""

    PUBLIC = "anyone"
    AGENT = "a signed-in agent"
    MACHINE = "a holder of a bearer token"
    AGENT_OR_MACHINE = "a signed-in agent or a holder of a bearer token"
    AGENT_OR_CONTROLLER = "a signed-in agent or a holder of a bearer token that may control"
    CONFIGURER = "a holder of a bearer token that may configure"


_MACHINES_ALONE = frozenset({Access.MACHINE, Access.CONFIGURER})


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: an agent by `session`, a machine by the name of its `token` with what that `may`, or anyone."""

    session: Session | None = None
    token: str | None = None
    may: frozenset[TokenRight] = frozenset()

    @property
    def signed_in(self) -> Session:
        """Return the session. Raises `ApiError` 401 when the caller is no agent."""
        if self.session is None:
            raise ApiError(401, "not_signed_in", "Sign in first.")
        return self.session


class Gate:
    """Admits callers. Nothing but what `Access` says is let through."""

    def __init__(self, *, sign_in: SignIn, tokens: Mapping[str, TokenSection], public_url: str | None) -> None:
        self._sign_in = sign_in
        self._tokens = Tokens(tokens)
        self._public_origin = None if public_url is None else _origin(public_url)
        self.secure = public_url is not None and public_url.lower().startswith("https://")

    @property
    def cookie_name(self) -> str:
        """The session cookie's name; over https the prefix binds it to this very host (RFC 6265bis, 4.1.3.2)."""
        return "__Host-ctihub" if self.secure else "ctihub"

    def address(self, request: web.Request) -> str:
        """Return where the caller is, for the back-off after wrong passwords.

        With a public_url a proxy stands in front: the last address in X-Forwarded-For is the one that it saw.
        """
        if self._public_origin is not None:
            seen = request.headers.get(hdrs.X_FORWARDED_FOR, "").rpartition(",")[2].strip()
            try:
                return str(ip_address(seen))
            except ValueError:
                log.debug("no_forwarded_address")
        return request.remote or "unknown"

    async def admit(self, request: web.Request, access: Access) -> Caller:
        """Return who asks. Raises `ApiError` 401 or 403."""
        if request.method not in _SAFE_METHODS or hdrs.UPGRADE in request.headers:
            self._check_origin(request)
        if access is Access.PUBLIC:
            return Caller()
        if access is not Access.AGENT and (caller := self._machine(request)):
            _check_right(caller, access)
            return caller
        if access not in _MACHINES_ALONE and (session := await self._session(request)):
            return Caller(session=session)
        raise ApiError(401, "not_signed_in", f"This is for {access.value}.", _challenge(access))

    def _machine(self, request: web.Request) -> Caller | None:
        try:
            holder = self._tokens.holder(request.headers.get(hdrs.AUTHORIZATION, ""))
        except UnknownTokenError:
            message = "This bearer token is not known here."
            raise ApiError(401, "unknown_token", message, _challenge(Access.MACHINE)) from None
        return None if holder is None else Caller(token=holder.name, may=holder.may)

    async def _session(self, request: web.Request) -> Session | None:
        token = request.cookies.get(self.cookie_name)
        return None if token is None else await self._sign_in.session(token)

    def _check_origin(self, request: web.Request) -> None:
        """Refuse what another site's page makes a browser send. Programs that are no browsers send no Origin."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None:
            return
        if self._public_origin is not None:
            own = origin.lower() == self._public_origin
        else:
            own = origin.lower() in {_origin(f"{scheme}://{request.host}") for scheme in ("http", "https")}
        if not own:
            raise ApiError(
                403,
                "wrong_origin",
                "This page was opened under another address than the hub's own. Open it there, or set desk.public_url.",
            )


def _check_right(caller: Caller, access: Access) -> None:
    """Refuse a token that may not read, or not configure where that is what is done.

    Whether it may control is the matter of each command, which is journaled.
    """
    if access is Access.CONFIGURER:
        if "configure" not in caller.may:
            message = "This token may not configure: see auth.tokens in the hub's configuration."
            raise ApiError(403, "not_allowed", message)
    elif access is not Access.AGENT_OR_CONTROLLER and "read" not in caller.may:
        raise ApiError(403, "not_allowed", "This token may not read: see auth.tokens in the hub's configuration.")


def _challenge(access: Access) -> dict[str, str]:
    return {} if access is Access.AGENT else {hdrs.WWW_AUTHENTICATE: 'Bearer realm="ctihub"'}


def _origin(url: str) -> str | None:
    """Return scheme, host and port as a browser writes them in Origin; None when `url` has none."""
    try:
        return str(URL(url).origin()).lower()
    except ValueError:
        return None
