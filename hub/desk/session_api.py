"""`/api/v1/session`: signing in, who am I, signing out."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from hub.desk.access import Access, Caller, Gate
from hub.desk.desk import Desk
from hub.desk.frames import AgentProfile
from hub.desk.passwords import MAX_LENGTH
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Route
from hub.desk.sign_in import SignIn, SignInDelayedError, SignInRefusedError

PATH = "/api/v1/session"
_MAX_USER_LENGTH = 64
_BODY_TIMEOUT_S = 10.0


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`user` is the agent's id from the configuration."""

    user: str
    password: str


_decoder = msgspec.json.Decoder(Credentials)


class SessionApi:
    def __init__(self, *, sign_in: SignIn, gate: Gate, desk: Desk, agents: Mapping[str, AgentProfile]) -> None:
        self._sign_in = sign_in
        self._gate = gate
        self._desk = desk
        self._agents = agents

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST",
                path=PATH,
                access=Access.PUBLIC,
                handler=self._create,
                summary="Sign in. The session is a cookie that scripts can't read.",
                status=201,
                body=Credentials,
                reply=AgentProfile,
                errors=(400, 401, 403, 429),
            ),
            Route(
                method="GET",
                path=PATH,
                access=Access.AGENT,
                handler=self._show,
                summary="Who is signed in.",
                reply=AgentProfile,
            ),
            Route(
                method="DELETE",
                path=PATH,
                access=Access.AGENT,
                handler=self._delete,
                summary="Sign out. The session's open pages are closed.",
                status=204,
                errors=(403,),
            ),
        )

    async def _create(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        credentials = await _credentials(request)
        try:
            token, session = await self._sign_in.sign_in(
                credentials.user, credentials.password, self._gate.address(request)
            )
        except SignInRefusedError:
            raise ApiError(401, "wrong_password", "User or password is wrong.") from None
        except SignInDelayedError as delayed:
            headers = {"Retry-After": str(math.ceil(delayed.retry_after))}
            raise ApiError(429, "too_many_attempts", str(delayed), headers) from None
        response = json_reply(self._agents[session.agent], status=201)
        response.set_cookie(
            self._gate.cookie_name,
            token,
            httponly=True,
            samesite="Strict",
            secure=self._gate.secure,
            path="/",
            max_age=math.ceil(session.expires_at - datetime.now(UTC).timestamp()),
        )
        return response

    async def _show(self, _request: web.Request, caller: Caller) -> web.StreamResponse:
        return json_reply(self._agents[caller.signed_in.agent])

    async def _delete(self, _request: web.Request, caller: Caller) -> web.StreamResponse:
        session = caller.signed_in
        await self._sign_in.sign_out(session)
        self._desk.sign_out(frozenset({session.id}))
        response = web.Response(status=204)
        response.del_cookie(
            self._gate.cookie_name, path="/", httponly=True, samesite="Strict", secure=self._gate.secure
        )
        return response


async def _credentials(request: web.Request) -> Credentials:
    # A body in a form's media type could come from another site's form without the browser asking first.
    if request.content_type != "application/json":
        raise ApiError(415, "not_json", "Send user and password as application/json.")
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            body = await request.read()
    except TimeoutError:
        raise ApiError(408, "too_slow", "The request did not arrive in time.") from None
    try:
        credentials = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The decoder's own words may quote what was sent, and that may be a password.
        raise ApiError(400, "bad_request", 'Send {"user": "...", "password": "..."}.') from None
    if not 0 < len(credentials.user) <= _MAX_USER_LENGTH or len(credentials.password) > MAX_LENGTH:
        raise ApiError(401, "wrong_password", "User or password is wrong.")
    return credentials
