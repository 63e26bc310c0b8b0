"""What is around every connector, seen with one whose behaviour the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

import pytest
import structlog

from connectors.base import ConnectorError
from connectors.progress import doing
from connectors.resilience.connector import ResilientConnector
from hub.config.connector_base import ConnectorBase
from hub.domain.backend import BackendState
from hub.domain.customer import CustomerQuery, CustomerRecord, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from tests.waiting import eventually

QUERY = CustomerQuery(phone=parse_number("+493515550123", "DE"))
FOUND = (CustomerRecord(system="crm", id="1"),)
GONE = ConnectorError(Problem.UNREACHABLE, "crm, operation by_phone: no connection")
NOTE = WriteBack(id="call-1", kind=WriteKind.NOTE, note="Called about the invoice")

Deed = Callable[[], Awaitable[Any]]


class Config(ConnectorBase):
    """The configuration of a kind from another package."""

    kind: Literal["scripted"] = "scripted"


class Scripted:
    """A connector of another package: each call does the next of `deeds`, the last of them again and again."""

    name = "crm"
    title = "CRM"
    writes = frozenset({WriteKind.NOTE})

    def __init__(self, *deeds: Deed | Exception | Sequence[CustomerRecord]) -> None:
        self.deeds = list(deeds)
        self.calls = 0
        self.running = self.most_at_once = 0
        self.closed = 0

    async def start(self) -> None: ...

    async def close(self) -> None:
        self.closed += 1

    def answers(self, query: CustomerQuery) -> bool:
        return not query.is_empty

    async def lookup(self, _query: CustomerQuery) -> Sequence[CustomerRecord]:
        return await self._do()  # type: ignore[no-any-return]

    async def write(self, _entry: WriteBack) -> WriteResult:
        return await self._do()  # type: ignore[no-any-return]

    async def check(self) -> str:
        return str(await self._do())

    async def _do(self) -> Any:
        self.calls += 1
        deed = self.deeds.pop(0) if len(self.deeds) > 1 else self.deeds[0]
        self.running += 1
        self.most_at_once = max(self.running, self.most_at_once)
        try:
            if isinstance(deed, Exception):
                raise deed
            return await deed() if callable(deed) else deed
        finally:
            self.running -= 1


def around(inner: Scripted, **settings: Any) -> ResilientConnector:
    return ResilientConnector(inner, Config.model_validate(settings))


async def never() -> Any:
    await asyncio.Event().wait()


async def test_a_connection_that_fails_once_is_tried_again() -> None:
    """The agent sees the customer, not the blip; it is counted."""
    inner = Scripted(GONE, FOUND)
    connector = around(inner, retry={"wait_s": 0.001})
    assert FOUND == await connector.lookup(QUERY)
    assert (2, 1) == (inner.calls, connector.status().repeated)


async def test_what_would_fail_again_is_asked_once() -> None:
    """A refused sign-in is told as it is, at once."""
    inner = Scripted(ConnectorError(Problem.REFUSED, "crm: check `auth`", status=401))
    with pytest.raises(ConnectorError, match="check `auth`"):
        await around(inner, retry={"attempts": 5, "wait_s": 0.001}).lookup(QUERY)
    assert 1 == inner.calls


async def test_the_time_is_that_of_the_whole_lookup() -> None:
    """Two attempts that hang take timeout_s together; the message says where it was."""

    async def hangs() -> Any:
        with doing("operation by_phone"), doing("step orders"):
            await never()

    inner = Scripted(GONE, hangs)
    connector = around(inner, timeout_s=0.15, retry={"attempts": 4, "wait_s": 0.001})
    began = asyncio.get_running_loop().time()
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(QUERY)
    assert asyncio.get_running_loop().time() - began < 1
    assert Problem.TIMEOUT == raised.value.problem
    assert "crm, operation by_phone: step orders: no answer within 0.15 s (timeout_s)" == raised.value.message
    assert raised.value.message == connector.status().last_error
    assert 0 == inner.running


async def test_an_anonymous_caller_costs_nothing() -> None:
    """Without anything to ask for, nobody is asked, and nothing is learned of the backend."""
    inner = Scripted(FOUND)
    connector = around(inner)
    assert () == await connector.lookup(CustomerQuery(phone=parse_number("anonymous", "DE")))
    assert (0, BackendState.UNKNOWN) == (inner.calls, connector.status().state)


async def test_only_so_many_at_once_and_only_so_many_wait() -> None:
    """Two run, one waits, the fourth is told at once that there are too many; waiting counts towards the time."""
    gate = asyncio.Event()

    async def waits_for_gate() -> Any:
        await gate.wait()
        return FOUND

    inner = Scripted(waits_for_gate)
    connector = around(inner, max_concurrent=2, max_waiting=1)
    lookups = [asyncio.create_task(connector.lookup(QUERY)) for _ in range(3)]
    await eventually(lambda: connector.status().waiting == 1)
    assert 2 == connector.status().running
    with pytest.raises(ConnectorError, match=r"max_concurrent.*max_waiting") as raised:
        await connector.lookup(QUERY)
    assert Problem.THROTTLED == raised.value.problem
    gate.set()
    assert [FOUND] * 3 == await asyncio.gather(*lookups)
    assert 2 == inner.most_at_once
    assert (0, 0) == (connector.status().running, connector.status().waiting)


async def test_who_waits_too_long_for_a_turn_is_told_so() -> None:
    """The backend is not blamed for a lookup that reached it at the last moment, or never."""
    inner = Scripted(never)
    connector = around(inner, max_concurrent=1, timeout_s=0.05, breaker={"failures": 2, "of": 2})
    first = asyncio.create_task(connector.lookup(QUERY))
    await eventually(lambda: inner.calls == 1)
    with pytest.raises(ConnectorError, match="no answer within"):
        await connector.lookup(QUERY)
    with pytest.raises(ConnectorError):
        await first
    assert BackendState.DOWN != connector.status().state


async def test_a_backend_that_does_not_answer_is_left_alone() -> None:
    """The next callers hear at once what was wrong and when it is tried again; the backend hears nothing."""
    inner = Scripted(GONE)
    told: list[tuple[bool, str]] = []
    connector = around(inner, retry={"attempts": 1}, breaker={"failures": 2, "of": 4})
    connector.listen(lambda is_up, reason: told.append((is_up, reason)))
    for _ in range(2):
        with pytest.raises(ConnectorError):
            await connector.lookup(QUERY)
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(QUERY)
    assert Problem.UNREACHABLE == raised.value.problem
    assert raised.value.message.startswith("crm: the backend is left alone, because 2 of its last 2 answers failed; ")
    assert raised.value.message.endswith("; the last was: operation by_phone: no connection")
    assert 2 == inner.calls
    assert [(False, GONE.message)] == told
    status = connector.status()
    assert (BackendState.DOWN, GONE.message, 1) == (status.state, status.last_error, status.left_alone)
    assert status.tried_again_in_s is not None


async def test_one_probe_then_open_to_all() -> None:
    """Of ten callers who come when the time is over, one asks; once it has its answer, so do all."""
    gate = asyncio.Event()

    async def waits_for_gate() -> Any:
        await gate.wait()
        return FOUND

    inner = Scripted(GONE, waits_for_gate)
    connector = around(inner, retry={"attempts": 1}, breaker={"failures": 1, "of": 1, "open_s": 0.02})
    with pytest.raises(ConnectorError):
        await connector.lookup(QUERY)
    await eventually(lambda: connector.status().state is BackendState.TRYING)
    lookups = [asyncio.create_task(connector.lookup(QUERY)) for _ in range(10)]
    await eventually(lambda: sum(lookup.done() for lookup in lookups) == 9)
    assert 2 == inner.calls
    gate.set()
    outcomes = await asyncio.gather(*lookups, return_exceptions=True)
    assert [FOUND] == [outcome for outcome in outcomes if not isinstance(outcome, ConnectorError)]
    assert 9 == sum("being tried again just now" in str(outcome) for outcome in outcomes)
    assert FOUND == await connector.lookup(QUERY)
    assert BackendState.UP == connector.status().state


async def test_a_probe_is_not_repeated() -> None:
    """A backend that is still away hears one request, not as many as `attempts`."""
    inner = Scripted(GONE)
    connector = around(inner, retry={"attempts": 4, "wait_s": 0.001}, breaker={"failures": 4, "of": 4, "open_s": 0.02})
    with pytest.raises(ConnectorError):
        await connector.lookup(QUERY)
    assert 4 == inner.calls
    await eventually(lambda: connector.status().state is BackendState.TRYING)
    with pytest.raises(ConnectorError):
        await connector.lookup(QUERY)
    assert 5 == inner.calls


async def test_retry_after_that_fits_is_waited_out_and_holds_for_the_others() -> None:
    """Who was refused waits and gets the answer; who comes meanwhile is told at once, and asks nothing."""
    inner = Scripted(ConnectorError(Problem.THROTTLED, "crm: too many requests", retry_after_s=0.1), FOUND)
    connector = around(inner)
    first = asyncio.create_task(connector.lookup(QUERY))
    await eventually(lambda: connector.status().state is BackendState.THROTTLED)
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(QUERY)
    assert Problem.THROTTLED == raised.value.problem
    assert raised.value.retry_after_s is not None
    assert 1 == inner.calls
    assert FOUND == await first
    assert (2, 1) == (inner.calls, connector.status().throttled)


async def test_retry_after_that_does_not_fit_is_told_at_once() -> None:
    """Nobody waits for a time that ends after theirs."""
    inner = Scripted(ConnectorError(Problem.THROTTLED, "crm: too many requests", retry_after_s=17))
    connector = around(inner, timeout_s=5)
    began = asyncio.get_running_loop().time()
    with pytest.raises(ConnectorError):
        await connector.lookup(QUERY)
    assert asyncio.get_running_loop().time() - began < 1


async def test_callers_who_hang_up_are_no_failures() -> None:
    """Lookups that are taken back leave no trace in the breaker, and no slot taken."""
    inner = Scripted(never)
    connector = around(inner, max_concurrent=1, breaker={"failures": 1, "of": 1})
    for call in range(3):
        lookup = asyncio.create_task(connector.lookup(QUERY))
        await eventually(lambda call=call: inner.calls == call + 1)  # type: ignore[misc]  # late binding
        lookup.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lookup
    assert BackendState.UNKNOWN == connector.status().state


@pytest.mark.parametrize("broken", [KeyError("geheim"), OSError("geheim"), RuntimeError("geheim"), TimeoutError()])
async def test_a_connector_that_breaks_the_contract_is_held_to_it(broken: Exception) -> None:
    """Whatever another package lets out becomes a ConnectorError without its text; the log has the rest."""
    connector = around(Scripted(broken), retry={"attempts": 1})
    with structlog.testing.capture_logs(), pytest.raises(ConnectorError) as raised:
        await connector.lookup(QUERY)
    assert raised.value.message.startswith("crm: ")
    assert "geheim" not in raised.value.message


async def test_an_error_that_does_not_name_its_connector_gets_the_name() -> None:
    """Another package's connector may forget to say who it is."""
    with pytest.raises(ConnectorError) as raised:
        await around(Scripted(ConnectorError(Problem.FAULT, "no such table"))).lookup(QUERY)
    assert "crm: no such table" == raised.value.message


async def test_two_writes_of_the_same_at_once_are_one() -> None:
    """Both get the result of the one; a later one is made again, as the backend keeps what it has."""
    gate = asyncio.Event()

    async def written() -> Any:
        await gate.wait()
        return WriteResult(id="77")

    inner = Scripted(written)
    connector = around(inner)
    writes = [asyncio.create_task(connector.write(NOTE)) for _ in range(3)]
    other = asyncio.create_task(connector.write(WriteBack(id="call-2", kind=WriteKind.NOTE)))
    await eventually(lambda: inner.calls == 2)
    gate.set()
    assert [WriteResult(id="77")] * 4 == await asyncio.gather(*writes, other)
    assert 2 == inner.calls
    await connector.write(NOTE)
    assert 3 == inner.calls


async def test_a_write_that_has_begun_goes_on_without_its_caller() -> None:
    """Half a write would leave behind what nobody knows of; its failure is told once in the log."""
    gate = asyncio.Event()

    async def written() -> Any:
        await gate.wait()
        raise ConnectorError(Problem.FAULT, "crm: no such customer")

    inner = Scripted(written)
    connector = around(inner)
    write = asyncio.create_task(connector.write(NOTE))
    await eventually(lambda: inner.calls == 1)
    write.cancel()
    with pytest.raises(asyncio.CancelledError):
        await write
    assert 1 == inner.running
    with structlog.testing.capture_logs() as logged:
        gate.set()
        await eventually(lambda: inner.running == 0 and logged)
    assert ["not written back"] == [line["event"] for line in logged]


async def test_writes_are_repeated_and_left_to_the_breaker_like_lookups() -> None:
    """By the contract a write may be made again; a backend that is away hears of none."""
    inner = Scripted(GONE, WriteResult(id="77"), GONE)  # type: ignore[arg-type]  # what a write gives
    connector = around(inner, retry={"wait_s": 0.001}, breaker={"failures": 3, "of": 3})
    assert "77" == (await connector.write(NOTE)).id
    for _ in range(2):
        with pytest.raises(ConnectorError):
            await connector.write(NOTE)
    calls = inner.calls
    with pytest.raises(ConnectorError, match="left alone"):
        await connector.write(NOTE)
    assert calls == inner.calls


async def test_closing_ends_writes_in_words() -> None:
    """Who waits for a write when the hub stops gets an error, and is not cancelled itself."""
    inner = Scripted(never)
    connector = around(inner)
    write = asyncio.create_task(connector.write(NOTE))
    await eventually(lambda: inner.calls == 1)
    await connector.close()
    with pytest.raises(ConnectorError, match="stopping"):
        await write
    assert 1 == inner.closed


async def test_a_check_asks_even_a_backend_that_is_left_alone() -> None:
    """Whoever looks for the mistake wants to hear of it now; the time is bounded all the same."""
    inner = Scripted(GONE)
    connector = around(inner, retry={"attempts": 1}, breaker={"failures": 1, "of": 1}, timeout_s=0.05)
    with pytest.raises(ConnectorError):
        await connector.lookup(QUERY)
    with pytest.raises(ConnectorError, match="no connection"):
        await connector.check()
    inner.deeds = [never]
    with pytest.raises(ConnectorError, match="no answer within"):
        await connector.check()


async def test_idle_waits_for_what_is_under_way() -> None:
    """A connector that was replaced is closed no sooner than its last lookup has ended, and a while after."""
    gate = asyncio.Event()

    async def waits_for_gate() -> Any:
        await gate.wait()
        return FOUND

    inner = Scripted(waits_for_gate)
    connector = around(inner)
    lookup = asyncio.create_task(connector.lookup(QUERY))
    idle = asyncio.create_task(connector.idle(0.1))
    await asyncio.sleep(0.2)
    assert not idle.done()
    gate.set()
    await lookup
    assert not idle.done()
    await asyncio.wait_for(idle, 5)
