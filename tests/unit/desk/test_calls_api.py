"""Live calls and the call log, over a real server."""

from datetime import UTC, datetime

import msgspec
import pytest

from hub.domain.call import Call
from hub.domain.ports import CallLogEntry, StoreError
from tests.unit.desk.house import House
from tests.unit.desk.samples import call, ended, leg, rings


async def test_a_machine_sees_all_live_calls(house: House) -> None:
    """`GET /api/v1/calls` is the array of live calls, each readable as a call."""
    house.calls.live = [call(leg("alice"), id="one"), call(leg("bob"), id="two")]

    async with house.machine().get("/api/v1/calls") as reply:
        assert (200, "application/json") == (reply.status, reply.content_type)
        calls = msgspec.json.decode(await reply.read(), type=list[Call])

    assert house.calls.live == calls


async def test_an_agent_sees_only_own_live_calls(house: House) -> None:
    """A colleague's call is not there, nor a call that no phone of the agent's rings for yet."""
    house.calls.live = [call(leg("alice"), id="own"), call(leg("bob"), id="bobs"), call(id="queued")]
    house.desk.resync()

    async with (await house.signed_in("alice")).get("/api/v1/calls") as reply:
        assert ["own"] == [one["id"] for one in await reply.json()]


async def test_no_calls_is_an_empty_array(house: House) -> None:
    """An agent for whom nothing rings gets [], not an error."""
    async with (await house.signed_in("alice")).get("/api/v1/calls") as reply:
        assert [] == await reply.json()


async def test_an_agents_call_log_holds_only_own_calls(house: House) -> None:
    """The log that an agent reads is asked for that agent, whatever the page says."""
    over = ended(rings(call(leg("alice"))).call).call
    house.log.entries = [CallLogEntry(call=over, agents=("alice",)), CallLogEntry(call=over, agents=("bob",))]
    browser = await house.signed_in("alice")

    async with browser.get("/api/v1/calls/log?limit=5&before=2026-03-02T10:00:00Z") as reply:
        assert [["alice"]] == [entry["agents"] for entry in await reply.json()]
    async with browser.get("/api/v1/calls/log?agent=bob") as reply:
        assert (403, "not_yours") == (reply.status, (await reply.json())["error"]["code"])

    assert [("alice", datetime(2026, 3, 2, 10, tzinfo=UTC), 5)] == house.log.asked


async def test_a_machine_may_ask_for_any_agents_log_or_for_all(house: House) -> None:
    """With a token the log is whole unless an agent is named; an offset's plus sign may stand unescaped."""
    async with house.machine().get("/api/v1/calls/log") as reply:
        assert 200 == reply.status
    async with house.machine().get("/api/v1/calls/log?agent=bob&before=2026-03-02T11:00:00+01:00") as reply:
        assert 200 == reply.status

    assert [(None, None, 50), ("bob", datetime(2026, 3, 2, 10, tzinfo=UTC), 50)] == house.log.asked


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=²",
        "limit=-1",
        "before=yesterday",
        "before=2026-03-02T10:00:00",
        "agent=" + "x" * 65,
    ],
)
async def test_a_malformed_question_is_refused_in_words(house: House, query: str) -> None:
    """The error names the parameter, and the log is not asked."""
    async with house.machine().get(f"/api/v1/calls/log?{query}") as reply:
        assert 400 == reply.status
        assert (await reply.json())["error"]["message"].startswith(query.partition("=")[0])
    assert [] == house.log.asked


@pytest.mark.parametrize("path", ["/api/v1/calls", "/api/v1/calls/log"])
async def test_a_stranger_sees_nothing(house: House, path: str) -> None:
    """Neither without credentials, nor with a session that never was."""
    house.calls.live = [call(leg("alice"))]
    for headers in ({}, {"Cookie": "ctihub=made-up"}, {"Cookie": f"ctihub={'x' * 4000}"}):
        async with house.browser().get(path, headers=headers) as reply:
            assert 401 == reply.status
            assert "main-1" not in await reply.text()


async def test_a_call_log_that_can_not_be_read_is_told_without_its_place(house: House) -> None:
    """The page hears to try again; where the file lies and what is wrong with it stands in the log alone."""
    house.log.problem = StoreError("journal /var/lib/ctihub.db: the disk can't be read or written")

    async with house.machine().get("/api/v1/calls/log") as reply:
        assert 503 == reply.status
        error = (await reply.json())["error"]

    assert "store_unavailable" == error["code"]
    assert "/var/lib" not in error["message"]
