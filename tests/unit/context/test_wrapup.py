"""What an agent says of a call is kept once, and told to each backend that knows the customer, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.base import Connector, ConnectorError
from hub.context.wrapup import WrapUpService
from hub.domain.call import (
    Call,
    CallEvent,
    CallEventKind,
    Cause,
    Connection,
    ConnectionState,
    Direction,
    Outcome,
    Role,
)
from hub.domain.customer import Customer, CustomerContext, Problem
from hub.domain.event import call_event, context_event
from hub.domain.interaction import Interaction
from hub.domain.phone import parse_number
from hub.domain.wrapup import WrapUp, WrapUpError, WrapUpProblem
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from hub.journal.journal import Journal
from tests.unit.context.backends import Backend

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NUMBER = parse_number("+498912345678", "DE")
MARIA = Customer(ids={"crm": "C-1", "erp": "E-1", "archive": "A-1"})
MARIO = Customer(ids={"crm": "C-2"})


def call(**changes: object) -> Call:
    part = Connection(
        id="c1", device="PJSIP/1001", role=Role.CALLED, state=ConnectionState.NULL, since=NOON, agent="alice",
        alerted_at=NOON, connected_at=NOON,
    )  # fmt: skip
    whole = Call(
        id="main-1", pbx="main", direction=Direction.INBOUND, started_at=NOON, answered_at=NOON + timedelta(seconds=5),
        ended_at=NOON + timedelta(seconds=65), caller=NUMBER, queue="support", connections=(part,),
        outcome=Outcome.ANSWERED,
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


class Keeper(Backend):
    """A backend that keeps what it is told, by kind and id."""

    def __init__(self, name: str, *kinds: WriteKind) -> None:
        super().__init__(name)
        self.kinds = frozenset(kinds)
        self.kept: dict[tuple[WriteKind, str], WriteBack] = {}
        self.is_down = False

    @property
    def writes(self) -> frozenset[WriteKind]:
        return self.kinds

    async def write(self, entry: WriteBack) -> WriteResult:
        if self.is_down:
            raise ConnectorError(Problem.UNREACHABLE, f"{self.name}: no connection")
        was_there = (entry.kind, entry.id) in self.kept
        self.kept.setdefault((entry.kind, entry.id), entry)
        return WriteResult(id=f"{self.name}-{len(self.kept)}", was_there=was_there)


class Site:
    """A journal, two backends that take what is written and one that doesn't, and the service between them."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.crm = Keeper("crm", *WriteKind)
        self.erp = Keeper("erp", WriteKind.ACTIVITY, WriteKind.CASE)
        self.archive = Keeper("archive")
        self.recorded: list[Interaction] = []
        self.live: list[Call] = []
        self.contexts: dict[str, CustomerContext] = {}
        connectors: dict[str, Connector] = {one.name: one for one in (self.crm, self.erp, self.archive)}
        self.service = WrapUpService(
            connectors=lambda: connectors,
            live=self,
            context=self.contexts.get,
            journal=journal,
            agent_names={"alice": "Alice Weber"},
            dispositions=("Solved", "Call back"),
            on_recorded=self.recorded.append,
        )

    def live_calls(self) -> list[Call]:
        return self.live

    async def over(self, *customers: Customer) -> None:
        """Let the call be over, with these customers known by then."""
        context = CustomerContext(call_id="main-1", phone=NUMBER, complete=True, customers=customers)
        await self.journal.append(context_event(context, pbx="main"))
        cleared = CallEvent(kind=CallEventKind.CLEARED, time=NOON, call=call(), cause=Cause.NORMAL_CLEARING)
        await self.journal.append(call_event(cleared))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Run the service on a real journal."""
    journal = await Journal.open(tmp_path / "ctihub.db")
    yield Site(journal)
    await journal.close()


async def test_every_backend_that_knows_the_customer_is_told(site: Site) -> None:
    """The call becomes an activity there with its facts and the note; who writes nothing is left alone."""
    await site.over(MARIA)
    said = WrapUp(id="w1", note="Pump replaced", disposition="Solved")
    result = await site.service.wrap_up("main-1", said, agent="alice")
    assert [("crm", "activity", "crm-1", ""), ("erp", "activity", "erp-1", "")] == [
        (saved.connector, str(saved.kind), saved.id, saved.problem) for saved in result.saved
    ]
    [entry] = site.crm.kept.values()
    assert ("main-1", "C-1", "+498912345678", 60) == (entry.id, entry.customer, entry.phone, entry.duration_s)
    assert ("Inbound call: Solved", "Pump replaced", "Solved") == (entry.subject, entry.note, entry.disposition)
    assert ("alice", "Alice Weber", "support", "answered") == (
        entry.agent,
        entry.agent_name,
        entry.queue,
        entry.outcome,
    )
    assert [] == list(site.archive.kept)


async def test_what_was_said_is_in_the_timeline(site: Site) -> None:
    """The hub keeps the note itself: the next one who talks to this customer sees it."""
    await site.over(MARIA)
    await site.service.wrap_up("main-1", WrapUp(id="w1", note="Pump replaced", disposition="Solved"), agent="alice")
    [kept] = await site.journal.recent([f"tel:{NUMBER.e164}"], 10)
    assert ("Pump replaced", "Solved", "main-1", "alice") == (
        kept.text,
        kept.status,
        kept.reference,
        kept.extra["agent"],
    )
    assert [kept.text] == [interaction.text for interaction in site.recorded]


async def test_the_same_again_writes_nothing_twice(site: Site) -> None:
    """An answer that got lost is asked for again: hub and backends keep what they have."""
    await site.over(MARIA)
    said = WrapUp(id="w1", note="Pump replaced", new_case="Pump")
    for was_there in (False, True):
        result = await site.service.wrap_up("main-1", said, agent="alice")
        assert {was_there} == {saved.was_there for saved in result.saved}
    assert [(WriteKind.ACTIVITY, "main-1"), (WriteKind.CASE, "main-1.w1")] == sorted(site.crm.kept)
    assert 1 == len(await site.journal.recent([f"tel:{NUMBER.e164}"], 10))


async def test_what_is_said_later_is_a_further_note(site: Site) -> None:
    """The first word stays the activity; a second one becomes a note where the backend has notes."""
    await site.over(MARIA)
    await site.service.wrap_up("main-1", WrapUp(id="w1", note="Pump replaced"), agent="alice")
    await site.service.wrap_up("main-1", WrapUp(id="w2", note="Customer is happy"), agent="alice")
    assert [(WriteKind.ACTIVITY, "main-1"), (WriteKind.NOTE, "main-1.w2")] == sorted(site.crm.kept)
    assert [(WriteKind.ACTIVITY, "main-1")] == list(site.erp.kept)
    texts = [kept.text for kept in await site.journal.recent([f"tel:{NUMBER.e164}"], 10)]
    assert ["Customer is happy", "Pump replaced"] == sorted(texts)


async def test_a_new_case_is_opened_once(site: Site) -> None:
    """Of several systems with cases the first of the configuration gets it."""
    await site.over(MARIA)
    result = await site.service.wrap_up(
        "main-1", WrapUp(id="w1", new_case="Pump leaks", priority="high"), agent="alice"
    )
    assert [("crm", "case")] == [(one.connector, str(one.kind)) for one in result.saved if one.kind is WriteKind.CASE]
    case = site.crm.kept[WriteKind.CASE, "main-1.w1"]
    assert ("Pump leaks", "high", "C-1") == (case.subject, case.priority, case.customer)


async def test_a_backend_that_is_down_costs_its_own_entry(site: Site) -> None:
    """The others have it, the problem is told in words, and the same once more completes it."""
    await site.over(MARIA)
    site.crm.is_down = True
    said = WrapUp(id="w1", note="Pump replaced")
    result = await site.service.wrap_up("main-1", said, agent="alice")
    assert {"crm": "crm: no connection", "erp": ""} == {saved.connector: saved.problem for saved in result.saved}
    site.crm.is_down = False
    result = await site.service.wrap_up("main-1", said, agent="alice")
    assert {"crm": False, "erp": True} == {saved.connector: saved.was_there for saved in result.saved}
    assert (1, 1) == (len(site.crm.kept), len(site.erp.kept))


async def test_several_customers_are_asked_about(site: Site) -> None:
    """Nothing is written onto the wrong one: who it was has to be said, and be one of them."""
    await site.over(MARIA, MARIO)
    for wrong in ({}, {"crm": "C-9"}):
        with pytest.raises(WrapUpError) as raised:
            await site.service.wrap_up("main-1", WrapUp(id="w1", note="n", customer=wrong), agent="alice")
        assert WrapUpProblem.WHICH_CUSTOMER is raised.value.problem
    await site.service.wrap_up("main-1", WrapUp(id="w1", note="n", customer={"crm": "C-2"}), agent="alice")
    assert ["C-2"] == [entry.customer for entry in site.crm.kept.values()]


async def test_a_stranger_is_kept_by_the_hub_alone(site: Site) -> None:
    """Nobody knows the caller: the note is kept under the number."""
    await site.over()
    assert () == (await site.service.wrap_up("main-1", WrapUp(id="w1", note="n"), agent="alice")).saved
    assert 1 == len(await site.journal.recent([f"tel:{NUMBER.e164}"], 10))


async def test_during_the_call(site: Site) -> None:
    """A case can be opened while the customer is on the line."""
    site.live = [call(ended_at=None, outcome=None)]
    site.contexts["main-1"] = CustomerContext(call_id="main-1", phone=NUMBER, customers=(MARIA,))
    await site.service.wrap_up("main-1", WrapUp(id="w1", new_case="Pump leaks"), agent="alice")
    assert (WriteKind.CASE, "main-1.w1") in site.crm.kept


@pytest.mark.parametrize(
    ("agent", "call_id", "said", "problem"),
    [
        ("bob", "main-1", WrapUp(id="w1", note="n"), WrapUpProblem.NOT_YOURS),
        ("alice", "main-2", WrapUp(id="w1", note="n"), WrapUpProblem.NO_SUCH_CALL),
        ("alice", "main-1", WrapUp(id="w1", note=" "), WrapUpProblem.NOTHING_SAID),
        ("alice", "main-1", WrapUp(id="w1", disposition="Odd"), WrapUpProblem.NO_SUCH_DISPOSITION),
    ],
)
async def test_what_is_refused(site: Site, agent: str, call_id: str, said: WrapUp, problem: WrapUpProblem) -> None:
    """Who had no part in the call, or says nothing that can be kept, changes nothing anywhere."""
    await site.over(MARIA)
    with pytest.raises(WrapUpError) as raised:
        await site.service.wrap_up(call_id, said, agent=agent)
    assert problem is raised.value.problem
    assert ({}, []) == (site.crm.kept, site.recorded)
