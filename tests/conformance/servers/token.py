"""Token servers: OAuth 2.0 client credentials and the JWT bearer grant, strict, over a real socket."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import jwt
from aiohttp import web

CLIENT_ID = "hub:client"
CLIENT_SECRET = "s&cr€t/+="
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Handler = Callable[[web.Request], web.StreamResponse]


class TokenServer:
    """Hands out `token-1`, `token-2`, ...; `valid` are those that count. `instead` answers in its place."""

    def __init__(self, public_key: str = "") -> None:
        self.public_key = public_key
        self.requests: list[dict[str, str]] = []
        self.valid: set[str] = set()
        self.extra: dict[str, Any] = {"expires_in": 3600}
        self.headers: dict[str, str] = {}
        self.instead: Handler | None = None
        self.slowly: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/oauth/token"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/oauth/token", self._asked)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        return await (self.slowly or self.token)(request)

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Answer a request for a token."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.requests.append(form)
        if self.instead is not None:
            return self.instead(request)
        error = self._error(request, form)
        if error:
            return web.json_response(
                {"error": error, "error_description": f"not with {form.get('client_secret')}"},
                status=400,
                headers=self.headers,
            )
        token = f"token-{len(self.requests)}"
        self.valid.add(token)
        return web.json_response({"access_token": token, "token_type": "bearer", **self.extra}, headers=self.headers)

    def _error(self, request: web.Request, form: dict[str, str]) -> str:
        match form.get("grant_type"):
            case "client_credentials" if form.get("client_assertion_type") == CLIENT_ASSERTION:
                return self._assertion_error(form["client_assertion"], CLIENT_ID, CLIENT_ID)
            case "client_credentials":
                return "" if (CLIENT_ID, CLIENT_SECRET) == _client(request, form) else "invalid_client"
            case grant if grant == JWT_BEARER:
                return self._assertion_error(form["assertion"], "hub-client", "cti@example.com")
        return "unsupported_grant_type"

    def _assertion_error(self, assertion: str, issuer: str, subject: str) -> str:
        try:
            claims = jwt.decode(
                assertion,
                self.public_key,
                algorithms=["RS256", "PS256", "ES256"],
                audience=self.address,
                issuer=issuer,
                options={"require": ["exp", "iat", "jti", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            return f"invalid_grant {type(error).__name__}"
        if claims["exp"] - claims["iat"] > 180 or claims["sub"] != subject:
            return "invalid_grant"
        return ""


def _client(request: web.Request, form: dict[str, str]) -> tuple[str, str]:
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        return unquote(name), unquote(secret)
    return form.get("client_id", ""), form.get("client_secret", "")
