"""A system says that a customer has changed there: that system alone is asked again, and calls in progress show it."""

from __future__ import annotations

import asyncio

import msgspec

from hub.domain.customer import Name, Phone
from tests.unit.context.backends import Backend
from tests.unit.context.test_service import MARIA, NUMBER
from tests.unit.context.test_stale import Place
from tests.waiting import eventually

RENAMED = msgspec.structs.replace(MARIA, name=Name(full="Maria Vogt"))
MOVED = msgspec.structs.replace(RENAMED, phones=(Phone(number="+493515550123"),))


async def test_the_system_is_asked_again_and_no_other() -> None:
    """Under the number that the customer had, too: what is kept of it is stale; the other backend's answer is not."""
    sap, crm = Backend("sap", [MARIA]), Backend("crm", [msgspec.structs.replace(MARIA, system="crm", id="9")])
    place = Place(sap, crm)
    await place.looked_up()
    sap.records = [MOVED]
    place.service.customer_changed(MOVED)
    place.rings()
    await eventually(lambda: (MOVED,) == place.answer().records)
    assert (2, 1) == (len(sap.asked), len(crm.asked))
    await place.service.close()


async def test_a_call_in_progress_shows_it() -> None:
    """The agent reads the new name without doing anything, though the customer's number is another by now."""
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    place.rings()
    await eventually(lambda: place.answer().records == (MARIA,))
    sap.records = [MOVED]
    place.service.customer_changed(MOVED)
    await eventually(lambda: place.answer().records == (MOVED,))
    assert ["Maria Huber", "Maria Vogt"] == [one.customers[0].display_name for one in place.completed]
    await place.service.close()


async def test_an_answer_that_may_be_from_before_the_change_is_asked_for_again() -> None:
    """The backend was being asked when its customer changed; that of another customer is not asked for twice."""
    gate = asyncio.Event()
    sap = Backend("sap", [MARIA], gate=gate)
    place = Place(sap)
    place.rings()
    await eventually(lambda: 1 == len(sap.asked))
    place.service.customer_changed(msgspec.structs.replace(RENAMED, id="another"))
    place.service.customer_changed(RENAMED)
    gate.set()
    await eventually(lambda: 2 == len(sap.asked))
    await eventually(lambda: place.answer().records == (MARIA,))
    assert 2 == len(sap.asked)
    await place.service.close()


async def test_others_are_left_alone() -> None:
    """Another customer of the system, or a customer of a system that is none of ours: nobody is asked."""
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    place.rings()
    await eventually(lambda: place.answer().records == (MARIA,))
    for customer in (
        msgspec.structs.replace(MOVED, id="another", ids={}, emails=()),
        msgspec.structs.replace(RENAMED, system="elsewhere"),
    ):
        place.service.customer_changed(customer)
    place.rings("main-3")
    await eventually(lambda: place.answer("main-3").records == (MARIA,))
    assert (1, NUMBER) == (len(sap.asked), sap.asked[0].phone.e164)
    await place.service.close()
