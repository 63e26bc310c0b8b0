"""Where a caller is led: by the customer's context, by the last agent, by the rules, and always in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import ConnectorError
from hub.config.model import AgentSection, ContextSection
from hub.config.routing import RoutingSection
from hub.context.routing import CustomerRouting
from hub.context.routing_decision import variable_text
from hub.context.service import ContextService
from hub.domain.agent import AgentState, AgentStatus, QueueStatus
from hub.domain.call import Call, Direction
from hub.domain.customer import Case, CustomerContext, CustomerRecord, Name, Problem
from hub.domain.interaction import Channel, CustomerRef, Interaction, TimelinePage
from hub.domain.phone import PhoneNumber, parse_number
from hub.domain.ports import StoreError
from hub.domain.routing import Enquiry, EnquiryStatus, RoutingAnswer
from tests.unit.context.backends import Backend

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NUMBER = "+498912345678"
PHONE = parse_number(NUMBER, "DE")
MARIA = CustomerRecord(
    system="sap",
    id="0042",
    name=Name(full="Maria Huber"),
    tier="Gold",
    language="DE",
    owner="Bob Kramer",
    cases=(Case(id="1", subject="x"), Case(id="2", subject="y", open=False)),
)
AGENTS = {
    "alice": AgentSection(name="Alice Weber", devices=("PJSIP/1001", "PJSIP/1011")),
    "bob": AgentSection(name="Bob Kramer", devices=("PJSIP/1002",)),
}
DEVICES = {"PJSIP/1001": "alice", "PJSIP/1011": "alice", "PJSIP/1002": "bob"}


class History:
    """A call log that knows one agent."""

    def __init__(self, agent: str | None = None, *, fails: bool = False, waits: float = 0.0) -> None:
        self.agent = agent
        self.fails = fails
        self.waits = waits

    async def last_agent(self, number: str, since: datetime) -> str | None:
        await asyncio.sleep(self.waits)
        if self.fails:
            raise StoreError("the disk is gone")
        assert since < datetime.now(UTC)
        return self.agent if number == NUMBER else None


class Directory:
    """Agents in the states that a test gives them."""

    def __init__(self, **states: AgentState) -> None:
        self.states = states

    def agents(self) -> Sequence[AgentStatus]:
        return [status for agent_id in self.states if (status := self.agent(agent_id))]

    def agent(self, agent_id: str) -> AgentStatus | None:
        state = self.states.get(agent_id)
        return AgentStatus(agent=agent_id, name=agent_id, state=state, since=NOW) if state else None

    def queues(self) -> Sequence[QueueStatus]:
        return ()


def section(*rules: dict[str, Any], **changes: Any) -> RoutingSection:
    return RoutingSection.model_validate({"rules": list(rules), "deadline_s": 0.2, **changes})


async def decide(
    *backends: Backend,
    rules: Sequence[dict[str, Any]] = (),
    enquiry: Enquiry | None = None,
    history: History | None = None,
    directory: Directory | None = None,
    **changes: Any,
) -> RoutingAnswer:
    contexts = ContextService(list(backends), ContextSection())
    routing = CustomerRouting(
        section(*rules, **changes),
        contexts=contexts,
        history=history or History(),
        agents=AGENTS,
        devices=lambda pbx: DEVICES if pbx == "main" else {},
        directory=directory or Directory(),
    )
    try:
        return await routing.decide(enquiry or Enquiry(caller=PHONE, pbx="main", queue="support"))
    finally:
        await contexts.close()


async def test_a_known_customer_is_told_of() -> None:
    """Id, name, tier and language; without rules the queue is the one that was dialled."""
    answer = await decide(Backend("sap", [MARIA]))
    assert EnquiryStatus.FOUND is answer.status
    assert {
        "CTI_CUSTOMER_ID": "0042",
        "CTI_CUSTOMER_NAME": "Maria Huber",
        "CTI_TIER": "Gold",
        "CTI_LANGUAGE": "de",
        "CTI_AGENT": "",
        "CTI_AGENT_DEVICE": "",
        "CTI_QUEUE": "support",
        "CTI_PRIORITY": "0",
    } == answer.variables
    assert () == answer.rules


async def test_rules_decide_over_what_the_backends_and_the_call_log_know() -> None:
    """Gold goes ahead, to the agent who talked with them last."""
    gold = {"name": "gold", "when": {"customer.tier": "Gold"}, "then": {"priority": 10, "agent": "last_agent"}}
    case = {
        "name": "case",
        "when": {"customer.open_cases": 1},
        "then": {"queue": "cases", "variables": {"WHY": "case"}},
    }
    answer = await decide(Backend("sap", [MARIA]), rules=[gold, case], history=History("alice"))
    assert ("gold", "case") == answer.rules
    shown = answer.variables
    assert ("10", "cases", "case") == (shown["CTI_PRIORITY"], shown["CTI_QUEUE"], shown["WHY"])
    assert ("alice", "PJSIP/1001") == (shown["CTI_AGENT"], shown["CTI_AGENT_DEVICE"])


@pytest.mark.parametrize(
    ("states", "offered"),
    [
        ({"alice": AgentState.READY, "bob": AgentState.READY}, "alice"),
        ({"alice": AgentState.LOGGED_OFF, "bob": AgentState.READY}, "bob"),
        ({"alice": AgentState.NOT_READY, "bob": AgentState.AFTER_CALL_WORK}, ""),
        ({"bob": AgentState.READY}, "alice"),
        ({"alice": AgentState.BUSY, "bob": AgentState.BUSY}, ""),
    ],
)
async def test_the_first_preferred_agent_who_is_ready_is_offered(states: dict[str, AgentState], offered: str) -> None:
    """The last agent, else who looks after the customer (by name), and nobody who can't take the call now.

    Of whom nothing is known the dialplan finds out itself.
    """
    rule = {"name": "known", "then": {"agent": ["last_agent", "owner"]}}
    answer = await decide(
        Backend("sap", [MARIA]), rules=[rule], history=History("alice"), directory=Directory(**states)
    )
    assert offered == answer.variables["CTI_AGENT"]


async def test_an_agent_without_a_phone_on_that_pbx_has_no_device() -> None:
    """The same name on another PBX is somebody else's phone."""
    enquiry = Enquiry(caller=PHONE, pbx="north")
    answer = await decide(Backend("sap", [MARIA]), rules=[{"name": "all", "then": {"agent": "bob"}}], enquiry=enquiry)
    assert ("bob", "") == (answer.variables["CTI_AGENT"], answer.variables["CTI_AGENT_DEVICE"])


async def test_after_the_deadline_the_call_goes_on_with_what_is_known() -> None:
    """One backend has answered, the other hangs: found, by the first alone, and on time."""
    started = time.monotonic()
    answer = await decide(
        Backend("sap", [MARIA]), Backend("osc", [], gate=asyncio.Event()), deadline_s=0.1, history=History(waits=5)
    )
    assert 0.1 <= time.monotonic() - started < 0.6
    assert (EnquiryStatus.FOUND, "Maria Huber") == (answer.status, answer.variables["CTI_CUSTOMER_NAME"])


@pytest.mark.parametrize(
    ("backend", "status"),
    [
        (Backend("sap", []), EnquiryStatus.NOT_FOUND),
        (Backend("sap", [], gate=asyncio.Event()), EnquiryStatus.TIMEOUT),
        (Backend("sap", [], error=ConnectorError(Problem.UNREACHABLE, "x")), EnquiryStatus.ERROR),
    ],
)
async def test_why_nobody_is_known(backend: Backend, status: EnquiryStatus) -> None:
    """Nobody has the number, nobody said so in time, or nobody could say; rules may tell these apart."""
    rule = {"name": "late", "when": {"status": "timeout"}, "then": {"priority": 3}}
    answer = await decide(backend, rules=[rule], deadline_s=0.05)
    assert status is answer.status
    assert ("3" if status is EnquiryStatus.TIMEOUT else "0") == answer.variables["CTI_PRIORITY"]
    assert "" == answer.variables["CTI_CUSTOMER_NAME"]


async def test_of_several_customers_only_what_they_share_counts() -> None:
    """An office with one number: both are gold, so the call is; but nobody is called by the other's name."""
    others = [MARIA, CustomerRecord(system="sap", id="0043", name=Name(full="Jonas Adler"), tier="Gold", language="EN")]
    rule = {"name": "gold", "when": {"customer.tier": "Gold"}, "then": {"priority": 10}}
    answer = await decide(Backend("sap", others), rules=[rule])
    assert EnquiryStatus.MANY is answer.status
    shown = answer.variables
    assert ("", "", "", "10") == (
        shown["CTI_CUSTOMER_ID"],
        shown["CTI_CUSTOMER_NAME"],
        shown["CTI_LANGUAGE"],
        shown["CTI_PRIORITY"],
    )


async def test_nobody_is_asked_for_an_anonymous_caller() -> None:
    """There is nothing to ask by; the rules still hold sway."""
    backend = Backend("sap", [MARIA])
    rule = {"name": "anonymous", "when": {"caller.anonymous": True}, "then": {"priority": -5}}
    answer = await decide(backend, rules=[rule], enquiry=Enquiry(caller=PhoneNumber(anonymous=True)))
    assert (EnquiryStatus.NOT_FOUND, "-5") == (answer.status, answer.variables["CTI_PRIORITY"])
    assert [] == backend.asked


async def test_a_call_log_that_can_not_be_read_costs_only_the_last_agent() -> None:
    """The customer is led all the same."""
    rule = {"name": "all", "then": {"agent": "last_agent", "priority": 1}}
    answer = await decide(Backend("sap", [MARIA]), rules=[rule], history=History(fails=True))
    assert ("", "1") == (answer.variables["CTI_AGENT"], answer.variables["CTI_PRIORITY"])


async def test_the_lookups_of_the_live_call_are_waited_for_and_not_done_twice() -> None:
    """They began when the call arrived; a backend whose answers aren't kept hears one question."""
    gate = asyncio.Event()
    backend = Backend("sap", [MARIA], gate=gate)
    told: list[CustomerContext] = []
    contexts = ContextService([backend], ContextSection(cache_s=0))
    contexts.subscribe(told.append)
    routing = CustomerRouting(
        section(deadline_s=5),
        contexts=contexts,
        history=History(),
        agents=AGENTS,
        devices=lambda _pbx: DEVICES,
        directory=Directory(),
    )
    call = Call(id="main-1", pbx="main", direction=Direction.INBOUND, started_at=NOW, caller=PHONE)
    contexts.begin(call)
    waiting = asyncio.create_task(routing.decide(Enquiry(caller=PHONE, pbx="main", call_id="main-1")))
    await asyncio.sleep(0)
    gate.set()
    assert EnquiryStatus.FOUND is (await waiting).status
    again = await routing.decide(Enquiry(caller=PHONE, pbx="main", call_id="main-1"))
    assert (EnquiryStatus.FOUND, 1) == (again.status, len(backend.asked))
    assert {"main-1"} == {context.call_id for context in told}
    await contexts.close()


class Contacts:
    """Knows one earlier contact, after a moment."""

    async def timeline(
        self,
        keys: Sequence[str],
        *,
        channels: Collection[Channel] = (),  # noqa: ARG002 - the protocol's
        before: str = "",  # noqa: ARG002 - likewise
        limit: int = 50,
    ) -> TimelinePage:
        await asyncio.sleep(0.02)
        mail = Interaction(
            id="1", channel=Channel.EMAIL, at=NOW, subject="x", customer=CustomerRef(phones=(NUMBER,)), source="mail"
        )
        return TimelinePage(interactions=(mail,)[:limit] if f"tel:{NUMBER}" in keys else ())


async def test_a_rule_may_count_on_the_contacts_being_read() -> None:
    """They come from the journal, a moment after the last backend's answer."""
    contexts = ContextService([Backend("sap", [MARIA])], ContextSection(), interactions=Contacts())
    known = await contexts.known(PHONE, call_id="", within_s=5)
    assert (True, 1) == (known.complete, len(known.interactions))
    await contexts.close()


async def test_an_enquiry_for_a_call_that_is_not_followed_is_nobody_elses_business() -> None:
    """The manager interface may be away: the backends are asked, and no page and no journal hears of it."""
    told: list[CustomerContext] = []
    completed: list[CustomerContext] = []
    contexts = ContextService(
        [Backend("sap", [MARIA])], ContextSection(), on_complete=lambda context, _pbx: completed.append(context)
    )
    contexts.subscribe(told.append)
    found = await contexts.known(PHONE, call_id="main-7", within_s=5)
    assert ["Maria Huber"] == [customer.display_name for customer in found.customers]
    assert ([], [], None) == (told, completed, contexts.current("main-7"))
    await contexts.close()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "1"),
        (False, ""),
        (0, "0"),
        (("a", "b"), "a,b"),
        ({"sap": "1"}, '{"sap":"1"}'),
        ("Huber\r\nSET VARIABLE A 1", "HuberSET VARIABLE A 1"),
        ("x" * 1000, "x" * 256),
    ],
)
def test_any_fact_becomes_one_line_of_text(value: object, text: str) -> None:
    """Whatever a backend sends is one bounded value of one channel variable."""
    assert text == variable_text(value)


@pytest.mark.parametrize(
    ("sent", "set_to"),
    [
        ("DE", "de"),
        ("en-GB", "en_GB"),
        ("zh_CN", "zh_CN"),
        ("../../../etc/passwd", ""),
        ("de/../x", ""),
        ("German", ""),
    ],
)
async def test_a_language_is_one_that_asterisk_can_have_sounds_for(sent: str, set_to: str) -> None:
    """It becomes part of a file's path there, so what a backend sends can't be anything else."""
    record = CustomerRecord(system="sap", id="1", name=Name(full="A"), language=sent)
    assert set_to == (await decide(Backend("sap", [record]))).variables["CTI_LANGUAGE"]
