"""What people decided of who is who, in the store."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from hub.domain.customer import CustomerContext
from hub.domain.event import context_event, identity_event
from hub.domain.identity import Chosen, DecisionKind, IdentityDecision, RecordRef
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from tests.unit.journal import samples

SAP = RecordRef(system="sap", id="4711")
CRM = RecordRef(system="crm", id="c-9")
SHOP = RecordRef(system="shop", id="x" * 600)
NUMBER = "tel:+4930901820"


def decided(number: int, kind: DecisionKind, *records: RecordRef, key: str = "") -> IdentityDecision:
    """Make decision `number`, of that many minutes after noon."""
    return IdentityDecision(
        id=f"d-{number}", kind=kind, records=records, by="alice", at=samples.NOON + timedelta(minutes=number), key=key
    )


def taken_back(decision: IdentityDecision) -> IdentityDecision:
    return msgspec.structs.replace(decision, by="sue", withdrawn=True)


async def test_decisions_are_found_by_record_and_by_number_the_oldest_first(journal: Journal) -> None:
    """Each once, whoever of those in it is asked for; an id may be as long as a backend likes."""
    same = decided(1, DecisionKind.SAME, SAP, SHOP)
    meant = decided(2, DecisionKind.MEANT, CRM, key=NUMBER)
    for decision in (same, meant):
        await journal.append(identity_event(decision))
    assert [same, meant] == await journal.decisions([SHOP.key, NUMBER, SAP.key])
    assert [same] == await journal.decisions([SHOP.key])
    assert [meant] == await journal.decisions([CRM.key])
    assert [] == await journal.decisions(["id:sap:other"])


async def test_what_was_taken_back_stands_no_more_but_is_known_by_its_id(journal: Journal) -> None:
    """Also once it is stored a second time."""
    meant = decided(1, DecisionKind.MEANT, CRM, key=NUMBER)
    await journal.append(identity_event(meant))
    first = await journal.append(identity_event(taken_back(meant)))
    assert [] == await journal.decisions([CRM.key, NUMBER])
    assert taken_back(meant) == await journal.decision("d-1")
    assert first == await journal.append(identity_event(taken_back(meant)))
    assert None is await journal.decision("d-2")


async def test_a_decision_is_stored_once(journal: Journal) -> None:
    """Who sends it again has not decided twice; and after it was taken back it does not come back by itself."""
    same = decided(1, DecisionKind.SAME, SAP, CRM)
    position = await journal.append(identity_event(same))
    await journal.append(identity_event(taken_back(same)))
    assert position == await journal.append(identity_event(same))
    assert [] == await journal.decisions([SAP.key])


async def test_they_outlive_the_hub(place: StorePlace) -> None:
    """What was decided holds after a restart."""
    journal = await Journal.open(place)
    same = decided(1, DecisionKind.SAME, SAP, CRM)
    await journal.append(identity_event(same))
    await journal.close()
    journal = await Journal.open(place)
    try:
        assert [same] == await journal.decisions([CRM.key])
    finally:
        await journal.close()


async def test_the_call_log_names_whom_an_agent_chose(journal: Journal) -> None:
    """Of several customers none is named until somebody has said which it was."""
    several = samples.known(1, "Jonas Huber", "Maria Huber")
    context = several.data
    assert isinstance(context, CustomerContext)
    chosen = Chosen(decision="d-1", record=SAP, by="alice", at=samples.NOON)
    for number, told in ((1, context), (2, msgspec.structs.replace(context, call_id="main-2", chosen=chosen))):
        await journal.append(context_event(told, pbx="main"))
        await journal.append(samples.cleared(samples.call(number)))
    assert ["Jonas Huber", ""] == [entry.customer for entry in await journal.calls()]
