"""Who may ask for what, until when, and what is answered."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bus.rpc_methods import DIALS_PER_S, LOOKUPS_AT_ONCE
from hub.domain.agent import AgentState, AgentStatus
from hub.domain.control import Actor, Dial, Refusal
from hub.domain.customer import AnswerState, BackendAnswer, CustomerContext, CustomerQuery
from hub.domain.phone import PhoneNumber, parse_number
from hub.domain.ports import StoreError
from hub.domain.rpc import Code, RpcCaller
from tests.unit.bus.test_rpc_message import message
from tests.unit.desk.ports import Calls, Control, Directory, Finder
from tests.unit.desk.requests import answering
from tests.waiting import eventually

READER = RpcCaller(token="crm", may=frozenset({"read"}))
DIALLER = RpcCaller(token="dialler", may=frozenset({"control"}))
NOBODY = RpcCaller(why_not="Send a bearer token.")
ALICE = AgentStatus(agent="alice", name="Alice", state=AgentState.READY, since=datetime(2026, 1, 1, tzinfo=UTC))
CALL = {"agent": "alice", "to": "+49 351 5550123", "id": "call-1"}
DIAL = Dial(id="call-1", agent="alice", to="+49 351 5550123")


class Bench:
    def __init__(self) -> None:
        self.finder, self.control, self.directory = Finder(), Control(), Directory()
        self.directory.known["alice"] = ALICE
        self.seen: list[tuple[str, str]] = []
        self.dispatcher = answering(
            finder=self.finder,
            control=self.control,
            directory=self.directory,
            calls=Calls(),
            on_request=lambda method, outcome, _seconds: self.seen.append((method, outcome)),
        )

    async def ask(self, method: str, params: Any = None, caller: RpcCaller = READER, **options: Any) -> dict[str, Any]:
        reply = await self.dispatcher.answer(message(method, params, id=1), caller, **options)
        assert reply is not None
        decoded: dict[str, Any] = json.loads(reply)
        assert ("2.0", 1) == (decoded["jsonrpc"], decoded["id"])
        return decoded

    async def refused(self, code: Code, method: str, params: Any = None, *args: Any, **options: Any) -> str:
        """Ask for what is refused so; return the reason."""
        error = (await self.ask(method, params, *args, **options))["error"]
        assert code == error["code"], error
        return str(error["data"]["reason"])


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({"phone": "0351 5550123"}, CustomerQuery(phone=parse_number("0351 5550123", "DE"))),
        ({"email": "Maria@huber.example"}, CustomerQuery(email="Maria@huber.example")),
        ({"ids": {"sap": "0042"}}, CustomerQuery(ids={"sap": "0042"})),
    ],
)
async def test_a_customer_is_asked_for_by_number_address_or_id(params: dict[str, Any], query: CustomerQuery) -> None:
    """The answer is the context as it stands in the domain; `timeout_ms` is how long the backends have."""
    bench = Bench()
    answer = await bench.ask("customer", params | {"timeout_ms": 250})
    assert {"call_id": "", "phone": {}, "complete": True} == answer["result"]
    assert [(query, 0.25)] == bench.finder.asked
    assert [("customer", "ok")] == bench.seen


@pytest.mark.parametrize("params", [{}, {"phone": "1001"}, {"phone": "anonymous"}, {"phone": "call Bob"}])
async def test_nobody_to_look_for_is_told(params: dict[str, Any]) -> None:
    """No backend is asked for what names nobody."""
    bench = Bench()
    await bench.refused(Code.INVALID_PARAMS, "customer", params)
    assert [] == bench.finder.asked


async def test_what_is_no_address_is_told() -> None:
    """In words, and no backend is asked for it."""
    bench = Bench()
    for email in ("no address", "a@b@c.example", "@b.example", "a@b.example\r\nBcc: c@d.example"):
        reason = await bench.refused(Code.INVALID_PARAMS, "customer", {"email": email})
        assert "email: this is no e-mail address." == reason
    assert [] == bench.finder.asked


async def test_backends_that_all_fail_are_no_unknown_customer() -> None:
    """With each backend's reason; where one has answered, the result says which did not."""
    bench = Bench()
    down = BackendAnswer(connector="sap", title="SAP", state=AnswerState.FAILED, detail="sap: no connection")
    nobody = BackendAnswer(connector="osc", title="OSC", state=AnswerState.NOT_FOUND)
    bench.finder.found = CustomerContext(call_id="", phone=PhoneNumber(), complete=True, answers=(down,))
    reason = await bench.refused(Code.UNAVAILABLE, "customer", {"email": "a@b.example"})
    assert "sap: no connection" in reason
    bench.finder.found = CustomerContext(call_id="", phone=PhoneNumber(), complete=True, answers=(down, nobody))
    answers = (await bench.ask("customer", {"email": "a@b.example"}))["result"]["answers"]
    assert ["failed", "not_found"] == [one["state"] for one in answers]


async def test_agents_and_calls_are_told_as_they_are() -> None:
    """One by id, all of them, and who is none; the live calls."""
    bench = Bench()
    assert "ready" == (await bench.ask("agent", {"id": "alice"}))["result"]["state"]
    assert ["alice"] == [one["agent"] for one in (await bench.ask("agents"))["result"]]
    assert [] == (await bench.ask("calls", {"deadline_ms": 1_000}))["result"]
    await bench.refused(Code.NO_SUCH_AGENT, "agent", {"id": "bob"})


async def test_a_call_is_dialled_in_the_tokens_name() -> None:
    """The same command as over HTTP; a call that does not come about is a result with its refusal."""
    bench = Bench()
    assert {"id": "call-1", "done": True} == (await bench.ask("dial", CALL, DIALLER))["result"]
    assert [(DIAL, Actor(token="dialler"))] == bench.control.executed
    bench.control.refusal = Refusal.PBX_NOT_CONNECTED
    assert "pbx_not_connected" == (await bench.ask("dial", CALL, DIALLER))["result"]["refusal"]


async def test_without_the_right_nothing_happens() -> None:
    """A refused dial is journaled, by request and by notification; a token that may not read is told nothing."""
    bench = Bench()
    assert "may not control" in await bench.refused(Code.NOT_ALLOWED, "dial", CALL)
    assert await bench.dispatcher.answer(message("dial", CALL), READER) is None
    assert [(DIAL, Actor(token="crm"), Refusal.NOT_ALLOWED)] * 2 == bench.control.refused
    for method, params in (("customer", {"email": "a@b.example"}), ("agent", {"id": "alice"}), ("agents", None)):
        await bench.refused(Code.NOT_ALLOWED, method, params, DIALLER)
    await bench.refused(Code.NOT_ALLOWED, "calls", None, DIALLER)
    assert ([], []) == (bench.control.executed, bench.finder.asked)


async def test_who_is_not_known_is_answered_and_nothing_more() -> None:
    """Whatever they send: not even what is wrong with it is told."""
    bench = Bench()
    for body in (message("dial", CALL, id=1), message("nothing", id=1), b"{", message("agent", {"id": 5}, id=1)):
        reply = await bench.dispatcher.answer(body, NOBODY)
        assert reply is not None
        assert Code.NOT_SIGNED_IN == json.loads(reply)["error"]["code"]
    assert await bench.dispatcher.answer(message("dial", CALL), NOBODY) is None
    assert ([], [], []) == (bench.control.executed, bench.control.refused, bench.finder.asked)


async def test_a_backend_that_hangs_is_an_error_at_the_deadline() -> None:
    """And is no longer asked then; what is left of the message's own time counts as well."""
    bench = Bench()
    bench.finder.gate = asyncio.Event()
    query = {"email": "a@b.example", "deadline_ms": 20}
    assert "0.02 s" in await bench.refused(Code.DEADLINE_EXCEEDED, "customer", query)
    await bench.refused(Code.DEADLINE_EXCEEDED, "customer", query | {"deadline_ms": 60_000}, lasts_s=0.02)
    assert 2 == bench.finder.cancelled
    assert [("customer", "deadline_exceeded")] * 2 == bench.seen


@pytest.mark.parametrize("options", [{"waited_s": 5.0}, {"lasts_s": 0.0}, {"waited_s": 2.0, "lasts_s": 2.0}])
async def test_a_call_is_not_dialled_after_its_deadline(options: dict[str, float]) -> None:
    """One that was on its way for too long is not begun."""
    bench = Bench()
    assert "nothing was done" in await bench.refused(Code.DEADLINE_EXCEEDED, "dial", CALL, DIALLER, **options)
    assert [] == bench.control.executed


async def test_a_call_that_may_have_been_dialled_is_not_dialled_again() -> None:
    """A request delivered again to a hub that knows nothing of it is answered as unsure; what it knows, it tells."""
    bench = Bench()
    await bench.refused(Code.OUTCOME_UNKNOWN, "dial", CALL, DIALLER, may_be_second=True)
    assert [] == bench.control.executed
    await bench.ask("dial", CALL, DIALLER)
    assert (await bench.ask("dial", CALL, DIALLER, may_be_second=True))["result"]["done"]
    assert "ready" == (await bench.ask("agent", {"id": "alice"}, may_be_second=True))["result"]["state"]


async def test_calls_have_a_rate() -> None:
    """A token that dials without end is held back; another one is not."""
    bench = Bench()
    outcomes = [await bench.ask("dial", CALL | {"id": f"c{n}"}, DIALLER) for n in range(DIALS_PER_S + 5)]
    assert Code.TOO_MANY_REQUESTS in {one["error"]["code"] for one in outcomes if "error" in one}
    assert (await bench.ask("dial", CALL, RpcCaller(token="other", may=frozenset({"control"}))))["result"]["done"]


async def test_slow_lookups_hold_up_nothing_else() -> None:
    """As many as may run at once are running, more wait; agents are told all the while."""
    bench = Bench()
    bench.finder.gate = asyncio.Event()
    asking = [asyncio.create_task(bench.ask("customer", {"email": "a@b.example"})) for _ in range(LOOKUPS_AT_ONCE + 10)]
    await eventually(lambda: len(bench.finder.asked) == LOOKUPS_AT_ONCE)
    assert "ready" == (await bench.ask("agent", {"id": "alice"}))["result"]["state"]
    assert LOOKUPS_AT_ONCE == len(bench.finder.asked)
    bench.finder.gate.set()
    assert {True} == {"result" in answer for answer in await asyncio.gather(*asking)}


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (StoreError("the disk is full"), Code.UNAVAILABLE),
        (RuntimeError("secret-token"), Code.INTERNAL_ERROR),
        (TimeoutError(), Code.INTERNAL_ERROR),
    ],
)
async def test_what_fails_is_an_error_in_words(problem: Exception, code: Code) -> None:
    """A store's reason is told; a defect's words stay in the log."""
    bench = Bench()
    bench.finder.found = problem
    assert "secret-token" not in await bench.refused(code, "customer", {"email": "a@b.example"})


async def test_a_batch_is_carried_out_side_by_side() -> None:
    """In one reply, without the notifications; a batch of nothing else has none."""
    bench = Bench()
    parts = [message("agents", id=1), message("dial", CALL), message("nothing", id=3), b"5"]
    reply = await bench.dispatcher.answer(b"[" + b",".join(parts) + b"]", READER)
    assert reply is not None
    answers = json.loads(reply)
    assert [1, 3, None] == [one["id"] for one in answers]
    assert [None, -32601, -32600] == [one.get("error", {}).get("code") for one in answers]
    assert await bench.dispatcher.answer(b"[" + message("agents") + b"]", READER) is None
    assert ("none", "method_not_found") in bench.seen


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_comes_is_answered(body: bytes) -> None:
    """Nothing is raised, by no bytes at all, and a reply is JSON."""

    async def answered() -> bytes | None:
        return await Bench().dispatcher.answer(body, READER)

    reply = asyncio.run(answered())
    assert reply is not None
    json.loads(reply)
