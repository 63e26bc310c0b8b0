"""The whole customer: what is proposed, what the customer has, owes and allows, and where the systems differ."""

from __future__ import annotations

import msgspec
from playwright.async_api import Page, expect

from hub.domain.customer import Customer, Hidden, HiddenReason, Hiding, Phone
from hub.domain.proposal import Proposal, ProposalKind
from tests.browser import callers, customers
from tests.browser.world import World


async def test_what_is_hidden_is_told(desk: Page, world: World) -> None:
    """Which fields this role does not see, and which the customer does not want used; nothing where all is shown."""
    hidden = (
        Hidden(field="birth_date", shown=Hiding.NOTHING, reason=HiddenReason.ROLE, purpose="billing"),
        Hidden(field="phones", shown=Hiding.MASKED, reason=HiddenReason.ROLE),
        Hidden(field="extra.crm.points", shown=Hiding.NOTHING, reason=HiddenReason.CONSENT, purpose="marketing"),
    )
    customer = msgspec.structs.replace(customers.whole(), hidden=hidden)
    world.ring(callers.call(), msgspec.structs.replace(customers.whole_context(), customers=(customer,)))
    lines = desk.get_by_test_id("details").get_by_test_id("hidden")
    await expect(lines).to_have_text(
        [
            "Hidden from your role: birth date, phone numbers",
            "Hidden, since the customer does not allow its use: extra.crm.points",
        ]
    )
    world.learn(customers.whole_context(revision=9))
    await expect(lines).to_have_count(0)


async def test_what_is_hidden_is_not_said_to_be_missing(desk: Page, world: World) -> None:
    """A card whose list this role does not see says so, and not that the customer has none."""
    hidden = (
        Hidden(field="orders", shown=Hiding.NOTHING, reason=HiddenReason.ROLE),
        Hidden(field="cases", shown=Hiding.NOTHING, reason=HiddenReason.CONSENT, purpose="service"),
    )
    customer = msgspec.structs.replace(customers.whole(), orders=(), cases=(), hidden=hidden)
    world.ring(callers.call(), msgspec.structs.replace(customers.whole_context(), customers=(customer,)))
    here = desk.get_by_test_id("hidden-here")
    await expect(here).to_have_text(["Hidden from your role", "Hidden, since the customer does not allow its use"])
    await expect(desk.get_by_text("No open orders")).to_have_count(0)
    await expect(desk.get_by_text("No open cases")).to_have_count(0)


async def test_a_sites_own_fields_are_read_as_words(desk: Page, world: World) -> None:
    """Before ids and the like, by what the mapping calls them; of two systems with one name each says whose it is."""
    extra = {"crm.credit_limit": "5000 EUR", "sap.blocked": "true", "crm.blocked": "no"}
    own = {key: customers.told(value, key.partition(".")[0]) for key, value in extra.items()}
    preferences = {"time_zone": customers.told("Asia/Shanghai", "crm")}
    customer = msgspec.structs.replace(customers.whole(), extra=own, preferences=preferences)
    world.ring(callers.call(), msgspec.structs.replace(customers.whole_context(), customers=(customer,)))
    details = desk.get_by_test_id("details")
    more = details.get_by_test_id("more-details")
    await expect(details.locator("dt").first).to_be_attached()
    if await more.count():
        await more.click()
    names = await details.locator("dt").all_inner_texts()
    for name in ("Credit limit", f"Blocked ({callers.SAP})", "Blocked (crm)"):
        assert names.index(name) < names.index("Customer numbers"), names
    await expect(desk.get_by_test_id("preference")).to_contain_text("Time zone")


async def test_what_must_not_be_done_is_read_first(desk: Page, world: World) -> None:
    """Proposals stand in the hero, prohibitions first, each with its reason; those beyond three are a click away."""
    world.ring(callers.call(), customers.whole_context())
    proposal = desk.get_by_test_id("proposal")
    await expect(proposal).to_have_count(3)
    kinds = [await proposal.nth(number).get_attribute("data-kind") for number in range(3)]
    assert ["stop", "attention", "offer"] == kinds
    await expect(proposal.first.get_by_test_id("proposal-text")).to_have_text("Do not sell anything")
    await expect(proposal.first.get_by_test_id("proposal-reason")).to_have_text("No consent to marketing since March")
    await expect(proposal.first.get_by_role("button")).to_have_accessible_name(
        "Don't: Do not sell anything No consent to marketing since March"
    )
    await expect(proposal.nth(2)).to_contain_text("1 more")
    await proposal.nth(2).get_by_role("button").click()
    every = proposal.nth(2).get_by_test_id("all-proposals")
    await expect(every).to_contain_text("Offer: Speak German")
    await expect(every).to_contain_text("Why: The customer's language is German")
    await desk.keyboard.press("Escape")
    await expect(every).to_be_hidden()


async def test_proposals_speak_the_agents_language(desk: Page, world: World) -> None:
    """A proposal is read in the page's language, or in English where its rule has no other."""
    await desk.get_by_test_id("language-zh").click()
    world.ring(callers.call(), customers.whole_context())
    first = desk.get_by_test_id("proposal").first
    await expect(first.get_by_test_id("proposal-text")).to_have_text("请勿推销")
    await expect(desk.locator("[data-rule=warranty_ends]").get_by_test_id("proposal-reason")).to_have_text(
        "X500 的保修还剩 12 天"
    )
    await expect(desk.get_by_test_id("pop-repeat")).to_contain_text("7 天内第 3 次联系")
    await expect(desk.get_by_test_id("warranty").first).to_have_text("保修还剩 12 天")
    await expect(desk.get_by_test_id("balance")).to_contain_text("欠款")


async def test_proposals_name_days_as_people_do(desk: Page, world: World) -> None:
    """A day in a rule's words is read as every other day on the page; what only looks like one stays as it is."""
    reason = {"en": f"Promised for {callers.days(-1)}, order A-2026-01-02 of 2019-03-04, 2026-13-01"}
    late = Proposal(rule="late", kind=ProposalKind.ATTENTION, text={"en": "Say when it comes"}, reason=reason)
    customer = msgspec.structs.replace(customers.whole(), proposals=(late,))
    world.ring(callers.call(), msgspec.structs.replace(customers.whole_context(), customers=(customer,)))
    read = "Promised for yesterday, order A-2026-01-02 of 4 Mar 2019, 2026-13-01"
    await expect(desk.get_by_test_id("proposal-reason")).to_have_text(read)
    await desk.get_by_test_id("proposal").get_by_role("button").click()
    await expect(desk.get_by_test_id("all-proposals")).to_contain_text(read)


async def test_nothing_is_proposed_before_it_is_known_who_calls(desk: Page, world: World) -> None:
    """Of two customers with one number neither's proposals are shown."""
    context = msgspec.structs.replace(
        customers.whole_context(), customers=(customers.whole(), customers.namesake()), repeats=()
    )
    world.ring(callers.call(), context)
    await expect(desk.get_by_test_id("candidate")).to_have_count(2)
    await expect(desk.get_by_test_id("proposal")).to_have_count(0)


async def test_who_asked_to_be_called_back_is_shown_with_the_page(desk: Page, world: World) -> None:
    """A call that the customer asked for says when, about what, and opens the page that the customer came from."""
    world.ring(callers.call(), msgspec.structs.replace(customers.whole_context(), callback=customers.callback()))
    banner = desk.get_by_test_id("callback")
    await expect(banner).to_contain_text("Asked to be called back 4 minutes ago: Machine stands still")
    page = banner.get_by_test_id("callback-page")
    await expect(page).to_have_text("X500 - Support")
    await expect(page).to_have_attribute("href", "https://shop.example/support/x500")
    await expect(page).to_have_attribute("rel", "noopener noreferrer")
    await expect(desk.get_by_test_id("proposal")).to_have_count(2)


async def test_a_page_that_is_no_web_page_is_no_link(desk: Page, world: World) -> None:
    """What a site sends as the page's address may be anything: only web addresses are opened."""
    asked = customers.callback(url="javascript:alert(1)")
    world.ring(callers.call(), msgspec.structs.replace(customers.whole_context(), callback=asked))
    await expect(desk.get_by_test_id("callback")).to_contain_text("X500 - Support")
    await expect(desk.get_by_test_id("callback-page")).to_have_count(0)


async def test_a_matter_that_comes_up_again_is_marked(desk: Page, world: World) -> None:
    """The third contact about one case is marked in the hero, at the case and in its contacts, not in its progress."""
    world.ring(callers.call(), customers.whole_context())
    mark = "3rd contact in 7 days"
    await expect(desk.get_by_test_id("pop-repeat")).to_have_text(f"{mark}: {customers.CASE}")
    case = desk.get_by_test_id("case").first
    await expect(case).to_contain_text(customers.CASE)
    await expect(case.get_by_test_id("repeat")).to_have_text(mark)
    await expect(desk.get_by_test_id("case").nth(1).get_by_test_id("repeat")).to_have_count(0)
    lines = desk.get_by_test_id("interaction")
    await expect(lines.filter(has_text="Still no answer").get_by_test_id("repeat")).to_have_text(mark)
    await expect(lines.filter(has_text="Case in progress").get_by_test_id("repeat")).to_have_count(0)


async def test_a_case_over_its_target_says_by_how_much(desk: Page, world: World) -> None:
    """A case that should have been solved says so, with who sees to it."""
    world.ring(callers.call(), customers.whole_context())
    case = desk.get_by_test_id("case").first
    await expect(case.get_by_test_id("case-over")).to_have_text("2 days over target")
    await expect(case).to_contain_text("In progress · with Jonas · X500")


async def test_products_begin_with_the_warranty_that_ends_next(desk: Page, world: World) -> None:
    """Model, place and day of the purchase and warranty are read; what has none comes later."""
    world.ring(callers.call(), customers.whole_context())
    products = desk.get_by_test_id("products")
    first = products.get_by_test_id("product").first
    await expect(first).to_contain_text("Milling centre X500")
    await expect(first.get_by_test_id("warranty")).to_have_text("Warranty ends in 12 days")
    await expect(first).to_contain_text("Web shop")
    await expect(first).to_contain_text("No. SN-77120")
    await products.get_by_test_id("more").click()
    await expect(products.get_by_test_id("product")).to_have_count(3)
    await expect(products).to_contain_text("Out of warranty since")


async def test_what_is_owed_stands_beside_the_invoices(desk: Page, world: World) -> None:
    """Open invoices with what remains of them, the one due first at the top; paid ones are counted only."""
    world.ring(callers.call(), customers.whole_context())
    bills = desk.get_by_test_id("bills")
    await expect(bills.get_by_test_id("balance")).to_have_text("Owes €288.20")
    await expect(bills.get_by_test_id("invoice")).to_have_count(2)
    first = bills.get_by_test_id("invoice").first
    await expect(first.get_by_test_id("overdue")).to_have_text("10 days overdue")
    await expect(first).to_contain_text("€200.00")
    await expect(first).to_contain_text("of €1,200.00")
    await expect(bills).to_contain_text("1 paid invoice")


async def test_what_is_forbidden_comes_before_what_is_allowed(desk: Page, world: World) -> None:
    """Consents say what is allowed on which channel, prohibitions first, wishes last."""
    world.ring(callers.call(), customers.whole_context())
    consent = desk.get_by_test_id("consent")
    await expect(consent.first).to_contain_text("Marketing: not allowed (Phone)")
    await expect(consent.first).to_have_attribute("data-granted", "false")
    await expect(consent.nth(1)).to_contain_text("Profiling: allowed (all channels)")
    await expect(desk.get_by_test_id("preference").first).to_contain_text("Preferred channel")


async def test_numbers_say_whether_they_still_hold(desk: Page, world: World) -> None:
    """The verified number is first; one that is no more valid is last, crossed out, and says since when."""
    world.ring(callers.call(), customers.whole_context())
    details = desk.get_by_test_id("details")
    numbers = details.get_by_test_id("click-to-dial")
    await expect(numbers).to_have_text(["+49 711 58012345", "+49 711 55500", "+49 711 9999"])
    await expect(details).to_contain_text("work · verified")
    await expect(details).to_contain_text("office · shared with others")
    over = details.get_by_test_id("expired")
    await expect(over).to_contain_text("no longer valid since")
    await expect(over.locator(".value")).to_have_css("text-decoration-line", "line-through")
    await details.get_by_test_id("more-details").click()
    await expect(details).to_contain_text("Machine builders")
    await expect(details).to_contain_text("€184,500.00")
    await expect(details).to_contain_text("Purchasing")


async def test_where_systems_differ_each_says_its_own(desk: Page, world: World) -> None:
    """A mark at the field; opened it lists what each system says and of when, the one shown first."""
    world.ring(callers.call(), customers.whole_context())
    mark = desk.get_by_test_id("details").get_by_test_id("conflict")
    await expect(mark).to_have_count(1)
    await expect(mark.get_by_role("button")).to_have_accessible_name("The systems differ: Language")
    await mark.get_by_role("button").focus()
    await desk.keyboard.press("Enter")
    values = mark.get_by_test_id("conflict-values").locator("li")
    await expect(values).to_have_count(2)
    await expect(values.first).to_contain_text("de (shown)")
    await expect(values.first).to_contain_text("From SAP S/4HANA, record 17100001, fetched")
    await expect(values.nth(1)).to_contain_text("fr")
    await expect(values.nth(1)).to_contain_text("Oracle Service Cloud")
    await desk.keyboard.press("Escape")
    await expect(values.first).to_be_hidden()
    case = desk.get_by_test_id("case").first
    await expect(case.get_by_test_id("conflict")).to_have_count(1)


async def test_cards_with_nothing_in_them_are_not_there(desk: Page, world: World) -> None:
    """Of a customer without products, invoices and consents no empty cards are shown."""
    world.ring(callers.call(), callers.known())
    await expect(desk.get_by_test_id("order").first).to_be_visible()
    await expect(desk.get_by_test_id("besides")).to_have_count(0)


async def test_masked_values_are_read_but_not_dialled(desk: Page, world: World) -> None:
    """A number that this agent need not see is text, and nothing to click."""
    masked = Customer(ids={"sap": "1"}, phones=(customers.told(Phone(number="•••345", label="work")),))
    masked = msgspec.structs.replace(masked, name=customers.whole().name)
    world.ring(callers.call(), callers.context(callers.found("sap", callers.SAP), customers=(masked,)))
    details = desk.get_by_test_id("details")
    await expect(details).to_contain_text("•••345")
    await expect(details.get_by_test_id("click-to-dial")).to_have_count(0)


async def test_a_dozen_proposals_flood_nothing(desk: Page, world: World) -> None:
    """However many rules have something to say, the hero is as high as ever and the sternest are seen."""
    height = "(element) => Math.round(element.offsetHeight)"
    call = callers.call()
    world.ring(call, customers.whole_context())
    await expect(desk.get_by_test_id("proposal")).to_have_count(3)
    before = await desk.locator("ctihub-hero").evaluate(height)
    many = tuple(
        Proposal(rule=f"rule_{number}", kind=ProposalKind.OFFER, text={"en": "Offer " * 40}, reason={"en": "why " * 90})
        for number in range(12)
    )
    flooded = msgspec.structs.replace(customers.whole(), proposals=(*many, *customers.proposals()))
    world.learn(msgspec.structs.replace(customers.whole_context(revision=6), customers=(flooded,)))
    await expect(desk.get_by_test_id("proposal").last).to_contain_text("13 more")
    await expect(desk.get_by_test_id("proposal").first).to_contain_text("Do not sell anything")
    assert before == await desk.locator("ctihub-hero").evaluate(height)
