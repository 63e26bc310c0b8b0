"""What happened with the demo's callers before they call, told to the hub as other channels tell it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta

import aiohttp

from hub.demo.process import DemoError

MAPPING_NAME = "channels/contact"
MAPPING = """\
# A contact on the web site, in a chat or by e-mail.
source: The demo's channels, JSON
version: 1
target: interaction
fields:
  id: id
  channel: channel
  at: at
  direction: {const: inbound}
  subject: subject
  text: text
  reference: about
  url: page
  customer.phones: {from: phone, phone: true}
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contact:
    """`about` is the number of a case or an order."""

    id: str
    channel: str
    hours_ago: float
    phone: str
    subject: str
    text: str = ""
    about: str = ""
    page: str = ""


CONTACTS = (
    Contact(
        id="chat-1",
        channel="chat",
        hours_ago=100,
        phone="+493023125011",
        subject="Spindle stands still",
        text="The spindle of our X500 stopped in the middle of a job and doesn't start any more.",
        about="J-4711",
    ),
    Contact(
        id="mail-1",
        channel="email",
        hours_ago=28,
        phone="+493023125011",
        subject="When does the technician come?",
        text=(
            "Good morning,\n\nour machine has been standing still since Monday. In the chat we were promised a"
            " technician within two days; nobody came and nobody called. Every day without it costs us an order."
            " Please say when somebody will be here.\n\nKind regards\nMaria Huber"
        ),
        about="J-4711",
    ),
    Contact(
        id="mail-2",
        channel="email",
        hours_ago=3,
        phone="+493023125011",
        subject="Still no answer",
        text="I will call you this morning.",
        about="J-4711",
    ),
    Contact(
        id="visit-1",
        channel="web",
        hours_ago=0.1,
        phone="+493023125011",
        subject="X500: what the warranty covers",
        page="https://www.example.com/products/x500/warranty",
    ),
    Contact(
        id="chat-2",
        channel="chat",
        hours_ago=50,
        phone="+862155500123",
        subject="订单 4500175 何时发货？",
        text="客户希望本月底之前收到货物。",
        about="4500175",
    ),
)


async def tell(url: str, token: str, contacts: Iterable[Contact], now: datetime) -> None:
    """Hand them in at a feed's address. Raises DemoError."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as client:
        for contact in contacts:
            body = dataclasses.asdict(contact) | {"at": (now - timedelta(hours=contact.hours_ago)).isoformat()}
            async with client.post(url, json=body) as reply:
                if not reply.ok:
                    raise DemoError(f"the hub took no contact (HTTP {reply.status}): {await reply.text()}")
