"""What an agent says of a call is kept once, and told to each backend that knows the customer, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.base import Connector, ConnectorError
from hub.context.identity.deciding import IdentityService
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
from hub.domain.customer import AnswerState, BackendAnswer, Consent, Customer, CustomerContext, Problem, Sourced
from hub.domain.event import WriteBackRequest, call_event, context_event, decode_event
from hub.domain.identity import Chosen, IdentityDecision
from hub.domain.interaction import Interaction
from hub.domain.phone import parse_number
from hub.domain.wrapup import WrapUp, WrapUpError, WrapUpProblem
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from hub.journal.journal import Journal
from tests.unit.context.backends import Backend
from tests.waiting import eventually_asked

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


def answer(connector: str, state: AnswerState) -> BackendAnswer:
    return BackendAnswer(connector=connector, title=connector, state=state)


class Keeper(Backend):
    """A backend that keeps what it is told, by kind and id."""

    def __init__(self, name: str, *kinds: WriteKind) -> None:
        super().__init__(name)
        self.kinds = frozenset(kinds)
        self.kept: dict[tuple[WriteKind, str], WriteBack] = {}
        self.error_of_writing: ConnectorError | None = None

    @property
    def writes(self) -> frozenset[WriteKind]:
        return self.kinds

    async def write(self, entry: WriteBack) -> WriteResult:
        if self.error_of_writing is not None:
            raise self.error_of_writing
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
        self.decided: list[IdentityDecision] = []
        self.identity = IdentityService(
            journal=journal,
            live=self,
            context=self.contexts.get,
            agents=("alice",),
            on_decided=self.decided.append,
        )
        connectors: dict[str, Connector] = {one.name: one for one in (self.crm, self.erp, self.archive)}
        self.service = WrapUpService(
            connectors=lambda: connectors,
            live=self,
            context=self.contexts.get,
            journal=journal,
            agent_names={"alice": "Alice Weber"},
            dispositions=("Solved", "Call back"),
            on_recorded=self.recorded.append,
            decide=self.identity.decide,
            activity_by_rule=self._activity_by_rule,
            purpose_of=lambda name: {"crm": "service", "erp": "marketing"}.get(name, ""),
        )
        self.by_rule: set[str] = set()
        self.asked_if_over: list[bool] = []

    def _activity_by_rule(self, _call: Call, *, is_over: bool) -> set[str]:
        self.asked_if_over.append(is_over)
        return self.by_rule

    async def requests(self) -> list[WriteBackRequest]:
        """Return what backends are still to be given."""
        data = [decode_event(stored.body).data for stored in await self.journal.read(0, 100)]
        return [one for one in data if isinstance(one, WriteBackRequest)]

    def live_calls(self) -> list[Call]:
        return self.live

    async def calls_of(self, keys: Sequence[str]) -> int:
        return len((await self.journal.timeline(keys, limit=10)).interactions)

    async def over(self, *customers: Customer, answers: tuple[BackendAnswer, ...] = ()) -> None:
        """Let the call be over, with these customers known by then."""
        context = CustomerContext(call_id="main-1", phone=NUMBER, complete=True, customers=customers, answers=answers)
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


async def test_what_is_for_a_refused_purpose_is_not_written_and_told(site: Site) -> None:
    """Neither now nor later; the other backends get it, and the hub keeps the note."""
    refused = Sourced(value=Consent(purpose="marketing", granted=False), system="crm", record="C-1")
    await site.over(msgspec.structs.replace(MARIA, consents=(refused,)))
    result = await site.service.wrap_up("main-1", WrapUp(id="w1", note="Pump replaced"), agent="alice")
    assert {"crm": "", "erp": "marketing"} == {saved.connector: saved.refused for saved in result.saved}
    assert ([], 1) == (list(site.erp.kept), len(site.crm.kept))
    assert [] == await site.requests()
    assert ["Pump replaced"] == [one.text for one in site.recorded]


async def test_what_was_said_is_in_the_timeline(site: Site) -> None:
    """The hub keeps the note itself: the next one who talks to this customer sees it."""
    await site.over(MARIA)
    await site.service.wrap_up("main-1", WrapUp(id="w1", note="Pump replaced", disposition="Solved"), agent="alice")
    [call] = (await site.journal.timeline([f"tel:{NUMBER.e164}"], limit=10)).interactions
    [kept] = call.notes
    assert ("main-1", "Pump replaced", "Solved", "alice") == (call.id, kept.text, kept.disposition, kept.agent)
    assert [kept.text] == [interaction.text for interaction in site.recorded]


async def test_what_a_call_was_about_is_told_with_it(site: Site) -> None:
    """The number that the agent gives, then that of the case which was opened for it; neither is a note of its own."""
    await site.over(MARIA)
    await site.service.wrap_up("main-1", WrapUp(id="w1", reference="4711"), agent="alice")
    [call] = (await site.journal.timeline([f"tel:{NUMBER.e164}"], limit=10)).interactions
    assert ("4711", ()) == (call.reference, call.notes)
    saved = await site.service.wrap_up("main-1", WrapUp(id="w2", new_case="Pump leaks"), agent="alice")
    [case] = [one.id for one in saved.saved if one.kind is WriteKind.CASE]

    async def is_about_the_case() -> bool:
        [line] = (await site.journal.timeline(["id:crm:C-1"], limit=10)).interactions
        return (line.reference, [(note.new_case, note.text) for note in line.notes]) == (case, [("Pump leaks", "")])

    await eventually_asked(is_about_the_case, "the case's number is kept")


async def test_the_same_again_writes_nothing_twice(site: Site) -> None:
    """An answer that got lost is asked for again: hub and backends keep what they have."""
    await site.over(MARIA)
    said = WrapUp(id="w1", note="Pump replaced", new_case="Pump")
    for was_there in (False, True):
        result = await site.service.wrap_up("main-1", said, agent="alice")
        assert {was_there} == {saved.was_there for saved in result.saved}
    assert [(WriteKind.ACTIVITY, "main-1"), (WriteKind.CASE, "main-1.w1")] == sorted(site.crm.kept)
    assert 1 == len((await site.journal.timeline([f"tel:{NUMBER.e164}"], limit=10)).interactions)


async def test_what_is_said_later_is_a_further_note(site: Site) -> None:
    """The first word stays the activity; a second one becomes a note where the backend has notes."""
    await site.over(MARIA)
    await site.service.wrap_up("main-1", WrapUp(id="w1", note="Pump replaced"), agent="alice")
    await site.service.wrap_up("main-1", WrapUp(id="w2", note="Customer is happy"), agent="alice")
    assert [(WriteKind.ACTIVITY, "main-1"), (WriteKind.NOTE, "main-1.w2")] == sorted(site.crm.kept)
    assert [(WriteKind.ACTIVITY, "main-1")] == list(site.erp.kept)
    [call] = (await site.journal.timeline([f"tel:{NUMBER.e164}"], limit=10)).interactions
    assert ["Pump replaced", "Customer is happy"] == [note.text for note in call.notes]


async def test_a_new_case_is_opened_once(site: Site) -> None:
    """Of several systems with cases the first of the configuration gets it."""
    await site.over(MARIA)
    result = await site.service.wrap_up(
        "main-1", WrapUp(id="w1", new_case="Pump leaks", priority="high"), agent="alice"
    )
    assert [("crm", "case")] == [(one.connector, str(one.kind)) for one in result.saved if one.kind is WriteKind.CASE]
    case = site.crm.kept[WriteKind.CASE, "main-1.w1"]
    assert ("Pump leaks", "high", "C-1") == (case.subject, case.priority, case.customer)


async def test_a_backend_that_is_down_is_told_later(site: Site) -> None:
    """The others have it; what is for the one that is down is in the journal, once however often it is saved."""
    await site.over(MARIA)
    site.crm.error_of_writing = ConnectorError(Problem.UNREACHABLE, "crm: no connection")
    said = WrapUp(id="w1", note="Pump replaced", new_case="Pump")
    for _ in range(2):
        result = await site.service.wrap_up("main-1", said, agent="alice")
        assert {("crm", "activity", True), ("erp", "activity", False), ("crm", "case", True)} == {
            (saved.connector, str(saved.kind), saved.later) for saved in result.saved
        }
        assert {""} == {saved.problem for saved in result.saved}
    requests = await site.requests()
    assert [("crm", WriteKind.ACTIVITY, "main-1"), ("crm", WriteKind.CASE, "main-1.w1")] == sorted(
        (request.connector, request.entry.kind, request.entry.id) for request in requests
    )
    assert {("C-1", "Pump replaced", "crm: no connection", False)} == {
        (request.entry.customer, request.entry.note, request.reason, request.is_unsure) for request in requests
    }
    site.crm.error_of_writing = None
    result = await site.service.wrap_up("main-1", said, agent="alice")
    assert {"crm": False, "erp": True} == {saved.connector: saved.was_there for saved in result.saved}


async def test_who_did_not_answer_in_time_may_be_at_it(site: Site) -> None:
    """What was begun and not answered is marked, so that it is not written a second time beside itself."""
    await site.over(MARIA)
    site.crm.error_of_writing = ConnectorError(Problem.TIMEOUT, "crm: no answer")
    await site.service.wrap_up("main-1", WrapUp(id="w1", note="n"), agent="alice")
    assert [True] == [request.is_unsure for request in await site.requests()]


async def test_what_a_backend_refuses_is_told_and_not_tried_again(site: Site) -> None:
    """A note that it does not take today it does not take tomorrow: the agent reads why."""
    await site.over(MARIA)
    site.crm.error_of_writing = ConnectorError(Problem.FAULT, "crm: too long")
    result = await site.service.wrap_up("main-1", WrapUp(id="w1", note="n"), agent="alice")
    assert {"crm": ("crm: too long", False), "erp": ("", False)} == {
        saved.connector: (saved.problem, saved.later) for saved in result.saved
    }
    assert [] == await site.requests()


async def test_who_was_down_when_the_call_came_is_told_later(site: Site) -> None:
    """Nobody knows whether that backend knows the customer: it is asked when it is back, and gets the note then."""
    await site.over(
        msgspec.structs.replace(MARIA, ids={"crm": "C-1"}),
        answers=(answer("erp", AnswerState.FAILED), answer("archive", AnswerState.FAILED)),
    )
    result = await site.service.wrap_up("main-1", WrapUp(id="w1", note="n"), agent="alice")
    assert [("crm", False), ("erp", True)] == [(saved.connector, saved.later) for saved in result.saved]
    [request] = await site.requests()
    assert ("erp", "", NUMBER.e164) == (request.connector, request.entry.customer, request.entry.phone)


async def test_a_call_that_was_over_before_anybody_answered(site: Site) -> None:
    """Each backend is asked for the number later; one that can't be written to is not."""
    cleared = CallEvent(kind=CallEventKind.CLEARED, time=NOON, call=call(), cause=Cause.NORMAL_CLEARING)
    await site.journal.append(call_event(cleared))
    result = await site.service.wrap_up("main-1", WrapUp(id="w1", note="n"), agent="alice")
    assert [("crm", True), ("erp", True)] == [(saved.connector, saved.later) for saved in result.saved]


async def test_who_may_be_one_of_several_is_told_nothing_unasked(site: Site) -> None:
    """The agent said which of two it was: a lookup by their number could find the other one."""
    await site.over(MARIO, MARIA, answers=(answer("erp", AnswerState.FAILED),))
    said = WrapUp(id="w1", note="n", customer={"crm": "C-2"})
    await site.service.wrap_up("main-1", said, agent="alice")
    assert [] == await site.requests()


@pytest.mark.parametrize("is_live", [True, False])
async def test_where_a_rule_writes_the_activity_the_wrap_up_is_a_note(site: Site, is_live: bool) -> None:
    """Under an id of its own, whichever comes first; where there are no notes, as an activity of its own."""
    site.by_rule = {"crm", "erp"}
    await site.over(MARIA)
    if is_live:
        site.live = [call(ended_at=None, outcome=None)]
        site.contexts["main-1"] = CustomerContext(call_id="main-1", phone=NUMBER, customers=(MARIA,))
    said = WrapUp(id="w1", note="Pump replaced")
    for _ in range(2):
        await site.service.wrap_up("main-1", said, agent="alice")
    assert {(WriteKind.NOTE, "main-1.w1"): "Pump replaced"} == {key: one.note for key, one in site.crm.kept.items()}
    assert {(WriteKind.ACTIVITY, "main-1.w1"): "Pump replaced"} == {key: one.note for key, one in site.erp.kept.items()}
    assert {not is_live} == set(site.asked_if_over)


async def test_what_was_said_during_the_call_stays_what_it_was(site: Site) -> None:
    """Saved again after the call, the rules are asked as they were during it: it is not written in another way, too."""
    await site.over(MARIA)
    site.live = [call(ended_at=None, outcome=None)]
    said = WrapUp(id="w1", note="Pump replaced")
    await site.service.wrap_up("main-1", said, agent="alice")
    site.live = [call(ended_at=datetime.now(UTC) + timedelta(hours=1))]
    await site.service.wrap_up("main-1", said, agent="alice")
    assert [False, False] == site.asked_if_over


async def test_with_a_rule_a_result_alone_is_a_note_and_a_case_alone_is_none(site: Site) -> None:
    """A note has text in it; of what was not said there is no note."""
    site.by_rule = {"crm"}
    await site.over(MARIA)
    await site.service.wrap_up("main-1", WrapUp(id="w1", disposition="Solved"), agent="alice")
    await site.service.wrap_up("main-1", WrapUp(id="w2", new_case="Pump"), agent="alice")
    assert {(WriteKind.NOTE, "main-1.w1"): "Inbound call: Solved", (WriteKind.CASE, "main-1.w2"): ""} == {
        key: one.note for key, one in site.crm.kept.items()
    }


async def test_several_customers_are_asked_about(site: Site) -> None:
    """Nothing is written onto the wrong one: who it was has to be said, and be one of them."""
    await site.over(MARIA, MARIO)
    for wrong in ({}, {"crm": "C-9"}):
        with pytest.raises(WrapUpError) as raised:
            await site.service.wrap_up("main-1", WrapUp(id="w1", note="n", customer=wrong), agent="alice")
        assert WrapUpProblem.WHICH_CUSTOMER is raised.value.problem
    await site.service.wrap_up("main-1", WrapUp(id="w1", note="n", customer={"crm": "C-2"}), agent="alice")
    assert ["C-2"] == [entry.customer for entry in site.crm.kept.values()]


async def test_a_call_is_filed_under_whom_its_wrap_up_names(site: Site) -> None:
    """As if chosen during the call: in the timeline and the call log, and remembered; until that is taken back."""
    await site.over(MARIA, MARIO)
    number, ids = [f"tel:{NUMBER.e164}"], ["id:crm:C-2"]
    assert (1, 0) == (await site.calls_of(number), await site.calls_of(ids))
    said = WrapUp(id="w1", note="n", customer={"crm": "C-2"})
    for _ in range(2):
        await site.service.wrap_up("main-1", said, agent="alice")
    assert (0, 1) == (await site.calls_of(number), await site.calls_of(ids))
    [choice] = site.decided
    assert (number, [choice]) == ([choice.key], list(await site.journal.decisions(number)))
    await site.identity.withdraw(choice.id, by="alice", may_any=False)
    assert (1, 0) == (await site.calls_of(number), await site.calls_of(ids))
    await site.service.wrap_up("main-1", said, agent="alice")
    assert [] == list(await site.journal.decisions(number))


async def test_a_call_in_progress_is_filed_by_whoever_shows_it(site: Site) -> None:
    """The wrap-up's choice is told there; who is meant already is not decided again."""
    site.live = [call(ended_at=None)]
    several = CustomerContext(call_id="main-1", phone=NUMBER, customers=(MARIA, MARIO))
    site.contexts["main-1"] = several
    await site.service.wrap_up("main-1", WrapUp(id="w1", note="n", customer={"crm": "C-2"}), agent="alice")
    [choice] = site.decided
    assert ("main-1", "C-2", "alice") == (choice.call_id, choice.records[0].id, choice.by)
    chosen = Chosen(decision=choice.id, record=choice.records[0], by="alice", at=NOON)
    site.contexts["main-1"] = msgspec.structs.replace(several, customers=(MARIO, MARIA), chosen=chosen)
    await site.service.wrap_up("main-1", WrapUp(id="w2", note="m", customer={"crm": "C-2"}), agent="alice")
    assert [choice] == site.decided


async def test_a_stranger_is_kept_by_the_hub_alone(site: Site) -> None:
    """Nobody knows the caller: the note is kept under the number."""
    await site.over()
    assert () == (await site.service.wrap_up("main-1", WrapUp(id="w1", note="n"), agent="alice")).saved
    assert 1 == len((await site.journal.timeline([f"tel:{NUMBER.e164}"], limit=10)).interactions)


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
