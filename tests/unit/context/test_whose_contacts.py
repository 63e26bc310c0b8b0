"""Whose contacts a live call shows: by a number that is one customer's own, and by one that is not."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.config.model import ContextSection
from hub.context.service import ContextService
from hub.domain.customer import CustomerRecord, Email, Name, Phone
from hub.domain.customer_keys import keys_of_call, keys_of_context
from hub.domain.identity import DecisionKind, IdentityDecision, RecordRef
from hub.domain.interaction import CustomerRef
from tests.unit.context.backends import Backend
from tests.unit.context.test_service import NOW, NUMBER, Contacts, call, mail
from tests.waiting import eventually

PHONES = (Phone(number=NUMBER),)
MARIA = CustomerRecord(
    system="sap", id="1", name=Name(full="Maria Huber"), phones=PHONES, emails=(Email(address="maria@example.com"),)
)
JONAS = CustomerRecord(system="sap", id="2", name=Name(full="Jonas Weber"), phones=PHONES)


class NothingDecided:
    async def decisions(self, keys: Sequence[str]) -> Sequence[IdentityDecision]:  # noqa: ARG002 - the port's shape
        return ()

    async def decision(self, decision_id: str) -> IdentityDecision | None:  # noqa: ARG002 - likewise
        return None


def contacts() -> Contacts:
    return Contacts(
        [
            mail("of the number"),
            mail("Maria's", customer=CustomerRef(ids={"sap": "1"})),
            mail("to Maria", customer=CustomerRef(emails=("maria@example.com",))),
            mail("Jonas's", customer=CustomerRef(ids={"sap": "2"})),
        ]
    )


def shows(service: ContextService, *subjects: str) -> bool:
    context = service.current("main-1")
    return context is not None and set(subjects) == {one.subject for one in context.interactions}


async def test_a_customer_with_a_number_of_their_own() -> None:
    """Contacts by the number, the ids and the addresses; the call is filed by number and ids."""
    service = ContextService([Backend("sap", [MARIA])], ContextSection(), interactions=contacts())
    service.begin(call())
    await eventually(lambda: shows(service, "of the number", "Maria's", "to Maria"))
    context = service.current("main-1")
    assert context is not None
    assert {f"tel:{NUMBER}", "id:sap:1"} == set(keys_of_call(context))
    await service.close()


async def test_a_number_that_the_configuration_says_is_shared() -> None:
    """It is nobody's: neither are contacts shown by it nor is the call filed under it."""
    settings = ContextSection.model_validate({"identity": {"shared_numbers": [NUMBER]}})
    service = ContextService([Backend("sap", [MARIA])], settings, interactions=contacts())
    service.begin(call())
    await eventually(lambda: shows(service, "Maria's", "to Maria"))
    context = service.current("main-1")
    assert context is not None
    assert (("id:sap:1",), {"id:sap:1", "mailto:maria@example.com"}) == (
        keys_of_call(context),
        set(keys_of_context(context)),
    )
    await service.close()


async def test_who_is_chosen_of_several_has_their_own_contacts() -> None:
    """Before that those of the number alone, and after it is taken back, too."""
    service = ContextService(
        [Backend("sap", [MARIA, JONAS])], ContextSection(), interactions=contacts(), decisions=NothingDecided()
    )
    service.begin(call())
    await eventually(lambda: bool((c := service.current("main-1")) and c.complete) and shows(service, "of the number"))
    meant = IdentityDecision(
        id="d-1",
        kind=DecisionKind.MEANT,
        records=(RecordRef(system="sap", id="2"),),
        by="alice",
        at=NOW,
        key=f"tel:{NUMBER}",
        call_id="main-1",
    )
    service.identity_decided(meant)
    await eventually(lambda: shows(service, "Jonas's"))
    context = service.current("main-1")
    assert context is not None
    assert ("id:sap:2",) == keys_of_call(context)
    service.identity_decided(msgspec.structs.replace(meant, withdrawn=True))
    await eventually(lambda: shows(service, "of the number"))
    context = service.current("main-1")
    assert context is not None
    assert (f"tel:{NUMBER}",) == keys_of_call(context)
    await service.close()
