"""Whatever is sent: an acknowledgement or a fault that its sender can read, and never more than it took to send."""

from __future__ import annotations

import random

import pytest
from lxml import etree

from hub.bus.soap.service import SoapService
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage, Receipt
from hub.domain.soap import SoapReply, SoapRequest
from tests.conformance.push_site import LOGIN
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


class Taken:
    """A reception that remembers what it was given."""

    def __init__(self) -> None:
        self.messages: list[InboundMessage] = []

    async def take(self, feed: str, message: InboundMessage) -> Receipt:
        assert "erp" == feed
        self.messages.append(message)
        return Receipt(recorded=1, events=("event-1",))


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def service(taken: Taken) -> SoapService:
    return SoapService("erp", InboundFeed.model_validate({"soap": {"login": LOGIN}}), taken)


async def answer(service: SoapService, body: bytes, content_type: str = TYPE_11) -> SoapReply:
    reply = await service.answer(SoapRequest(body=body, content_type=content_type))
    assert etree.fromstring(reply.body).tag.endswith("}Envelope")
    return reply


@pytest.mark.parametrize("seed", range(20))
async def test_damaged_messages_are_answered(service: SoapService, taken: Taken, seed: int) -> None:
    """Bytes changed, left out, doubled, moved: what is taken is a message, everything else is a fault."""
    damage = random.Random(seed)  # noqa: S311 - a test that can be repeated
    for namespace, content_type in ((SOAP_11, TYPE_11), (SOAP_12, TYPE_12)) * 10:
        header = damage.choice([username_token(), digest_token(), ""])
        body = bytearray(envelope(CUSTOMER, header, namespace=namespace))
        for _ in range(damage.randint(1, 6)):
            at, length = damage.randrange(len(body)), damage.randint(1, 40)
            match damage.randrange(4):
                case 0:
                    body[at] = damage.randrange(256)
                case 1:
                    del body[at : at + length]
                case 2:
                    body[at:at] = body[at : at + length]
                case _:
                    body[at:at] = damage.choice(
                        [b"<", b"&", b"]]>", b"<!--", b"<?x", b'xmlns="', b"\0", b"\xff", b"</s:Body>"]
                    )
        before = len(taken.messages)
        reply = await answer(service, bytes(body), content_type)
        assert reply.is_stored is (len(taken.messages) > before)
        assert reply.is_stored is (200 == reply.status)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 500),
        ("text/xml; charset=", 200),
        ('text/xml; charset="utf-8"; charset=latin-1', 200),
        ("text/xml; charset=idna", 500),
        ("application/soap+xml; action=*=utf-8''x", 500),
        ("application/soap+xml; action=%00", 500),
        ("x" * 8_000, 500),
        ("text/xml;" * 800, 200),
    ],
)
async def test_any_media_type_is_answered(service: SoapService, content_type: str, status: int) -> None:
    """Parameters as nobody writes them are passed over, or are a fault."""
    assert status == (await answer(service, envelope(CUSTOMER, username_token()), content_type)).status


async def test_what_a_message_costs_is_bounded(service: SoapService) -> None:
    """Thousands of headers, attributes, violations and namespaces: an answer in bounds, and no more is looked at."""
    many_headers = "".join(f'<x:H{n} xmlns:x="urn:{n}" s:mustUnderstand="1"/>' for n in range(2_000))
    attributes = " ".join(f'a{n}="1"' for n in range(2_000))
    phones = "<h:phone><h:nummer/></h:phone>" * 2_000
    for payload, header in (
        (CUSTOMER, many_headers),
        (CUSTOMER.replace("<h:customer>", f"<h:customer {attributes}>"), username_token()),
        (CUSTOMER.replace("</h:customer>", f"{phones}</h:customer>"), username_token()),
        (CUSTOMER.replace("h:label>", f"h:{'x' * 40_000}>"), username_token()),
        (CUSTOMER, f'<x:{"h" * 40_000} xmlns:x="urn:x" s:mustUnderstand="1"/>'),
        (f"<{'a' * 40_000}/>", username_token()),
        ("<a>" * 200 + "</a>" * 200, username_token()),
    ):
        reply = await answer(service, envelope(payload, header))
        assert 500 == reply.status
        assert 30_000 > len(reply.body)
