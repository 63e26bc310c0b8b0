"""What could not be understood, over HTTP: looked at, tried again, put away, by those who may."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.domain.inbound import DeadLetter, DeadLetterState, Transport
from hub.domain.ports import StoreError
from tests.unit.desk.house import CONFIGURE_TOKEN, CONTROL_TOKEN, OPERATE_TOKEN, SUPERVISE_TOKEN, TOKEN, House

PATH = "/api/v1/dead-letters"
AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PAGE = b"<html><script>alert(1)</script>\x00\xff"


def letter(number: int, origin: str = "/feed/shop", state: DeadLetterState = DeadLetterState.WAITING) -> DeadLetter:
    return DeadLetter(
        id=f"d{number}",
        origin=origin,
        at=AT,
        reason="the message is not JSON",
        transport=Transport.HTTP,
        content_type="text/html",
        body=PAGE,
        state=state,
    )


async def kept(house: House, *letters: DeadLetter) -> None:
    await house.letters.keep_dead(letters)


@pytest.mark.parametrize("token", [TOKEN, CONTROL_TOKEN, CONFIGURE_TOKEN, SUPERVISE_TOKEN])
async def test_only_who_may_operate(house: House, token: str) -> None:
    """The originals are customers' data: no other right opens them, and an agent's or supervisor's neither."""
    await kept(house, letter(1))
    tries = [("GET", PATH), ("GET", f"{PATH}/d1"), ("GET", f"{PATH}/d1/original"), ("POST", f"{PATH}/d1/replay")]
    tries += [("POST", f"{PATH}/replay"), ("DELETE", f"{PATH}/d1")]
    for method, path in tries:
        async with house.machine(token).request(method, path) as reply:
            assert (403, "not_allowed") == (reply.status, (await reply.json())["error"]["code"])
        for browser in (house.browser(), await house.signed_in("sue")):
            async with browser.request(method, path) as reply:
                assert 401 == reply.status
    assert (DeadLetterState.WAITING, 0) == (house.letters.kept["d1"].state, house.letters.replays)


async def test_they_are_listed_by_origin_and_state_in_pages(house: House) -> None:
    """The newest first, without originals; a page follows the last id of the one before."""
    await kept(house, *(letter(number) for number in range(3)), letter(7, "/connector/crm"))
    await kept(house, letter(8, state=DeadLetterState.DROPPED))
    machine = house.machine(OPERATE_TOKEN)

    async def ids(query: str) -> list[str]:
        async with machine.get(f"{PATH}?{query}") as reply:
            assert 200 == reply.status
            found = await reply.json()
            assert not any("body" in one for one in found)
            return [one["id"] for one in found]

    assert ["d8", "d7", "d2", "d1", "d0"] == await ids("")
    assert ["d2", "d1", "d0"] == await ids("origin=/feed/shop&state=waiting")
    assert ["d8", "d7"] == await ids("state=dropped&state=waiting&limit=2")
    assert ["d1", "d0"] == await ids("before=d2")


@pytest.mark.parametrize("query", ["origin=shop", "origin=/feed/", "state=lost", "limit=0", "limit=501", "limit=x"])
async def test_what_is_no_filter_is_refused(house: House, query: str) -> None:
    """With what is wrong about it."""
    async with house.machine(OPERATE_TOKEN).get(f"{PATH}?{query}") as reply:
        assert (400, "bad_request") == (reply.status, (await reply.json())["error"]["code"])


async def test_the_original_comes_as_it_was_and_as_nothing_a_browser_runs(house: House) -> None:
    """Byte by byte, to be saved, whatever it says that it is."""
    await kept(house, letter(1))
    async with house.machine(OPERATE_TOKEN).get(f"{PATH}/d1/original") as reply:
        assert PAGE == await reply.read()
        assert ("application/octet-stream", "nosniff") == (
            reply.content_type,
            reply.headers["X-Content-Type-Options"],
        )
        assert reply.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(("fails_for", "state"), [("", "replayed"), ("field at: no date", "waiting")])
async def test_a_replay_tells_how_it_went(house: House, fails_for: str, state: str) -> None:
    """It is over, or it waits again for the new reason."""
    await kept(house, letter(1))
    house.letters.fails_for = fails_for
    async with house.machine(OPERATE_TOKEN).post(f"{PATH}/d1/replay") as reply:
        told = await reply.json()
        assert (200, fails_for or "the message is not JSON") == (reply.status, told["reason"])
        assert state == told.get("state", "waiting")


async def test_several_are_replayed_by_filter(house: House) -> None:
    """Those of an origin, those that are named, or all; without saying which none is."""
    await kept(house, *(letter(number) for number in range(3)), letter(7, "/connector/crm"), letter(8))
    machine = house.machine(OPERATE_TOKEN)
    no_choice: list[dict[str, object]] = [{}, {"all": True, "ids": ["d1"]}, {"every": True}, {"origin": "shop"}]
    for body in no_choice:
        async with machine.post(f"{PATH}/replay", json=body) as reply:
            assert 400 == reply.status
    assert 0 == house.letters.replays
    wanted: list[tuple[dict[str, object], int]] = [
        ({"ids": ["d8", "d99"]}, 1),
        ({"origin": "/feed/shop"}, 3),
        ({"all": True}, 1),
    ]
    for body, count in wanted:
        async with machine.post(f"{PATH}/replay", json=body) as reply:
            assert (202, {"replaying": count}) == (reply.status, await reply.json())
    assert {DeadLetterState.REPLAYED} == {one.state for one in house.letters.kept.values()}


async def test_what_is_dropped_stays_and_is_over(house: House) -> None:
    """It can be looked at, and neither dropped nor replayed again."""
    await kept(house, letter(1))
    machine = house.machine(OPERATE_TOKEN)
    async with machine.delete(f"{PATH}/d1") as reply:
        assert (200, "dropped") == (reply.status, (await reply.json())["state"])
    async with machine.get(f"{PATH}/d1") as reply:
        assert (200, "dropped") == (reply.status, (await reply.json())["state"])
    for method, path in (("DELETE", f"{PATH}/d1"), ("POST", f"{PATH}/d1/replay")):
        async with machine.request(method, path) as reply:
            assert (409, "over") == (reply.status, (await reply.json())["error"]["code"])


async def test_one_that_is_not_there_is_told(house: House) -> None:
    """Whatever is wanted of it."""
    for method, path in (("GET", ""), ("GET", "/original"), ("POST", "/replay"), ("DELETE", "")):
        async with house.machine(OPERATE_TOKEN).request(method, f"{PATH}/nix{path}") as reply:
            assert (404, "unknown_dead_letter") == (reply.status, (await reply.json())["error"]["code"])


async def test_a_store_that_fails_is_told(house: House) -> None:
    """As a failure of the hub's, to be tried again."""
    house.letters.problem = StoreError("the disk is full")
    async with house.machine(OPERATE_TOKEN).get(PATH) as reply:
        assert 503 == reply.status
