"""Backends that want a login first: one like SuiteCRM's v4.1, one like a JSON:API, both over a real socket."""

import hashlib
import json
from typing import Any

from aiohttp import web

PASSWORD = " geheim & co "
PHONE = "+493515550123"


class LoginBackend:
    """Sessions are `session-1-...`, `session-2-...`; those in `valid` count. `logins` are the attempts."""

    def __init__(self) -> None:
        self.logins = 0
        self.asked = 0
        self.valid: set[str] = set()
        self.long = ""
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def new_session(self) -> str:
        session = f"session-{self.logins}-{self.long or 'abcdef'}"
        self.valid.add(session)
        return session

    async def answer(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError


class SuiteBackend(LoginBackend):
    """Everything is a form to one address; its `rest_data` is JSON whose entries count by their order."""

    def config(self, **changes: Any) -> dict[str, Any]:
        def call(name: str, method: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
            form = {"method": method, "input_type": "JSON", "response_type": "JSON", "rest_data": data}
            return {"name": name, "method": "POST", "path": "", "send": "form", "body": form, "find": True, **more}

        login = {
            "user_auth": {"user_name": {"from": "credentials.user"}, "password": {"from": "credentials.password"}},
            "application_name": "ctihub",
        }
        search = {"session": {"from": "session.id"}, "search_string": {"from": "query.e164"}, "modules": ["Contacts"]}
        return {
            "kind": "rest",
            "url": f"http://127.0.0.1:{self.port}/service/v4_1/rest.php",
            "mapping": "customer",
            "credentials": {"user": "hub", "password": hashlib.md5(PASSWORD.encode()).hexdigest()},  # noqa: S324 - the API's
            "session": {
                "login": [call("login", "login", login)],
                "expired": {"where": {"name": "Invalid Session ID"}},
            },
            "errors": {"present": ["number"]},
            "operations": {
                "by_phone": {
                    "key": "phone",
                    "steps": [call("customers", "search_by_module", search, rows="entry_list")],
                }
            },
            **changes,
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        data = json.loads(str(form["rest_data"]))
        match form["method"], list(data):
            case "login", ["user_auth", "application_name"]:
                return self._login(data["user_auth"])
            case "search_by_module", ["session", "search_string", "modules"]:
                self.asked += 1
                if data["session"] not in self.valid:
                    return self._json(
                        {"name": "Invalid Session ID", "number": 11, "description": "Try to log in again."}
                    )
                found = [{"id": "42", "name": "Petra Vogt"}] if data["search_string"] == PHONE else []
                return self._json({"entry_list": found})
        return self._json({"name": "Wrong order", "number": 1, "description": "as PHP takes it"})

    def _login(self, user: dict[str, str]) -> web.Response:
        self.logins += 1
        if user["password"] != hashlib.md5(PASSWORD.encode()).hexdigest():  # noqa: S324 - the API's
            return self._json({"name": "Invalid Login", "number": 10, "description": f"Not with {user['password']}"})
        return self._json({"id": self.new_session(), "module_name": "Users"})

    @staticmethod
    def _json(document: Any) -> web.Response:
        # PHP sends its JSON as a page.
        return web.Response(text=json.dumps(document), content_type="text/html")


class JsonApiBackend(LoginBackend):
    """A POST to /login gives a bearer token, which every request bears."""

    def config(self, **changes: Any) -> dict[str, Any]:
        token = {"text": "Bearer {token}", "quote": "plain", "values": {"token": {"from": "session.access_token"}}}
        return {
            "kind": "rest",
            "url": f"http://127.0.0.1:{self.port}/api",
            "mapping": "customer",
            "check": "/v8/me",
            "credentials": {"user": "hub", "password": PASSWORD},
            "session": {
                "login": [
                    {
                        "name": "login",
                        "method": "POST",
                        "path": "/login",
                        "body": {
                            "username": {"from": "credentials.user"},
                            "password": {"from": "credentials.password"},
                        },
                        "rows": "data.attributes",
                        "find": True,
                    }
                ],
                "headers": {"Authorization": token},
            },
            "operations": {
                "by_phone": {
                    "key": "phone",
                    "steps": [
                        {
                            "name": "customers",
                            "path": "/v8/contacts",
                            "params": {"filter[phone]": {"from": "query.e164"}},
                            "headers": {"Accept": "application/vnd.api+json", "X-Session": {"from": "session.name"}},
                            "rows": "data",
                        }
                    ],
                }
            },
            **changes,
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/api/login":
            return await self._login(request)
        self.asked += 1
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.valid:
            return self._api(
                {"errors": [{"status": "401", "title": "Unauthorized", "detail": f"{token} ran out"}]}, 401
            )
        if request.path == "/api/v8/me":
            return self._api({"data": {"id": "hub"}})
        accepts = request.headers.getall("Accept") == ["application/vnd.api+json"]
        if not accepts or request.headers["X-Session"] != f"name of {token}":
            return self._api({"errors": [{"title": "Bad request"}]}, 400)
        found = request.query.get("filter[phone]") == PHONE
        return self._api({"data": [{"id": "42", "name": "Petra Vogt"}] if found else []})

    async def _login(self, request: web.Request) -> web.Response:
        self.logins += 1
        given = await request.json()
        if given["password"] != PASSWORD:
            return self._api({"errors": [{"title": "Wrong password", "detail": f"not {given['password']}"}]}, 422)
        token = self.new_session()
        return self._api({"data": {"attributes": {"access_token": token, "name": f"name of {token}"}}})

    @staticmethod
    def _api(document: Any, status: int = 200) -> web.Response:
        return web.json_response(document, status=status, content_type="application/vnd.api+json")
