"""How the backends are, and who may have changes of their configuration taken in."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.domain.backend import BackendState, BackendStatus, ReloadNotPossibleError, ReloadProblem, ReloadResult
from hub.domain.writeback import WriteKind
from tests.unit.desk.house import CONFIGURE_TOKEN, CONTROL_TOKEN, SUPERVISE_TOKEN, House

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RELOAD = "/api/v1/connectors/reload"


async def test_the_backends_are_listed_with_what_is_wrong(house: House) -> None:
    """Name, title, kind, state, the last error in words, when it is tried again, and what can be written."""
    house.backends.now = [
        BackendStatus(name="crm", title="CRM", kind="rest", state=BackendState.UP, writes=(WriteKind.NOTE,)),
        BackendStatus(
            name="sap",
            title="SAP",
            kind="odata",
            state=BackendState.DOWN,
            last_error="sap: no connection",
            last_error_at=AT,
            tried_again_in_s=4.5,
        ),
    ]
    async with house.machine().get("/api/v1/connectors") as reply:
        assert 200 == reply.status
        assert [
            {"name": "crm", "title": "CRM", "kind": "rest", "state": "up", "writes": ["note"]},
            {
                "name": "sap",
                "title": "SAP",
                "kind": "odata",
                "state": "down",
                "last_error": "sap: no connection",
                "last_error_at": "2026-11-21T12:00:00Z",
                "tried_again_in_s": 4.5,
            },
        ] == await reply.json()


async def test_only_a_token_that_may_configure_reloads(house: House) -> None:
    """Not a stranger, not an agent, not a supervisor, and no token with whatever other right."""
    for browser in (house.browser(), await house.signed_in("alice"), await house.signed_in("sue")):
        async with browser.post(RELOAD) as reply:
            assert 401 == reply.status
    for token in ("machine-token-1", CONTROL_TOKEN, SUPERVISE_TOKEN):
        async with house.machine(token).post(RELOAD) as reply:
            assert (403, "not_allowed") == (reply.status, (await reply.json())["error"]["code"])
    assert 0 == house.backends.reloads


async def test_a_token_that_may_configure_reads_nothing(house: House) -> None:
    """One right is not the other."""
    async with house.machine(CONFIGURE_TOKEN).get("/api/v1/connectors") as reply:
        assert 403 == reply.status


async def test_what_was_reloaded_is_told(house: House) -> None:
    """By connector, with what waits for a restart."""
    house.backends.result = ReloadResult(changed=("crm",), unchanged=("sap",), needs_restart=("pbx",))
    async with house.machine(CONFIGURE_TOKEN).post(RELOAD) as reply:
        assert 200 == reply.status
        assert {"changed": ["crm"], "unchanged": ["sap"], "needs_restart": ["pbx"]} == await reply.json()


async def test_a_change_that_is_broken_is_told_with_its_place(house: House) -> None:
    """422, and every problem with file, line and column."""
    problem = ReloadProblem(file="ctihub.yaml", line=3, column=7, message="there is no mapping 'x'")
    house.backends.result = ReloadResult(problems=(problem,))
    async with house.machine(CONFIGURE_TOKEN).post(RELOAD) as reply:
        assert 422 == reply.status
        assert {
            "problems": [{"file": "ctihub.yaml", "line": 3, "column": 7, "message": "there is no mapping 'x'"}]
        } == await reply.json()


async def test_a_hub_without_a_file_says_so(house: House) -> None:
    """409 in words."""
    house.backends.result = ReloadNotPossibleError("This hub was not started from a configuration file.")
    async with house.machine(CONFIGURE_TOKEN).post(RELOAD) as reply:
        assert (409, "not_possible") == (reply.status, (await reply.json())["error"]["code"])


async def test_reloads_are_bounded(house: House) -> None:
    """A script that has run wild reloads twice a second at most."""
    statuses = []
    for _ in range(6):
        async with house.machine(CONFIGURE_TOKEN).post(RELOAD) as reply:
            statuses.append(reply.status)
    assert 429 in statuses
    assert house.backends.reloads < 6


async def test_the_metrics_tell_of_backends_and_cache(house: House) -> None:
    """State, requests made again, throttled, left alone, running and waiting; answers by what the cache had."""
    backends = [
        BackendStatus(
            name="sap",
            title="SAP",
            kind="odata",
            state=BackendState.DOWN,
            running=1,
            waiting=2,
            repeated=3,
            throttled=4,
            left_alone=5,
        )
    ]

    class Size:
        bytes = 4096

        def __len__(self) -> int:
            return 7

    house.metrics.show_backends(lambda: backends, {("sap", "stale"): 6}, Size())
    async with house.browser().get("/metrics") as reply:
        text = await reply.text()
    for line in (
        'ctihub_connector_state{connector="sap",state="down"} 1.0',
        'ctihub_connector_state{connector="sap",state="up"} 0.0',
        'ctihub_connector_in_flight{connector="sap"} 1.0',
        'ctihub_connector_waiting{connector="sap"} 2.0',
        'ctihub_connector_retries_total{connector="sap"} 3.0',
        'ctihub_connector_throttled_total{connector="sap"} 4.0',
        'ctihub_connector_left_alone_total{connector="sap"} 5.0',
        'ctihub_cache_answers_total{connector="sap",result="stale"} 6.0',
        "ctihub_cache_entries 7.0",
        "ctihub_cache_bytes 4096.0",
    ):
        assert line in text
