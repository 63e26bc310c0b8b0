"""Who is who: choosing one of several, joining and splitting, and taking each of them back."""

from __future__ import annotations

from datetime import date

import msgspec
from playwright.async_api import Page, expect

from hub.domain.customer import (
    Customer,
    CustomerContext,
    CustomerRecord,
    Hidden,
    HiddenReason,
    Hiding,
    Name,
    Phone,
    Problem,
)
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
    await expect(desk.get_by_test_id("pop-chosen")).to_contain_text("one of 2 with this number")
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


async def test_a_masked_birthday_is_a_year(desk: Page, world: World) -> None:
    """And no first of January, which nobody was told."""
    hidden = (Hidden(field="birth_date", shown=Hiding.MASKED, reason=HiddenReason.ROLE),)
    masked = msgspec.structs.replace(customers.namesake(), birth_date=customers.told(date(1950, 1, 1)), hidden=hidden)
    context = callers.context(callers.found("service", callers.SERVICE), customers=(masked, customers.namesake()))
    world.ring(callers.call(), context)
    await expect(desk.get_by_test_id("candidate").first).to_contain_text("Born 1950")


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


def _staff(count: int) -> tuple[Customer, ...]:
    """Make people of one company with one number."""
    return tuple(
        msgspec.structs.replace(
            callers.name_only(f"{given} Müller", record=str(100 + number)),
            organization=customers.told("Stadtwerke AG", "service"),
            title=customers.told(("Purchasing", "IT")[number % 2], "service"),
        )
        for number, given in enumerate(("Anna", "Bernd", "Clara", "David", "Émile", "Frieda", "Gustav", "Ilse")[:count])
    )


async def test_one_of_many_is_found_by_what_the_caller_says(desk: Page, world: World) -> None:
    """Of a company's people its name is read, not all of theirs; typing leaves those who fit, without accents, too."""
    world.ring(callers.call(), callers.context(callers.found("service", callers.SERVICE), customers=_staff(8)))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Stadtwerke AG")
    await expect(desk.get_by_test_id("pop-hint")).to_contain_text("8 customers have this number")
    candidate = desk.get_by_test_id("candidate")
    await expect(candidate).to_have_count(8)
    await expect(desk.get_by_test_id("candidate-common")).to_contain_text("Stadtwerke AG")
    await expect(candidate.first).not_to_contain_text("Stadtwerke AG")
    find = desk.get_by_test_id("candidate-find")
    for text, names in (("purchasing mul", ["Anna Müller", "Clara Müller", "Émile Müller", "Gustav Müller"]),
                        ("emi", ["Émile Müller"]), ("107", ["Ilse Müller"]), ("nobody", [])):  # fmt: skip
        await find.fill(text)
        await expect(desk.get_by_test_id("candidate-name")).to_have_text(names)
    await expect(desk.get_by_test_id("candidate-fit")).to_have_text("None of them fits.")
    await find.fill("ilse")
    await desk.keyboard.press("Tab")
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_test_id("details")).to_contain_text("107")


async def test_many_without_a_company_in_common_are_counted(desk: Page, world: World) -> None:
    """Two names and how many others stand for those who have nothing in common."""
    people = tuple(callers.name_only(name, record=name) for name in ("Anna", "Bernd", "Clara", "David"))
    world.ring(callers.call(), callers.context(callers.found("service", callers.SERVICE), customers=people))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Anna, Bernd or 2 others")
    await expect(desk.get_by_test_id("candidate-find")).to_have_count(0)


async def test_contacts_of_a_number_are_not_told_as_one_customers(desk: Page, world: World) -> None:
    """While it is open who of several calls, and of a stranger, the timeline says that it is the number's."""
    heading = desk.get_by_test_id("timeline").get_by_role("heading")
    call = callers.call()
    world.ring(call, _several())
    await expect(heading).to_contain_text("Contacts with this number")
    world.learn(_chosen("alice"))
    await expect(heading).to_contain_text("Timeline")
    stranger = callers.context(callers.not_found("sap", callers.SAP), revision=9)
    world.learn(msgspec.structs.replace(stranger, interactions=customers.history()))
    await expect(heading).to_contain_text("Contacts with this number")
    await expect(desk.get_by_test_id("pop-hint")).to_contain_text("there were contacts with it before")


async def test_a_number_that_is_others_too_is_told_at_once(desk: Page, world: World) -> None:
    """The only customer known of a switchboard's number need not be who calls: the agent is told to ask."""
    context = customers.whole_context()
    world.ring(callers.call(), context)
    await expect(desk.get_by_test_id("pop-tier")).to_have_count(1)
    await expect(desk.get_by_test_id("pop-shared")).to_have_count(0)
    phones = (customers.told(Phone(number="+4971158012345", shared=True)),)
    shared = msgspec.structs.replace(customers.whole(), phones=phones)
    world.learn(msgspec.structs.replace(context, revision=9, customers=(shared,)))
    await expect(desk.get_by_test_id("pop-shared")).to_have_text("Shared number: ask who is calling")


async def test_two_to_choose_from_take_the_width_there_is(desk: Page, world: World) -> None:
    """Whoever may be the same as another does not make the cards narrow."""
    await desk.set_viewport_size({"width": 1366, "height": 768})
    match = RecordMatch(one=customers.SAP_RECORD, other=JOSEF, score=0.6, reasons=(Reason(rule="phone", score=9.0),))
    world.ring(callers.call(), msgspec.structs.replace(_several(), maybe_same=(match,)))
    await expect(desk.get_by_test_id("maybe-same")).to_have_count(1)
    widths = await desk.get_by_test_id("candidate").evaluate_all("(all) => all.map((one) => one.offsetWidth)")
    assert 2 == len(widths)
    assert min(widths) > 600
