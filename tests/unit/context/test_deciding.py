"""People decide who is who: what is refused, what contradicts what, what holds when one is taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from hub.context.identity.deciding import MAX_RECORDS, IdentityService
from hub.context.identity.standing import Standing
from hub.domain.call import Call, CallEvent, CallEventKind, Connection, ConnectionState, Direction, Role
from hub.domain.customer import AnswerState, BackendAnswer, Customer, CustomerContext, CustomerRecord
from hub.domain.event import call_event, context_event
from hub.domain.identity import DecisionKind, IdentityDecided, IdentityDecision, IdentityError, IdentityProblem
from hub.domain.phone import PhoneNumber
from hub.journal.journal import Journal
from tests.unit.context.identity_samples import NOON, decided, ref

NUMBER = "+4930901820"
KEY = f"tel:{NUMBER}"


class Desk:
    """The service over a real journal, one live call of Alice's in which SAP told of two records."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        phone = PhoneNumber(raw=NUMBER, e164=NUMBER)
        part = Connection(
            id="c", device="PJSIP/1", role=Role.CALLED, state=ConnectionState.CONNECTED, since=NOON, agent="alice"
        )
        self.call = Call(
            id="main-1",
            pbx="main",
            direction=Direction.INBOUND,
            started_at=NOON,
            caller=phone,
            connections=(part,),
        )
        records = tuple(CustomerRecord(system="sap", id=number) for number in ("1", "2"))
        answer = BackendAnswer(connector="sap", title="SAP", state=AnswerState.FOUND, records=records)
        self.context = CustomerContext(call_id="main-1", phone=phone, answers=(answer,))
        self.told: list[IdentityDecision] = []
        self.is_over = False
        self.service = IdentityService(
            journal=journal,
            live=self,
            context=lambda call_id: self.context if call_id == "main-1" and not self.is_over else None,
            agents=("alice", "bob"),
            on_decided=self.told.append,
        )

    def live_calls(self) -> list[Call]:
        return [] if self.is_over else [self.call]

    async def decide(self, decision: IdentityDecision, **more: str) -> IdentityDecided:
        return await self.service.decide(msgspec.structs.replace(decision, **more))

    async def refused(self, decision: IdentityDecision, **more: str) -> IdentityProblem:
        with pytest.raises(IdentityError) as caught:
            await self.decide(decision, **more)
        assert len(caught.value.message) > 20
        return caught.value.problem


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give a desk with a journal of its own."""
    journal = await Journal.open(tmp_path / "journal.db")
    yield Desk(journal)
    await journal.close()


async def test_a_choice_in_a_call_is_remembered_for_its_number(desk: Desk) -> None:
    """The call's own number is taken; the decision is durable, and told, when it is answered."""
    done = await desk.decide(decided(1, "meant", "sap:2"), call_id="main-1")
    assert (KEY, "alice", (ref("sap:2"),)) == (done.decision.key, done.decision.by, done.decision.records)
    assert abs((datetime.now(UTC) - done.decision.at).total_seconds()) < 60
    assert [done.decision] == desk.told == await desk.journal.decisions([KEY])


async def test_only_who_has_a_part_in_the_call_chooses_in_it(desk: Desk) -> None:
    """And only what is of that call: its number, a record that it has shown. A machine that may has no part in any."""
    meant = decided(1, "meant", "sap:2")
    assert IdentityProblem.NOT_YOURS is await desk.refused(meant, call_id="main-1", by="bob")
    assert IdentityProblem.NO_SUCH_CALL is await desk.refused(meant, call_id="main-9")
    assert IdentityProblem.NOT_OF_THIS_CALL is await desk.refused(meant, call_id="main-1", key="tel:+4930111")
    assert IdentityProblem.NOT_OF_THIS_CALL is await desk.refused(decided(1, "meant", "sap:3"), call_id="main-1")
    assert [] == desk.told
    assert KEY == (await desk.decide(meant, call_id="main-1", by="token:crm")).decision.key


@pytest.mark.parametrize(
    "wrong",
    [
        decided(1, "meant", "sap:1"),
        decided(1, "meant", "sap:1", "sap:2", key=KEY),
        decided(1, "meant", "sap:1", key="tel:0351 12"),
        decided(1, "meant", "sap:1", key="mailto:nobody"),
        decided(1, "meant", "sap:1", key="id:sap:1"),
        decided(1, "same", "sap:1"),
        decided(1, "same", "sap:1", "sap:1"),
        decided(1, "different", "sap:1", "sap:2", key=KEY),
        decided(1, "same", *(f"sap:{number}" for number in range(MAX_RECORDS + 1))),
    ],
)
async def test_what_decides_nothing_is_refused(desk: Desk, wrong: IdentityDecision) -> None:
    """A choice needs a number or an address and one record, the others two different records."""
    assert IdentityProblem.MALFORMED is await desk.refused(wrong)
    assert [] == desk.told


async def test_the_same_again_changes_nothing(desk: Desk) -> None:
    """Under one id there is one decision, in whatever order its records come; another is refused, also afterwards."""
    first = await desk.decide(decided(1, "same", "sap:1", "crm:9"))
    assert first == await desk.decide(decided(1, "same", "crm:9", "sap:1"))
    assert IdentityProblem.ID_REUSED is await desk.refused(decided(1, "same", "crm:9", "sap:2"))
    assert IdentityProblem.ID_REUSED is await desk.refused(decided(1, "different", "crm:9", "sap:1"))
    await desk.service.withdraw("d-1", by="alice", may_any=False)
    assert IdentityProblem.ID_REUSED is await desk.refused(decided(1, "same", "sap:1", "crm:9"))
    assert 2 == len(desk.told)


async def test_who_decided_takes_it_back_or_a_supervisor(desk: Desk) -> None:
    """Nobody else; twice is once; what is not there can't be taken back."""
    await desk.decide(decided(1, "same", "sap:1", "crm:9"))
    with pytest.raises(IdentityError, match="supervisor"):
        await desk.service.withdraw("d-1", by="bob", may_any=False)
    done = await desk.service.withdraw("d-1", by="bob", may_any=True)
    assert (True, "bob") == (done.decision.withdrawn, done.decision.by)
    assert [] == await desk.journal.decisions(["id:sap:1"])
    assert done.decision == (await desk.service.withdraw("d-1", by="alice", may_any=False)).decision
    assert [False, True] == [one.withdrawn for one in desk.told]
    with pytest.raises(IdentityError) as caught:
        await desk.service.withdraw("d-7", by="alice", may_any=True)
    assert IdentityProblem.NO_SUCH_DECISION is caught.value.problem


async def test_a_contradiction_is_told_in_words(desk: Desk) -> None:
    """The newer counts while it stands; once it is taken back the older counts again, and that is told as well."""
    await desk.decide(decided(1, "same", "sap:1", "crm:9"), by="bob")
    newer = await desk.decide(decided(2, "different", "sap:1", "crm:9"))
    assert ("d-1",) == newer.replaces
    [note] = newer.notes
    assert note.startswith("Until now crm 9 and sap 1 were the same customer, as bob said on ")
    standing = Standing(await desk.journal.decisions(["id:sap:1"]))
    assert (False, True) == (
        standing.same(ref("sap:1"), ref("crm:9")),
        standing.apart(ref("sap:1"), ref("crm:9")),
    )
    back = await desk.service.withdraw("d-2", by="alice", may_any=False)
    [note] = back.notes
    assert note.endswith("that counts again.")
    assert Standing(await desk.journal.decisions(["id:sap:1"])).same(ref("sap:1"), ref("crm:9"))


async def test_another_choice_for_a_number_replaces_the_first(desk: Desk) -> None:
    """And says who said what before."""
    await desk.decide(decided(1, "meant", "sap:1", key=KEY))
    newer = await desk.decide(decided(2, "meant", "sap:2", key=KEY), by="bob")
    assert ("d-1",) == newer.replaces
    assert f"Until now {KEY} was sap 1, as alice said" in newer.notes[0]
    assert [ref("sap:2")] == [one.records[0] for one in Standing(await desk.journal.decisions([KEY])).meant([KEY])]


async def test_what_follows_from_several_decisions_is_told(desk: Desk) -> None:
    """Two that are the same as a third, and are said to be different: the older of the two gives way, in words."""
    await desk.decide(decided(1, "same", "sap:1", "crm:9"))
    await desk.decide(decided(2, "same", "crm:9", "shop:5"))
    done = await desk.decide(decided(3, "different", "sap:1", "shop:5"))
    assert ((), 1) == (done.replaces, len(done.notes))
    assert "crm 9 and sap 1 can't be the same customer" in done.notes[0]


async def test_two_of_one_system_are_joined_by_people_alone(desk: Desk) -> None:
    """It is done, and said."""
    done = await desk.decide(decided(1, "same", "sap:1", "sap:2"))
    assert ("sap keeps these records as different customers: they are shown as one here all the same.",) == done.notes


def test_decisions_hold_in_any_order() -> None:
    """Of two about the same the newer counts, however they come; one that was taken back counts nowhere."""
    said = [
        decided(1, "same", "sap:1", "crm:9"),
        decided(2, "different", "sap:1", "crm:9"),
        decided(3, "same", "crm:9", "shop:5"),
        msgspec.structs.replace(decided(4, "same", "sap:1", "shop:5"), withdrawn=True),
    ]
    for order in (said, said[::-1]):
        standing = Standing(order)
        assert standing.apart(ref("sap:1"), ref("shop:5"))
        assert standing.same(ref("crm:9"), ref("shop:5"))
        assert "d-2" == standing.decided(ref("crm:9"), ref("sap:1"))
        assert DecisionKind.DIFFERENT is (standing.about(ref("sap:1"), ref("crm:9")) or said[0]).kind


async def test_a_finished_call_is_filed_under_whom_somebody_chooses(desk: Desk) -> None:
    """With the name in the call log; when that is taken back under what counts again, else under the number."""
    customers = (Customer(ids={"sap": "1"}), Customer(ids={"sap": "2"}), Customer(ids={"sap": "3"}))
    context = msgspec.structs.replace(desk.context, complete=True, customers=customers)
    await desk.journal.append(context_event(context, pbx="main"))
    [part] = desk.call.connections
    talked = (msgspec.structs.replace(part, connected_at=NOON),)
    ended = msgspec.structs.replace(desk.call, ended_at=NOON, connections=talked)
    await desk.journal.append(call_event(CallEvent(kind=CallEventKind.CLEARED, time=NOON, call=ended)))
    desk.is_over = True

    async def filed() -> set[str]:
        keys = (KEY, "id:sap:1", "id:sap:2", "id:sap:3")
        return {key for key in keys if (await desk.journal.timeline([key], limit=1)).interactions}

    assert {KEY} == await filed()
    await desk.decide(decided(1, "meant", "sap:2"), call_id="main-1")
    assert {"id:sap:2"} == await filed()
    await desk.decide(decided(2, "meant", "sap:1"), call_id="main-1")
    assert {"id:sap:1"} == await filed()
    await desk.service.withdraw("d-2", by="alice", may_any=False)
    assert {"id:sap:2"} == await filed()
    now = await desk.journal.context_of("main-1")
    assert now is not None
    assert ("d-1", ref("sap:2")) == ((now.chosen and now.chosen.decision), (now.chosen and now.chosen.record))
    await desk.service.withdraw("d-1", by="alice", may_any=False)
    assert {KEY} == await filed()
