"""Signing in and out, over a real server."""

import sqlite3
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.desk.passwords import hash_password
from hub.desk.throttle import Throttle
from tests.unit.desk.house import PASSWORD, House


async def test_signing_in_gives_a_cookie_that_scripts_can_not_read(house: House) -> None:
    """The session cookie is HttpOnly and SameSite=Strict, and the reply says who signed in."""
    async with house.browser().post("/api/v1/session", json={"user": "alice", "password": PASSWORD}) as reply:
        assert 201 == reply.status
        assert "alice" == (await reply.json())["id"]
        (cookie,) = reply.headers.getall("Set-Cookie")

    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))


async def test_over_https_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    """With an https public_url the cookie never travels in the clear, and browsers are told to stay with https."""
    async with House(tmp_path, public_url="https://desk.example.com/") as house:
        async with house.browser().post(
            "/api/v1/session",
            json={"user": "alice", "password": PASSWORD},
            headers={"Origin": "https://desk.example.com"},
        ) as reply:
            assert 201 == reply.status
            cookie = reply.headers["Set-Cookie"]
            assert "Strict-Transport-Security" in reply.headers

        assert cookie.startswith("__Host-ctihub=")
        assert "Secure" in cookie.split("; ")


async def test_who_am_i(house: House) -> None:
    """A signed-in page learns its agent; a page without a session gets 401."""
    browser = await house.signed_in("bob")

    async with browser.get("/api/v1/session") as reply:
        assert (200, "bob") == (reply.status, (await reply.json())["id"])
    async with house.browser().get("/api/v1/session") as reply:
        assert (401, "not_signed_in") == (reply.status, (await reply.json())["error"]["code"])


async def test_signing_out_ends_the_session_itself(house: House) -> None:
    """A copy of the cookie is worth nothing after signing out."""
    browser = await house.signed_in("alice")
    (cookie,) = browser.cookie_jar
    copied = {"Cookie": f"{cookie.key}={cookie.value}"}
    async with house.browser().get("/api/v1/session", headers=copied) as reply:
        assert 200 == reply.status

    async with browser.delete("/api/v1/session") as reply:
        assert 204 == reply.status

    async with house.browser().get("/api/v1/session", headers=copied) as reply:
        assert 401 == reply.status


@pytest.mark.parametrize(("user", "password"), [("alice", "wrong"), ("nobody", PASSWORD), ("carol", PASSWORD)])
async def test_a_wrong_password_and_an_unknown_user_are_told_the_same(house: House, user: str, password: str) -> None:
    """Whoever guesses does not learn which users exist; carol is an agent without a password."""
    async with house.browser().post("/api/v1/session", json={"user": user, "password": password}) as reply:
        assert 401 == reply.status
        assert {"code": "wrong_password", "message": "User or password is wrong."} == (await reply.json())["error"]
        assert "Set-Cookie" not in reply.headers


async def test_a_user_who_is_no_agent_can_not_sign_in(house: House) -> None:
    """Whoever left the configuration has no desk, although the password is still stored."""
    house.users.save("former", hash_password(PASSWORD))

    async with house.browser().post("/api/v1/session", json={"user": "former", "password": PASSWORD}) as reply:
        assert 401 == reply.status


async def test_guessing_is_slowed_down_for_the_user_who_is_guessed(house: House) -> None:
    """After five failures even the right password has to wait, and the reply says how long; others may sign in."""
    house.server._sign_in._by_user = Throttle(
        free=5, first_wait_s=30, longest_wait_s=60, memory_s=300, clock=time.monotonic
    )
    browser = house.browser()
    for _ in range(5):
        async with browser.post("/api/v1/session", json={"user": "alice", "password": "wrong"}) as reply:
            assert 401 == reply.status

    async with browser.post("/api/v1/session", json={"user": "alice", "password": PASSWORD}) as reply:
        assert (429, "too_many_attempts") == (reply.status, (await reply.json())["error"]["code"])
        assert 1 <= int(reply.headers["Retry-After"]) <= 30
    await house.signed_in("bob")


async def test_guessing_from_one_address_is_slowed_down_over_all_users(house: House) -> None:
    """Trying one password on many names is held up too."""
    house.server._sign_in._by_address = Throttle(
        free=2, first_wait_s=30, longest_wait_s=60, memory_s=300, clock=time.monotonic
    )
    statuses = []
    for number in range(3):
        credentials = {"user": f"name{number}", "password": "wrong"}
        async with house.browser().post("/api/v1/session", json=credentials) as reply:
            statuses.append(reply.status)

    assert [401, 401, 429] == statuses


@pytest.mark.parametrize(("public_url", "last"), [("https://desk.example.com", 401), (None, 429)])
async def test_behind_a_proxy_the_browsers_own_address_counts(
    tmp_path: Path, public_url: str | None, last: int
) -> None:
    """One guesser behind the proxy does not lock out the others; without a proxy the header is not believed."""
    async with House(tmp_path, public_url=public_url) as house:
        house.server._sign_in._by_address = Throttle(
            free=1, first_wait_s=30, longest_wait_s=60, memory_s=300, clock=time.monotonic
        )
        statuses = []
        for number in range(2):
            async with house.browser().post(
                "/api/v1/session",
                json={"user": f"name{number}", "password": "wrong"},
                headers={"Origin": public_url or house.url, "X-Forwarded-For": f"192.0.2.99, 192.0.2.{number}"},
            ) as reply:
                statuses.append(reply.status)

    assert [401, last] == statuses


async def test_another_sites_form_can_not_sign_in(house: House) -> None:
    """A foreign Origin is refused, and so is a body that a plain form could send."""
    credentials = {"user": "alice", "password": PASSWORD}
    async with house.browser().post(
        "/api/v1/session", json=credentials, headers={"Origin": "https://evil.example"}
    ) as reply:
        assert (403, "wrong_origin") == (reply.status, (await reply.json())["error"]["code"])
    async with house.browser().post("/api/v1/session", data=credentials) as reply:
        assert 415 == reply.status


async def test_with_a_public_address_only_that_origin_is_the_hubs_own(tmp_path: Path) -> None:
    """Behind a proxy the page's origin is the public one; the address behind the proxy is not."""
    credentials = {"user": "alice", "password": PASSWORD}
    async with (
        House(tmp_path, public_url="https://desk.example.com") as house,
        house.browser().post("/api/v1/session", json=credentials) as reply,
    ):
        assert 403 == reply.status


async def test_a_program_that_is_no_browser_needs_no_origin(house: House) -> None:
    """Only browsers can be misled by another site, and those always send Origin."""
    browser = house.browser()
    del browser.headers["Origin"]

    async with browser.post("/api/v1/session", json={"user": "alice", "password": PASSWORD}) as reply:
        assert 201 == reply.status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"user": 1, "password": "x"}',
        b'{"user": "alice"}',
        b"\xff\xfe",
        b'{"user": "alice", "password": "secret-in-body", "more": 1}',
        b'{"user":' + b"[" * 12_000,
    ],
)
async def test_a_malformed_body_is_refused_without_quoting_it(house: House, body: bytes) -> None:
    """Garbage, wrong types and endless nesting get 400; what was sent is not repeated, it may be a password."""
    async with house.browser().post(
        "/api/v1/session", data=body, headers={"Content-Type": "application/json"}
    ) as reply:
        assert 400 == reply.status
        assert "secret-in-body" not in await reply.text()


async def test_a_body_that_is_too_large_is_refused(house: House) -> None:
    """Nobody fills the hub's memory before signing in."""
    async with house.browser().post(
        "/api/v1/session", data=b"x" * 1_000_000, headers={"Content-Type": "application/json"}
    ) as reply:
        assert 413 == reply.status


async def test_sessions_outlive_a_restart_of_the_hub(tmp_path: Path) -> None:
    """Agents do not sign in again because the hub was restarted."""
    async with House(tmp_path) as before:
        (cookie,) = (await before.signed_in("bob")).cookie_jar
        header = {"Cookie": f"{cookie.key}={cookie.value}"}
    async with House(tmp_path) as after, after.browser().get("/api/v1/session", headers=header) as reply:
        assert (200, "bob") == (reply.status, (await reply.json())["id"])


async def test_neither_file_nor_log_holds_password_or_token(tmp_path: Path) -> None:
    """Whoever reads the file or the log can't sign in with it."""
    with capture_logs() as lines:
        async with House(tmp_path) as house:
            (cookie,) = (await house.signed_in("alice")).cookie_jar
    dump = "\n".join(sqlite3.connect(tmp_path / "ctihub.db").iterdump()) + repr(lines)

    assert "argon2id" in dump
    assert PASSWORD not in dump
    assert cookie.value not in dump
