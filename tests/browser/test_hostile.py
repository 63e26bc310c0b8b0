"""Whatever callers and backends say is text."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, expect

from hub.domain.customer import (
    Case,
    Conflict,
    Consent,
    Customer,
    CustomerContext,
    CustomerRecord,
    Invoice,
    Money,
    Name,
    Order,
    Phone,
    Problem,
    Product,
    Sourced,
)
from hub.domain.identity import Reason, RecordMatch, RecordRef
from hub.domain.interaction import Channel, CustomerRef, Interaction, Note, Repeat
from hub.domain.phone import parse_number
from hub.domain.proposal import Proposal, ProposalKind
from hub.domain.search import CustomerHit, CustomerSearch, FoundBy, Why
from tests.browser import callers, customers
from tests.browser.world import World

MARKUP = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


async def test_markup_in_a_caller_name_is_shown_as_text(desk: Page, world: World) -> None:
    """A name that is HTML is read as it is written: nothing runs, nothing is loaded (the fixture checks)."""
    world.ring(callers.call(caller_name=MARKUP))
    await expect(desk.get_by_test_id("pop-name")).to_have_text(MARKUP)
    await expect(desk).to_have_title(f"☎ {MARKUP}")
    assert 0 == await desk.locator("ctihub-pop img").count()


async def test_markup_from_backends_is_shown_as_text_everywhere(desk: Page, world: World) -> None:
    """Names, orders, cases, contacts, details and systems all take hostile text."""
    contact = Interaction(
        id="1", channel=Channel.OTHER, at=callers.ago(5), subject=MARKUP, text=MARKUP, customer=CustomerRef()
    )
    context = callers.context(callers.found("sap", MARKUP), customers=(_customer(MARKUP),))
    world.ring(callers.call(), msgspec.structs.replace(context, interactions=(contact,)))
    await expect(desk.get_by_test_id("pop-name")).to_have_text(MARKUP)
    await expect(desk.get_by_test_id("order")).to_contain_text(f"1e99{MARKUP} <b>")
    await expect(desk.get_by_test_id("details")).to_contain_text("<not a language>")
    assert 0 == await desk.locator("ctihub-pop img").count()


async def test_only_web_addresses_become_links(desk: Page, world: World) -> None:
    """A `javascript:` or `data:` address of a backend is no link; an https one opens apart from this page."""
    records = tuple(
        CustomerRecord(system="sap", id=str(number), url=url)
        for number, url in enumerate(
            ("javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "//evil", "https://s4.example/1")
        )
    )
    answer = callers.found("sap", callers.SAP, *records)
    world.ring(callers.call(), callers.context(answer, customers=(callers.maria(),)))
    link = desk.get_by_test_id("record-link")
    await expect(link).to_have_count(1)
    await expect(link).to_have_attribute("href", "https://s4.example/1")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")


@pytest.mark.parametrize("count", [1, 2])
async def test_long_unbroken_text_does_not_break_the_page(desk: Page, world: World, count: int) -> None:
    """However long the words of one customer, or of two with one number, the page stays as wide as the window."""
    await desk.set_viewport_size({"width": 420, "height": 800})
    call = callers.call(caller=parse_number("7" * 64, "DE"), queue="Q" * 100)
    customer = _customer("W" * 300)
    answers = (callers.found("sap", "S" * 300), callers.failed("service", "T" * 300, Problem.FAULT))
    context = callers.context(*answers, customers=(customer,) * count)
    contact = Interaction(
        id="1", channel=Channel.WEB, at=callers.ago(5), subject="W" * 300, source="W" * 300, customer=CustomerRef()
    )
    world.ring(call, msgspec.structs.replace(context, interactions=(contact,)))
    await desk.get_by_test_id("interaction").wait_for()
    assert 420 >= await desk.evaluate("document.documentElement.scrollWidth")
    world.end(call)
    await desk.get_by_test_id("log-row").wait_for()
    assert 420 >= await desk.evaluate("document.documentElement.scrollWidth")


def _customer(text: str) -> Customer:
    """Make a customer of whom everything that is free text is `text`."""

    def said(value: Any) -> Sourced[Any]:
        return Sourced(value=value, system="sap", record=text)

    return Customer(
        ids={text: text},
        name=said(Name(full=text)),
        organization=said(f"{text} organization"),
        title=said(text),
        tier=said(text),
        language=said("<not a language>"),
        phones=(said(Phone(number=text)),),
        orders=(said(Order(id=text, status=text, description=text, amount=f"1e99{text}", currency="<b>")),),
        cases=(said(Case(id=text, subject=text, status=text, priority=text)),),
        extra={text: said(text)},
    )


# Right-to-left override, isolates left open, a mark on a mark on a mark, what shows nothing at all.
BIDI = "\u202eevil\u2066\u2067 Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319 \u200b\ufeff\u0000"


@pytest.mark.parametrize(
    "text", [MARKUP, "W" * 3_000, BIDI, "javascript:alert(1)"], ids=["markup", "long", "bidi", "url"]
)
@pytest.mark.parametrize("width", [420, 1366])
async def test_whatever_is_said_of_the_whole_customer_is_text(desk: Page, world: World, text: str, width: int) -> None:
    """Proposals, callbacks, products, invoices, consents, conflicts, notes: nothing runs, nothing sticks out."""
    await desk.set_viewport_size({"width": width, "height": 800})
    world.ring(callers.call(), _said_everywhere(text))
    await desk.get_by_test_id("proposal" if width > 640 else "callback").first.wait_for()
    await desk.get_by_test_id("consents").wait_for()
    await desk.get_by_test_id("case").get_by_test_id("conflict").first.get_by_role("button").click()
    await expect(desk.get_by_test_id("conflict-values").first).to_be_visible()
    assert width >= await desk.evaluate("document.documentElement.scrollWidth")
    await desk.keyboard.press("Escape")
    await desk.get_by_test_id("open-sources").get_by_role("button").click()
    await expect(desk.get_by_test_id("sources")).to_be_visible()
    assert width >= await desk.evaluate("document.documentElement.scrollWidth")
    assert 0 == await desk.locator("ctihub-pop img, ctihub-pop script").count()
    hrefs = await desk.locator("ctihub-pop a").evaluate_all("(links) => links.map((link) => link.protocol)")
    assert set(hrefs) <= {"https:"}


@pytest.mark.parametrize("text", [MARKUP, "W" * 3_000, BIDI], ids=["markup", "long", "bidi"])
async def test_what_a_search_finds_is_text(desk: Page, world: World, text: str) -> None:
    """Names, reasons and systems of those found are read as they are written, and the list stays in its frame."""
    record = RecordRef(system=text, id=text)
    why = (Why(by=FoundBy.NAME, record=record, text=text),)
    world.customers.found = CustomerSearch(hits=(CustomerHit(customer=_customer(text), records=(record,), why=why),))
    await desk.set_viewport_size({"width": 420, "height": 800})
    await desk.keyboard.press("Control+k")
    await desk.get_by_test_id("search-text").fill("anybody")
    await expect(desk.get_by_test_id("hit")).to_have_count(1)
    assert 420 >= await desk.evaluate("document.documentElement.scrollWidth")
    assert await desk.get_by_test_id("hit").evaluate("(hit) => hit.scrollWidth <= hit.clientWidth")
    assert 0 == await desk.locator("ctihub-search img").count()


def _said_everywhere(text: str) -> CustomerContext:
    """Make a context in which everything new that is free text is `text`."""
    ref, other = RecordRef(system="sap", id=text), RecordRef(system=text, id="2")
    match = RecordMatch(one=ref, other=other, score=0.9, reasons=(Reason(rule=text, score=1.0, detail=text),))

    def said(value: Any) -> Sourced[Any]:
        return Sourced(value=value, system="sap", record=text, at=callers.ago(2))

    customer = msgspec.structs.replace(
        _customer(text),
        department=said(text),
        segment=said(text),
        value=said(Money(amount=text, currency=text)),
        preferences={text: said(text)},
        consents=(said(Consent(purpose=text, granted=False, channel=text)),),
        products=(said(Product(name=text, id=text, model=f"{text}!", serial_number=text, status=text, place=text)),),
        invoices=(said(Invoice(id=text, status=text, amount=text, remaining=f"{text}!", currency=text)),),
        balances=(said(Money(amount=text, currency=text)),),
        cases=(said(Case(id=text, subject=text, status=text, owner=text, product=text)),),
        conflicts=tuple(
            Conflict(field=field, values=(said(text), said(text))) for field in ("language", "name", f"cases.{text}")
        ),
        matches=(match,),
        proposals=(Proposal(rule=text, kind=ProposalKind.STOP, text={"en": text}, reason={"en": text}, about=text),),
    )
    contact = Interaction(
        id="1",
        channel=Channel.PHONE,
        at=callers.ago(5),
        subject=text,
        customer=CustomerRef(),
        source=text,
        direction=text,
        status=text,
        agent=text,
        url=text,
        reference=text,
        notes=(Note(at=callers.ago(4), agent=text, text=text, disposition=text),),
    )
    return msgspec.structs.replace(
        callers.context(callers.found("sap", callers.SAP, CustomerRecord(system="sap", id=text, url=text))),
        customers=(customer,),
        interactions=(contact,),
        repeats=(Repeat(reference=text, contacts=3, since=callers.ago(90_000)),),
        callback=customers.callback(topic=text, page=text, url=text),
    )


async def test_no_name_runs_backwards(desk: Page, world: World) -> None:
    """An override of the direction is left out: who is shown is who is written there, in pops and in searches."""
    backwards = callers.name_only("\u202e\u202drebuH airaM")
    world.ring(callers.call(), callers.context(callers.found("sap", callers.SAP), customers=(backwards,)))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("rebuH airaM")
    assert "rebuH airaM" == await desk.get_by_test_id("pop-name").text_content()
    record = RecordRef(system="service", id="50012")
    hit = CustomerHit(customer=backwards, records=(record,), why=(Why(by=FoundBy.NAME, record=record),))
    world.customers.found = CustomerSearch(hits=(hit,))
    await desk.keyboard.press("Control+k")
    await desk.get_by_test_id("search-text").fill("maria")
    await expect(desk.get_by_test_id("hit")).to_have_count(1)
    assert "\u202e" not in (await desk.get_by_test_id("hit").text_content() or "\u202e")


@pytest.mark.parametrize("name", [" ", "\u200b\u200d", "\ufeff\u2066\u2069\t"], ids=["space", "zero", "marks"])
async def test_a_name_that_shows_nothing_is_none(desk: Page, world: World, name: str) -> None:
    """Who calls is never an empty line: the company's name, or the customer's number, stands there instead."""
    nameless = callers.name_only(name)
    company = msgspec.structs.replace(nameless, organization=customers.told("Huber GmbH"))
    found = callers.found("sap", callers.SAP)
    world.ring(callers.call(), callers.context(found, customers=(company,)))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Huber GmbH")
    world.learn(callers.context(found, customers=(nameless,), revision=2))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("50012")
