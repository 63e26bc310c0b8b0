"""One customer's data out of the store, and nobody else's; one customer's data as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from hub.domain.call import CallEvent
from hub.domain.callback import Callback
from hub.domain.change import CustomerChange
from hub.domain.customer import Customer, CustomerContext, CustomerRecord, Email, Name
from hub.domain.event import ERASED, context_event, decode_event, feed_event, identity_event, interaction_event
from hub.domain.identity import DecisionKind, IdentityDecision, RecordMatch, RecordRef
from hub.domain.inbound import DeadLetterState
from hub.domain.interaction import Channel, CustomerRef, Interaction, Repeat
from hub.domain.phone import PhoneNumber
from hub.domain.ports import Access, AccessAction, StoredEvent
from hub.domain.store_place import StorePlace
from hub.journal import erasure as erasing
from hub.journal.erasure import CustomerBeside, Erased
from hub.journal.erasure_row import ErasureState
from hub.journal.erasure_who import AmbiguousKeyError
from hub.journal.export import CustomerExport, export
from hub.journal.journal import Journal
from tests.unit.journal import lives
from tests.unit.journal.samples import NOON, newest

ANNA_KEYS = {"id:crm:4711", "id:sap:A-88", f"tel:{lives.ANNA_PHONE}", f"mailto:{lives.ANNA_EMAIL}"}


async def lived(place: StorePlace) -> Sequence[StoredEvent]:
    """Fill a store with both customers; return its events."""
    journal = await Journal.open(place)
    await journal.append_all([*lives.anna(), *lives.bernd(), lives.both()])
    await journal.keep_dead(lives.LETTERS)
    await journal.keep_accesses(lives.ACCESSES)
    events = await journal.read(0, 100)
    await journal.close()
    return events


def erase(place: StorePlace, key: str = "id:crm:4711") -> Erased:
    with CustomerBeside(place) as store:
        scope = store.scope(key)
        return store.erase(store.begin(scope, by="cli:dpo"), scope)


def exported(place: StorePlace, key: str) -> CustomerExport:
    with CustomerBeside(place) as store:
        return export(store.connection, store.scope(key))


@pytest.mark.parametrize("key", ["id:crm:4711", "id:sap:A-88", f"tel:{lives.ANNA_PHONE}", f"mailto:{lives.ANNA_EMAIL}"])
async def test_a_customer_is_the_same_by_whatever_they_are_named(place: StorePlace, key: str) -> None:
    """Records that a context joined are one; a number that another record has, too, is nobody's key."""
    await lived(place)
    with CustomerBeside(place) as store:
        scope = store.scope(key)
    assert ANNA_KEYS == scope.keys
    assert {RecordRef(system="crm", id="4711"), RecordRef(system="sap", id="A-88")} == scope.records
    assert {"main-1"} == scope.calls
    assert {f"tel:{lives.SWITCHBOARD}"} == scope.shared


async def test_a_number_of_several_customers_names_none_of_them(place: StorePlace) -> None:
    """It is told whom it may mean, to be asked for by their ids."""
    await lived(place)
    with CustomerBeside(place) as store, pytest.raises(AmbiguousKeyError) as several:
        store.scope(f"tel:{lives.SWITCHBOARD}")
    assert {RecordRef(system="crm", id="4711"), RecordRef(system="crm", id="99")} == set(several.value.records)


async def test_nothing_of_an_erased_customer_is_left(place: StorePlace) -> None:
    """Every event is in its place with its id, type, source and time, can be read, and says nothing of them."""
    before = await lived(place)
    done = erase(place)
    journal = await Journal.open(place)
    after = await journal.read(0, 100)

    def unchanged(events: Sequence[StoredEvent]) -> list[tuple[int, str, str, str, str]]:
        return [(one.position, one.id, one.type, one.source, one.time) for one in events]

    assert unchanged(before) == unchanged(after)
    for one in after:
        text = msgspec.json.encode(msgspec.json.decode(one.body)).decode() + one.subject + one.partitionkey
        assert [] == [trace for trace in lives.TRACES if trace.lower() in text.lower()], one.type
        assert one.body.startswith(b'{"id":"' + one.id.encode())
        decode_event(one.body)
    assert len(lives.anna()) + 1 == done.events
    assert [] == await newest(journal, sorted(ANNA_KEYS), 10)
    assert [] == list(await journal.decisions([f"tel:{lives.SWITCHBOARD}", "id:crm:4711"]))
    assert [] == list(await journal.open_callbacks())
    assert None is await journal.context_of("main-1")
    entry = await journal.finished_call("main-1")
    assert entry is not None
    assert ("", "", "", ("alice",)) == (entry.customer, entry.call.caller.raw, entry.call.caller_name, entry.agents)
    await journal.close()


async def test_what_others_have_stays_to_the_byte(place: StorePlace) -> None:
    """Their events, calls, timeline and dead letters; of a context of both only the erased one's part is gone."""
    before = await lived(place)
    erase(place)
    journal = await Journal.open(place)
    after = await journal.read(0, 100)
    bernds = slice(len(lives.anna()), -1)
    assert [one.body for one in before[bernds]] == [one.body for one in after[bernds]]
    common = decode_event(after[-1].body).data
    assert isinstance(common, CustomerContext)
    assert [{}, {"crm": "99"}] == [one.ids for one in common.customers]
    assert lives.SWITCHBOARD == common.phone.e164
    assert None is common.customer
    assert ["chat", "call"] == [
        "call" if one.reference == "main-2" or one.id == "main-2" else "chat"
        for one in await newest(journal, [f"tel:{lives.BERND_PHONE}"], 10)
    ]
    entry = await journal.finished_call("main-2")
    assert entry is not None
    assert (lives.BERND, lives.BERND_PHONE) == (entry.customer, entry.call.caller.e164)
    letters = {one.id: (one.state, one.reason) for one in await journal.dead_letters()}
    dropped = (DeadLetterState.DROPPED, ERASED)
    assert {"letter-1": dropped, "letter-2": dropped, "letter-3": (DeadLetterState.WAITING, "no id")} == letters
    assert [lives.ACCESSES[1]] == list(await journal.accesses([f"tel:{lives.BERND_PHONE}"]))
    await journal.close()


async def test_who_is_named_in_what_others_said_is_taken_out_of_it(place: StorePlace) -> None:
    """By number, however it is written, or address; the contact stays with the other customer, word for word."""
    national = f"0{lives.ANNA_PHONE[3:6]} {lives.ANNA_PHONE[6:]}"
    said = Interaction(
        id="bounce",
        source="mail",
        channel=Channel.EMAIL,
        at=NOON,
        subject=f"Fwd: {lives.ANNA_EMAIL.upper()}",
        text=f"Her numbers: {lives.ANNA_PHONE}, 4711 or {national}.",
        customer=CustomerRef(emails=("bernd@example.com",)),
    )
    journal = await Journal.open(place)
    await journal.append_all([*lives.anna(), interaction_event(said, feed="mail")])
    await journal.close()
    erase(place)
    journal = await Journal.open(place)
    (line,) = await newest(journal, ["mailto:bernd@example.com"], 10)
    await journal.close()
    assert ("bounce", "Fwd: erased") == (line.id, line.subject)
    assert "Her numbers: erased, 4711 or erased." == line.text


async def test_that_somebody_looked_stays_and_at_whom_does_not(place: StorePlace) -> None:
    """The log of accesses still counts them, under the erasure."""
    await lived(place)
    done = erase(place)
    journal = await Journal.open(place)
    assert [] == list(await journal.accesses(sorted(ANNA_KEYS)))
    (kept,) = await journal.accesses([f"erased:{done.id}"])
    assert ("agent:alice", lives.ACCESSES[0].at, "main-1") == (kept.viewer, kept.at, kept.call_id)
    await journal.close()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_the_very_bytes_are_gone_from_the_file(place: Path) -> None:
    """Not in the database, nor its log, nor in space that is free: looked for as they stood there."""
    asyncio.run(lived(place))
    files = [place, place.with_name(f"{place.name}-wal")]
    assert any(lives.ANNA_EMAIL.encode() in file.read_bytes() for file in files if file.exists())
    erase(place)
    for file in files:
        text = file.read_bytes().lower() if file.exists() else b""
        assert [] == [trace for trace in lives.TRACES if trace.lower().encode() in text]
    assert lives.BERND.encode() in place.read_bytes()


async def test_a_second_time_there_is_nothing_to_erase(place: StorePlace) -> None:
    """What is emptied stays as it is, to the byte."""
    await lived(place)
    erase(place)
    with CustomerBeside(place) as store:
        assert (0, 0) == store.counts(store.scope("id:crm:4711"))
        assert (0, 0) == store.counts(store.scope(f"tel:{lives.ANNA_PHONE}"))


async def test_an_erasure_that_was_cut_off_goes_on(place: StorePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose data it is was written down before: the record that joined their ids may be gone already."""
    await lived(place)
    monkeypatch.setattr(erasing, "TOGETHER", 2)

    class CutError(Exception):
        pass

    def cut(emptied: int) -> None:
        if emptied >= 4:
            raise CutError

    with CustomerBeside(place) as store:
        scope = store.scope("id:crm:4711")
        erasure_id = store.begin(scope, by="cli:dpo")
        with pytest.raises(CutError):
            store.erase(erasure_id, scope, on_page=cut)
    with CustomerBeside(place) as store:
        begun = store.unfinished(f"mailto:{lives.ANNA_EMAIL}")
        assert begun is not None
        assert (erasure_id, ANNA_KEYS) == (begun[0], begun[1].keys)
        assert ErasureState.BEGUN is store.state(erasure_id)
        store.erase(*begun)
        assert ErasureState.DONE is store.state(erasure_id)
        assert None is store.unfinished("id:crm:4711")
    journal = await Journal.open(place)
    (done,) = await journal.erasures((ErasureState.DONE,))
    assert len(lives.anna()) + 1 == done.events
    assert set() == done.scope.keys
    assert {RecordRef(system="crm", id="4711"), RecordRef(system="sap", id="A-88")} == done.scope.records
    for one in await journal.read(0, 100):
        assert [] == [trace for trace in lives.TRACES if trace in one.body.decode()]
    await journal.close()


async def test_a_call_keeps_its_course(place: StorePlace) -> None:
    """Who dealt with it, when and how it ended: of the party outside there is nothing, not even in a trunk's name."""
    await lived(place)
    erase(place)
    journal = await Journal.open(place)
    steps = [decode_event(one.body).data for one in await journal.read(0, 100) if one.subject == "main-1"]
    calls = [step for step in steps if isinstance(step, CallEvent)]
    assert ["delivered", "cleared"] == [step.kind.value for step in calls]
    assert all(step.call.caller.anonymous and not step.call.variables and not step.call.recordings for step in calls)
    assert [("", None), ("PJSIP/alice", "alice")] == [(one.device, one.agent) for one in calls[0].call.connections]
    await journal.close()


async def test_an_export_has_all_of_one_customer_and_nothing_of_another(place: StorePlace) -> None:
    """By kind, with the events' ids; of a common context the customer's own part."""
    await lived(place)
    anna = exported(place, f"tel:{lives.ANNA_PHONE}")
    counts = {
        name: len(getattr(anna, name))
        for name in anna.__struct_fields__
        if isinstance(getattr(anna, name), tuple) and name not in ("keys", "shared_keys", "records", "notes")
    }
    expected = {
        "customer_changes": 1,
        "order_changes": 1,
        "case_changes": 1,
        "interactions": 2,
        "calls": 1,
        "call_steps": 2,
        "contexts": 2,
        "callbacks": 1,
        "decisions": 1,
        "write_backs": 1,
        "commands": 1,
        "dead_letters": 2,
        "accesses": 1,
    }
    assert expected == counts
    text = msgspec.json.encode(anna).decode()
    assert lives.ANNA in text
    assert "Bernd" not in text
    assert lives.BERND_PHONE not in text
    assert "reception" not in text
    assert 1 == anna.version


async def test_what_names_several_is_exported_without_the_others(place: StorePlace) -> None:
    """A mail to two, a search that found both, a call back that one of them asked for on a number of both."""
    mail = msgspec.structs.replace(
        lives.contact(5, CustomerRef(emails=(lives.ANNA_EMAIL, "bernd@example.com"), ids={"crm": "99"}), "offer"),
        channel=Channel.EMAIL,
    )
    seen = Access(at=NOON, viewer="agent:alice", action=AccessAction.SEARCH, keys=("id:crm:4711", "id:crm:99"))
    journal = await Journal.open(place)
    asked = Callback(
        id="cb-9", site="web", phone=lives.BERND_PHONE, customer=lives.BERND_REF, requested_at=NOON, at=NOON
    )
    common = lives.both()
    assert isinstance(common.data, CustomerContext)
    repeats = (Repeat(reference="bernds-case", contacts=3, since=NOON),)
    told = msgspec.structs.replace(common.data, callback=asked, repeats=repeats)
    await journal.append_all([*lives.anna(), *lives.bernd(), context_event(told, pbx="main")])
    await journal.append(interaction_event(mail, feed="mail"))
    await journal.keep_accesses([seen])
    await journal.close()
    anna = exported(place, "id:crm:4711")
    text = msgspec.json.encode(anna).decode()
    assert [] == [word for word in ("bernd", lives.BERND_PHONE, '"99"', "crm:99") if word in text.lower()]
    assert [("id:crm:4711",)] == [one.keys for one in anna.accesses]
    bernd = exported(place, "id:crm:99")
    assert "cb-9" in msgspec.json.encode(bernd.contexts).decode()


async def test_a_call_back_in_a_context_of_several_is_erased_with_whoever_asked_for_it(place: StorePlace) -> None:
    """Also where the number is not theirs alone and nobody has said who is meant."""
    asked = Callback(
        id="cb-9", site="web", phone=lives.SWITCHBOARD, customer=lives.ANNA_REF, requested_at=NOON, at=NOON
    )
    common = lives.both()
    assert isinstance(common.data, CustomerContext)
    told = msgspec.structs.replace(
        common.data, callback=asked, repeats=(Repeat(reference="annas-case", contacts=3, since=NOON),)
    )
    journal = await Journal.open(place)
    await journal.append_all([*lives.anna(), *lives.bernd(), context_event(told, pbx="main")])
    await journal.close()
    erase(place)
    journal = await Journal.open(place)
    (left,) = [one.body for one in await journal.read(0, 100) if b"main-3" in one.body]
    await journal.close()
    assert [] == [trace for trace in (b"cb-9", b"annas-case", b"155501234", b"4711") if trace in left]
    assert b'"crm":"99"' in left


async def test_whoever_names_somebody_elses_id_is_not_given_their_data(place: StorePlace) -> None:
    """Where both records are known the rules decide; where the other one is not known there is nobody to contradict."""
    thief = CustomerRecord(
        system="shop",
        id="t-1",
        name=Name(full="Theo Dieb"),
        ids={"crm": "99", "erp": "7"},
        emails=(Email(address="t@d.example"),),
    )
    await lived(place)
    journal = await Journal.open(place)
    await journal.append(feed_event(CustomerChange(customer=thief), feed="shop", event_id="t-1", at=NOON))
    await journal.close()
    with CustomerBeside(place) as store:
        scope = store.scope("mailto:t@d.example", same=lambda records, _decisions: [[one] for one in records])
        assert {RecordRef(system="shop", id="t-1"), RecordRef(system="erp", id="7")} == scope.records
        joined = store.scope("mailto:t@d.example", same=lambda records, _decisions: [records])
        assert RecordRef(system="crm", id="99") in joined.records


async def test_nothing_is_exported_of_whom_nobody_knows(place: StorePlace) -> None:
    """An export without anything says so of itself."""
    await lived(place)
    assert exported(place, "id:crm:nobody").is_empty
    assert exported(place, "tel:+4930111111").is_empty
    assert not exported(place, "id:crm:99").is_empty


@pytest.mark.parametrize("kind", [DecisionKind.SAME, DecisionKind.DIFFERENT])
async def test_what_people_decided_counts(place: StorePlace, kind: DecisionKind) -> None:
    """Whom somebody joined is erased together; whom somebody told apart is not, though a call once joined them."""
    await lived(place)
    other = RecordRef(system="erp", id="7") if kind is DecisionKind.SAME else RecordRef(system="sap", id="A-88")
    decided = IdentityDecision(
        id="d-2", kind=kind, records=(RecordRef(system="crm", id="4711"), other), by="alice", at=NOON
    )
    journal = await Journal.open(place)
    await journal.append(identity_event(decided))
    await journal.close()
    with CustomerBeside(place) as store:
        scope = store.scope("id:crm:4711")
    assert (kind is DecisionKind.SAME) == (other in scope.records)
    assert (kind is DecisionKind.DIFFERENT) == (f"tel:{lives.ANNA_PHONE}" in scope.shared)


async def test_what_somebody_joined_and_parted_again_is_two(place: StorePlace) -> None:
    """A context of the time in which they were one says nothing, nor does what followed from it."""
    erp, billing = RecordRef(system="erp", id="7"), RecordRef(system="billing", id="8")
    crm = RecordRef(system="crm", id="99")
    joined = IdentityDecision(id="d-2", kind=DecisionKind.SAME, records=(crm, erp), by="alice", at=NOON)
    customer = Customer(
        ids={"crm": "99", "erp": "7", "billing": "8"},
        matches=(
            RecordMatch(one=crm, other=erp, score=1.0, decision="d-2"),
            RecordMatch(one=crm, other=billing, score=1.0),
        ),
    )
    journal = await Journal.open(place)
    await journal.append_all([
        *lives.bernd(),
        identity_event(joined),
        context_event(CustomerContext(call_id="main-9", phone=PhoneNumber(), customers=(customer,)), pbx="main"),
    ])  # fmt: skip
    with CustomerBeside(place) as store:
        assert erp in store.scope("id:crm:99").records
    await journal.append(identity_event(msgspec.structs.replace(joined, withdrawn=True)))
    await journal.close()
    with CustomerBeside(place) as store:
        assert {crm} == store.scope("id:crm:99").records
        assert {erp} == store.scope("id:erp:7").records


async def test_whom_somebody_told_apart_nobody_between_them_joins(place: StorePlace) -> None:
    """Contexts once had all three as one. Of decisions that contradict each other the newer counts."""
    first, between, last = (RecordRef(system=system, id="1") for system in ("crm", "erp", "sap"))
    customer = Customer(
        ids={"crm": "1", "erp": "1", "sap": "1"},
        matches=(
            RecordMatch(one=first, other=between, score=0.99),
            RecordMatch(one=between, other=last, score=0.99),
        ),
    )
    apart = IdentityDecision(id="d-3", kind=DecisionKind.DIFFERENT, records=(first, last), by="alice", at=NOON)
    journal = await Journal.open(place)
    await journal.append_all([
        context_event(CustomerContext(call_id="main-9", phone=PhoneNumber(), customers=(customer,)), pbx="main"),
        identity_event(apart),
    ])  # fmt: skip
    await journal.close()
    with CustomerBeside(place) as store:
        assert {first, between} == store.scope("id:crm:1").records
        assert first not in store.scope("id:sap:1").records
    journal = await Journal.open(place)
    later = NOON + timedelta(hours=1)
    joined = msgspec.structs.replace(apart, id="d-4", kind=DecisionKind.SAME, at=later)
    await journal.append(identity_event(joined))
    await journal.close()
    with CustomerBeside(place) as store:
        assert {first, between, last} == store.scope("id:crm:1").records


async def test_rules_and_shared_numbers_of_the_configuration_count(place: StorePlace) -> None:
    """Records that the rules join are one; a number that is named as shared is nobody's own."""
    await lived(place)
    with CustomerBeside(place) as store:
        joined = store.scope(f"tel:{lives.SWITCHBOARD}", same=lambda records, _decisions: [records])
        shared = store.scope("id:crm:99", shared=lambda key: key == f"tel:{lives.BERND_PHONE}")
    assert {"id:crm:4711", "id:sap:A-88", "id:crm:99", f"tel:{lives.SWITCHBOARD}"} <= joined.keys
    assert {"id:crm:99"} == shared.keys


async def test_an_event_that_nobody_can_read_is_emptied_by_its_text(place: StorePlace) -> None:
    """By a number, an address or a full name in it; by an id alone it is not theirs."""
    await lived(place)
    others = {
        "told": {"mail": lives.ANNA_EMAIL.upper()},
        "said": [lives.ANNA],
        "rang": "0049 35155501234",
        "no": "4711",
    }
    with CustomerBeside(place) as store:
        for number, (key, value) in enumerate(others.items()):
            raw = msgspec.json.encode({"id": f"old-{number}", "type": "cti.old", "subject": "x", "data": {key: value}})
            row = (1_000 + number, f"old-{number}", "cti.old", "/feed/old", "x", "x", "2020-01-01T00:00:00Z", raw)
            store.connection.execute("INSERT INTO events VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", row)
    done = erase(place)
    journal = await Journal.open(place)
    left = [msgspec.json.decode(one.body)["data"] for one in await journal.read(999, 10)]
    await journal.close()
    assert len(lives.anna()) + 1 + 3 == done.events
    assert [{}, {}, {}, {"no": "4711"}] == left
    with CustomerBeside(place) as store:
        assert (0, 0) == store.counts(store.scope("id:crm:4711"))


def test_whether_a_hub_has_the_store(place: StorePlace) -> None:
    """Seen while it runs, and no longer; looking takes it from nobody."""
    with asyncio.Runner() as runner:
        hub = runner.run(Journal.open(place))
        with CustomerBeside(place) as beside:
            assert [True, True] == [beside.hub_runs(), beside.hub_runs()]
            runner.run(hub.close())
            assert not beside.hub_runs()
            runner.run(runner.run(Journal.open(place)).close())
