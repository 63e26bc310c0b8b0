"""A mailbox on a real Dovecot: each mail is told once, whatever becomes of server, folder and hub in between."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import ssl
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from hub.bus.imap import ImapFeed, MailToken
from hub.bus.imap_check import check_mailbox
from hub.bus.imap_errors import MailboxError
from hub.config.inbound import InboundFeed
from hub.domain.inbound import Transport
from hub.domain.interaction import Interaction
from hub.mail_token import FetchedToken
from tests.relay import Relay
from tests.servers.certificates import Authority
from tests.servers.dovecot import ODD_PASSWORDS, Dovecot
from tests.servers.ports import free_tcp_port
from tests.unit.bus.feed_house import NAME, FeedHouse, feed_house
from tests.waiting import eventually

POLLED = {"idle": False, "poll_s": 0.1}


def mail(subject: str, sender: str = "petra@example.com", to: str = "service@shop.example", **fields: str) -> bytes:
    """Write a mail that was sent just now."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{subject.replace(' ', '.')}@example.com>"
    for name, value in fields.items():
        message[name] = value
    message.set_content(f"About {subject}")
    return message.as_bytes()


def imap(server: Dovecot, user: str, **keys: Any) -> dict[str, Any]:
    """Return the section of a user's mailbox; with `tls` left out it is plain."""
    return {
        "host": server.host,
        "port": server.tls_port if keys.get("tls") == "implicit" else server.port,
        "tls": "none",
        "username": user,
        "password": server.passwords[user],
        "timeout_s": 5.0,
        **keys,
    }


def section(server: Dovecot, user: str, **keys: Any) -> InboundFeed:
    """Return the feed of that mailbox."""
    return InboundFeed.model_validate(
        {
            "mapping": "feeds/email",
            "format": "email",
            "email": {"own_addresses": ["@shop.example"]},
            "imap": imap(server, user, **keys),
        }
    )


@asynccontextmanager
async def house(folder: Path, feed: InboundFeed) -> AsyncIterator[FeedHouse]:
    """Give what takes the mails of that feed in."""
    async with feed_house(folder, **feed.model_dump(exclude_unset=True)) as made:
        yield made


@asynccontextmanager
async def watched(
    made: FeedHouse, feed: InboundFeed, folder: str = "INBOX", *, token: MailToken | None = None
) -> AsyncIterator[ImapFeed]:
    """Read a folder for a while."""
    assert feed.imap is not None
    way = ImapFeed(
        NAME,
        feed,
        feed.imap,
        folder,
        reception=made.reception,
        cursors=made.journal,
        token=token,
        retry_min_s=0.05,
        retry_max_s=0.2,
    )
    way.start()
    try:
        yield way
    finally:
        await way.stop()


def told(made: FeedHouse) -> list[str]:
    """Return the subjects of the mails that were told, in their order."""
    return [event.data.subject for event in made.told if isinstance(event.data, Interaction)]


async def is_connected(way: ImapFeed) -> None:
    await eventually(lambda: way.connected, "the mailbox read")


async def are_told(made: FeedHouse, *subjects: str) -> None:
    await eventually(lambda: list(subjects) == told(made), f"{subjects} told", within=15)


async def test_new_mail_is_told_at_once(dovecot: Dovecot, tmp_path: Path) -> None:
    """By IDLE, not by the next look, which is an hour away; and it stays new for whoever reads the mailbox."""
    user = dovecot.make_user()
    dovecot.deliver(user, mail("from before"))
    feed = section(dovecot, user, poll_s=3_600)
    async with house(tmp_path, feed) as made, watched(made, feed) as way:
        await is_connected(way)
        for subject in ("one", "two"):
            await asyncio.to_thread(dovecot.deliver, user, mail(subject))
            await are_told(made, *("one", "two")[: ("one", "two").index(subject) + 1])
        assert ["one", "two"] == told(made)
        interaction = made.told[0].data
        assert isinstance(interaction, Interaction)
        assert ("email", "inbound", "About one", ("petra@example.com",)) == (
            interaction.channel,
            interaction.direction,
            interaction.text,
            interaction.customer.emails,
        )
    assert [] == [flags for flags in dovecot.flags(user) if b"Seen" in flags]


async def test_two_folders_are_two_directions(dovecot: Dovecot, tmp_path: Path) -> None:
    """What lies in a sent folder went to the customer; a stranger who writes as one of us gets nothing told."""
    user = dovecot.make_user()
    dovecot.make_folder(user, "Kunden.&XeVPXA-")
    feed = section(dovecot, user, folders=["Kunden.工作"], sent_folders=["Sent"], poll_s=3_600)
    async with (
        house(tmp_path, feed) as made,
        watched(made, feed, "Kunden.工作") as inbox,
        watched(made, feed, "Sent") as sent,
    ):
        await is_connected(inbox)
        await is_connected(sent)
        forged = mail("forged", sender="boss@shop.example", to="petra@example.com")
        await asyncio.to_thread(dovecot.deliver, user, forged, "Kunden.&XeVPXA-")
        await asyncio.to_thread(dovecot.deliver, user, mail("question"), "Kunden.&XeVPXA-")
        await are_told(made, "question")
        answer = mail("answer", sender="service@shop.example", to="Petra <petra@example.com>, boss@shop.example")
        await asyncio.to_thread(dovecot.deliver, user, answer, "Sent")
        await are_told(made, "question", "answer")
        outbound = made.told[1].data
        assert isinstance(outbound, Interaction)
        assert ("outbound", ("petra@example.com",)) == (outbound.direction, outbound.customer.emails)


async def test_the_first_start_takes_the_last_days(dovecot: Dovecot, tmp_path: Path) -> None:
    """As many as are wanted, not what is older."""
    user = dovecot.make_user()
    now = datetime.now(UTC)
    for subject, days in (("old", 30), ("lately", 2), ("today", 0)):
        dovecot.deliver(user, mail(subject), at=now - timedelta(days=days))
    feed = section(dovecot, user, first_days=5, **POLLED)
    async with house(tmp_path, feed) as made, watched(made, feed):
        await are_told(made, "lately", "today")


async def test_what_comes_while_the_hub_is_away_is_told_once(dovecot: Dovecot, tmp_path: Path) -> None:
    """Also where the folder was empty at the first start, and mails are deleted meanwhile."""
    user = dovecot.make_user()
    feed = section(dovecot, user, **POLLED)
    async with house(tmp_path, feed) as made:
        async with watched(made, feed) as way:
            await is_connected(way)
        dovecot.deliver(user, mail("one"))
        async with watched(made, feed) as way:
            await are_told(made, "one")
        dovecot.deliver(user, mail("deleted"))
        dovecot.expunge(user)
        dovecot.deliver(user, mail("two"))
        async with watched(made, feed) as way:
            await are_told(made, "one", "two")


async def test_another_numbering_tells_nothing_twice(fresh_dovecot: Dovecot, tmp_path: Path) -> None:
    """A mailbox that was restored has another UIDVALIDITY: all is looked at again, what is new is told."""
    server = fresh_dovecot
    user = server.make_user()
    feed = section(server, user, first_days=3, poll_s=3_600)
    server.deliver(user, mail("one"))
    async with house(tmp_path, feed) as made, watched(made, feed) as way:
        await are_told(made, "one")
        await asyncio.to_thread(server.stop)
        await eventually(lambda: not way.connected, "a lost connection")
        server.renumber(user)
        server.start()
        server.deliver(user, mail("two"))
        await are_told(made, "one", "two")
        assert [] == await made.letters()


async def test_a_killed_server_loses_and_doubles_nothing(fresh_dovecot: Dovecot, tmp_path: Path) -> None:
    """The hub tries for ever and goes on where it was; why it can't is told once, not with each attempt."""
    server = fresh_dovecot
    user = server.make_user()
    feed = section(server, user, poll_s=3_600)
    async with house(tmp_path, feed) as made, watched(made, feed) as way:
        await is_connected(way)
        server.deliver(user, mail("one"))
        await are_told(made, "one")
        with capture_logs() as logged:
            server.kill()
            await eventually(lambda: "nobody listens" in (way.problem() or ""), "the reason told")
            server.start()
            server.deliver(user, mail("two"))
            await are_told(made, "one", "two")
        reasons = [line["reason"] for line in logged if line["event"] == "mailbox_unavailable"]
        assert len(reasons) == len(set(reasons))


async def test_a_server_that_hangs_is_given_up(dovecot: Dovecot, tmp_path: Path) -> None:
    """It holds the connection and says nothing any more: another connection is made."""
    user = dovecot.make_user()
    async with Relay(dovecot.port) as relay:
        feed = section(dovecot, user, port=relay.port, timeout_s=0.3, **POLLED)
        async with house(tmp_path, feed) as made, watched(made, feed) as way:
            await is_connected(way)
            relay.go_silent()
            await eventually(lambda: "no answer" in (way.problem() or ""), "the silence noticed", within=15)
            relay.flow()
            await asyncio.to_thread(dovecot.deliver, user, mail("after"))
            await are_told(made, "after")


async def test_a_mail_that_makes_no_sense_holds_up_no_other(dovecot: Dovecot, tmp_path: Path) -> None:
    """It is a dead letter with the original, under the mailbox's feed; and a huge one is read from its beginning."""
    user = dovecot.make_user()
    feed = section(dovecot, user, poll_s=3_600)
    async with house(tmp_path, feed) as made, watched(made, feed) as way:
        await is_connected(way)
        nobody = b"Subject: Hello\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n\r\nFrom nobody\r\n"
        huge = mail("huge") + b"x" * (3 * 1024 * 1024)
        for raw in (nobody, huge, mail("after")):
            await asyncio.to_thread(dovecot.deliver, user, raw)
        await are_told(made, "huge", "after")
        (letter,) = await made.letters()
        letter = await made.letter(letter.id)
        assert (Transport.IMAP, "customer", nobody) == (letter.transport, letter.field, letter.body)
        assert "INBOX" == letter.headers["mail-folder"]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_tls_is_checked(dovecot: Dovecot, tmp_path: Path, tls: str) -> None:
    """With the right authority mail is read; with another nothing is, and no password is sent."""
    user = dovecot.make_user()
    right = section(dovecot, user, tls=tls, ca_file=str(dovecot.authority.file), poll_s=3_600)
    async with house(tmp_path, right) as made, watched(made, right) as way:
        await is_connected(way)
        await asyncio.to_thread(dovecot.deliver, user, mail("sealed"))
        await are_told(made, "sealed")
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    wrong = section(dovecot, user, tls=tls, ca_file=str(other.file))
    assert wrong.imap is not None
    with pytest.raises(MailboxError, match="certificate is not trusted"):
        await check_mailbox(wrong.imap)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"password": "wrong-password"}, "look at username and password"),
        ({"folders": ["INBOX", "Snet"]}, "folder 'Snet' can't be opened; did you mean 'Sent'?"),
        ({"port": free_tcp_port()}, "nobody listens there"),
        ({"host": "127.0.0.1", "tls": "implicit"}, "TLS"),
        ({"tls": "starttls"}, "certificate is not trusted"),
    ],
)
async def test_a_check_tells_what_is_wrong(dovecot: Dovecot, changes: dict[str, Any], reason: str) -> None:
    """In words, with the server's name and without the password."""
    user = dovecot.make_user()
    keys = {"port": dovecot.port, **changes}
    feed = section(dovecot, user, **keys)
    assert feed.imap is not None
    with pytest.raises(MailboxError) as caught:
        await check_mailbox(feed.imap)
    assert reason in str(caught.value)
    assert feed.imap.password is not None
    assert feed.imap.password.get_secret_value() not in str(caught.value)


@pytest.mark.parametrize("password", ODD_PASSWORDS)
async def test_a_check_tells_what_is_there(dovecot: Dovecot, password: str) -> None:
    """Folders with their number of mails, whatever letters the password has."""
    user = dovecot.odd_user(password)
    dovecot.deliver(user, mail("one"))
    feed = section(dovecot, user, sent_folders=["Sent"])
    assert feed.imap is not None
    found = await check_mailbox(feed.imap)
    assert found.endswith(f"lets {user} in, INBOX: 1 mails, Sent: 0 mails; new mail is told at once")


async def test_many_mails_are_told_in_their_order(dovecot: Dovecot, tmp_path: Path) -> None:
    """More than are fetched at once."""
    user = dovecot.make_user()
    subjects = [f"number {number}" for number in range(45)]
    for subject in subjects:
        dovecot.deliver(user, mail(subject))
    feed = section(dovecot, user, first_days=1, **POLLED)
    async with house(tmp_path, feed) as made, watched(made, feed):
        await are_told(made, *subjects)


HOSTILE = {
    "literal bomb": b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\n" + b"x" * 100_000,
    "endless line": b"* OK " + b"x" * 3_000_000,
    "endless lines": b"* 1 EXISTS\r\n" * 600_000,
    "another tag": b"zzz OK done\r\n",
    "garbage": b"\x00\xff\r\n" * 1_000,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_server_harms_nobody(name: str, dovecot: Dovecot, tmp_path: Path) -> None:
    """Whatever it answers, the feed says that the mailbox can't be read, tries again, and ends when asked to."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        writer.write(b"* OK [CAPABILITY IMAP4rev1 IDLE] hello\r\n")
        try:
            while line := await reader.readline():
                tag, _, command = line.partition(b" ")
                if command.upper().startswith((b"LOGIN", b"CAPABILITY")):
                    writer.write(b"* CAPABILITY IMAP4rev1 IDLE\r\n" + tag + b" OK done\r\n")
                else:
                    asked += 1
                    writer.write(HOSTILE[name])
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    user = dovecot.make_user()
    feed = section(dovecot, user, port=port, timeout_s=0.5)
    async with server, house(tmp_path, feed) as made:
        async with watched(made, feed) as way:
            await eventually(lambda: asked >= 2, "a second attempt", within=20)
            assert not way.connected
        assert [] == told(made)


async def test_a_server_that_lets_nobody_connect_does_not_hold_up_the_end(dovecot: Dovecot, tmp_path: Path) -> None:
    """As behind a firewall that answers nothing: the feed ends when asked to, long before the server is given up."""
    with socket.socket() as deaf, contextlib.ExitStack() as stack:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):  # more than it queues: what comes now waits for an answer
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        feed = section(dovecot, dovecot.make_user(), port=deaf.getsockname()[1], timeout_s=120)
        async with house(tmp_path, feed) as made:
            async with asyncio.timeout(30), watched(made, feed):
                await eventually(lambda: any(name.startswith("imap-") for name in working()), "an attempt")
            await eventually(lambda: not any(name.startswith("imap-") for name in working()), "its end")


def working() -> list[str]:
    """Return the names of threads that wait for a server."""
    frames = sys._current_frames()
    return [
        thread.name
        for thread in threading.enumerate()
        if (frame := frames.get(thread.ident or 0)) is not None and frame.f_code.co_filename.endswith("imap_link.py")
    ]


class TokenServer:
    """Gives tokens to the client, and tells Dovecot whose they are; those in `refused` are nobody's."""

    def __init__(self, user: str) -> None:
        self._user = user
        self.given: list[str] = []
        self.refused: set[str] = set()

    async def give(self, request: web.Request) -> web.Response:
        """Answer as RFC 6749 has it."""
        fields = await request.post()
        if fields.get("client_secret") != CLIENT_SECRET:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.given.append(secrets.token_urlsafe(24))
        return web.json_response({"access_token": self.given[-1], "token_type": "Bearer", "expires_in": 3_600})

    async def tell(self, request: web.Request) -> web.Response:
        """Say whose a token is."""
        token = request.query["token"]
        if token not in self.given or token in self.refused:
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response({"email": self._user})

    @asynccontextmanager
    async def running(self, port: int) -> AsyncIterator[str]:
        """Give its address."""
        app = web.Application()
        app.add_routes([web.post("/token", self.give), web.get("/tokeninfo", self.tell)])
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield f"http://127.0.0.1:{port}/token"
        finally:
            await runner.cleanup()


CLIENT_SECRET = "secret-of-the-mail-client"


async def test_a_token_signs_in_where_there_is_no_password(fresh_dovecot: Dovecot, tmp_path: Path) -> None:
    """Fetched once for all connections, and anew when the server does not let it in any more."""
    server = fresh_dovecot
    user = server.make_user()
    tokens = TokenServer(user)
    async with tokens.running(server.token_port) as address:
        auth = {"type": "oauth2_client", "token_url": address, "client_id": "ctihub", "client_secret": CLIENT_SECRET}
        feed = section(server, user, password=None, auth=auth, poll_s=3_600)
        assert feed.imap is not None
        assert feed.imap.auth is not None
        token = FetchedToken(feed.imap.auth, 5)
        assert "INBOX: 0 mails" in await check_mailbox(feed.imap, await token.get())
        async with house(tmp_path, feed) as made, watched(made, feed, token=token) as way:
            await is_connected(way)
            assert 1 == len(tokens.given)
            tokens.refused.update(tokens.given)
            await asyncio.to_thread(server.stop)
            await eventually(lambda: not way.connected, "a lost connection")
            server.start()
            await asyncio.to_thread(server.deliver, user, mail("after"))
            await eventually(lambda: way.connected, "another token", within=20)
            assert 2 == len(tokens.given)
            await asyncio.to_thread(server.deliver, user, mail("then"))
            await eventually(lambda: "then" in told(made), "mail told")
        await token.close()
        wrong = {**auth, "client_secret": "another-secret"}
        refused = section(server, user, password=None, auth=wrong)
        assert refused.imap is not None
        assert refused.imap.auth is not None
        token = FetchedToken(refused.imap.auth, 5)
        with pytest.raises(MailboxError, match="check `auth`") as caught:
            await token.get()
        assert "another-secret" not in str(caught.value)
        await token.close()
