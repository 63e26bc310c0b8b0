"""Who is who: choosing one of several, joining and splitting, and taking each of them back."""

from __future__ import annotations

import msgspec
from playwright.async_api import Page, expect

from hub.domain.customer import CustomerContext, CustomerRecord, Name, Problem
from hub.domain.identity import Chosen, DecisionKind, IdentityError, IdentityProblem, Reason, RecordMatch, RecordRef
from tests.browser import callers, customers
from tests.browser.world import World

JOSEF = RecordRef(system="service", id="50077")


def _several(revision: int = 5) -> CustomerContext:
    both = (customers.whole(), customers.namesake())
    return msgspec.structs.replace(customers.whole_context(revision=revision), customers=both, repeats=())


def _chosen(by: str, *, revision: int = 6, decision: str = "d-1") -> CustomerContext:
    chosen = Chosen(decision=decision, record=JOSEF, by=by, at=callers.ago(120), call_id="main-1")
    both = (customers.namesake(), customers.whole())
    return msgspec.structs.replace(_several(revision), customers=both, chosen=chosen)


async def test_a_choice_is_told_to_the_hub_and_can_be_taken_back(desk: Page, world: World) -> None:
    """Choosing shows the customer at once; as the hub has it it says by whom, and taken back all stand there again."""
    world.ring(callers.call(), _several())
    await desk.get_by_test_id("choose").nth(1).click()
    await expect(desk.get_by_test_id("details")).to_contain_text("50077")
    await expect(desk.get_by_test_id("decision-trouble")).to_have_count(0)
    (decision,) = world.identity.decided.values()
    assert (DecisionKind.MEANT, (JOSEF,), "main-1", "alice") == (
        decision.kind, decision.records, decision.call_id, decision.by
    )  # fmt: skip
    world.learn(_chosen("alice", decision=decision.id))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Josef Huber")
    await expect(desk.get_by_test_id("candidate")).to_have_count(0)
    await expect(desk.get_by_test_id("pop-chosen")).to_contain_text("Chosen by you")
    await expect(desk.get_by_test_id("pop-chosen")).to_contain_text("one of 2 customers with this number")
    await desk.get_by_test_id("take-back").click()
    await expect(desk.get_by_test_id("candidate")).to_have_count(2)
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Josef Huber or Maria Huber")
    assert [(decision.id, "alice", False)] == world.identity.withdrawals
    world.learn(_several(7))
    await expect(desk.get_by_test_id("candidate-name").first).to_have_text("Maria Huber")


async def test_a_choice_of_an_earlier_call_says_whose_it_was(desk: Page, world: World) -> None:
    """Whom a colleague chose last time is shown from the first moment, with the colleague's name."""
    world.ring(callers.call(), _chosen("bob"))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Josef Huber")
    await expect(desk.get_by_test_id("pop-chosen")).to_contain_text("Chosen by bob")


async def test_who_was_chosen_and_can_not_be_had_is_nobody_else(desk: Page, world: World) -> None:
    """The page says that somebody was chosen, by whom and in which system, and leaves the others to choose from."""
    chosen = Chosen(decision="d-1", record=JOSEF, by="bob", at=callers.ago(120), unreachable=True)
    down = callers.failed("service", callers.SERVICE, Problem.UNREACHABLE)
    other = (callers.found("sap", callers.SAP), down)
    context = msgspec.structs.replace(_several(), customers=(customers.whole(),), chosen=chosen, answers=other)
    world.ring(callers.call(), context)
    await expect(desk.get_by_test_id("pop-hint")).to_contain_text("that system does not answer")
    await expect(desk.get_by_test_id("pop-chosen")).to_contain_text("Chosen by bob")
    await expect(desk.get_by_test_id("pop-chosen")).to_contain_text(f"{callers.SERVICE} 50077")
    await expect(desk.get_by_test_id("pop-name")).not_to_contain_text("Maria Huber")
    await expect(desk.get_by_test_id("details")).to_have_count(0)
    await expect(desk.get_by_test_id("candidate")).to_have_count(1)
    await desk.get_by_test_id("choose").click()
    await expect(desk.get_by_test_id("details")).to_be_visible()
    (decision,) = world.identity.decided.values()
    assert DecisionKind.MEANT is decision.kind


async def test_who_is_chosen_is_not_asked_for_again_at_the_wrap_up(desk: Page, world: World) -> None:
    """The note goes to the one who is meant."""
    call = callers.call()
    world.ring(call, _chosen("alice"))
    world.answer(call)
    await desk.get_by_test_id("note-open").click()
    await desk.get_by_test_id("note").fill("Pump leaks")
    await expect(desk.get_by_test_id("note-customer")).to_have_count(0)
    await desk.get_by_test_id("note-save").click()
    await expect(desk.get_by_test_id("saved")).to_be_visible()


async def test_a_choice_that_the_hub_refuses_says_why(desk: Page, world: World) -> None:
    """The page shows whom the agent chose, and that it will not be remembered."""
    world.identity.problem = IdentityError(IdentityProblem.NO_SUCH_CALL, "This call is over.")
    world.ring(callers.call(), _several())
    await desk.get_by_test_id("choose").first.click()
    await expect(desk.get_by_test_id("decision-trouble")).to_have_text("The hub did not take it: This call is over.")
    await expect(desk.get_by_test_id("order").first).to_be_visible()


async def test_what_tells_candidates_apart_stands_out(desk: Page, world: World) -> None:
    """What both have is quiet, what only one has is not."""
    one = customers.namesake()
    other = msgspec.structs.replace(
        customers.namesake(), ids={"service": "50078"}, tier=customers.told("Gold"), birth_date=one.birth_date
    )
    context = callers.context(callers.found("service", callers.SERVICE), customers=(one, other))
    world.ring(callers.call(), context)
    second = desk.get_by_test_id("candidate").nth(1)
    await expect(second.locator(".apart")).to_have_text(["Gold"])
    await expect(second.locator("bdi.quiet")).to_have_count(1)


async def test_records_that_may_be_one_customer_are_decided_by_the_agent(desk: Page, world: World) -> None:
    """Score and reasons are read; `same` is told to the hub with both records, and taken back."""
    maybe = RecordMatch(
        one=customers.SERVICE_RECORD,
        other=JOSEF,
        score=0.62,
        reasons=(
            Reason(rule="address", score=9, detail="Industriestraße 14"),
            Reason(rule="other birth date", score=-60),
        ),
    )
    world.ring(callers.call(), msgspec.structs.replace(_several(), maybe_same=(maybe,)))
    pair = desk.get_by_test_id("maybe-same")
    await expect(pair).to_contain_text("62% sure")
    await expect(pair).to_contain_text("same address (Industriestraße 14); − other date of birth")
    await expect(pair).to_contain_text("Maria Huber (Oracle Service Cloud 50012) and Josef Huber")
    await pair.get_by_test_id("same").click()
    await expect(desk.get_by_test_id("decided")).to_contain_text("You said: the same.")
    (decision,) = world.identity.decided.values()
    assert (DecisionKind.SAME, (customers.SERVICE_RECORD, JOSEF)) == (decision.kind, decision.records)
    await desk.get_by_test_id("undo").click()
    await expect(desk.get_by_test_id("decided")).to_have_count(0)
    assert [decision.id] == [withdrawn for withdrawn, _, _ in world.identity.withdrawals]


async def test_a_record_of_somebody_else_is_taken_out(desk: Page, world: World) -> None:
    """The sources say why records were joined; one that is not this customer's is split off, and brought back."""
    service = CustomerRecord(
        system="service", id="50012", name=Name(full="Maria Huber"), url="https://sc.example/50012"
    )
    context = msgspec.structs.replace(
        customers.whole_context(),
        answers=(
            callers.found("sap", callers.SAP, CustomerRecord(system="sap", id="17100001")),
            callers.found("service", callers.SERVICE, service),
        ),
    )
    world.ring(callers.call(), context)
    await desk.get_by_test_id("open-sources").get_by_role("button").click()
    sources = desk.get_by_test_id("source")
    await expect(sources).to_have_count(2)
    other = desk.locator("[data-testid=source][data-system=service]")
    await expect(other).to_contain_text("Joined because: same verified phone (+49 711 58012345); same name")
    await expect(other).to_contain_text("93% sure")
    await other.get_by_test_id("split").click()
    await expect(desk.get_by_test_id("decided")).to_contain_text("Oracle Service Cloud 50012 was taken out.")
    (decision,) = world.identity.decided.values()
    assert (DecisionKind.DIFFERENT, {customers.SAP_RECORD, customers.SERVICE_RECORD}) == (
        decision.kind, set(decision.records)
    )  # fmt: skip
    await desk.keyboard.press("Escape")
    await desk.get_by_test_id("undo").click()
    await expect(desk.get_by_test_id("decided")).to_have_count(0)
    assert 1 == len(world.identity.withdrawals)
