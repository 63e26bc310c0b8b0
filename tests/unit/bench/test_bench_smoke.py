"""The benches at the smallest size: that they run and tell what they must. No figure is looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import __main__ as command
from tests.bench import (
    bench_cache,
    bench_context,
    bench_fastagi,
    bench_flood,
    bench_identity,
    bench_intake,
    bench_journal,
    bench_live_calls,
    bench_mapping,
    bench_memory,
    bench_pop,
    bench_relay,
    bench_soap,
    bench_wsdls,
)
from tests.bench.call_load import Pace
from tests.bench.identity_truth import pairs, published
from tests.bench.recorded_calls import NOT_SENT_TO_THE_HUB, RecordedCall
from tests.bench.result import Target, report
from tests.servers.requirements import require

QUICK = Pace(calls_per_s=50, greeting=0.02, ringing=0.02, talking=0.3)


def _is_whole(result: dict[str, Any], targets: int) -> bool:
    return len(result["targets"]) == targets and isinstance(json.loads(json.dumps(result))["met"], bool)


def test_copies_of_a_recorded_call_share_no_name() -> None:
    """Each copy has uniqueids, channels and bridges of its own; all else stays as recorded."""
    recorded = RecordedCall.load()
    one, two = recorded.copies(1), recorded.copies(2)
    assert one == two[: len(one)]
    assert 2 * recorded.events == two.count(b"\r\n\r\n")
    uids = [{part.split(b"\r")[0] for part in text.split(b"Uniqueid: ")[1:]} for text in (one, two[len(one) :])]
    assert set() == uids[0] & uids[1]
    assert len(uids[0]) == len(uids[1])


def test_the_filtered_trace_has_no_filtered_event() -> None:
    """What Asterisk is asked to keep back is not in the trace that stands for what it then sends."""
    filtered = RecordedCall.load(without=NOT_SENT_TO_THE_HUB).copies(1)
    assert 0 == sum(filtered.count(f"Event: {name}\r\n".encode()) for name in NOT_SENT_TO_THE_HUB)
    assert b"Event: Newchannel\r\n" in filtered


@pytest.mark.parametrize(
    ("value", "rule", "met"),
    [(4.0, "at least", True), (3.9, "at least", False), (4.0, "under", False), (4.0, "at most", True)],
)
def test_a_target_is_met_by_its_rule(value: float, rule: str, *, met: bool) -> None:
    """The document says of each target, and of the bench, whether it was met."""
    result = report({}, Target(what="times", value=value, rule=rule, limit=4))
    assert (met, met) == (result["met"], result["targets"][0]["met"])


def test_every_bench_is_found_by_its_name() -> None:
    """The command knows each bench by its file."""
    calls = ["fastagi", "flood", "inbound", "intake", "journal", "live_calls", "memory", "pop", "relay"]
    assert sorted(["cache", "context", "identity", "mapping", "soap", "wsdls", *calls]) == command.names()


def test_a_name_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown name ends the command before anything is measured, and says which there are."""
    assert 2 == command.main(["intakes"])
    assert "no such bench: intakes; there are cache, context, fastagi, flood, identity" in capsys.readouterr().err


def test_a_bench_that_breaks_leaves_the_others_their_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The document says what broke and holds the rest; the exit status is 2."""
    monkeypatch.setattr(bench_memory, "main", lambda: 1 / 0)
    monkeypatch.setattr(bench_journal, "main", lambda: report({"ratio": 3}))
    assert 2 == command.main(["memory", "journal"])
    document = json.loads(capsys.readouterr().out)
    assert "ZeroDivisionError: division by zero" == document["benches"]["memory"]["error"]
    assert {"ratio": 3} == document["benches"]["journal"]["figures"]
    assert document["met"] is False


async def test_intake_compares_all_consumers() -> None:
    """The hub, panoramisk and the bare socket take in the same calls, and none loses one."""
    result = await bench_intake.measure(calls=2, rounds=1)
    assert _is_whole(result, targets=1)
    assert 6 == len(result["figures"]["events_per_cpu_s"])


async def test_pops_are_timed_with_and_without_cache() -> None:
    """Calls through the real hub give one pop each, cached and uncached."""
    result = await bench_pop.measure(agents=2, seconds=0.04, customers=2, pace=QUICK)
    assert _is_whole(result, targets=2)
    assert 0 == result["figures"]["cached"]["backend_requests"]
    assert result["figures"]["uncached"]["backend_requests"] > 0


async def test_memory_is_told_for_each_agent() -> None:
    """Agents connect and get a pop, and what that took is told."""
    result = await bench_memory.measure(few=1, many=2, customers=1, settling_s=0.0, pace=QUICK)
    assert _is_whole(result, targets=2)
    assert result["figures"]["pss_kib"]["started"] > 0


async def test_dialplans_that_ask_are_answered() -> None:
    """With all that is behind an answer, and with nothing."""
    result = await bench_fastagi.measure(enquiries=20, at_once=5)
    assert _is_whole(result, targets=1)
    assert result["figures"]["enquiries"]["per_s"] > 0


def test_journal_is_measured_both_ways() -> None:
    """Events are stored with group commit and with a commit each."""
    assert _is_whole(bench_journal.measure(grouped_events=8, single_events=4), targets=2)


def test_relay_is_compared_with_bare_pika() -> None:
    """Both publish the same events to the same broker, turn by turn, and all of them arrive."""
    require("rabbitmq")
    result = bench_relay.measure(events=40, rounds=1)
    assert _is_whole(result, targets=1)
    assert result["figures"]["ratio"] > 0


async def test_a_burst_brings_every_pop() -> None:
    """A burst runs through the real hub, each ringing in it is shown, and what it took is told, for both lengths."""
    result = await bench_flood.measure(events=500, pops=2)
    assert _is_whole(result, targets=3)
    assert result["figures"]["twice_as_long"]["events"] > result["figures"]["once"]["events"]


def test_live_calls_are_compared() -> None:
    """The cost of an event is told for few and for many live calls."""
    result = bench_live_calls.measure(few=1, many=3, calls=2, rounds=1)
    assert _is_whole(result, targets=1)
    assert {"1", "3"} == set(result["figures"]["microseconds_per_event"])


async def test_soap() -> None:
    """Both read the same reply of the same server, and the share of CPU is told."""
    assert _is_whole(await bench_soap.measure(lookups=3, rounds=1), 1)


def test_wsdls(tmp_path: Path) -> None:
    """The WSDLs are loaded in a process of their own, and what that adds is told."""
    result = bench_wsdls.measure(tmp_path)
    assert _is_whole(result, 1)
    assert 0 < result["figures"]["library_mb"] <= result["figures"]["added_mb"]


async def test_callers_are_answered_from_the_cache() -> None:
    """Pops and dialplans alike, and no backend is asked a second time."""
    result = await bench_cache.measure(calls=20, customers=5, rounds=1)
    assert _is_whole(result, 1)
    assert 10 == result["figures"]["cache"]["entries"]


async def test_customers_are_put_together() -> None:
    """Of five systems and 500 contacts, at once and answer by answer; then from the cache, where nobody is asked."""
    result = await bench_context.measure(assembled=2, customers=3, calls=6, first_calls=4)
    assert _is_whole(result, 2)
    assert (5, 500) == (result["figures"]["systems"], result["figures"]["contacts"])


def test_identity() -> None:
    """The rules are judged by every pair, and the groups of one customer's records are counted."""
    result = bench_identity.measure(groupings=2, rounds=1)
    assert _is_whole(result, 5)
    assert sum(map(len, pairs(published()).values())) == result["figures"]["published"]["pairs"]


def test_mapping() -> None:
    """Both ways give the same 20 fields of a record with 69 leaves, and are compared."""
    by_mapping, by_jmespath = bench_mapping.same_fields()
    assert (20, by_jmespath) == (len(by_mapping), by_mapping)
    result = bench_mapping.measure(records=5, rounds=1)
    assert _is_whole(result, 1)
    assert 69 == result["figures"]["leaves"]
