"""The pages' files and the headers on all answers."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.desk.house import House


@pytest.fixture
def built(tmp_path: Path) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>desk</title>")
    (static / "assets" / "main-5GQHJ3WE.js").write_text("export {};")
    (static / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (static / ".hidden").write_text("no")
    (tmp_path / "secret.txt").write_text("no")
    (static / "way-out").symlink_to(tmp_path / "secret.txt")


@pytest.mark.usefixtures("built")
async def test_the_page_is_served_under_a_strict_policy(house: House) -> None:
    """The browser runs the hub's own scripts and nothing else, frames nothing, and does not guess types."""
    async with house.browser().get("/") as reply:
        assert (200, "text/html") == (reply.status, reply.content_type)
        policy = dict(part.strip().partition(" ")[::2] for part in reply.headers["Content-Security-Policy"].split(";"))
        assert ("nosniff", "no-referrer", "no-cache") == (
            reply.headers["X-Content-Type-Options"],
            reply.headers["Referrer-Policy"],
            reply.headers["Cache-Control"],
        )

    assert ("'none'", "'self'", "'none'") == (policy["default-src"], policy["script-src"], policy["frame-ancestors"])
    assert not any("unsafe" in source for source in policy.values())


@pytest.mark.usefixtures("built")
async def test_hashed_files_are_kept_by_browsers_and_others_asked_for_anew(house: House) -> None:
    """A name with its content's hash lasts; anything else is checked each time."""
    async with house.browser().get("/assets/main-5GQHJ3WE.js") as reply:
        assert (200, "text/javascript") == (reply.status, reply.content_type)
        assert "immutable" in reply.headers["Cache-Control"]
    async with house.browser().get("/favicon.svg") as reply:
        assert (200, "no-cache") == (reply.status, reply.headers["Cache-Control"])


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "/.hidden",
        "/way-out",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/assets",
        "/assets/",
        "/a%00b",
        "/" + "a" * 5000,
    ],
)
async def test_nothing_outside_the_folder_is_served(house: House, path: str) -> None:
    """Neither dots, nor absolute paths, nor links, nor hidden files lead out of the pages' folder."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()

    assert answer.split()[1] in (b"404", b"400")


async def test_pages_that_are_not_built_say_how_to_build_them(house: House) -> None:
    """A checkout without built pages explains itself, and the API works all the same."""
    async with house.browser().get("/") as reply:
        assert 503 == reply.status
        assert "make setup" in await reply.text()


async def test_an_unknown_address_answers_in_json(house: House) -> None:
    """Nothing there is 404, a wrong method 405 with the right ones named; both with the security headers."""
    async with house.browser().get("/api/v1/nothing") as reply:
        assert (404, "not_found") == (reply.status, (await reply.json())["error"]["code"])
        assert "nosniff" == reply.headers["X-Content-Type-Options"]
    async with house.browser().post("/api/v1/nothing") as reply:
        assert 404 == reply.status
    async with house.machine().put("/api/v1/calls") as reply:
        assert (405, "GET") == (reply.status, reply.headers["Allow"])


async def test_answers_of_the_api_are_not_stored(house: House) -> None:
    """No cache keeps a customer's data."""
    async with house.machine().get("/api/v1/calls") as reply:
        assert "no-store" == reply.headers["Cache-Control"]
