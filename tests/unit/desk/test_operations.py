"""Liveness, readiness, metrics, and what happens when the hub itself fails."""

from collections.abc import Sequence

import pytest

from hub.domain.call import Call
from tests.unit.desk.house import House
from tests.unit.desk.samples import call, leg, rings


async def test_a_living_hub_says_so(house: House) -> None:
    """/livez needs no credentials and touches nothing."""
    async with house.browser().get("/livez") as reply:
        assert (200, {"alive": True}) == (reply.status, await reply.json())


async def test_readiness_names_the_reasons_against_it(house: House) -> None:
    """/readyz is 200 when all is well, else 503 with the reasons in words."""
    async with house.browser().get("/readyz") as reply:
        assert (200, {"ready": True, "problems": []}) == (reply.status, await reply.json())
    house.status.reasons = ["PBX main: wrong password"]

    async with house.browser().get("/readyz") as reply:
        assert (503, {"ready": False, "problems": ["PBX main: wrong password"]}) == (reply.status, await reply.json())


async def test_metrics_are_prometheus_text(house: House) -> None:
    """/metrics has the names that the outside knows, with the values that were counted."""
    house.metrics.read_counter("ctihub_ami_events", "Events received.", {"main": lambda: 3}, label="pbx")
    house.metrics.connected_agents.set_function(house.desk.connected_agents)

    async with house.browser().get("/metrics") as reply:
        assert (200, "text/plain") == (reply.status, reply.content_type)
        text = await reply.text()

    assert 'ctihub_ami_events_total{pbx="main"} 3.0' in text
    assert "ctihub_connected_agents 0.0" in text
    for name in ("ctihub_pop_seconds_bucket", "ctihub_lookup_seconds", "ctihub_live_calls"):
        assert name in text


async def test_a_pop_without_a_page_open_counts_as_none_written(house: House) -> None:
    """Only frames that left count for the time to the pop."""
    assert 0 == house.desk.call_happened(rings(call(leg("alice"))))


async def test_a_users_file_that_fails_is_no_open_door(house: House) -> None:
    """While sessions can't be looked up nobody is let in, and the reply says that it is the hub's fault."""
    browser = await house.signed_in("alice")
    house.users._connection.execute("ALTER TABLE sessions RENAME TO lost")

    async with browser.get("/api/v1/calls") as reply:
        assert (503, "users_unavailable") == (reply.status, (await reply.json())["error"]["code"])
    async with house.machine().get("/api/v1/calls") as reply:
        assert 200 == reply.status


async def test_a_mistake_of_the_hubs_own_is_told_without_its_inside(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen error is 500 in plain words; its text, which may hold anything, stays in the log."""

    def broken() -> Sequence[Call]:
        raise RuntimeError("inside: s3cret")

    monkeypatch.setattr(house.calls, "live_calls", broken)

    async with house.machine().get("/api/v1/calls") as reply:
        assert (500, "internal") == (reply.status, (await reply.json())["error"]["code"])
        assert "s3cret" not in await reply.text()
