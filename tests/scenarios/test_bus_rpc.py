"""Requests over a real RabbitMQ: answered in time, each once, whoever else asks, goes away or sends nonsense."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from hub.bus.rpc_dispatcher import Dispatcher
from hub.bus.rpc_queue import RpcQueue
from hub.config.model import BusSection, TokenSection
from hub.config.tokens import Tokens
from hub.demo.pbx.exchange import Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.domain.rpc import Code, RequestReply, RpcCaller
from tests.scenarios import bus_client
from tests.scenarios.call_site import agents_section, pbx_section
from tests.scenarios.hub_api import HubApi
from tests.scenarios.hub_process import HubProcess
from tests.scenarios.rpc_client import Answer, Ask, ask, request
from tests.servers.rabbitmq import RabbitMQ
from tests.unit.bus.test_rpc_dispatcher import ALICE, CALL
from tests.unit.desk.ports import Calls, Control, Directory, Finder
from tests.unit.desk.requests import answering
from tests.waiting import eventually as eventually_within
from tests.waiting import eventually_asked

eventually = partial(eventually_within, within=60.0)  # a broker on a busy machine takes its time

READ, CONTROL = "reader-token", "dialler-token"
TOKENS = Tokens(
    {
        "crm": TokenSection(token=SecretStr(READ)),
        "dialler": TokenSection(token=SecretStr(CONTROL), may=("control",)),
    }
)


class Bench:
    """A hub's queue of requests on a broker, over in-memory rooms."""

    def __init__(self, url: str, queue: str = "", control: Control | None = None) -> None:
        self.url = url
        self.queue = queue or f"rpc-{uuid.uuid4().hex[:8]}"
        self.finder, self.control, self.directory = Finder(), control or Control(), Directory()
        self.directory.known["alice"] = ALICE
        self.dispatcher: Dispatcher = answering(
            finder=self.finder, control=self.control, directory=self.directory, calls=Calls()
        )
        self.rpc = self.listening(self.dispatcher)

    def listening(self, requests: RequestReply) -> RpcQueue:
        return RpcQueue(
            BusSection(url=SecretStr(self.url)),
            requests,
            TOKENS,
            own_queues=("legacy.orders",),
            queue=self.queue,
            retry_min_s=0.05,
            retry_max_s=0.3,
        )

    async def start(self) -> None:
        self.rpc.start()
        await eventually(lambda: self.rpc.connected, self.rpc.problem() or "")

    async def ask(self, *asked: Ask, token: str = READ, answers: int | None = None) -> list[Answer]:
        return await asyncio.to_thread(ask, self.url, self.queue, *asked, token=token, answers=answers)

    async def result(self, method: str, params: Any = None, token: str = READ, **properties: Any) -> Any:
        (answer,) = await self.ask(Ask(request(method, params), properties), token=token)
        return answer.body["result"]

    async def error(self, method: str, params: Any = None, token: str = READ, **properties: Any) -> Any:
        (answer,) = await self.ask(Ask(request(method, params), properties), token=token)
        return answer.body["error"]

    async def empty(self) -> None:
        """Return when nothing waits in the queue, and nothing is in hand."""

        async def is_empty() -> bool:
            return await asyncio.to_thread(bus_client.depth, self.url, self.queue) == 0

        await eventually_asked(is_empty, "an empty queue", 30)


class Hanging:
    """Takes requests and answers none."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def answer(
        self,
        message: bytes,
        caller: RpcCaller,  # noqa: ARG002 - the port's shape
        *,
        waited_s: float = 0.0,  # noqa: ARG002
        lasts_s: float | None = None,  # noqa: ARG002
        may_be_second: bool = False,  # noqa: ARG002
    ) -> bytes | None:
        self.taken.append(message)
        await asyncio.Event().wait()
        return None


@pytest.fixture
async def bench(each_rabbitmq: RabbitMQ) -> AsyncIterator[Bench]:
    """Run it on an old and on a new broker; nothing is left there."""
    running = Bench(each_rabbitmq.url)
    await running.start()
    yield running
    await running.rpc.stop()
    await asyncio.to_thread(bus_client.delete_queue, running.url, running.queue)
    await asyncio.to_thread(bus_client.delete_exchange, running.url, running.queue)


async def test_each_method_is_answered(bench: Bench) -> None:
    """By direct reply-to, as JSON, with the correlation id; two clients at once each get their own."""
    asked = [
        Ask(request("customer", {"email": "a@b.example"})),
        Ask(request("agent", {"id": "alice"})),
        Ask(request("agents"), {"correlation_id": "mine-ü"}),
        Ask(request("calls")),
    ]
    one, other = await asyncio.gather(bench.ask(*asked), bench.ask(*asked[:2]))
    assert {"0", "1", "mine-ü", "3"} == {answer.correlation_id for answer in one}
    assert {"0", "1"} == {answer.correlation_id for answer in other}
    assert {"application/json"} == {answer.content_type for answer in one}
    results = {answer.correlation_id: answer.body["result"] for answer in one}
    assert (True, "ready", 1, []) == (
        results["0"]["complete"],
        results["1"]["state"],
        len(results["mine-ü"]),
        results["3"],
    )
    assert (await bench.result("dial", CALL, CONTROL))["done"]
    assert 1 == len(bench.control.executed)


async def test_a_reply_goes_to_the_queue_that_was_named(bench: Bench) -> None:
    """An ordinary queue of the asker's; a request without one is carried out and answered to nobody."""
    own = f"{bench.queue}-replies"
    await asyncio.to_thread(bus_client.declare_queue, bench.url, own)
    await bench.ask(Ask(request("dial", CALL), {"reply_to": own}), token=CONTROL, answers=0)
    (message,) = await asyncio.to_thread(bus_client.collect, bench.url, own, 1)
    assert ("0", 1) == (message.properties.correlation_id, message.properties.delivery_mode)
    await bench.ask(Ask(request("dial", CALL | {"id": "second"}), {"reply_to": None}), token=CONTROL, answers=0)
    await eventually(lambda: len(bench.control.executed) == 2)
    await asyncio.to_thread(bus_client.delete_queue, bench.url, own)


async def test_errors_are_answered(bench: Bench) -> None:
    """Each with its code and the reason in words."""
    assert Code.NOT_SIGNED_IN == (await bench.error("agents", token=""))["code"]
    error = await bench.error("agents", token="nobodys-token")
    assert (Code.NOT_SIGNED_IN, False) == (error["code"], "nobodys" in str(error))
    assert Code.NOT_ALLOWED == (await bench.error("dial", CALL))["code"]
    assert Code.METHOD_NOT_FOUND == (await bench.error("hang_up"))["code"]
    error = await bench.error("customer", {"phone": "call Bob"})
    assert (Code.INVALID_PARAMS, "phone") == (error["code"], error["data"]["param"])
    assert Code.NO_SUCH_AGENT == (await bench.error("agent", {"id": "bob"}))["code"]
    assert [] == bench.control.executed


async def test_hostile_messages_are_answered_and_forgotten(bench: Bench) -> None:
    """Huge, deep, binary, with headers of every type and thousands of them: none comes again, none stops the others."""
    hostile = [
        Ask(b""),
        Ask(b"\x00\xff" * 5_000),
        Ask(b"[" * 15_000),
        Ask(b"x" * 1_000_000),
        Ask(request("agents"), {"headers": {"authorization": f"Bearer {READ}", "x": {"y": [1, None, {"z": b"\xff"}]}}}),
        Ask(request("agents"), {"headers": {"authorization": 5}}),
        Ask(request("agents"), {"headers": {"authorization": ["Bearer", READ]}}),
        Ask(request("agents"), {"headers": {"authorization": "Bearer " + "x" * 50_000}}),
        Ask(request("agents"), {"headers": {f"x-{number}": "y" * 20 for number in range(2_000)}}),
        Ask(request("agents"), {"content_encoding": "gzip", "content_type": "image/png", "timestamp": 2**62}),
        Ask(request("agents"), {"expiration": None, "priority": 9, "type": "x" * 255, "app_id": "y" * 255}),
    ]
    answers = await bench.ask(*hostile)
    outcomes = {int(answer.correlation_id): answer.body.get("error", {}).get("code", "ok") for answer in answers}
    parse, request_error, nobody = Code.PARSE_ERROR, Code.INVALID_REQUEST, Code.NOT_SIGNED_IN
    assert [parse, parse, parse, request_error, "ok", nobody, nobody, nobody, nobody, "ok", "ok"] == [
        outcomes[number] for number in range(len(hostile))
    ]
    await bench.empty()
    assert (True, None) == (bench.rpc.connected, bench.rpc.problem())


async def test_nobody_has_the_hub_write_into_its_own_queues(bench: Bench) -> None:
    """A reply may go to no feed, whatever the asker says, or who may ask could hand in."""
    await asyncio.to_thread(bus_client.declare_queue, bench.url, "legacy.orders")
    for own in ("legacy.orders", "ctihub.rpc", "ctihub.inbound.shop", ""):
        await bench.ask(Ask(request("agents"), {"reply_to": own}), answers=0)
    await eventually(lambda: bench.rpc.undeliverable_total == 4)
    assert 0 == await asyncio.to_thread(bus_client.depth, bench.url, "legacy.orders")
    await asyncio.to_thread(bus_client.delete_queue, bench.url, "legacy.orders")


async def test_a_client_that_is_gone_costs_nothing(bench: Bench) -> None:
    """Its replies are dropped and counted; the connection stays, and others are answered."""
    bench.finder.gate = asyncio.Event()
    gone = [Ask(request("customer", {"email": "a@b.example"})), Ask(request("agents"), {"reply_to": "no-such-queue"})]
    await bench.ask(*gone, answers=0)
    await eventually(lambda: bench.finder.asked)
    bench.finder.gate.set()
    assert 1 == len(await bench.result("agents"))
    await bench.empty()
    await eventually(lambda: bench.rpc.undeliverable_total >= 1)
    assert bench.rpc.connected


async def test_a_backend_that_hangs_holds_up_nobody(bench: Bench) -> None:
    """It is an error at the request's deadline, or at the message's expiration; meanwhile others are answered."""
    bench.finder.gate = asyncio.Event()
    slow = Ask(request("customer", {"email": "a@b.example", "deadline_ms": 1_500}))
    expiring = Ask(request("customer", {"email": "a@b.example", "deadline_ms": 60_000}), {"expiration": "1500"})
    answers = await bench.ask(slow, expiring, Ask(request("agents")))
    assert "2" == answers[0].correlation_id
    assert [Code.DEADLINE_EXCEEDED] * 2 == [answer.body["error"]["code"] for answer in answers[1:]]


async def test_a_call_is_not_dialled_after_its_deadline(bench: Bench) -> None:
    """By the message's timestamp, or because the broker has let it go while there was no hub."""
    error = await bench.error("dial", CALL, CONTROL, timestamp=int(time.time()) - 60)
    assert Code.DEADLINE_EXCEEDED == error["code"]
    await bench.rpc.stop()
    expiring = Ask(request("dial", CALL | {"id": "expires"}), {"expiration": "50"})
    lasting = Ask(request("dial", CALL | {"id": "lasts"}), {"expiration": "60000"})
    await bench.ask(expiring, lasting, token=CONTROL, answers=0)

    async def has_expired() -> bool:
        return await asyncio.to_thread(bus_client.depth, bench.url, bench.queue) == 1

    await eventually_asked(has_expired, "one has expired", 30)
    await bench.start()
    await eventually(lambda: bench.control.executed)
    await bench.empty()
    assert ["lasts"] == [command.id for command, _ in bench.control.executed]


async def test_a_request_that_comes_again_dials_once(bench: Bench) -> None:
    """A hub that is stopped with a request in hand hands it to the next, which says what it does not know."""
    await bench.rpc.stop()
    hanging = Hanging()
    first = bench.listening(hanging)
    first.start()
    await eventually(lambda: first.connected)
    asking = asyncio.create_task(bench.ask(Ask(request("dial", CALL)), Ask(request("agents")), token=CONTROL))
    await eventually(lambda: len(hanging.taken) == 2)
    await first.stop()
    await bench.start()
    outcomes = {answer.correlation_id: answer.body["error"]["code"] for answer in await asking}
    assert {"0": Code.OUTCOME_UNKNOWN, "1": Code.NOT_ALLOWED} == outcomes
    assert [] == bench.control.executed


async def test_a_flood_is_answered_to_the_last(bench: Bench) -> None:
    """More than may be in hand at once: the broker holds them back, and each is answered once."""
    answers = await bench.ask(*[Ask(request("agents"))] * 500)
    assert sorted(str(number) for number in range(500)) == sorted(answer.correlation_id for answer in answers)


async def test_a_whole_hub_answers(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """From its own queue, with the tokens of its configuration, also after it was killed; its figures count it."""
    manager = ManagerServer(Exchange(queue="support", members={}), username="hub", secret="secret-of-the-pbx")
    await manager.start()
    sections = {
        "pbx": pbx_section(manager.port),
        "agents": agents_section(),
        "bus": {"url": "${AMQP_URL}"},
        "auth": {"tokens": {"tests": {"token": "${API_TOKEN}", "may": ["read", "control"]}}},
    }
    hub = HubProcess(tmp_path, sections, {"AMI_SECRET": "secret-of-the-pbx", "AMQP_URL": rabbitmq.url})

    async def asking(asked: Ask) -> list[Answer]:
        return await asyncio.to_thread(ask, rabbitmq.url, "ctihub.rpc", asked, token=hub.token)

    try:
        for _ in range(2):
            await hub.start()
            (answer,) = await asking(Ask(request("agent", {"id": "alice"})))
            assert "logged_off" == answer.body["result"]["state"]
            hub.kill()
        await hub.start()
        (answer,) = await asking(Ask(request("customer", {"email": "a@b.example"})))
        assert {"call_id": "", "phone": {}, "complete": True} == answer.body["result"]
        (answer,) = await asking(Ask(request("dial", {"agent": "nobody", "to": "100", "id": "1"})))
        assert "no_such_agent" == answer.body["result"]["refusal"]
        _, metrics = await HubApi(hub.url, hub.token).get("/metrics")
        assert b'ctihub_rpc_seconds_count{method="customer",outcome="ok"} 1.0' in metrics
        assert b"ctihub_rpc_connected 1.0" in metrics
        hub.stop()
        hub.assert_clean_log()
    finally:
        hub.kill()
        await manager.stop()


async def test_it_comes_back_with_the_broker(fresh_rabbitmq: RabbitMQ) -> None:
    """Killed and started again, and the queue deleted under it: requests are taken again by itself."""
    bench = Bench(fresh_rabbitmq.url)
    await bench.start()
    assert 1 == len(await bench.result("agents"))
    await asyncio.to_thread(fresh_rabbitmq.kill)
    await eventually(lambda: not bench.rpc.connected)
    assert bench.rpc.problem()
    await asyncio.to_thread(fresh_rabbitmq.start)
    await eventually(lambda: bench.rpc.connected)
    assert 1 == len(await bench.result("agents"))
    await asyncio.to_thread(bus_client.delete_queue, bench.url, bench.queue)
    await eventually(lambda: not bench.rpc.connected)
    await eventually(lambda: bench.rpc.connected)
    assert 1 == len(await bench.result("agents"))
    await bench.rpc.stop()
