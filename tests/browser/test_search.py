"""Finding a customer without a call, and looking at one: by keyboard, by address, during a call."""

from __future__ import annotations

import asyncio

import msgspec
from playwright.async_api import Page, expect

from hub.domain.control import Dial
from hub.domain.customer import CustomerRecord, Name, Phone, Problem
from hub.domain.identity import RecordRef
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.search import CustomerHit, CustomerSearch, CustomerView, FoundBy, UnclaimedMatter, Why
from tests.browser import callers, customers
from tests.browser.world import World
from tests.waiting import eventually

WEI = RecordRef(system="sap", id="1000/33")


def _hit(number: int = 0) -> CustomerHit:
    record = WEI if number == 0 else RecordRef(system="sap", id=str(number))
    found = callers.name_only("李伟" if number == 0 else f"Li Wei {number}", system="sap", record=record.id)
    return CustomerHit(customer=found, records=(record,), why=(Why(by=FoundBy.INITIALS, record=record, text="lw"),))


def _known(world: World) -> None:
    """Let the hub know the customer whom every search finds."""
    record = CustomerRecord(system="sap", id=WEI.id, name=Name(full="李伟"), phones=(Phone(number="+862155500123"),))
    customer = msgspec.structs.replace(customers.whole(), name=_hit().customer.name, ids={"sap": WEI.id}, matches=())
    world.customers.found = CustomerSearch(hits=(_hit(), _hit(1)))
    world.customers.views[WEI] = CustomerView(customer=customer, records=(record,))
    world.timeline.all = list(customers.history())


async def test_a_customer_is_found_by_pinyin_from_the_keyboard(desk: Page, world: World) -> None:
    """Ctrl+K, initials, Enter: the customer's page stands there with cards and timeline; Escape leaves a search."""
    _known(world)
    await desk.keyboard.press("Control+k")
    await expect(desk.get_by_test_id("search-text")).to_be_focused()
    await desk.keyboard.press("Escape")
    await expect(desk.get_by_test_id("search-text")).to_have_count(0)
    await desk.keyboard.press("/")
    await desk.keyboard.type("lw")
    hits = desk.get_by_test_id("hit")
    await expect(hits).to_have_count(2)
    await expect(hits.first).to_contain_text("李伟")
    await expect(hits.first.get_by_test_id("hit-why")).to_have_text("Initials: lw")
    await desk.keyboard.press("ArrowDown")
    await expect(hits.nth(1)).to_have_attribute("aria-selected", "true")
    await desk.keyboard.press("ArrowUp")
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_test_id("view-name")).to_have_text("李伟")
    await expect(desk.get_by_test_id("order").first).to_be_visible()
    await expect(desk.get_by_test_id("interaction").first).to_contain_text("Support: X500 stands still")
    await expect(desk.get_by_test_id("proposal").first).to_contain_text("Do not sell anything")
    assert [(WEI, False)] == world.customers.viewed
    assert desk.url.endswith("/#/customers/sap/1000%2F33")


async def test_a_slash_in_a_text_is_a_slash(desk: Page, world: World) -> None:
    """Where something is typed the key opens no search."""
    field = desk.get_by_test_id("dial-number")
    await field.press("/")
    await expect(field).to_have_value("/")
    await expect(desk.get_by_test_id("search-text")).to_have_count(0)
    assert [] == world.customers.asked


async def test_a_search_waits_for_the_typist(desk: Page, world: World) -> None:
    """Keys typed in a row are one question, one letter is none."""
    _known(world)
    await desk.get_by_test_id("search-open").click()
    await desk.get_by_test_id("search-text").press_sequentially("huber", delay=20)
    await expect(desk.get_by_test_id("hit")).to_have_count(2)
    assert [("huber", 20, False)] == world.customers.asked
    await desk.get_by_test_id("search-text").fill("h")
    await expect(desk.get_by_test_id("hit")).to_have_count(0)
    await expect(desk.get_by_test_id("search")).to_contain_text("at least two characters")


async def test_the_latest_question_wins(desk: Page, world: World) -> None:
    """An answer to what is no more asked, however late it comes, changes nothing."""
    held = asyncio.Event()
    late = CustomerSearch(hits=tuple(_hit(number) for number in range(5)))
    world.customers.found = CustomerSearch(hits=(_hit(7),))

    async def slowly(text: str, *, limit: int = 20, ask_backends: bool = False) -> CustomerSearch:
        world.customers.asked.append((text, limit, ask_backends))
        if text == "slow":
            await held.wait()
            return late
        return world.customers.found

    world.customers.search = slowly  # type: ignore[method-assign]
    await desk.keyboard.press("Control+k")
    field = desk.get_by_test_id("search-text")
    await field.fill("slow")
    await eventually(lambda: len(world.customers.asked) == 1, "the first question")
    await field.fill("quick")
    await expect(desk.get_by_test_id("hit")).to_have_count(1)
    held.set()
    await field.press("ArrowDown")
    await expect(desk.get_by_test_id("hit")).to_have_count(1)
    await expect(desk.get_by_test_id("hit")).to_contain_text("Li Wei 7")


async def test_backends_are_asked_on_request(desk: Page, world: World) -> None:
    """Nobody found in what the hub knows: a click asks the systems, and says which could not be asked."""
    await desk.keyboard.press("Control+k")
    await desk.get_by_test_id("search-text").fill("huber")
    await expect(desk.get_by_test_id("search")).to_contain_text("Nothing found in what the hub knows.")
    failed = callers.failed("service", callers.SERVICE, Problem.TIMEOUT)
    world.customers.found = CustomerSearch(hits=(_hit(),), answers=(callers.found("sap", callers.SAP), failed))
    await desk.get_by_test_id("search-backends").click()
    await expect(desk.get_by_test_id("hit")).to_have_count(1)
    await expect(desk.get_by_test_id("search-said")).to_have_text(
        "1 found · Oracle Service Cloud did not answer in time"
    )
    assert ("huber", 20, True) == world.customers.asked[-1]


async def test_an_order_of_somebody_without_a_record_is_shown_with_the_number(desk: Page, world: World) -> None:
    """Nobody to open, but whom to call: a click on the number dials it."""
    whose = CustomerRef(phones=("+498912345678",), emails=("maria@huber.example",))
    matter = UnclaimedMatter(by=FoundBy.ORDER, text="CMD-77001", system="webshop", customer=whose, is_exact=True)
    world.customers.found = CustomerSearch(unclaimed=(matter,))
    await desk.keyboard.press("Control+k")
    await desk.get_by_test_id("search-text").fill("cmd-77001")
    shown = desk.get_by_test_id("unclaimed")
    for words in ("Order CMD-77001", "webshop", "No record of whose it is.", "maria@huber.example"):
        await expect(shown).to_contain_text(words)
    await expect(desk.get_by_test_id("search")).not_to_contain_text("Nothing found")
    await shown.get_by_test_id("click-to-dial").click()
    await eventually(lambda: world.asked() != [], "the dialled number")
    assert [Dial(id="-", to="+498912345678")] == world.asked()


async def test_a_customers_number_is_dialled_from_the_page(desk: Page, world: World) -> None:
    """Who is looked at without a call can be called; who forbade calls for something, after a second thought."""
    _known(world)
    await desk.goto(f"{world.url}/#/customers/sap/1000%2F33")
    number = desk.get_by_test_id("view-number").first
    await number.get_by_test_id("click-to-dial").click()
    await expect(number.get_by_test_id("dial-warning")).to_contain_text("does not allow calls for: Marketing")
    await number.get_by_test_id("dial-not").click()
    await expect(number.get_by_test_id("dial-warning")).to_have_count(0)
    assert [] == world.asked()
    await number.get_by_test_id("click-to-dial").click()
    await number.get_by_test_id("dial-anyway").click()
    await eventually(lambda: world.asked() != [], "the dialled number")
    assert [Dial(id="-", to="+49 711 58012345")] == world.asked()


async def test_a_customers_older_contacts_are_one_click_away(desk: Page, world: World) -> None:
    """The page has the newest already: the click brings those that follow."""
    _known(world)
    mails = [
        Interaction(id=f"m{number}", channel=Channel.EMAIL, at=callers.ago(number * 60), subject=f"Mail {number}",
                    customer=CustomerRef(), source="mail")
        for number in range(30)
    ]  # fmt: skip
    world.timeline.all = mails
    await desk.goto(f"{world.url}/#/customers/sap/1000%2F33")
    timeline = desk.get_by_test_id("timeline")
    await timeline.get_by_test_id("more").click()
    await expect(timeline.get_by_test_id("interaction")).to_have_count(25)
    await timeline.get_by_test_id("older").click()
    await expect(timeline.get_by_test_id("interaction")).to_have_count(30)
    await expect(timeline.get_by_test_id("older")).to_have_count(0)


async def test_a_phone_that_rings_goes_before_all_else(desk: Page, world: World) -> None:
    """The call takes the page at once, from before a search, too; the browser's way back leads to the customer."""
    _known(world)
    await desk.goto(f"{world.url}/#/customers/sap/1000%2F33")
    await expect(desk.get_by_test_id("customer-page")).to_contain_text("李伟")
    await desk.keyboard.press("Control+k")
    await desk.get_by_test_id("search-text").fill("lw")
    world.ring(callers.call(), callers.known())
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.get_by_test_id("search-text")).to_have_count(0)
    await desk.keyboard.press("Control+k")
    await expect(desk.get_by_test_id("search-text")).to_have_value("lw")
    await desk.keyboard.press("Escape")
    await expect(desk.get_by_test_id("search-text")).to_have_count(0)
    await expect(desk.get_by_test_id("customer-page")).to_have_count(0)
    await desk.go_back()
    await expect(desk.get_by_test_id("view-name")).to_have_text("李伟")
    await expect(desk.get_by_test_id("pop-tab")).to_contain_text("Maria Huber")
    await desk.get_by_test_id("view-close").click()
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.get_by_test_id("pop-tab")).to_have_count(0)


async def test_a_customer_who_is_not_known_is_told_in_words(desk: Page, world: World) -> None:
    """An address of nobody, or that no page of ours wrote, harms nothing."""
    await desk.goto(f"{world.url}/#/customers/sap/404")
    await expect(desk.get_by_test_id("view-said")).to_contain_text("This customer is not known")
    await desk.get_by_test_id("view-close").click()
    await expect(desk.get_by_test_id("idle")).to_be_visible()
    for hash_ in ("#/customers/%E0%A4%A/1", "#/customers/sap", "#/customers/a/b/c", "#<script>"):
        await desk.evaluate("(hash) => { location.hash = hash; }", hash_)
        await expect(desk.get_by_test_id("idle")).to_be_visible()
    assert [(RecordRef(system="sap", id="404"), False)] == world.customers.viewed


async def test_callbacks_of_the_agents_queues_are_counted_and_cancelled(desk: Page, world: World) -> None:
    """How many wait stands beside the queues as soon as they ask; opened it says who, about what, from which page."""
    shown = desk.get_by_test_id("callbacks")
    await expect(shown).to_have_count(0)
    world.callbacks.keep(customers.callback())
    world.callbacks.keep(customers.callback(id="cb-2", phone="+493012345678", queue="Other", topic="Not ours"))
    await expect(shown).to_contain_text("1 callback")
    await shown.get_by_role("button").first.click()
    entry = shown.get_by_test_id("callback-entry")
    await expect(entry).to_have_count(1)
    await expect(entry).to_contain_text("+4971158012345")
    await expect(entry).to_contain_text("Machine stands still")
    world.callbacks.keep(customers.callback(attempts=1, topic="It runs again"))
    await expect(entry).to_have_count(1)
    await expect(entry).to_contain_text("It runs again")
    await entry.get_by_test_id("callback-cancel").click()
    await expect(shown).to_have_count(0)
    assert world.callbacks.kept["cb-1"].state.is_over


async def test_callbacks_are_there_again_after_a_lost_connection(desk: Page, world: World) -> None:
    """The page that was cut off has, once it is back, those that wait now: neither the old ones nor none."""
    shown = desk.get_by_test_id("callbacks")
    world.callbacks.keep(customers.callback())
    await expect(shown).to_contain_text("1 callback")
    await desk.context.set_offline(offline=True)
    await expect(desk.get_by_test_id("link")).to_have_attribute("data-link", "lost")
    await world.callbacks.cancel("cb-1", reason="by_customer")
    for number in (2, 3):
        world.callbacks.keep(customers.callback(id=f"cb-{number}", phone=f"+4930123456{number}"))
    await desk.context.set_offline(offline=False)
    await expect(shown).to_contain_text("2 callbacks")
    await shown.get_by_role("button").first.click()
    entries = shown.get_by_test_id("callback-entry")
    await expect(entries).to_have_count(2)
    await expect(entries.first).to_contain_text("+49301234562")
