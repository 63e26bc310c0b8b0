from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import structlog

from hub.config.anticipation import ProposalRule
from hub.config.identity import IdentitySection
from hub.config.merge import MergeSection
from hub.config.model import ContextSection
from hub.context.anticipation.proposals import Anticipation
from hub.context.service import ContextService
from hub.domain.call import Call, Direction
from hub.domain.change import ChangeKind, OrderChange
from hub.domain.customer import AnswerState, CustomerContext, CustomerRecord, Name, Order, Problem
from hub.domain.interaction import Channel, CustomerRef, Interaction, Note, Repeat, TimelinePage
from hub.domain.phone import parse_number
from hub.domain.ports import StoreError
from tests.unit.context.backends import Backend, ConnectorError
from tests.waiting import eventually

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NUMBER = "+498912345678"
MARIA = CustomerRecord(system="sap", id="1", name=Name(full="Maria Huber"))
MARIA_IN_OSC = CustomerRecord(system="osc", id="9", name=Name(full="Maria Huber"), tier="gold")


def call(call_id: str = "main-1", number: str = NUMBER) -> Call:
    return Call(id=call_id, pbx="main", direction=Direction.INBOUND, started_at=NOW, caller=parse_number(number, "DE"))


def mail(subject: str, *, hour: int = 9, customer: CustomerRef | None = None) -> Interaction:
    return Interaction(
        id=subject,
        channel=Channel.EMAIL,
        at=NOW.replace(hour=hour),
        subject=subject,
        customer=customer or CustomerRef(phones=(NUMBER,)),
        source="mail",
    )


def states(context: CustomerContext | None) -> dict[str, str]:
    assert context is not None
    return {answer.connector: answer.state.value for answer in context.answers}


async def test_answers_come_one_by_one() -> None:
    """A pop is progressive: the quick backend's customer is there while the slow one is still pending."""
    gate = asyncio.Event()
    service = ContextService([Backend("sap", [MARIA]), Backend("osc", [MARIA_IN_OSC], gate=gate)], ContextSection())
    seen: list[CustomerContext] = []
    service.subscribe(seen.append)
    service.begin(call())
    assert {"sap": "pending", "osc": "pending"} == states(service.current("main-1"))
    await eventually(lambda: bool(seen))
    assert {"sap": "found", "osc": "pending"} == states(seen[-1])
    assert ["Maria Huber"] == [c.name.value.full for c in seen[-1].customers if c.name]
    assert not seen[-1].complete
    gate.set()
    await eventually(lambda: seen[-1].complete)
    assert 1 == len(seen[-1].customers)
    assert [1, 2] == [context.revision for context in seen]
    await service.close()


async def test_other_rules_count_from_the_next_call_on() -> None:
    """Who is one customer, which value is shown, what is proposed: of kept answers, too; a call keeps its rules."""
    records = [msgspec.structs.replace(MARIA, tier="Bronze"), MARIA_IN_OSC]
    service = ContextService([Backend(one.system, [one]) for one in records], ContextSection())
    service.begin(call("main-1"))
    await eventually(lambda: bool((now := service.current("main-1")) and now.complete))
    apart = IdentitySection.model_validate({"rules": [{"name": "never", "signs": ["name_same"], "adds": -100}]})
    rule = ProposalRule.model_validate(
        {
            "rule": "Known by name", "version": 1, "target": "proposal", "kind": "attention",
            "when": {"customer.tier": "gold"}, "text": {"en": "Be quick"}, "reason": {"en": "Gold"},
        }
    )  # fmt: skip

    service.use_rules(IdentitySection(), MergeSection(default=("osc",)), Anticipation({"known": rule}))
    service.begin(call("main-2"))
    await eventually(lambda: bool((now := service.current("main-2")) and now.complete))
    service.use_rules(apart, MergeSection(), Anticipation({}))
    service.begin(call("main-3"))
    await eventually(lambda: bool((now := service.current("main-3")) and now.complete))

    seen = [now for name in ("main-1", "main-2", "main-3") if (now := service.current(name)) is not None]
    tiers = [[one.tier.value for one in now.customers if one.tier] for now in seen]
    assert [["Bronze"], ["gold"], ["Bronze", "gold"]] == tiers
    assert [[], ["known"], []] == [[one.rule for who in now.customers for one in who.proposals] for now in seen]
    assert [False, True, True] == [all(answer.cached for answer in now.answers) for now in seen]
    await service.close()


async def test_slow_backend_costs_its_own_card_only() -> None:
    """Over the budget a notice stands in the slow backend's place; its late answer still fills the card."""
    gate = asyncio.Event()
    service = ContextService(
        [Backend("sap", [MARIA]), Backend("osc", [MARIA_IN_OSC], gate=gate)], ContextSection(budget_s=0.05)
    )
    seen: list[CustomerContext] = []
    completed: list[int] = []
    service = ContextService(
        [Backend("sap", [MARIA]), Backend("osc", [MARIA_IN_OSC], gate=gate)],
        ContextSection(budget_s=0.05),
        on_complete=lambda context, _pbx: completed.append(context.revision),
    )
    service.subscribe(seen.append)
    service.begin(call())
    await eventually(lambda: bool(seen) and seen[-1].complete)
    assert {"sap": "found", "osc": "failed"} == states(seen[-1])
    assert seen[-1].answers[1].problem == Problem.TIMEOUT
    gate.set()
    await eventually(lambda: states(seen[-1])["osc"] == "found")
    assert seen[-1].answers[1].late
    assert 2 == len(completed)
    await service.close()


async def test_backend_that_is_down_gives_a_notice() -> None:
    """A failure names its problem, and costs its own card only."""
    osc = Backend("osc", [MARIA_IN_OSC], error=ConnectorError(Problem.UNREACHABLE, "osc: connection refused"))
    service = ContextService([Backend("sap", [MARIA]), osc], ContextSection(cache_s=0))
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.complete))
    context = service.current("main-1")
    assert context is not None
    assert (AnswerState.FAILED, Problem.UNREACHABLE) == (context.answers[1].state, context.answers[1].problem)
    assert 1 == len(context.customers)
    await service.close()


async def test_connector_that_raises_anything_else_leaves_the_others_alone() -> None:
    """A connector that breaks its contract costs its own card a notice, without the exception's text."""
    service = ContextService(
        [Backend("sap", [MARIA]), Backend("osc", error=RuntimeError("secret-token"))], ContextSection()
    )
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.complete))
    context = service.current("main-1")
    assert context is not None
    assert context.answers[1].problem == Problem.INTERNAL
    assert "secret-token" not in context.answers[1].detail
    assert 1 == len(context.customers)
    await service.close()


async def test_second_call_is_answered_from_cache_at_once() -> None:
    """What is known is there when `begin` returns, and the backend is not asked again while it is fresh."""
    sap = Backend("sap", [MARIA])
    now = [0.0]
    service = ContextService([sap], ContextSection(cache_s=60), clock=lambda: now[0])
    service.begin(call("main-1"))
    await eventually(lambda: bool((c := service.current("main-1")) and c.complete))
    service.begin(call("main-2"))
    context = service.current("main-2")
    assert context is not None
    assert context.complete
    assert context.answers[0].cached
    assert 1 == len(sap.asked)
    now[0] = 61.0
    service.begin(call("main-3"))
    await eventually(lambda: len(sap.asked) == 2)
    await service.close()


async def test_same_question_at_once_is_asked_once() -> None:
    """Two calls of one customer at the same time cost the backend one request; one hanging up leaves the other."""
    gate = asyncio.Event()
    sap = Backend("sap", [MARIA], gate=gate)
    service = ContextService([sap], ContextSection())
    service.begin(call("main-1"))
    service.begin(call("main-2"))
    await eventually(lambda: bool(sap.asked))
    service.drop("main-1")
    await asyncio.sleep(0)
    gate.set()
    await eventually(lambda: bool((c := service.current("main-2")) and c.complete))
    assert 1 == len(sap.asked)
    assert service.current("main-1") is None
    await service.close()


@pytest.mark.parametrize("is_late", [True, False])
async def test_who_hung_up_before_the_backends_answered_is_known_all_the_same(*, is_late: bool) -> None:
    """What was asked is waited for and told, within the budget and after it; then the call is forgotten."""
    gate = asyncio.Event()
    sap, osc = Backend("sap", [MARIA], gate=gate), Backend("osc", [MARIA_IN_OSC], gate=gate)
    told: list[CustomerContext] = []
    service = ContextService(
        [sap, osc],
        ContextSection(budget_s=0.01 if is_late else 30),
        on_complete=lambda context, _pbx: told.append(context),
    )
    service.begin(call())
    await eventually(lambda: bool(sap.asked and osc.asked))
    if is_late:
        await eventually(lambda: len(told) == 1)
    service.end("main-1")
    gate.set()
    await eventually(lambda: service.current("main-1") is None)
    assert told[-1].customer is not None
    assert ({"sap": "1", "osc": "9"}, [0, 0]) == (told[-1].customer.ids, [sap.cancelled, osc.cancelled])
    await service.close()


@pytest.mark.parametrize("is_waited_for", [True, False])
async def test_a_call_of_which_nothing_is_to_be_told_leaves_no_request_behind(*, is_waited_for: bool) -> None:
    """One that turned out to be part of another, and one that is waited for still when the hub ends."""
    sap = Backend("sap", [MARIA], gate=asyncio.Event())
    service = ContextService([sap], ContextSection())
    service.begin(call())
    await eventually(lambda: bool(sap.asked))
    if is_waited_for:
        service.end("main-1")
        await service.close()
    else:
        service.drop("main-1")
    await eventually(lambda: sap.cancelled == 1)
    assert service.current("main-1") is None


async def test_what_never_comes_is_not_waited_for_after_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that does not answer at all keeps no call that is over."""
    monkeypatch.setattr("hub.context.service.KNOWN_WITHIN_S", 0.01)
    sap = Backend("sap", [MARIA], gate=asyncio.Event())
    service = ContextService([sap], ContextSection())
    service.begin(call())
    await eventually(lambda: bool(sap.asked))
    service.end("main-1")
    await eventually(lambda: service.current("main-1") is None)
    await eventually(lambda: sap.cancelled == 1)
    await service.close()


async def test_number_that_the_dialplan_corrects_is_looked_up_anew() -> None:
    """The customer of the first number is gone from the context; the revision still grows."""
    sap = Backend("sap", [MARIA])
    service = ContextService([sap], ContextSection())
    service.begin(call(number="1001"))
    assert sap.asked == []
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.customers))
    sap.records = ()
    service.begin(call(number="+493023125011"))
    context = service.current("main-1")
    assert context is not None
    assert () == context.customers
    assert 3 == context.revision
    service.begin(call(number="anonymous"))
    assert context == service.current("main-1")
    await service.close()


async def test_anonymous_and_malformed_callers_ask_nobody() -> None:
    """Without a number there is no question; the context is complete and empty."""
    sap = Backend("sap", [MARIA])
    service = ContextService([sap], ContextSection())
    for number in ("anonymous", "", "abc<script>", "1001", "+49" + "9" * 40):
        service.begin(call(f"main-{number}", number))
        context = service.current(f"main-{number}")
        assert context is not None
        assert context.complete
        assert () == context.customers
    assert [] == sap.asked


class Contacts:
    def __init__(self, interactions: Sequence[Interaction], problem: StoreError | None = None) -> None:
        self.interactions = interactions
        self.repeats: tuple[Repeat, ...] = ()
        self.problem = problem

    async def timeline(
        self,
        keys: Sequence[str],
        *,
        channels: Collection[Channel] = (),  # noqa: ARG002 - the protocol's
        before: str = "",  # noqa: ARG002 - likewise
        limit: int = 50,
    ) -> TimelinePage:
        if self.problem is not None:
            raise self.problem
        found = [i for i in self.interactions if not set(i.customer.keys()).isdisjoint(keys)]
        found.sort(key=lambda one: one.at, reverse=True)
        more = "more" if len(found) > limit else ""
        return TimelinePage(interactions=tuple(found[:limit]), repeats=self.repeats, next=more)


@pytest.mark.parametrize(("settings", "count", "has_older"), [({}, 2, False), ({"interactions": 1}, 1, True)])
async def test_it_is_told_whether_there_are_older_contacts(
    settings: dict[str, Any], count: int, *, has_older: bool
) -> None:
    """A page offers older ones where there are any, and nothing where all are shown."""
    contacts = Contacts([mail("first", hour=8), mail("second", hour=9)])
    service = ContextService([], ContextSection(**settings), interactions=contacts)
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and len(c.interactions) == count))
    context = service.current("main-1")
    assert context is not None
    assert has_older is context.has_older
    await service.close()


async def test_contacts_by_number_and_by_what_the_backends_say() -> None:
    """Contacts linked by number or by the customer's id show, newest first; somebody else's do not."""
    contacts = Contacts(
        [
            mail("by number", hour=8),
            mail("by id", customer=CustomerRef(ids={"sap": "1"})),
            mail("other", customer=CustomerRef(phones=("+4930123",))),
        ]
    )
    service = ContextService([Backend("sap", [MARIA])], ContextSection(), interactions=contacts)
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and len(c.interactions) == 2))
    context = service.current("main-1")
    assert context is not None
    assert ["by id", "by number"] == [i.subject for i in context.interactions]
    await service.close()


async def test_contact_that_comes_in_during_the_call_is_shown() -> None:
    """A feed's message about the caller reaches the open pop once; no backend has to be asked again for it."""
    sap = Backend("sap", [MARIA])
    service = ContextService([sap], ContextSection())
    seen: list[CustomerContext] = []
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.complete))
    service.subscribe(seen.append)
    service.interaction_recorded(mail("order shipped"))
    service.interaction_recorded(mail("order shipped"))
    assert [["order shipped"]] == [[i.subject for i in context.interactions] for context in seen]
    service.begin(call("main-2"))
    context = service.current("main-2")
    assert context is not None
    assert (True, None, 1) == (context.complete, context.answers[0].as_of, len(sap.asked))
    await service.close()


async def test_a_matter_that_comes_up_again_during_the_call_is_marked() -> None:
    """What is counted comes with the contacts, and is read anew when one comes in that names a matter."""
    contacts = Contacts([mail("first")])
    contacts.repeats = (Repeat(reference="4711", contacts=2, since=NOW),)
    service = ContextService([], ContextSection(), interactions=contacts)
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.repeats))
    third = msgspec.structs.replace(mail("third"), reference="4711")
    contacts.interactions = [third, *contacts.interactions]
    contacts.repeats = (Repeat(reference="4711", contacts=3, since=NOW),)
    service.interaction_recorded(third)
    await eventually(lambda: bool((c := service.current("main-1")) and c.repeats == contacts.repeats))
    context = service.current("main-1")
    assert context is not None
    assert ["third", "first"] == [one.subject for one in context.interactions]
    await service.close()


async def test_a_matter_that_is_deleted_during_the_call_is_left_out() -> None:
    """It is none of the customer's any more; what else there is stays."""
    contacts = Contacts([mail("first")])
    service = ContextService([], ContextSection(), interactions=contacts)
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.interactions))
    customer = contacts.interactions[0].customer
    for change, shown in ((ChangeKind.CHANGED, {"first", "7"}), (ChangeKind.DELETED, {"first"})):
        service.matter_changed(
            OrderChange(system="shop", customer=customer, order=Order(id="7"), at=NOW, change=change), received=NOW
        )
        context = service.current("main-1")
        assert context is not None
        assert shown == {one.subject for one in context.interactions}
    await service.close()


async def test_what_is_said_of_an_earlier_call_is_shown_with_it() -> None:
    """The line that is there already gets the note: it is none of its own."""
    contacts = Contacts([mail("earlier call")])
    service = ContextService([], ContextSection(), interactions=contacts)
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.interactions))
    noted = msgspec.structs.replace(contacts.interactions[0], notes=(Note(at=NOW, agent="bob", text="Is angry"),))
    contacts.interactions = [noted]
    service.call_wrapped_up(msgspec.structs.replace(noted, id="main-0", source="desk"))
    await eventually(lambda: bool((c := service.current("main-1")) and c.interactions == (noted,)))
    await service.close()


async def test_several_customers_share_a_number() -> None:
    """Two records of one system: two customers to choose from, and nobody's e-mails are shown."""
    jonas = CustomerRecord(system="sap", id="2", name=Name(full="Jonas Huber"))
    contacts = Contacts([mail("Maria's", customer=CustomerRef(ids={"sap": "1"}))])
    service = ContextService([Backend("sap", [MARIA, jonas])], ContextSection(), interactions=contacts)
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.complete))
    context = service.current("main-1")
    assert context is not None
    assert ["Maria Huber", "Jonas Huber"] == [c.name.value.full for c in context.customers if c.name]
    assert () == context.interactions
    await service.close()


async def test_contacts_that_can_not_be_read_leave_the_customer_alone() -> None:
    """A disk that fails costs the contacts, and a line in the log that says why, without a traceback."""
    contacts = Contacts([], StoreError("the disk can't be read"))
    service = ContextService([Backend("sap", [MARIA])], ContextSection(), interactions=contacts)
    with structlog.testing.capture_logs() as logged:
        service.begin(call())
        await eventually(lambda: bool((c := service.current("main-1")) and c.customers and logged))
        await service.close()
    assert {("contacts not read", "warning", "the disk can't be read")} == {
        (line["event"], line["log_level"], line["reason"]) for line in logged
    }
