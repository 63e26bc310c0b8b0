"""A customer who changes the channel: what was said on the web and by mail is on the agent's page at ring."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from hub.domain.event import EventType
from hub.domain.interaction import Interaction
from tests.scenarios.backends import MARIA, Backends
from tests.scenarios.call_site import CallSite, Desk, asterisk_section, running_site
from tests.servers.asterisk import Asterisk
from tests.servers.dovecot import Dovecot
from tests.servers.record import SUPPORT
from tests.servers.sipp import Phone, Trunk
from tests.waiting import eventually, eventually_asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

WEBSITE = "website"
CHAT_PASSWORD = secrets.token_urlsafe(12)


@pytest.fixture(scope="module")
def mail_user(dovecot: Dovecot) -> str:
    """Whose mailbox the hub reads."""
    return dovecot.make_user()


@pytest.fixture(scope="module")
def sections(asterisk: Asterisk, dovecot: Dovecot, mail_user: str, backends: Backends) -> dict[str, Any]:
    """Return the configuration's sections."""
    imap = {
        "host": dovecot.host,
        "port": dovecot.tls_port,
        "ca_file": str(dovecot.authority.file),
        "username": mail_user,
        "password": "${MAIL_PASSWORD}",
        "sent_folders": ["Sent"],
    }
    return {
        "pbx": asterisk_section(asterisk),
        "connectors": {"sap": backends.connectors()["sap"]},
        "inbound": {
            "chat": {
                "mapping": "feeds/chat_ended",
                "http": {"basic": {"username": WEBSITE, "password": "${CHAT_PASSWORD}"}},
            },
            "mail": {
                "mapping": "feeds/email",
                "format": "email",
                "email": {"own_addresses": ["@shop.example"]},
                "imap": imap,
            },
        },
    }


@pytest.fixture(scope="module")
def secrets_of_site(asterisk: Asterisk, dovecot: Dovecot, mail_user: str, backends: Backends) -> dict[str, str]:
    """Return what the sections name as ${NAME}."""
    return {
        **backends.passwords,
        "AMI_SECRET": asterisk.ami_secret,
        "CHAT_PASSWORD": CHAT_PASSWORD,
        "MAIL_PASSWORD": dovecot.passwords[mail_user],
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def channels(
    sections: dict[str, Any],
    secrets_of_site: dict[str, str],
    shared_browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[CallSite]:
    """Run a hub that knows its callers from SAP, hears of chats over HTTP, and reads a mailbox."""
    folder = tmp_path_factory.mktemp("channels")
    async with running_site(folder, shared_browser, sections=sections, environment=secrets_of_site) as running:
        yield running


def mail(sender: str, to: str, subject: str, text: str, at: datetime) -> EmailMessage:
    """Write a mail."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Date"] = sender, to, subject, at
    message["Message-ID"] = f"<{secrets.token_hex(8)}@example.com>"
    message.set_content(text)
    return message


def shown_contacts(desk: Desk, call_id: str) -> list[tuple[str, str, str]]:
    """Return channel, direction and subject of the contacts in the newest context of a call that came to a desk."""
    frames: list[dict[str, Any]] = [json.loads(frame) for frame in desk.frames if call_id in frame]
    contexts = [frame["context"] for frame in frames if frame.get("context")]
    if not contexts:
        return []
    return [(one["channel"], one["direction"], one["subject"]) for one in contexts[-1].get("interactions", [])]


async def test_chat_then_mail_then_call(
    channels: CallSite, asterisk: Asterisk, dovecot: Dovecot, mail_user: str
) -> None:
    """She chats on the web, writes a mail, is answered by mail, and calls: all of it is there, in order, at ring."""
    now = datetime.now(UTC)
    chat = {
        "chatId": secrets.token_hex(4),
        "endedAt": int((time.time() - 3_600) * 1_000),
        "topic": "Delivery by chat",
        "visitor": {"email": MARIA.email.upper(), "customerNumber": "C-9"},
    }
    question = mail(
        f"Maria Huber <{MARIA.email}>",
        "service@shop.example",
        "Delivery by mail",
        "Nobody told me in the chat.\n\nOn Monday you wrote:\n> soon",
        now - timedelta(minutes=30),
    )
    answer = mail("service@shop.example", MARIA.email, "Re: Delivery by mail", "Tomorrow.", now - timedelta(minutes=10))
    async with channels.api.events() as stream, channels.desk("alice") as desk:
        async with (
            aiohttp.ClientSession(
                headers={"Authorization": aiohttp.encode_basic_auth(WEBSITE, CHAT_PASSWORD)}
            ) as session,
            session.post(f"{channels.hub.url}/api/v1/inbound/chat", json=chat) as reply,
        ):
            assert 202 == reply.status, await reply.text()
        await asyncio.to_thread(dovecot.deliver, mail_user, question)
        await asyncio.to_thread(dovecot.deliver, mail_user, answer, "Sent")
        await eventually(
            lambda: 3 == sum(event.type is EventType.INTERACTION_RECORDED for event in stream.events),
            "chat and both mails recorded",
        )
        texts = {event.data.subject: event.data.text for event in stream.events if isinstance(event.data, Interaction)}
        assert ("Nobody told me in the chat.", "Tomorrow.") == (
            texts["Delivery by mail"],
            texts["Re: Delivery by mail"],
        )

        async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
            caller = await trunk.call(MARIA.number, to=SUPPORT)
            await phone.rings()
            call = await channels.live_call()
            expected = [
                ("email", "outbound", "Re: Delivery by mail"),
                ("email", "inbound", "Delivery by mail"),
                ("chat", "inbound", "Delivery by chat"),
            ]
            await eventually(lambda: expected == shown_contacts(desk, call.id), "all channels at ring, newest first")
            assert call.answered_at is None
            await caller.hang_up()
            await channels.no_live_call()
    assert [] == [flags for flags in dovecot.flags(mail_user) if b"Seen" in flags]
    log = channels.hub.log()
    assert [] == [text for text in (MARIA.email, "Nobody told me", CHAT_PASSWORD) if text in log]


async def test_the_mailbox_is_checked_and_measured(channels: CallSite, mail_user: str) -> None:
    """`ctihub check` signs in and opens each folder; the metric says that mail is read; the hub is ready either way."""
    status, output = await channels.hub.command("check", "mail")
    assert (0, True) == (status, output.startswith("ok    mailbox    mail  127.0.0.1:"))
    assert f"lets {mail_user} in, INBOX: " in output
    assert CHAT_PASSWORD not in output

    async def is_read() -> bool:
        _, metrics = await channels.api.get("/metrics")
        return b'ctihub_feed_connected{feed="mail"} 1.0' in metrics

    await eventually_asked(is_read, "the mailbox read")
    assert [] == await channels.api.problems()
