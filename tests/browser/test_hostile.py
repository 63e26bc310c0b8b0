"""Whatever callers and backends say is text."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, expect

from hub.domain.customer import Case, Customer, CustomerRecord, Name, Order, Phone, Problem, Sourced
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import parse_number
from tests.browser import callers
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
