"""A real Asterisk asks the hub who calls while the caller waits, and leads the caller by the answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import web

from hub.demo.site import Site
from tests.scenarios.call_site import agents_section, asterisk_section
from tests.scenarios.hub_api import HubApi
from tests.scenarios.hub_process import HubProcess
from tests.servers.asterisk import Asterisk
from tests.servers.ports import free_tcp_port
from tests.servers.record import SUPPORT
from tests.servers.sipp import Phone, Trunk
from tests.waiting import eventually_asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

GOLD = "+498999998301"
HERS = "+498999998302"
HOSTILE = "+498999998303"
STRANGERS = ("+498999998311", "+498999998312", "+498999998313")
REGULAR = "+498999998321"

HOSTILE_NAME = 'Bobby "\r\nSET VARIABLE CTI_PRIORITY "99" \\ ${SHELL(id)},Tables'
CUSTOMERS: dict[str, dict[str, str]] = {
    GOLD: {"id": "1", "name": "Petra Vogt", "tier": "Gold", "language": "DE"},
    HERS: {"id": "2", "name": "Jonas Adler", "owner": "Bob Kramer"},
    HOSTILE: {"id": "3", "name": HOSTILE_NAME, "tier": 'Gold" "', "language": "../../../etc"},
}
MAPPING = """\
source: CRM of the test
version: 1
target: customer
fields: {id: id, name.full: name, tier: tier, language: language, owner: owner}
"""
RULES = [
    {"name": "gold", "when": {"customer.tier": "Gold"}, "then": {"priority": 10}},
    {"name": "known agent", "then": {"agent": ["owner", "last_agent"]}},
]


class Crm:
    """A backend that knows CUSTOMERS, and takes `delay` seconds for each question."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.questions: list[str] = []
        application = web.Application()
        application.router.add_get("/customers", self._find)
        self.site = Site(application)

    async def _find(self, request: web.Request) -> web.Response:
        number = request.query["phone"]
        self.questions.append(number)
        await asyncio.sleep(self.delay)
        return web.json_response([CUSTOMERS[number]] if number in CUSTOMERS else [])


@dataclass
class Routed:
    """Asterisk, the hub that it asks, and the CRM that the hub asks."""

    asterisk: Asterisk
    hub: HubProcess
    api: HubApi
    crm: Crm
    port: int

    def ask_at(self, address: str) -> None:
        """Have the dialplan ask there; `off`: nowhere."""
        self.asterisk.command(f"dialplan set global CTIHUB_FASTAGI {address}")

    async def waiting(self, count: int) -> None:
        """Return when that many callers wait in the queue."""

        async def as_many() -> bool:
            shown = await asyncio.to_thread(self.asterisk.command, "queue show support")
            return shown.count("(wait:") == count

        await eventually_asked(as_many, f"{count} callers in the queue")

    async def shown(self) -> dict[str, str]:
        """Return the variables of the one channel from the trunk."""
        return dict(re.findall(r"^ *(\w+)=(.*)$", await self.channel(), re.MULTILINE))

    async def channel(self) -> str:
        """Return what Asterisk says of the one channel from the trunk."""
        concise = await asyncio.to_thread(self.asterisk.command, "core show channels concise")
        (name,) = {line.partition("!")[0] for line in concise.splitlines() if line.startswith("PJSIP/trunk")}
        return await asyncio.to_thread(self.asterisk.command, f"core show channel {name}")

    async def no_live_call(self) -> None:
        """Return when the hub knows of no call."""

        async def none() -> bool:
            return not await self.api.calls()

        await eventually_asked(none, "no live call")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def routed_site(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Routed]:
    """Run the hub between Asterisk and the CRM."""
    folder = tmp_path_factory.mktemp("fastagi")
    mapping = folder / "mappings/crm/customer.yaml"
    mapping.parent.mkdir(parents=True)
    mapping.write_text(MAPPING)
    crm = Crm()
    await crm.site.start()
    port = free_tcp_port()
    step = {"name": "found", "path": "/customers", "params": {"phone": {"from": "query.e164"}}}
    hub = HubProcess(
        folder,
        {
            "pbx": asterisk_section(asterisk),
            "agents": agents_section(),
            "connectors": {
                "crm": {
                    "kind": "rest",
                    "url": crm.site.url,
                    "mapping": "crm/customer",
                    "operations": {"by_phone": {"key": "phone", "forms": ["e164"], "steps": [step]}},
                }
            },
            "context": {"cache_s": 0, "budget_s": 10},
            "routing": {"listen": f"127.0.0.1:{port}", "rules": RULES},
        },
        {"AMI_SECRET": asterisk.ami_secret},
    )
    try:
        await hub.start()
        yield Routed(asterisk, hub, HubApi(hub.url, hub.token), crm, port)
        hub.stop()
        hub.assert_clean_log(*CUSTOMERS, *STRANGERS, REGULAR)
        assert "Petra" not in hub.log()
    finally:
        hub.kill()
        await crm.site.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def routed(routed_site: Routed) -> AsyncIterator[Routed]:
    """Have the dialplan ask the hub while the test lasts."""
    routed_site.ask_at(f"127.0.0.1:{routed_site.port}")
    routed_site.crm.delay = 0.0
    yield routed_site
    routed_site.ask_at("off")
    routed_site.asterisk.end_calls()
    await routed_site.no_live_call()


async def test_a_known_important_caller_is_served_ahead_of_those_who_wait(routed: Routed) -> None:
    """Alice talks, two strangers wait, then a gold customer calls: the freed phone rings for the customer first."""
    async with Phone(routed.asterisk, "1001") as phone, Trunk(routed.asterisk) as trunk:
        talking = await trunk.call(REGULAR, to=SUPPORT)
        ringing = await phone.rings()
        await ringing.answer()
        strangers = []
        for number, caller in enumerate(STRANGERS[:2], start=1):
            strangers.append(await trunk.call(caller, to=SUPPORT))
            await routed.waiting(number)
        gold = await trunk.call(GOLD, to=SUPPORT)
        await routed.waiting(3)
        await talking.hang_up()
        served = []
        for leg in (gold, *strangers):
            ringing = await phone.rings()
            served.append(ringing.shown)
            await ringing.answer()
            await leg.hang_up()
            await ringing.cleared()
    assert [True, True, True] == [
        number.removeprefix("+") in shown for number, shown in zip((GOLD, *STRANGERS[:2]), served, strict=True)
    ]


async def test_the_dialplan_gets_what_the_configuration_names(routed: Routed) -> None:
    """Customer, tier, language, queue, priority, how it went and by which rule; the backend is asked once a call."""
    routed.crm.questions.clear()
    async with Phone(routed.asterisk, "1001") as phone, Trunk(routed.asterisk) as trunk:
        caller = await trunk.call(GOLD, to=SUPPORT)
        await phone.rings()
        shown = await routed.shown()
        expected = {
            "CTI_CUSTOMER_ID": "1",
            "CTI_CUSTOMER_NAME": "Petra Vogt",
            "CTI_TIER": "Gold",
            "CTI_LANGUAGE": "de",
            "CTI_QUEUE": "support",
            "CTI_PRIORITY": "10",
            "CTIHUB_STATUS": "found",
            "CTIHUB_RULE": "gold,known agent",
            "QUEUE_PRIO": "10",
            "AGISTATUS": "SUCCESS",
        }
        assert expected == {name: shown.get(name) for name in expected}
        assert re.search(r"Language: de\b", await routed.channel())
        await caller.hang_up()
    assert [GOLD] == routed.crm.questions
    line = [line for line in routed.hub.log_lines() if line["event"] == "routing"][-1]
    assert ("found", ["gold", "known agent"], 10) == (line["status"], line["rules"], line["priority"])
    assert line["call_id"].startswith("main-")


async def test_whoever_looks_after_the_customer_is_rung_first(routed: Routed) -> None:
    """Bob's phone rings and no other, and the caller is in no queue; when Bob declines, the queue has the caller."""
    async with (
        Phone(routed.asterisk, "1001") as alice,
        Phone(routed.asterisk, "1002") as bob,
        Trunk(routed.asterisk) as trunk,
    ):
        caller = await trunk.call(HERS, to=SUPPORT)
        ringing = await bob.rings()
        await routed.waiting(0)
        assert 0 == alice.times_rung()
        await ringing.reject()
        await routed.waiting(1)
        await caller.hang_up()


async def test_who_calls_again_reaches_the_same_agent_first(routed: Routed) -> None:
    """Bob talked with the caller, so Bob's phone rings the next time, with Alice's phone free as well."""
    async with Phone(routed.asterisk, "1002") as bob, Trunk(routed.asterisk) as trunk:
        caller = await trunk.call(REGULAR, to=SUPPORT)
        ringing = await bob.rings()
        await ringing.answer()
        await caller.hang_up()
        await ringing.cleared()
        await routed.no_live_call()
        async with Phone(routed.asterisk, "1001") as alice:
            again = await trunk.call(REGULAR, to=SUPPORT)
            ringing = await bob.rings()
            await routed.waiting(0)
            assert ("bob", "PJSIP/1002") == (
                (await routed.shown()).get("CTI_AGENT"),
                (await routed.shown()).get("CTI_AGENT_DEVICE"),
            )
            assert 0 == alice.times_rung()
            await ringing.answer()
            await again.hang_up()


async def test_a_slow_backend_does_not_keep_the_caller(routed: Routed) -> None:
    """After the deadline the call goes on without: it rings, and the dialplan can tell why it knows nobody."""
    routed.crm.delay = 6.0
    async with Phone(routed.asterisk, "1001") as phone, Trunk(routed.asterisk) as trunk:
        caller = await trunk.call(GOLD, to=SUPPORT)
        await phone.rings(within=4)
        shown = await routed.shown()
        assert ("timeout", "", "0") == (shown["CTIHUB_STATUS"], shown["CTI_TIER"], shown["CTI_PRIORITY"])
        await caller.hang_up()


async def test_without_a_hub_the_call_goes_on(routed: Routed) -> None:
    """Nobody listens there: Asterisk knows at once."""
    routed.ask_at(f"127.0.0.1:{free_tcp_port()}")
    async with Phone(routed.asterisk, "1001") as phone, Trunk(routed.asterisk) as trunk:
        caller = await trunk.call(GOLD, to=SUPPORT)
        await phone.rings(within=3)
        assert "FAILURE" == (await routed.shown())["AGISTATUS"]
        await caller.hang_up()


async def test_a_hub_that_hangs_keeps_a_call_for_three_seconds(routed: Routed) -> None:
    """It takes the connection and says nothing, which Asterisk's AGI would bear for ever."""
    routed.hub.freeze()
    try:
        async with Phone(routed.asterisk, "1001") as phone, Trunk(routed.asterisk) as trunk:
            caller = await trunk.call(GOLD, to=SUPPORT)
            await phone.rings(within=6)
            await caller.hang_up()
    finally:
        routed.hub.thaw()


async def test_a_caller_who_gives_up_meanwhile_leaves_nothing_behind(routed: Routed) -> None:
    """While the backend thinks: the hub hears of it and has nothing to complain about."""
    routed.crm.delay = 0.7
    asked = len(routed.crm.questions)
    async with Trunk(routed.asterisk) as trunk:
        caller = await trunk.call(GOLD, to=SUPPORT)

        async def is_asked() -> bool:
            return len(routed.crm.questions) > asked

        await eventually_asked(is_asked, "the CRM is asked")
        await caller.cancel()
        await routed.no_live_call()
    assert [] == [line for line in routed.hub.log_lines() if line["event"] == "fastagi_refused"]


async def test_a_hostile_name_is_the_value_of_one_variable(routed: Routed) -> None:
    """Quotes, line breaks and a function: they change no other variable, and nothing is evaluated."""
    async with Phone(routed.asterisk, "1001") as phone, Trunk(routed.asterisk) as trunk:
        caller = await trunk.call(HOSTILE, to=SUPPORT)
        await phone.rings()
        shown = await routed.shown()
        assert {
            "CTI_CUSTOMER_NAME": HOSTILE_NAME.replace("\r\n", " "),
            "CTI_TIER": 'Gold" "',
            "CTI_LANGUAGE": "",
            "CTI_PRIORITY": "0",
        } == {name: shown[name] for name in ("CTI_CUSTOMER_NAME", "CTI_TIER", "CTI_LANGUAGE", "CTI_PRIORITY")}
        await caller.hang_up()


async def test_a_withheld_number_is_not_looked_up(routed: Routed) -> None:
    """The carrier knows it and asks that it is not shown (RFC 3325): the dialplan is told of nobody by it."""
    async with Phone(routed.asterisk, "1001") as phone, Trunk(routed.asterisk) as trunk:
        caller = await trunk.call(GOLD, to=SUPPORT, withheld=True)
        await phone.rings()
        shown = await routed.shown()
        assert ("not_found", "") == (shown["CTIHUB_STATUS"], shown["CTI_CUSTOMER_NAME"])
        await caller.hang_up()
