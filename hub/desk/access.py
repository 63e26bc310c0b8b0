"""Who is asking, and whether they may: bearer tokens of machines, session cookies of agents, origins of pages."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address

import msgspec
import structlog
from aiohttp import hdrs, web
from yarl import URL

from hub.config.model import TokenRight, TokenSection
from hub.config.tokens import Tokens, UnknownTokenError, why_token_may_not
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
    CALLER = "a holder of a bearer token that may do what is asked"
    CONFIGURER = "a holder of a bearer token that may configure"
    OPERATOR = "a holder of a bearer token that may operate"
    AGENT_OR_AUDITOR = "a supervisor or a holder of a bearer token that may audit"
    RECORDER = "a holder of a bearer token that may record"
    SENDER = "a sender with credentials for this feed"
    VISITOR = "a visitor of a web site, with a token that its server has signed"


_MACHINES_ALONE = frozenset({Access.MACHINE, Access.CALLER, Access.CONFIGURER, Access.OPERATOR, Access.RECORDER})
_JUDGED_LATER = frozenset({Access.AGENT_OR_CONTROLLER, Access.CALLER})
_ADMITTED_BY_RIGHT: dict[Access, TokenRight] = {
    Access.CONFIGURER: "configure",
    Access.OPERATOR: "operate",
    Access.AGENT_OR_AUDITOR: "audit",
    Access.RECORDER: "record",
}


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: an agent by `session`, a machine by the name of its `token` with what that `may`, or anyone.

    `feeds` are those that a token which may publish hands messages to.
    """

    session: Session | None = None
    token: str | None = None
    may: frozenset[TokenRight] = frozenset()
    feeds: frozenset[str] = frozenset()

    @property
    def signed_in(self) -> Session:
        """Return the session. Raises `ApiError` 401 when the caller is no agent."""
        if self.session is None:
            raise ApiError(401, "not_signed_in", "Sign in first.")
        return self.session


COOKIE_NAME = "ctihub"


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
        return f"__Host-{COOKIE_NAME}" if self.secure else COOKIE_NAME

    def address(self, request: web.Request) -> str:
        """Return where the caller is, for the back-off after wrong passwords and for limits.

        With a public_url a proxy stands in front: the last address in the last X-Forwarded-For is the one that it saw,
        whether it adds to what the caller brought or writes a header of its own behind. Of IPv6 it is the network of 64
        bits, all of which one caller has at hand (RFC 6177).
        """
        if self._public_origin is not None:
            seen = request.headers.getall(hdrs.X_FORWARDED_FOR, [""])[-1].rpartition(",")[2].strip()
            try:
                return _neighbourhood(seen)
            except ValueError:
                log.debug("no_forwarded_address")
        try:
            return _neighbourhood(request.remote or "")
        except ValueError:
            return request.remote or "unknown"

    async def admit(self, request: web.Request, access: Access) -> Caller:
        """Return who asks. Raises `ApiError` 401 or 403.

        A sender to a feed is let through as nobody: whether its credentials fit shows when they are compared with that
        feed's, for a signature with the body at hand (`hub/desk/senders.py`). So is a visitor, whose page is another
        site's: its origin and the token are compared with those of the site (`hub/desk/embed_door.py`).
        """
        if access is Access.VISITOR:
            return Caller()
        if access is Access.SENDER:
            # Of all that a sender can bring, a browser adds nothing but a password of HTTP basic by itself.
            if _scheme(request) == "basic":
                self._check_origin(request)
            return Caller()
        if request.method not in _SAFE_METHODS or hdrs.UPGRADE in request.headers:
            self._check_origin(request)
        if access is Access.PUBLIC:
            return Caller()
        if access is not Access.AGENT and (caller := self.machine(request)):
            _check_right(caller, access)
            return caller
        if access not in _MACHINES_ALONE and (session := await self._session(request)):
            return Caller(session=session)
        raise ApiError(401, "not_signed_in", f"This is for {access.value}.", _challenge(access))

    def machine(self, request: web.Request) -> Caller | None:
        """Return whose bearer token comes with a request, None if none does. Raises `ApiError` 401."""
        try:
            holder = self._tokens.holder(request.headers.get(hdrs.AUTHORIZATION, ""))
        except UnknownTokenError:
            message = "This bearer token is not known here."
            raise ApiError(401, "unknown_token", message, _challenge(Access.MACHINE)) from None
        return None if holder is None else Caller(token=holder.name, may=holder.may, feeds=holder.feeds)

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
    """Refuse a token that may not read, or not do what this address is for.

    Whether it may control is the matter of each command, which is journaled; so it is with what is asked by name.
    """
    if access in _JUDGED_LATER:
        return
    needed = _ADMITTED_BY_RIGHT.get(access, "read")
    if needed not in caller.may:
        raise ApiError(403, "not_allowed", why_token_may_not(needed))


def _neighbourhood(address: str) -> str:
    """Return an address; of IPv6 its network. Raises ValueError where it is none."""
    found = ip_address(address)
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found) >> 64 << 64, 64)))


def _scheme(request: web.Request) -> str:
    return request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")[0].lower()


def _challenge(access: Access) -> dict[str, str]:
    return {} if access is Access.AGENT else {hdrs.WWW_AUTHENTICATE: 'Bearer realm="ctihub"'}


def _origin(url: str) -> str | None:
    """Return scheme, host and port as a browser writes them in Origin; None when `url` has none."""
    try:
        return str(URL(url).origin()).lower()
    except ValueError:
        return None
