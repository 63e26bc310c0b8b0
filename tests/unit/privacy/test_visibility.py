"""What of a customer each role sees, from `context.privacy`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.config.privacy import PRIVATE_FIELDS, PrivacySection
from hub.domain.agent import AgentState
from hub.domain.call import CallEvent
from hub.domain.callback import Callback
from hub.domain.change import CaseChange, OrderChange, as_interaction
from hub.domain.customer import (
    Address,
    AnswerState,
    BackendAnswer,
    Case,
    Conflict,
    Consent,
    Customer,
    CustomerContext,
    CustomerRecord,
    Email,
    Hidden,
    HiddenReason,
    Hiding,
    Name,
    Order,
    Phone,
    Sourced,
)
from hub.domain.event import CustomerErased, decode_event, encode_event, feed_event
from hub.domain.identity import DecisionKind, IdentityDecided, IdentityDecision, Reason, RecordMatch, RecordRef
from hub.domain.interaction import Channel, CustomerRef, PastState
from hub.domain.phone import parse_number
from hub.domain.ports import CallLogEntry
from hub.domain.proposal import Proposal, ProposalKind
from hub.privacy.masks import masked_address, masked_number, masked_text_name
from hub.privacy.visibility import PrivacyVisibility
from tests.unit.clock import clock_at
from tests.unit.journal import lives, samples

TODAY = date(2026, 3, 1)
RECORD = CustomerRecord(
    system="crm",
    id="4711",
    name=Name(full="Petra Vogt", given="Petra", surname="Vogt"),
    birth_date=date(1970, 5, 17),
    phones=(Phone(number="+4935155501234", label="work"),),
    emails=(Email(address="petra.vogt@example.com"),),
    addresses=(Address(street="Gasse 7", postcode="01067", locality="Dresden", country="DE"),),
    tier="Gold",
    extra={"points": "100", "hobby": "chess"},
)
T = TypeVar("T")


def of_crm(value: T) -> Sourced[T]:
    return Sourced(value=value, system="crm", record="4711")


def visibility(**section: object) -> PrivacyVisibility:
    return PrivacyVisibility(PrivacySection.model_validate(section), today=lambda: TODAY)


def hidden(field: str, shown: Hiding, purpose: str = "") -> Hidden:
    return Hidden(field=field, shown=shown, reason=HiddenReason.ROLE, purpose=purpose)


def test_nothing_is_hidden_without_a_word_of_it() -> None:
    """What comes back is the very same thing, for every role: it costs nothing."""
    seen = visibility()
    for role in ("agent", "supervisor", "token:reporting"):
        assert not seen.hides_from(role)
        assert RECORD is seen.record_for(RECORD, role)
        body = encode_event(lives.both())
        assert body is seen.event_for(body, role)


def test_a_role_sees_as_much_as_it_needs() -> None:
    """The last digits, the first letter, the year, the place; of what has no mask nothing; each is told as hidden."""
    fields = {
        name: {"roles": ["supervisor"], "purpose": "service"}
        for name in ("phones", "emails", "birth_date", "addresses", "name", "tier", "extra.points")
    }
    seen = visibility(fields=fields)
    assert RECORD is seen.record_for(RECORD, "supervisor")
    masked = seen.record_for(RECORD, "agent")
    assert (Phone(number="•••234", label="work"),) == masked.phones
    assert (Email(address="p•••@example.com"),) == masked.emails
    assert date(1970, 1, 1) == masked.birth_date
    assert (Address(locality="Dresden", country="DE"),) == masked.addresses
    assert Name(full="P. V.", given="P.", surname="V.") == masked.name
    assert ("", {"hobby": "chess"}) == (masked.tier, masked.extra)
    masks = [*("phones", "emails", "birth_date", "addresses", "name"), "tier", "extra.points"]
    expected = [
        hidden(name, Hiding.MASKED if number < 5 else Hiding.NOTHING, "service") for number, name in enumerate(masks)
    ]
    assert expected == list(masked.hidden)


def test_nothing_is_left_where_others_see_nothing() -> None:
    """A field that a record does not have is not told as hidden either."""
    seen = visibility(
        fields={name: {"roles": [], "others_see": "nothing"} for name in ("phones", "birth_date", "owner")}
    )
    masked = seen.record_for(RECORD, "supervisor")
    assert ((), None) == (masked.phones, masked.birth_date)
    assert ["phones", "birth_date"] == [one.field for one in masked.hidden]


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        (["token"], {"token:a", "token:b"}),
        (["token:a"], {"token:a"}),
        (["agent", "token:b"], {"agent", "token:b"}),
        ([], set()),
    ],
)
def test_machines_are_a_role_together_or_each(roles: list[str], may: set[str]) -> None:
    """`token` is every machine's, `token:NAME` one's."""
    seen = visibility(fields={"tier": {"roles": roles}})
    everybody = {"agent", "supervisor", "token:a", "token:b"}
    assert may == {role for role in everybody if seen.record_for(RECORD, role).tier}


def customer(*consents: Consent) -> Customer:
    return Customer(
        ids={"crm": "4711", "sap": "A-1"},
        name=of_crm(RECORD.name),
        phones=tuple(of_crm(phone) for phone in RECORD.phones),
        tier=of_crm("Gold"),
        extra={"crm.points": of_crm("100"), "crm.hobby": of_crm("chess")},
        consents=tuple(of_crm(consent) for consent in consents),
        conflicts=(
            Conflict(field="tier", values=(of_crm("Gold"),)),
            Conflict(field="name.full", values=(of_crm("Petra Vogt"),)),
        ),
        matches=(
            RecordMatch(
                one=RecordRef(system="crm", id="4711"),
                other=RecordRef(system="sap", id="A-1"),
                score=0.9,
                reasons=(Reason(rule="phone", score=0.9, detail="+4935155501234"),),
            ),
        ),
    )


def context(*consents: Consent) -> CustomerContext:
    sap = msgspec.structs.replace(RECORD, system="sap", id="A-1", consents=(), extra={})
    return CustomerContext(
        call_id="main-1",
        phone=parse_number("+4935155501234", "DE"),
        customers=(customer(*consents),),
        answers=tuple(
            BackendAnswer(connector=one.system, title=one.system, state=AnswerState.FOUND, records=(one,))
            for one in (msgspec.structs.replace(RECORD, consents=consents), sap)
        ),
        interactions=(lives.contact(1, lives.ANNA_REF, "hedge"),),
    )


def test_a_hidden_value_is_nowhere_in_a_context() -> None:
    """Not in the customer, nor in a record, a conflict, the reasons for a match, the call's number or a contact."""
    seen = visibility(
        fields={
            name: {"roles": ["supervisor"]} for name in ("phones", "emails", "birth_date", "name", "tier", "addresses")
        }
        | {"extra.crm.points": {"roles": ["supervisor"]}},
        interactions={"chat": {"roles": ["supervisor"]}},
    )
    shown = msgspec.json.encode(seen.context_for(context(), "agent")).decode()
    for trace in ("5155501234", "555-01234", "petra", "Vogt", "Gold", "-05-17", "Gasse", '"100"', "hedge"):
        assert trace not in shown.replace("hedge/1", ""), trace
    assert '"P. V."' in shown
    assert '"conflicts"' not in shown
    whole = context()
    assert whole == seen.context_for(whole, "supervisor")


def test_a_refused_purpose_is_shown_to_nobody() -> None:
    """What one system's record refuses counts for all records of the customer; it is told why, with the purpose."""
    seen = visibility(fields={"tier": {"purpose": "marketing"}, "birth_date": {"purpose": "identification"}})
    refused = Consent(purpose="marketing", granted=False)
    shown = seen.context_for(context(refused), "supervisor")
    assert None is shown.customers[0].tier
    told = Hidden(field="tier", shown=Hiding.NOTHING, reason=HiddenReason.CONSENT, purpose="marketing")
    assert (told,) == shown.customers[0].hidden
    assert [("", date(1970, 5, 17)), ("", date(1970, 5, 17))] == [
        (record.tier, record.birth_date) for answer in shown.answers for record in answer.records
    ]


@pytest.mark.parametrize(
    "consent",
    [
        Consent(purpose="marketing", granted=True),
        Consent(purpose="profiling", granted=False),
        Consent(purpose="marketing", granted=False, channel="email"),
        Consent(purpose="marketing", granted=False, valid_until=date(2026, 2, 28)),
    ],
)
def test_what_is_not_refused_is_shown(consent: Consent) -> None:
    """A consent, another purpose, one channel alone, a refusal that is over."""
    seen = visibility(fields={"tier": {"purpose": "marketing"}})
    assert "Gold" == seen.record_for(msgspec.structs.replace(RECORD, consents=(consent,)), "agent").tier


@pytest.mark.parametrize(
    ("name", "shown"), [("Petra Vogt", "P. V."), ("J Smith", "J. S."), ("王小明", "王."), ("娜 李", "••• •••")]
)
def test_a_masked_name_is_never_the_whole_of_a_word(name: str, shown: str) -> None:
    """An initial says little where words have letters; a Chinese character is a name."""
    assert shown == masked_text_name(name)


@pytest.mark.parametrize("others_see", ["masked", "nothing"])
def test_every_field_can_be_hidden_in_everything_that_goes_out(others_see: str) -> None:
    """Each that can be named in the configuration, all at once: events of all kinds still go out, and say nothing."""
    rule = {"roles": ["supervisor"], "others_see": others_see}
    channels = {str(channel): {"roles": ["supervisor"]} for channel in Channel}
    seen = visibility(fields=dict.fromkeys((*PRIVATE_FIELDS, "extra.street"), rule), interactions=channels)
    ids = {"lawnmower", "anna/4711"}  # what the samples' contacts are called
    for event in (*lives.anna(), lives.both()):
        shown = seen.event_for(encode_event(event), "token:any").decode()
        assert [] == [trace for trace in {*lives.TRACES, lives.BERND} - ids if trace.lower() in shown.lower()]


def test_what_is_told_beside_a_hidden_field_is_hidden_with_it() -> None:
    """Of a site's own field what systems say of it differently, and of any what is proposed from it: empty or not."""
    said = (of_crm("chess"), of_crm("golf"))
    customer = Customer(
        ids={"crm": "4711"},
        tier=of_crm("Gold"),
        conflicts=tuple(Conflict(field=field, values=said) for field in ("extra.crm.hobby", "extra.crm.size", "tier")),
        proposals=(
            Proposal(
                rule="age", kind=ProposalKind.OFFER, text={}, reason={"en": "born in 1970"}, fields=("birth_date",)
            ),
        ),
    )
    for name in ("extra.hobby", "extra.crm.hobby"):
        seen = visibility(fields={name: {"roles": []}, "birth_date": {"roles": []}}).customer_for(customer, "agent")
        assert (["extra.crm.size", "tier"], ()) == ([one.field for one in seen.conflicts], seen.proposals)
    whole = visibility(fields={"extra": {"roles": []}}).customer_for(customer, "agent")
    assert ["tier"] == [one.field for one in whole.conflicts]
    assert customer is visibility(fields={"owner": {"roles": []}}).customer_for(customer, "agent")


def test_hidden_orders_and_cases_are_hidden_in_the_timeline_and_in_events() -> None:
    """Not what was ordered, nor how it stands or stood: that there is one is all that is said."""
    seen = visibility(fields={"orders": {"roles": ["supervisor"]}, "cases": {"roles": ["supervisor"]}})
    ref = CustomerRef(ids={"crm": "4711"})
    order = OrderChange(system="crm", customer=ref, order=Order(id="A1", status="late", description="wig", amount="9"))
    case = CaseChange(system="crm", customer=ref, case=Case(id="B1", status="escalated", subject="divorce"))
    for change in (order, case):
        line = as_interaction(change, received=datetime(2026, 3, 1, tzinfo=UTC))
        past = msgspec.structs.replace(line, history=(PastState(at=line.at, status="lost"),))
        body = encode_event(feed_event(change, feed="shop", event_id="1", at=line.at))
        for shown in (msgspec.json.encode(seen.interaction_for(past, "agent")), seen.event_for(body, "token:any")):
            assert not [word for word in (b"late", b"wig", b"escalated", b"divorce", b"lost") if word in shown]
        assert past is seen.interaction_for(past, "supervisor")
        assert past.reference == seen.interaction_for(past, "agent").reference


def test_what_was_decided_of_a_number_does_not_tell_it() -> None:
    """Neither the decision itself nor what is said of it in words."""
    decision = IdentityDecision(
        id="d-1",
        kind=DecisionKind.MEANT,
        records=(RecordRef(system="crm", id="4711"),),
        by="alice",
        at=datetime(2026, 3, 1, tzinfo=UTC),
        key="tel:+4935155501234",
        reason="Petra Vogt said so",
    )
    decided = IdentityDecided(decision=decision, notes=("Until now tel:+4935155501234 was crm 4712, as bob said.",))
    seen = visibility(fields={"phones": {"roles": ["supervisor"]}, "name": {"roles": ["supervisor"]}})
    shown = seen.decided_for(decided, "agent")
    assert ("tel:•••234", "") == (shown.decision.key, shown.decision.reason)
    assert ("Until now tel:•••234 was crm 4712, as bob said.",) == shown.notes
    assert shown.decision == seen.decision_for(decision, "agent")
    assert decided == seen.decided_for(decided, "supervisor")


def test_a_callback_does_not_tell_what_the_customer_looked_at() -> None:
    """Where what visitors of the site do is hidden; what an agent wrote down for one is not of the site."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    asked = Callback(
        id="c-1",
        site="shop",
        phone="+4935155501234",
        customer=CustomerRef(ids={"crm": "4711"}),
        requested_at=at,
        at=at,
        topic="Insolvency",
        url="https://example.com/insolvency",
        page="Insolvency",
    )
    seen = visibility(interactions={"web": {"roles": ["supervisor"]}})
    assert b"nsolvency" not in msgspec.json.encode(seen.callback_for(asked, "agent"))
    assert asked is seen.callback_for(asked, "supervisor")
    by_agent = msgspec.structs.replace(asked, asked_by="agent:bob")
    assert "Insolvency" == seen.callback_for(by_agent, "agent").topic


def test_events_are_masked_whole() -> None:
    """In whatever they carry, and in what they are sorted by; they still fit their types."""
    fields = {name: {"roles": ["supervisor"]} for name in ("phones", "emails", "name", "addresses", "extra.street")}
    seen = visibility(fields=fields, interactions={one: {"roles": ["supervisor"]} for one in ("chat", "phone")})
    for event in (*lives.anna(), lives.both()):
        body = encode_event(event)
        shown = seen.event_for(body, "token:reporting")
        for trace in ("155501234", "Vogtländer", "anna.vogtl", "Lange Gasse", "about the"):
            assert trace not in shown.decode(), (event.type, trace)
        assert event.id == decode_event(shown).id
        assert body == seen.event_for(body, "supervisor")


def test_an_event_of_another_time_is_shown_empty() -> None:
    """What can't be read can't be masked: it has its id and type, and no data."""
    seen = visibility(fields={"tier": {"roles": []}})
    event = lives.anna()[0]
    body = msgspec.json.encode({**msgspec.json.decode(encode_event(event)), "data": {"tier": ["Gold"]}})
    shown = msgspec.json.decode(seen.event_for(body, "agent"))
    assert (event.id, {}, "") == (shown["id"], shown["data"], shown["subject"])


def test_the_call_log_is_masked() -> None:
    """The customer's name and number, and what the network calls the caller."""
    seen = visibility(fields={"phones": {"roles": []}, "name": {"roles": []}})
    step = next(event.data for event in lives.anna() if isinstance(event.data, CallEvent))
    entry = CallLogEntry(call=step.call, customer=lives.ANNA, agents=("alice",))
    shown = seen.entry_for(entry, "agent")
    assert ("A. V.", "•••234", "A. V.") == (shown.customer, shown.call.caller.display, shown.call.caller_name)
    assert None is shown.call.connections[0].number or "•••234" == shown.call.connections[0].number.display
    assert step.call.connections[1] == shown.call.connections[1]


def test_what_is_about_no_customer_stays() -> None:
    """An agent's state and an erasure have nothing to mask."""
    seen = visibility(fields={"phones": {"roles": []}})
    erased = CustomerErased(records=(RecordRef(system="crm", id="4711"),), by="cli:dpo", events=3)
    assert CustomerErased is type(erased)
    body = encode_event(samples.agent_state("alice", AgentState.READY, 1))
    assert body == seen.event_for(body, "agent")


@given(some.text(max_size=40))
def test_a_mask_never_shows_more_than_its_part(text: str) -> None:
    """Three digits of a number, one letter of an address before its domain."""
    assert 3 >= sum(one.isdecimal() for one in masked_number(text))
    local = text.rpartition("@")[0]
    assert masked_address(text).startswith(local[:1])
    assert len(local) <= 1 or local not in masked_address(text) or local in text.rpartition("@")[2]


@pytest.mark.parametrize(("zone", "tier"), [("America/Los_Angeles", ""), ("Europe/London", "Gold")])
def test_a_refusal_ends_with_the_day_at_the_hub(zone: str, tier: str) -> None:
    """At half past midnight in Greenwich its last day has ended there, and goes on in Los Angeles."""
    seen = PrivacyVisibility(PrivacySection.model_validate({"fields": {"tier": {"purpose": "marketing"}}}))
    refusal = Consent(purpose="marketing", granted=False, valid_until=date(2026, 2, 28))
    with clock_at(datetime(2026, 3, 1, 0, 30, tzinfo=UTC), zone):
        assert tier == seen.record_for(msgspec.structs.replace(RECORD, consents=(refusal,)), "agent").tier
