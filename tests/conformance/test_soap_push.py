"""SOAP push, byte by byte: both versions of the protocol, what is taken, and every fault."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.domain.change import CaseChange, ChangeKind, CustomerChange, OrderChange
from hub.domain.customer import Phone
from hub.domain.event import EventType
from hub.domain.interaction import Channel, Interaction
from hub.domain.ports import StoreError
from tests.conformance.push_site import LOGIN, PASSWORD, USER, Answer, PushSite, push_site
from tests.conformance.soap_messages import (
    CUSTOMER,
    SOAP_11,
    SOAP_12,
    TYPE_11,
    TYPE_12,
    digest_token,
    envelope,
    username_token,
)

BASIC = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
ORDER = """\
<OrderChanged xmlns="urn:ctihub:push:1"><messageId>{id}</messageId>
<customer><systemId system="erp">0042</systemId></customer>
<order><id>4711</id><status>shipped</status><orderedOn>2026-11-02</orderedOn><amount>12.10</amount>
<currency>EUR</currency><open>0</open></order><at>2026-11-20T08:30:00+01:00</at></OrderChanged>"""


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[PushSite]:
    async with push_site(
        tmp_path, {"erp": {"soap": {"login": LOGIN}}, "crm": {"soap": {"login": LOGIN | {"username": "crm"}}}}
    ) as running:
        yield running


async def send(site: PushSite, body: bytes, content_type: str = TYPE_11, **headers: str) -> Answer:
    return await site.send("erp", body, content_type, **{**BASIC, **headers})


@pytest.mark.parametrize(("namespace", "content_type"), [(SOAP_11, TYPE_11), (SOAP_12, TYPE_12)])
async def test_a_customer_that_changed_becomes_the_event(site: PushSite, namespace: str, content_type: str) -> None:
    """In either version, with the number in international form, as a customer of the feed's own system."""
    answer = await send(site, envelope(CUSTOMER, namespace=namespace), content_type, SOAPAction='""')
    (event,) = await site.events()
    assert (200, content_type) == (answer.status, answer.headers["Content-Type"])
    assert ("1", "0", event.id) == tuple(answer.text(f"//hub:{name}") for name in ("recorded", "duplicates", "event"))
    assert f"{{{namespace}}}Envelope" == answer.tree.tag
    assert (EventType.CUSTOMER_CHANGED, "/feed/erp") == (event.type, event.source)
    assert isinstance(event.data, CustomerChange)
    customer = event.data.customer
    assert ("erp", "0042", "Petra Vogt") == (customer.system, customer.id, customer.name.full)
    assert (Phone(number="+493515550123", label="work"),) == customer.phones
    assert ({"crm": "C-7"}, {"branch": "Dresden"}) == (customer.ids, customer.extra)


async def test_orders_cases_and_interactions_become_events(site: PushSite) -> None:
    """Each of the hub's own messages is an event of its kind, in the feed's name."""
    await send(site, envelope(ORDER.format(id="a")))
    case = (
        '<c:CaseChanged xmlns:c="urn:ctihub:push:1"><c:customer><c:email>A@B.example</c:email></c:customer>'
        "<c:case><c:id>9</c:id><c:subject>Broken &amp; loud</c:subject></c:case><c:change>deleted</c:change>"
        "</c:CaseChanged>"
    )
    await send(site, envelope(case))
    visit = (
        '<InteractionRecorded xmlns="urn:ctihub:push:1"><interaction><id>v-1</id><channel>branch</channel>'
        "<at>2026-11-20T08:30:00.25Z</at><subject>Visit</subject><customer><phone>+49 351 5550123</phone></customer>"
        "</interaction></InteractionRecorded>"
    )
    await send(site, envelope(visit))
    order, changed, interaction = (event.data for event in await site.events())
    assert isinstance(order, OrderChange)
    assert ("erp", "4711", "12.10", False) == (order.system, order.order.id, order.order.amount, order.order.open)
    assert datetime(2026, 11, 20, 7, 30, tzinfo=UTC) == order.at
    assert isinstance(changed, CaseChange)
    assert (ChangeKind.DELETED, "Broken & loud") == (changed.change, changed.case.subject)
    assert isinstance(interaction, Interaction)
    assert ("erp", Channel.BRANCH, ("+493515550123",)) == (
        interaction.source,
        interaction.channel,
        interaction.customer.phones,
    )


async def test_the_same_message_twice_is_one_event(site: PushSite) -> None:
    """Known by its messageId; the answer says so, and names the event."""
    first = await send(site, envelope(ORDER.format(id="a")))
    again = await send(site, envelope(ORDER.format(id="a")))
    other = await send(site, envelope(ORDER.format(id="b")))
    assert ["1", "0", "1"] == [answer.text("//hub:recorded") for answer in (first, again, other)]
    assert "1" == again.text("//hub:duplicates")
    assert first.text("//hub:event") == again.text("//hub:event")
    assert 2 == len(await site.events())


async def test_ws_addressing_names_the_message_and_is_answered(site: PushSite) -> None:
    """MessageID is the message's id; the reply relates to it, a fault does, too."""
    header = (
        '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing" s:mustUnderstand="1">urn:m-1</a:MessageID>'
        '<a:ReplyTo xmlns:a="http://www.w3.org/2005/08/addressing"><a:Address>'
        "http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>"
    )
    first = await send(site, envelope(CUSTOMER, header, namespace=SOAP_12), TYPE_12)
    assert "urn:m-1" == first.text("//wsa:RelatesTo")
    again = await send(site, envelope(CUSTOMER.replace("\n", " "), header, namespace=SOAP_12), TYPE_12)
    assert "1" == again.text("//hub:duplicates")
    fault = await send(site, envelope("<nothing/>", header, namespace=SOAP_12), TYPE_12)
    assert "urn:m-1" == fault.text("//wsa:RelatesTo")
    assert "http://www.w3.org/2005/08/addressing/soap/fault" == fault.text("//wsa:Action")


async def test_a_reply_goes_back_on_the_connection(site: PushSite) -> None:
    """The hub sends to no address that somebody names."""
    header = (
        '<a:ReplyTo xmlns:a="http://www.w3.org/2005/08/addressing"><a:Address>http://elsewhere.example</a:Address>'
        "</a:ReplyTo>"
    )
    code, reason = (await send(site, envelope(CUSTOMER, header))).fault
    assert ("soap:Client", True) == (code, "anonymous" in reason)
    assert [] == await site.events()


@pytest.mark.parametrize(
    ("payload", "line", "element", "reason"),
    [
        (CUSTOMER.replace("<h:id>0042</h:id>", ""), 7, "name", "Expected is ( {urn:ctihub:push:1}id )"),
        (CUSTOMER.replace("0042", " "), 6, "id", "minLength"),
        (CUSTOMER.replace("h:label", "h:lable"), 8, "lable", "not expected"),
        (ORDER.format(id="a").replace("2026-11-02", "2.11.2026"), 6, "orderedOn", "Day"),
        (ORDER.format(id="a").replace("+01:00", ""), 7, "at", "pattern"),
        (ORDER.format(id="a").replace("12.10", "12,10"), 6, "amount", "decimal"),
    ],
)
@pytest.mark.parametrize(("namespace", "content_type", "status"), [(SOAP_11, TYPE_11, 500), (SOAP_12, TYPE_12, 400)])
async def test_what_does_not_fit_the_schema_is_a_fault_of_the_sender(  # noqa: PLR0917
    site: PushSite, payload: str, line: int, element: str, reason: str, namespace: str, content_type: str, status: int
) -> None:
    """It says the line of what was sent, the element, and what was expected; nothing is stored."""
    answer = await send(site, envelope(payload, namespace=namespace), content_type)
    assert status == answer.status
    assert ("soap:Client" if namespace == SOAP_11 else "soap:Sender") == answer.fault[0]
    assert (str(line), element) == (answer.texts("//hub:line")[0], answer.texts("//hub:element")[0])
    assert reason in answer.texts("//hub:problem/hub:reason")[0]
    assert ([], []) == (await site.events(), await site.dead())


async def test_what_makes_no_sense_is_a_dead_letter_that_the_fault_names(site: PushSite) -> None:
    """It fits the schema, and names no customer: kept with the original, and the sender hears which letter it is."""
    payload = ORDER.format(id="a").replace('<systemId system="erp">0042</systemId>', "")
    answer = await send(site, envelope(payload))
    (letter,) = await site.dead()
    assert (500, "soap:Client", True) == (answer.status, answer.fault[0], letter.id in answer.fault[1])
    assert (letter.id, "customer") == (answer.text("//hub:deadLetter"), answer.text("//hub:field"))
    assert ("/feed/erp", "customer", "a") == (letter.origin, letter.field, letter.message_id)
    assert b"4711" in letter.body
    assert b"Envelope" not in letter.body


async def test_a_number_that_is_none_is_told_by_its_place(site: PushSite) -> None:
    """The field says where."""
    answer = await send(site, envelope(CUSTOMER.replace("0351 5550123", "ask her")))
    assert "customer.phone.number" == answer.text("//hub:field")
    assert [] == await site.events()


@pytest.mark.parametrize(
    ("namespace", "content_type", "status", "code"),
    [(SOAP_11, TYPE_11, 500, "soap:Server"), (SOAP_12, TYPE_12, 503, "soap:Receiver")],
)
async def test_a_store_that_fails_is_the_receivers_fault(  # noqa: PLR0917
    site: PushSite, monkeypatch: pytest.MonkeyPatch, namespace: str, content_type: str, status: int, code: str
) -> None:
    """So that the sender sends it again, and then it is taken; what is wrong is not told, be it a defect of the hub."""
    for problem in (StoreError("/var/lib/ctihub: disk full"), RuntimeError("disk of another kind")):

        async def fail(*_: object, problem: Exception = problem) -> None:
            raise problem

        with monkeypatch.context() as patched:
            patched.setattr(site.reception, "take", fail)
            answer = await send(site, envelope(CUSTOMER, namespace=namespace), content_type)
        assert (status, code) == (answer.status, answer.fault[0])
        assert b"disk" not in answer.body
    assert 200 == (await send(site, envelope(CUSTOMER, namespace=namespace), content_type)).status


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (envelope(CUSTOMER, namespace="http://schemas.example/soap/9"), TYPE_11, "soap:VersionMismatch"),
        (envelope(CUSTOMER, namespace=SOAP_12), TYPE_11, "soap:VersionMismatch"),
        (envelope(CUSTOMER, namespace=SOAP_11), TYPE_12, "soap:VersionMismatch"),
        (CUSTOMER.encode(), TYPE_11, "soap:Client"),
        (envelope(""), TYPE_11, "soap:Client"),
        (envelope(CUSTOMER + CUSTOMER), TYPE_11, "soap:Client"),
        (envelope(CUSTOMER)[:-20], TYPE_11, "soap:Client"),
        (b"", TYPE_11, "soap:Client"),
        (b"\xff\xfe\x00", TYPE_11, "soap:Client"),
        (envelope("<CustomerChanged/>"), TYPE_11, "soap:Client"),
        (envelope('<x:Other xmlns:x="urn:ctihub:push:1"/>'), TYPE_12, "soap:VersionMismatch"),
        (envelope(CUSTOMER), "text/xml; charset=no-such", "soap:Client"),
        (envelope("<a>" * 70 + "</a>" * 70), TYPE_11, "soap:Client"),
        (envelope(CUSTOMER), "multipart/related; type=text/xml; boundary=x", "soap:Client"),
    ],
)
async def test_what_is_no_message_is_a_fault(site: PushSite, body: bytes, content_type: str, code: str) -> None:
    """In the protocol's own terms, and in the version that the sender speaks."""
    answer = await send(site, body, content_type)
    assert code == answer.fault[0]
    assert ([], []) == (await site.events(), await site.dead())


async def test_soap_12_says_which_versions_are_spoken(site: PushSite) -> None:
    """Beside a version mismatch (SOAP 1.2, 5.4.7)."""
    answer = await send(site, envelope(CUSTOMER), TYPE_12)
    found = answer.tree.findall(f".//{{{SOAP_12}}}SupportedEnvelope")
    assert [SOAP_12, SOAP_11] == [one.nsmap[str(one.get("qname")).partition(":")[0]] for one in found]


LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%b">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]>"  # fmt: skip


@pytest.mark.parametrize(
    "prolog",
    [
        LAUGHS,
        b'<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE s SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
    ids=["laughs", "file", "external"],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
async def test_document_types_are_refused(site: PushSite, prolog: bytes, charset: str) -> None:
    """No entity is expanded, no file read, nothing fetched, whatever the encoding."""
    message = CUSTOMER.replace("Petra", "&a;").replace('system="crm"', 'system="&a;"')
    body = b'<?xml version="1.0" encoding="%b"?>' % charset.encode() + prolog + envelope(message).partition(b"?>")[2]
    answer = await send(site, body.decode().encode(charset), f"text/xml; charset={charset}")
    assert "soap:Client" == answer.fault[0]
    assert b"root:" not in answer.body
    assert [] == await site.events()


async def test_other_encodings_are_read(site: PushSite) -> None:
    """What the document says, and what HTTP says, which counts more."""
    message = envelope(CUSTOMER.replace("Petra", "李娜")).partition(b"?>")[2].decode()
    said = f'<?xml version="1.0" encoding="gb18030"?>{message}'.encode("gb18030")
    assert 200 == (await send(site, said, "text/xml")).status
    outside = f'<?xml version="1.0" encoding="utf-8"?>{message.replace("0042", "43")}'.encode("shift_jis", "replace")
    assert 200 == (await send(site, outside, "text/xml; charset=shift_jis")).status
    data = (await site.events())[0].data
    assert isinstance(data, CustomerChange)
    assert "李娜 Vogt" == data.customer.name.full


async def test_headers_that_have_to_be_understood_are(site: PushSite) -> None:
    """An unknown one is a fault, unless it is for somebody else; in SOAP 1.2 the fault names it."""
    must = '<x:Transaction xmlns:x="urn:x" s:mustUnderstand="1"{}>5</x:Transaction>'
    answer = await send(site, envelope(CUSTOMER, must.format("")))
    assert "soap:MustUnderstand" == answer.fault[0]
    answer = await send(site, envelope(CUSTOMER, must.format("").replace('"1"', '"true"'), namespace=SOAP_12), TYPE_12)
    assert "soap:MustUnderstand" == answer.fault[0]
    (block,) = answer.tree.findall(f".//{{{SOAP_12}}}NotUnderstood")
    assert ("urn:x", "Transaction") == (block.nsmap["missed"], str(block.get("qname")).partition(":")[2])
    assert [] == await site.events()
    for other in (must.format(' s:actor="urn:gateway"'), must.format("").replace('"1"', '"0"')):
        assert 200 == (await send(site, envelope(CUSTOMER, other))).status
    bare = '<Transaction s:mustUnderstand="1"/>'
    assert "soap:MustUnderstand" == (await send(site, envelope(CUSTOMER, bare, namespace=SOAP_12), TYPE_12)).fault[0]
    role = must.format(f' s:role="{SOAP_12}/role/none"')
    assert 200 == (await send(site, envelope(CUSTOMER, role, namespace=SOAP_12), TYPE_12)).status


async def test_the_action_may_be_anything_but_another_operations(site: PushSite) -> None:
    """What a request is for is what is in it; an action that says otherwise is a sign that something is wrong."""
    for action in ('""', "urn:whatever", '"urn:ctihub:feed:erp:CustomerChanged"'):
        assert 200 == (await send(site, envelope(CUSTOMER), SOAPAction=action)).status
    wrong = "urn:ctihub:feed:erp:OrderChanged"
    assert "soap:Client" == (await send(site, envelope(CUSTOMER), SOAPAction=wrong)).fault[0]
    in_type = f'application/soap+xml; charset=utf-8; action="{wrong}"'
    assert "soap:Sender" == (await send(site, envelope(CUSTOMER, namespace=SOAP_12), in_type)).fault[0]


async def test_the_envelope_may_say_who_sends(site: PushSite) -> None:
    """A UsernameToken with the password or its digest, also where it has to be understood."""
    for header in (username_token(), username_token(must='s:mustUnderstand="1"'), digest_token()):
        answer = await site.send("erp", envelope(CUSTOMER, header), TYPE_11)
        assert 200 == answer.status, answer.body


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "wsse:InvalidSecurity"),
        (username_token(password="wrong"), "wsse:FailedAuthentication"),
        (username_token(username="crm"), "wsse:FailedAuthentication"),
        (digest_token(password="wrong"), "wsse:FailedAuthentication"),
        (digest_token(created=datetime.now(UTC) - timedelta(minutes=6)), "wsse:MessageExpired"),
        (digest_token(created=datetime.now(UTC) + timedelta(hours=6)), "wsse:InvalidSecurityToken"),
        (digest_token(created=datetime(2026, 1, 1, tzinfo=UTC)).replace("Nonce", "Once"), "wsse:InvalidSecurityToken"),
        (username_token().replace("#PasswordText", "#PasswordSecret"), "wsse:InvalidSecurityToken"),
        (
            username_token().replace("Password>", "Pass>").replace("<w:Password ", "<w:Pass "),
            "wsse:FailedAuthentication",
        ),
    ],
)
@pytest.mark.parametrize(("namespace", "content_type"), [(SOAP_11, TYPE_11), (SOAP_12, TYPE_12)])
async def test_wrong_credentials_are_a_fault(
    site: PushSite, header: str, code: str, namespace: str, content_type: str
) -> None:
    """WS-Security's own, with 401; nothing is looked at, and nothing stored."""
    answer = await site.send("erp", envelope("<nonsense/>", header, namespace=namespace), content_type)
    assert (401, code) == (answer.status, answer.fault[0])
    assert "Basic" in answer.headers["WWW-Authenticate"]
    assert PASSWORD.encode() not in answer.body
    assert [] == await site.events()


async def test_a_digest_is_accepted_once(site: PushSite) -> None:
    """Whoever caught it on the way can send nothing with it."""
    header = digest_token(created=datetime.now(UTC) + timedelta(seconds=1))
    assert 200 == (await site.send("erp", envelope(CUSTOMER, header), TYPE_11)).status
    answer = await site.send("erp", envelope(ORDER.format(id="a"), header), TYPE_11)
    assert (401, "wsse:InvalidSecurityToken") == (answer.status, answer.fault[0])
    assert 1 == len(await site.events())


async def test_a_digest_from_before_the_start_is_refused(site: PushSite) -> None:
    """It could have been accepted by the hub that ran before."""
    header = digest_token(created=datetime.now(UTC) - timedelta(seconds=60))
    assert "wsse:MessageExpired" == (await site.send("erp", envelope(CUSTOMER, header), TYPE_11)).fault[0]


async def test_wrong_passwords_in_envelopes_are_made_to_wait(site: PushSite) -> None:
    """Like those that HTTP brings."""
    wrong = envelope(CUSTOMER, username_token(password="wrong"))
    for _ in range(50):
        assert 401 == (await site.send("erp", wrong, TYPE_11)).status
    assert 429 == (await send(site, envelope(CUSTOMER))).status


async def test_another_services_login_is_refused(site: PushSite) -> None:
    """403 before the envelope is read."""
    assert 403 == (await site.send("crm", envelope(CUSTOMER), TYPE_11, **BASIC)).status
    assert 415 == (await send(site, b"{}", "application/json")).status


async def test_a_large_message_is_bounded(tmp_path: Path) -> None:
    """One over the limit is refused unread; one below it is read in a thread, and taken."""
    feeds = {"erp": {"soap": {"login": LOGIN}, "max_bytes": 200_000}}
    async with push_site(tmp_path, feeds) as site:
        name = "x" * 150_000
        assert 200 == (await send(site, envelope(CUSTOMER.replace("Petra", name)))).status
        assert 413 == (await send(site, envelope(CUSTOMER.replace("Petra", name * 2)))).status
        assert 1 == len(await site.events())
