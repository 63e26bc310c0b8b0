"""The second in which the phone rings: what the agent sees of who is calling."""

from __future__ import annotations

from datetime import datetime

import msgspec
from playwright.async_api import Page, expect

from hub.domain.customer import Problem, Sourced
from hub.domain.phone import parse_number
from tests.browser import callers
from tests.browser.world import World


async def test_a_known_caller_is_shown_with_everything_that_matters(desk: Page, world: World) -> None:
    """Name, company, number, queue, waiting time, tier, and what is late or urgent stand in the hero."""
    world.ring(callers.call(), callers.known())
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("Ringing")
    await expect(desk.get_by_test_id("pop-number")).to_have_text("+49 711 58012345")
    await expect(desk.get_by_test_id("pop-company")).to_have_text("Huber Maschinenbau GmbH · Head of Purchasing")
    await expect(desk.get_by_test_id("pop-queue")).to_contain_text("Support · waiting 0:4")
    await expect(desk.get_by_test_id("pop-tier")).to_have_text("Gold")
    await expect(desk.get_by_test_id("pop-late")).to_have_text("1 order late: CNC control unit")
    await expect(desk.get_by_test_id("pop-urgent")).to_have_text("1 urgent case: Machine stands still after update")
    await expect(desk.get_by_test_id("pop-contact")).to_contain_text("Where is our control unit?")
    await expect(desk.get_by_test_id("pop-missing")).to_have_count(0)


async def test_late_orders_and_urgent_cases_come_first(desk: Page, world: World) -> None:
    """However a backend sorts them, the first order is the late one and the first case the urgent one."""
    world.ring(callers.call(), callers.known())
    await expect(desk.get_by_test_id("order").first).to_contain_text("CNC control unit")
    await expect(desk.get_by_test_id("order-late")).to_have_text("3 days late")
    await expect(desk.get_by_test_id("order").first).to_contain_text("€18,450.90")
    await expect(desk.get_by_test_id("case").first).to_contain_text("Machine stands still after update")
    await expect(desk.get_by_test_id("interaction").first).to_contain_text("Where is our control unit?")


async def test_what_does_not_fit_is_one_click_away(desk: Page, world: World) -> None:
    """Four orders at a glance, all of them at a click; closed ones are counted only."""
    world.ring(callers.call(), callers.known())
    await expect(desk.get_by_test_id("order")).to_have_count(4)
    await desk.get_by_test_id("more").click()
    await expect(desk.get_by_test_id("order")).to_have_count(5)
    await expect(desk.get_by_text("1 closed order")).to_be_visible()


async def test_every_value_says_where_it_came_from(desk: Page, world: World) -> None:
    """Hovering over a value names system and record; the name's source is written below it."""
    world.ring(callers.call(), callers.known())
    await expect(desk.get_by_test_id("pop-source")).to_contain_text("From Oracle Service Cloud, record 50012")
    title = await desk.get_by_test_id("order").first.get_attribute("title")
    assert title is not None
    assert title.startswith("From SAP S/4HANA, record 17100001, fetched ")


async def test_what_is_not_of_today_says_of_which_day_it_is(desk: Page, world: World) -> None:
    """A value that a system told long ago does not look like one of this hour."""
    old = callers.name_only("Maria Huber")
    assert old.name is not None
    old = msgspec.structs.replace(old, name=msgspec.structs.replace(old.name, at=callers.ago(3 * 86_400)))
    world.ring(callers.call(), callers.context(callers.found("service", callers.SERVICE), customers=(old,)))
    await expect(desk.get_by_test_id("pop-source")).to_have_text(
        "From Oracle Service Cloud, record 50012, fetched 3 days ago"
    )


async def test_a_pop_fills_in_as_backends_answer(desk: Page, world: World) -> None:
    """First the number and skeletons, then the first answer's name, then the other's orders: one pop all along."""
    call = callers.call()
    asking = callers.context(callers.pending("sap", callers.SAP), callers.pending("service", callers.SERVICE))
    world.ring(call, asking)
    await expect(desk.get_by_test_id("pop-name")).to_have_text("+49 711 58012345")
    await expect(desk.get_by_test_id("pop-hint")).to_have_text("Looking up the caller…")
    await expect(desk.get_by_test_id("skeleton")).to_have_count(3)
    world.learn(
        callers.context(
            callers.pending("sap", callers.SAP),
            callers.found("service", callers.SERVICE),
            revision=2,
            customers=(callers.name_only("Maria Huber"),),
        )
    )
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.locator("[data-system=sap]")).to_have_attribute("data-state", "pending")
    world.learn(callers.known())
    await expect(desk.get_by_test_id("order").first).to_be_visible()
    await expect(desk.locator("[data-system=sap]")).to_have_attribute("data-state", "found")
    await expect(desk.get_by_test_id("skeleton")).to_have_count(0)
    await expect(desk.get_by_test_id("pop")).to_have_count(1)


async def test_an_older_revision_does_not_undo_a_newer_one(desk: Page, world: World) -> None:
    """A context that arrives out of order is ignored."""
    world.ring(callers.call(), callers.known(revision=5))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    world.learn(callers.context(callers.pending("sap", callers.SAP), revision=1))
    world.learn(callers.known(revision=6))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")


SENTENCES = {
    Problem.TIMEOUT: "did not answer in time",
    Problem.UNREACHABLE: "can't be reached",
    Problem.REFUSED: "refused the hub's sign-in",
    Problem.THROTTLED: "has too many requests",
    Problem.FAULT: "reported an error",
    Problem.MALFORMED: "gave an answer that can't be read",
    Problem.TOO_LARGE: "gave an answer that is too large",
    Problem.INTERNAL: "could not be asked",
}


async def test_a_backend_that_failed_costs_only_its_own_card(desk: Page, world: World) -> None:
    """A notice names the system and each kind of trouble; the other system's name stands all the same."""
    assert set(Problem) == set(SENTENCES)
    world.ring(callers.call())
    for revision, (problem, sentence) in enumerate(SENTENCES.items(), start=1):
        world.learn(
            callers.context(
                callers.failed("sap", callers.SAP, problem),
                callers.found("service", callers.SERVICE),
                revision=revision,
                customers=(callers.name_only("Maria Huber"),),
            )
        )
        await expect(desk.get_by_test_id("notice")).to_contain_text(f"SAP S/4HANA {sentence}")
        await expect(desk.get_by_test_id("pop-missing")).to_have_text("Not complete: SAP S/4HANA")
        await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.get_by_text("None found, but not every system answered")).to_have_count(2)


async def test_a_caller_nobody_knows_is_called_unknown(desk: Page, world: World) -> None:
    """When every system has answered that it does not know the number, the pop says so."""
    answers = (callers.not_found("sap", callers.SAP), callers.not_found("service", callers.SERVICE))
    world.ring(callers.call(caller=callers.STRANGER), callers.context(*answers, phone=callers.STRANGER))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Unknown caller")
    await expect(desk.get_by_test_id("pop-hint")).to_have_text("No system knows this number.")
    await expect(desk.get_by_test_id("pop-number")).to_have_text("+49 30 901820111")


async def test_nobody_is_called_unknown_while_a_backend_failed(desk: Page, world: World) -> None:
    """A caller whom the failed system may know is not called unknown."""
    answers = (callers.failed("sap", callers.SAP, Problem.TIMEOUT), callers.not_found("service", callers.SERVICE))
    world.ring(callers.call(), callers.context(*answers))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Caller not identified")


async def test_an_anonymous_caller_is_called_anonymous(desk: Page, world: World) -> None:
    """A withheld number says that it is withheld."""
    world.ring(callers.call(caller=callers.ANONYMOUS))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Anonymous caller")
    await expect(desk.get_by_test_id("pop-hint")).to_contain_text("withheld")
    await expect(desk.get_by_test_id("pop-number")).to_have_text("")


async def test_a_caller_id_that_is_no_number_is_shown_as_it_came(desk: Page, world: World) -> None:
    """Malformed caller ids are text, and the agent reads why nobody was looked up."""
    world.ring(callers.call(caller=parse_number("+49 (0) what?", "DE")))
    await expect(desk.get_by_test_id("pop-number")).to_have_text("+49 (0) what?")
    await expect(desk.get_by_test_id("pop-hint")).to_contain_text("not a complete telephone number")


async def test_several_customers_with_one_number_stand_side_by_side(desk: Page, world: World) -> None:
    """The agent reads both names, is told to ask, and sees nobody's orders before picking one."""
    customers = (callers.maria(), callers.name_only("Josef Huber"))
    world.ring(callers.call(), callers.context(callers.found("sap", callers.SAP), customers=customers))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber or Josef Huber")
    await expect(desk.get_by_test_id("pop-hint")).to_have_text("2 customers have this number. Ask who is calling.")
    await expect(desk.get_by_test_id("candidate")).to_have_count(2)
    await expect(desk.get_by_test_id("order")).to_have_count(0)
    await desk.get_by_test_id("choose").first.click()
    await expect(desk.get_by_test_id("order")).to_have_count(4)
    await desk.get_by_test_id("choose").nth(1).click()
    await expect(desk.get_by_test_id("order")).to_have_count(0)
    await expect(desk.get_by_test_id("details")).to_contain_text("50012")


async def test_nothing_is_said_twice(desk: Page, world: World) -> None:
    """A company that calls has its name once, and a customer number that two systems share stands once."""
    company = msgspec.structs.replace(
        callers.name_only("Nordwind GmbH", system="sap", record="1000052"),
        ids={"sap": "1000052", "sap_customer": "1000052", "crm": "77"},
        organization=Sourced(value="Nordwind GmbH", system="sap", record="1000052"),
    )
    world.ring(callers.call(), callers.context(callers.found("sap", callers.SAP), customers=(company,)))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Nordwind GmbH")
    await expect(desk.get_by_test_id("pop-company")).to_have_count(0)
    await expect(desk.get_by_test_id("details")).to_contain_text("SAP S/4HANA 1000052")
    await expect(desk.get_by_test_id("details")).to_contain_text("crm 77")
    await expect(desk.get_by_test_id("details")).not_to_contain_text("sap_customer")


async def test_the_name_from_the_network_is_marked_as_unverified(desk: Page, world: World) -> None:
    """Where no system is asked, the name that the network sent is shown with a warning."""
    world.ring(callers.call(caller_name="M HUBER"))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("M HUBER")
    await expect(desk.get_by_test_id("pop-hint")).to_contain_text("not verified")


async def test_a_background_tab_and_a_screen_reader_are_told(desk: Page, world: World) -> None:
    """While it rings the tab's title and the live region name the caller; afterwards they do not."""
    call = callers.call()
    world.ring(call, callers.known())
    await expect(desk).to_have_title("☎ Maria Huber")
    await expect(desk.get_by_test_id("announcement")).to_have_text("Call from Maria Huber, +49 711 58012345")
    world.answer(call)
    await expect(desk).to_have_title("Agent desk – ctihub")
    await expect(desk.get_by_test_id("announcement")).to_have_text("")


async def test_the_pop_speaks_chinese(desk: Page, world: World) -> None:
    """Words, dates and notices change with the language; what backends said does not."""
    await desk.get_by_test_id("language-zh").click()
    world.ring(
        callers.call(),
        callers.context(
            callers.failed("sap", callers.SAP, Problem.TIMEOUT),
            callers.found("service", callers.SERVICE),
            customers=(callers.maria(),),
        ),
    )
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("振铃中")
    await expect(desk.get_by_test_id("order-late")).to_have_text("逾期 3 天")
    await expect(desk.get_by_test_id("notice")).to_contain_text("SAP S/4HANA 没有及时应答")
    await desk.get_by_test_id("language-en").click()
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("Ringing")


async def test_an_old_answer_says_from_when_it_is(desk: Page, world: World) -> None:
    """While the backend is asked again, or can't be, the customer is there with the answer's age, and the reason."""
    call = callers.call()
    at = datetime.now().astimezone().replace(hour=0, minute=7, second=0)
    old = msgspec.structs.replace(callers.found("sap", callers.SAP), cached=True, as_of=at)
    world.ring(call, callers.context(old))
    system = desk.locator('[data-testid="system"][data-system="sap"]')
    await expect(system.get_by_test_id("answer")).to_contain_text("Found · as of 00:07")
    down = msgspec.structs.replace(old, problem=Problem.UNREACHABLE, detail="no connection")
    world.learn(callers.context(down, revision=2))
    await expect(system.get_by_test_id("answer")).to_contain_text("as of 00:07 · can't be reached")
    await expect(desk.get_by_test_id("notice")).to_have_count(0)
