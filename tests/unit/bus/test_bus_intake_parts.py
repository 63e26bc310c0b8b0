"""The parts of a message: what each is known by, whose records they are, and what is kept of those that are refused."""

import uuid
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.bus.intake import HOPELESS, MAX_RECORDS, Intake, Part, RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.change import CaseChange, ChangeKind, CustomerChange, OrderChange, not_ahead
from hub.domain.customer import CustomerRecord
from hub.domain.event import Event, EventType
from hub.domain.inbound import InboundMessage, Transport
from hub.domain.interaction import Interaction
from hub.mapping.mapping import Mapping, load_mapping

HEAD = "source: x\nversion: 1\ntarget: {}\nfields:\n"
FIELDS = {
    "customer": "  id: id\n  name.full: name\n  emails: {each: mail, fields: {address: '@'}}\n"
    "  change: {from: op, table: {D: deleted}, default: changed}\n",
    "wrapped": "  id: data.id\n",
    "order": "  order.id: id\n  order.status: status\n  at: at\n  customer.emails: mail\n  customer.ids.crm: crm\n"
    "  change: {from: op, table: {D: deleted}, default: changed}\n",
    "case": "  case.id: id\n  case.subject: subject\n  customer.emails: mail\n",
    "interaction": "  id: id\n  channel: {const: chat}\n  at: at\n  subject: subject\n  customer.emails: mail\n",
}
RECORD = {
    "id": "0042", "name": "Petra Vogt", "mail": "p@example.com", "at": "2026-11-21T08:00:00Z", "subject": "s",
    "status": "shipped", "crm": "C-9",
}  # fmt: skip


@pytest.fixture
def mapping_of(tmp_path: Path) -> Any:
    """Give what makes a mapping with some target."""

    def make(target: str) -> Mapping:
        file = tmp_path / f"{target}.yaml"
        made = "customer" if target == "wrapped" else target
        file.write_text(HEAD.format(made) + FIELDS[target])
        return load_mapping(file)

    return make


def intake_of(mapping: Mapping, name: str = "shop", **keys: Any) -> Intake:
    """Return the intake of a feed."""
    return Intake(name, InboundFeed(mapping="some/mapping", **keys), mapping, region="DE")


def parts_of(intake: Intake, body: bytes, **said: Any) -> list[Part]:
    """Return the parts of a message."""
    return list(intake.parts(message_of(body, **said)))


def message_of(body: bytes, **said: Any) -> InboundMessage:
    """Return a message of a queue."""
    return InboundMessage(**{"body": body, "transport": Transport.QUEUE, "id": "m1", **said})


def event_in(part: Part) -> Event:
    """Return the event of a part that was understood."""
    assert isinstance(part.outcome, Event), part.outcome
    return part.outcome


def refusal_in(part: Part) -> str:
    """Return why a part was refused."""
    assert isinstance(part.outcome, RefusedError)
    return part.outcome.reason


def test_a_change_of_the_far_future_is_as_of_when_it_came(mapping_of: Any) -> None:
    """Or it would be the newest for years; a clock that is an hour ahead is believed, and so is a planned contact."""
    now = datetime.now(UTC)
    soon, far = (now + timedelta(hours=1)).isoformat(), (now + timedelta(days=400)).isoformat()
    for at, is_kept in ((soon, True), (far, False)):
        (part,) = parts_of(intake_of(mapping_of("order")), msgspec.json.encode({**RECORD, "at": at}))
        changed = event_in(part).data
        assert isinstance(changed, OrderChange)
        assert is_kept is (changed.at is not None)
    customer = CustomerChange(customer=CustomerRecord(system="shop", id="1", changed_at=now + timedelta(days=2)))
    assert CustomerChange(customer=CustomerRecord(system="shop", id="1")) == not_ahead(customer, now)
    (part,) = parts_of(intake_of(mapping_of("interaction")), msgspec.json.encode({**RECORD, "at": far}))
    contact = event_in(part).data
    assert isinstance(contact, Interaction)
    assert datetime.fromisoformat(far) == contact.at


@pytest.mark.parametrize(
    ("target", "kind", "type_"),
    [
        ("customer", CustomerChange, EventType.CUSTOMER_CHANGED),
        ("order", OrderChange, EventType.ORDER_CHANGED),
        ("case", CaseChange, EventType.CASE_CHANGED),
        ("interaction", Interaction, EventType.INTERACTION_RECORDED),
    ],
)
def test_a_feed_brings_each_kind_as_its_own_systems(mapping_of: Any, target: str, kind: type, type_: EventType) -> None:
    """Whatever the message says: fields that are called like the hub's own fill nothing."""
    claims = {"system": "sap", "source": "/feed/sap", "customer": {"system": "sap"}, "ids": {"sap": "1"}}
    intake = intake_of(mapping_of(target), system="webshop")

    (part,) = parts_of(intake, msgspec.json.encode({**RECORD, **claims}))

    event = event_in(part)
    assert (type_, "/feed/shop", kind) == (event.type, event.source, type(event.data))
    written = msgspec.json.encode(event.data)
    assert b"webshop" in written
    assert b"sap" not in written


@pytest.mark.parametrize(("system", "expected"), [(None, "shop"), ("webshop", "webshop")])
def test_whose_customers_a_feed_brings(mapping_of: Any, system: str | None, expected: str) -> None:
    """Its own name's, unless the configuration says another; the customer's reference says it, too."""
    intake = intake_of(mapping_of("customer"), system=system)

    data = event_in(parts_of(intake, msgspec.json.encode(RECORD))[0]).data

    assert isinstance(data, CustomerChange)
    assert (expected, "0042", {expected: "0042"}) == (data.customer.system, data.customer.id, data.customer.ref().ids)


def test_ids_of_other_systems_are_those_that_the_mapping_names(mapping_of: Any) -> None:
    """`customer.ids.crm` stands in the mapping's file; no message can name another system."""
    body = msgspec.json.encode({**RECORD, "crm": {"sap": "1"}})
    other = msgspec.json.encode({**RECORD, "crm": "C-9", "customer.ids.sap": "1", "ids.sap": "1"})
    intake = intake_of(mapping_of("order"))

    assert "customer.ids.crm" == getattr(parts_of(intake, body)[0].outcome, "field", None)
    data = event_in(parts_of(intake, other)[0]).data
    assert isinstance(data, OrderChange)
    assert {"crm": "C-9"} == data.customer.ids


@pytest.mark.parametrize("target", ["customer", "order"])
@pytest.mark.parametrize(
    ("op", "expected"), [("D", ChangeKind.DELETED), ("U", ChangeKind.CHANGED), (None, ChangeKind.CHANGED)]
)
def test_what_was_deleted_is_told(mapping_of: Any, target: str, op: str | None, expected: str) -> None:
    """By the mapping's `change`."""
    data = event_in(parts_of(intake_of(mapping_of(target)), msgspec.json.encode({**RECORD, "op": op}))[0]).data

    assert isinstance(data, CustomerChange | OrderChange)
    assert ChangeKind(expected) == data.change


@pytest.mark.parametrize("target", ["order", "case", "interaction"])
def test_what_names_no_customer_is_refused(mapping_of: Any, target: str) -> None:
    """It would be nobody's."""
    (part,) = parts_of(intake_of(mapping_of(target)), msgspec.json.encode({**RECORD, "mail": "", "crm": None}))

    assert refusal_in(part).startswith("the message names no customer: no phone, e-mail or id; the mapping reads '")


def test_each_part_of_a_batch_has_an_id_of_its_own(mapping_of: Any) -> None:
    """Made from feed, message and part: the same again for the same message, another for another."""
    intake = intake_of(mapping_of("customer"), records="$")
    body = msgspec.json.encode([RECORD, RECORD])

    ids = [event_in(part).id for part in parts_of(intake, body)]

    assert 2 == len(set(ids))
    assert ids == [event_in(part).id for part in parts_of(intake, body)]
    others = [event_in(part).id for part in parts_of(intake, body, id="m2")]
    others += [event_in(part).id for part in parts_of(intake, body, id="")]
    others += [event_in(part).id for part in parts_of(intake_of(mapping_of("customer"), "store", records="$"), body)]
    assert 8 == len({*ids, *others})


def test_ids_are_uuids_of_version_5(mapping_of: Any) -> None:
    """As the standard library would make them, of the same name as ever."""
    (part,) = parts_of(intake_of(mapping_of("customer")), msgspec.json.encode(RECORD))

    assert str(uuid.uuid5(uuid.UUID("6a1f0c5e-3d52-5c0b-9a77-0d5f0f1c9e21"), "shop\nid:m1")) == event_in(part).id


def test_a_record_with_an_id_of_its_own_is_known_by_it(mapping_of: Any) -> None:
    """In whatever message and at whatever place it comes; one that has none is refused."""
    intake = intake_of(mapping_of("customer"), records="$", id="change.no")
    first = msgspec.json.encode([{**RECORD, "change": {"no": 7}}, {**RECORD, "change": {"no": 8}}])
    second = msgspec.json.encode([{**RECORD, "change": {"no": "8"}}, RECORD])

    known = [event_in(part).id for part in parts_of(intake, first, id="m1")]
    again, without = parts_of(intake, second, id="m2")

    assert known[1] == event_in(again).id
    assert known[0] != known[1]
    assert "the record has no id of its own, by which it is known when it comes again" == refusal_in(without)


def test_two_records_with_one_id_are_two_parts_with_one_event_id(mapping_of: Any) -> None:
    """Who stores them sees that the second says something else."""
    intake = intake_of(mapping_of("customer"), records="$", id="no")

    first, second = parts_of(intake, msgspec.json.encode([{**RECORD, "no": 1}, {**RECORD, "no": 1, "name": "Lam"}]))

    assert event_in(first).id == event_in(second).id
    assert event_in(first).data != event_in(second).data


IDOC = "<D><IDOC><EDI_DC40><DOCNUM>{}</DOCNUM></EDI_DC40><id>1</id><mail>a@example.com</mail></IDOC></D>"


def test_idocs_and_cloudevents_are_known_by_their_own_numbers(mapping_of: Any) -> None:
    """The message's id says nothing then."""
    mapping = mapping_of("customer")
    idocs = intake_of(mapping, format="idoc")
    ids = [event_in(parts_of(idocs, IDOC.format(n).encode(), id=m)[0]).id for n, m in ((1, "a"), (1, "b"), (2, "a"))]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)

    events = intake_of(mapping_of("wrapped"), format="cloudevents")
    sent = [("/a", "1", "x"), ("/a", "1", "y"), ("/b", "1", "x")]
    body = {"type": "t", "specversion": "1.0", "data": RECORD}
    ids = [
        event_in(parts_of(events, msgspec.json.encode({**body, "source": source, "id": number}), id=message)[0]).id
        for source, number, message in sent
    ]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)


BATCHES: dict[str, tuple[dict[str, Any], bytes]] = {
    "json": ({"records": "a.b"}, b'{"a": {"b": [{"id": 1, "mail": "a@example.com"}, {"id": ""}, {"id": 3}]}}'),
    "json_lines": ({}, b'{"id": 1}\n{"id": ""}\n{"id": 3}\n'),
    "xml": ({"records": "o"}, b"<all><o><id>1</id></o><o><id/></o><o><id>3</id></o></all>"),
    "csv": ({"csv": {"skip_lines": 1}}, b"Report\nid,name\n1,a\n,b\n3,c\n"),
    "idoc": ({}, b"<D><IDOC><id>1</id></IDOC><IDOC><id/></IDOC><IDOC><id>3</id></IDOC></D>"),
    "fixed_width": ({"fixed_width": {"fields": {"id": {"start": 1, "length": 2}}}}, b"1 a\n  b\n3 c\n"),
}


@pytest.mark.parametrize("form", BATCHES)
@pytest.mark.parametrize("message_id", ["m1", ""])
def test_what_is_kept_of_a_part_is_found_again_under_its_own_id(mapping_of: Any, form: str, message_id: str) -> None:
    """The refused one of a batch costs itself; what is kept of each, handed in again alone, is the same event."""
    keys, body = BATCHES[form]
    intake = intake_of(mapping_of("customer"), format=form, **keys)
    message = message_of(body, id=message_id)

    parts = list(intake.parts(message))

    assert [Event, RefusedError, Event] == [type(part.outcome) for part in parts]
    refusal = parts[1].outcome
    assert isinstance(refusal, RefusedError)
    read = "is required, but the record has no value for it; the mapping reads 'id'"
    assert ("id", read) == (refusal.field, refusal.reason)
    for part in parts:
        alone = msgspec.structs.replace(message, body=part.original, id=intake.identity(message))
        (again,) = intake.parts(alone, part=part.part)
        assert part.part == again.part
        assert part.original == again.original
        assert getattr(part.outcome, "id", None) == getattr(again.outcome, "id", None)


def test_a_message_that_breaks_off_is_refused_as_a_whole(mapping_of: Any) -> None:
    """Its sender sends it again; a file's beginning stays, as it is long and its end is told."""
    intake = intake_of(mapping_of("customer"), format="xml", records="o")
    body = b"<all><o><id>1</id></o><o><id>2</i"

    (refused,) = parts_of(intake, body)
    kept, rest = intake.parts_of_file(BytesIO(body), message_of(b"", id="f"))

    assert ("", body) == (refused.part, refused.original)
    broken = "behind record 1: the document is no XML, or breaks off, in line 1"
    assert broken == refusal_in(refused) == refusal_in(rest)
    assert ("record 1", "", b"") == (kept.part, rest.part, rest.original)
    assert event_in(kept)


def test_a_file_gives_the_events_of_its_message(mapping_of: Any) -> None:
    """Whether it came as one or as a file makes no difference."""
    for form, (keys, body) in BATCHES.items():
        intake = intake_of(mapping_of("customer"), format=form, **keys)
        in_file = list(intake.parts_of_file(BytesIO(body), message_of(b"")))
        in_message = parts_of(intake, body)
        assert [getattr(one.outcome, "id", None) for one in in_message] == [
            getattr(one.outcome, "id", None) for one in in_file
        ]
        assert [one.original for one in in_message] == [one.original for one in in_file]


@pytest.mark.parametrize("form", ["csv", "json_lines", "xml", "json"])
def test_an_empty_message_does_not_vanish(mapping_of: Any, form: str) -> None:
    """It has no records, and nobody sends nothing on purpose."""
    for headers in ({}, {"type": "order"}):
        (part,) = parts_of(intake_of(mapping_of("customer"), format=form), b"\r\n", headers=headers)
        assert "the message is empty" == refusal_in(part)


def test_a_hopeless_file_is_given_up(mapping_of: Any) -> None:
    """Where none of the first thousand can be understood the file is the dead letter; one that can keeps it going."""
    intake = intake_of(mapping_of("customer"), format="csv")
    bad, good = b",x\n" * (HOPELESS + 100), b"1,x\n"

    hopeless = list(intake.parts_of_file(BytesIO(b"id,name\n" + bad), message_of(b"")))
    hopeful = list(intake.parts_of_file(BytesIO(b"id,name\n" + good + bad), message_of(b"")))

    assert HOPELESS + 1 == len(hopeless)
    assert ("", b"") == (hopeless[-1].part, hopeless[-1].original)
    assert "up to line 1001 none of the first 1000 records could be understood" in refusal_in(hopeless[-1])
    assert HOPELESS + 101 == len(hopeful)


def test_a_message_has_so_many_records(mapping_of: Any) -> None:
    """More are for a file."""
    intake = intake_of(mapping_of("customer"), format="csv")

    assert MAX_RECORDS == len(parts_of(intake, b"id\n" + b"1\n" * MAX_RECORDS))
    (part,) = parts_of(intake, b"id\n" + b"1\n" * (MAX_RECORDS + 1))
    assert f"the message has more than {MAX_RECORDS} records: send it in several" == refusal_in(part)


def test_a_compressed_file_is_named(mapping_of: Any) -> None:
    """As a compressed message is."""
    (part,) = intake_of(mapping_of("customer"), format="csv").parts_of_file(BytesIO(b"\x1f\x8b\x08"), message_of(b""))

    assert "it is compressed with gzip: it has to come as it is" == refusal_in(part)


def test_soap_is_xml_whatever_else_the_feed_takes(mapping_of: Any, tmp_path: Path) -> None:
    """A feed may take JSON over HTTP, and the same as SOAP with a schema of the site."""
    schema = tmp_path / "site.xsd"
    schema.write_text("<schema/>")
    intake = intake_of(mapping_of("customer"), soap={"schema": str(schema)})

    (by_soap,) = parts_of(intake, b"<Customer><id>1</id></Customer>", transport=Transport.SOAP)
    (by_http,) = parts_of(intake, b'{"id": "1"}', transport=Transport.HTTP)

    assert event_in(by_soap).data == event_in(by_http).data
