"""Signed messages: what a signature has to be, and that it counts once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from hub.config.inbound import HmacSignature, HttpPush, InboundFeed
from hub.domain.inbound import InboundMessage, Receipt
from hub.domain.ports import StoreError
from tests.unit.desk.house import House
from tests.unit.desk.ports import Reception
from tests.waiting import eventually

SECRET = "shared secret of the shop"


def feed(**section: Any) -> InboundFeed:
    return InboundFeed(
        mapping="x/y",
        http=HttpPush(hmac=HmacSignature(secret=SecretStr(SECRET), **section), id_header="X-Message-Id"),
    )


FEEDS = {
    "shop": feed(),
    "other": InboundFeed(mapping="x/y", http=HttpPush(hmac=HmacSignature(secret=SecretStr("another secret")))),
    "plain": feed(timestamp_header=None, header="X-Hub-Signature-256", prefix="sha256="),
    "standard": feed(
        header="webhook-signature", prefix="v1,", encoding="base64",
        timestamp_header="webhook-timestamp", id_header="webhook-id",
    ),
    "long": feed(algorithm="sha512"),
}  # fmt: skip


def digest(signed: bytes, secret: str = SECRET, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), signed, getattr(hashlib, algorithm)).digest()


def now() -> str:
    return str(int(time.time()) + 1)


def signed(body: bytes, at: str, secret: str = SECRET) -> dict[str, str]:
    return {"X-Signature": digest(f"{at}.".encode() + body, secret).hex(), "X-Timestamp": at}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, feeds=FEEDS) as running:
        yield running


async def push(house: House, name: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Send a message; return the status and the code of what went wrong."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{house.url}/api/v1/inbound/{name}", data=body, headers=headers) as reply,
    ):
        return reply.status, (await reply.json()).get("error", {}).get("code", "")


async def test_signed_messages_are_taken(house: House) -> None:
    """With moment or without, in hexadecimal and base64, with a prefix, with the id signed, by either algorithm."""
    body, at = b'{"a": 1}', now()
    assert (202, "") == await push(house, "shop", body, signed(body, at))
    assert (202, "") == await push(
        house, "plain", body, {"X-Hub-Signature-256": "sha256=" + digest(body).hex().upper()}
    )
    of_standard = base64.b64encode(digest(f"m-1.{at}.".encode() + body)).decode()
    headers = {"webhook-id": "m-1", "webhook-timestamp": at, "webhook-signature": f"v1,b2xk v1,{of_standard}"}
    assert (202, "") == await push(house, "standard", body, headers)
    of_long = digest(f"{at}.".encode() + body, algorithm="sha512").hex()
    assert (202, "") == await push(house, "long", body, {"X-Signature": of_long, "X-Timestamp": at})
    assert ["", "", "m-1", ""] == [message.id for _, message in house.reception.taken]


@pytest.mark.parametrize("change", ["body", "signature", "timestamp", "no timestamp", "secret", "empty", "not hex"])
async def test_a_wrong_signature_is_refused(house: House, change: str) -> None:
    """401, whatever is wrong with it, and nothing is taken."""
    body, at = b'{"a": 1}', now()
    headers = signed(body, at)
    match change:
        case "body":
            body = b'{"a": 2}'
        case "signature":
            headers["X-Signature"] = digest(body).hex()
        case "timestamp":
            headers["X-Timestamp"] = str(int(at) + 1)
        case "no timestamp":
            del headers["X-Timestamp"]
        case "secret":
            headers = signed(body, at, "not the secret")
        case "empty":
            headers["X-Signature"] = ""
        case _:
            headers["X-Signature"] = "é" * 32
    assert (401, "wrong_signature") == await push(house, "shop", body, headers)
    assert [] == house.reception.taken


@pytest.mark.parametrize(
    ("feed", "header", "expected"),
    [
        ("shop", "X-Signature", "X-Signature has to be the HMAC-SHA256 of X-Timestamp.body, in hex."),
        ("plain", "X-Hub-Signature-256", "the HMAC-SHA256 of body, in hex, behind 'sha256='."),
        ("standard", "webhook-signature", "of webhook-id.webhook-timestamp.body, in base64, behind 'v1,'."),
        ("long", "X-Signature", "the HMAC-SHA512 of X-Timestamp.body"),
    ],
)
async def test_a_sender_is_told_what_has_to_be_signed(house: House, feed: str, header: str, expected: str) -> None:
    """A wrong signature doesn't show what is wrong with it: the form is no secret, and most mistakes are there."""
    headers = {header: "00", "X-Timestamp": now(), "webhook-id": "m-1", "webhook-timestamp": now()}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{house.url}/api/v1/inbound/{feed}", data=b"{}", headers=headers) as reply,
    ):
        assert expected in (await reply.json())["error"]["message"]


async def test_a_changed_id_breaks_the_signature_that_covers_it(house: House) -> None:
    """Where the id is signed, too, nobody can put another there."""
    body, at = b"{}", now()
    good = base64.b64encode(digest(f"m-1.{at}.".encode() + body)).decode()
    headers = {"webhook-id": "m-2", "webhook-timestamp": at, "webhook-signature": f"v1,{good}"}
    assert (401, "wrong_signature") == await push(house, "standard", body, headers)


async def test_another_feeds_signature_is_refused_as_such(house: House) -> None:
    """403: who has a secret of the hub may know that it is another feed's."""
    body, at = b"{}", now()
    assert (403, "not_allowed") == await push(house, "shop", body, signed(body, at, "another secret"))
    assert (403, "not_allowed") == await push(house, "other", body, signed(body, at))
    assert [] == house.reception.taken


async def test_an_unknown_feed_is_not_told_to_strangers(house: House) -> None:
    """Whatever the signature, a feed that isn't there looks like one that is."""
    assert (401, "no_credentials") == await push(house, "nowhere", b"{}", signed(b"{}", now()))


@pytest.mark.parametrize("seconds", [-301, 320])
async def test_an_old_signature_is_refused(house: House, seconds: int) -> None:
    """One whose moment is beyond the tolerance, past or to come, is asked for anew."""
    at = str(int(time.time()) + seconds)
    assert (401, "signature_expired") == await push(house, "shop", b"{}", signed(b"{}", at))


@pytest.mark.parametrize("at", ["", "now", "12e3", "1" * 40, "-5"])
async def test_a_moment_that_is_none_is_refused(house: House, at: str) -> None:
    """It has to be Unix seconds, even where it is signed."""
    assert (401, "signature_expired") == await push(house, "shop", b"{}", signed(b"{}", at))
    assert [] == house.reception.taken


async def test_a_replayed_signature_is_refused(house: House) -> None:
    """409 in words, with whatever id beside it; another message of the same moment is taken."""
    body, at = b"{}", now()
    assert (202, "") == await push(house, "shop", body, signed(body, at) | {"X-Message-Id": "m-1"})
    assert (409, "replayed") == await push(house, "shop", body, signed(body, at) | {"X-Message-Id": "m-1"})
    assert (409, "replayed") == await push(house, "shop", body, signed(body, at) | {"X-Message-Id": "m-2"})
    assert (202, "") == await push(house, "shop", b"[]", signed(b"[]", at))
    assert ["m-1", ""] == [message.id for _, message in house.reception.taken]


async def test_what_was_not_taken_may_be_shown_again(house: House) -> None:
    """A sender that heard 503 sends the very same again, and it is taken."""
    body, at = b"{}", now()
    house.reception.problem = StoreError("disk full")
    assert (503, "store_unavailable") == await push(house, "shop", body, signed(body, at))
    house.reception.problem = None
    assert (202, "") == await push(house, "shop", body, signed(body, at))


async def test_what_is_being_taken_is_not_said_to_be_taken(tmp_path: Path) -> None:
    """A sender that gave up waiting and sends it again meanwhile is asked to come back, not told that it is done."""

    class SlowReception(Reception):
        def __init__(self) -> None:
            super().__init__()
            self.begun = 0
            self.may_end = asyncio.Event()

        async def take(self, feed: str, message: InboundMessage) -> Receipt:
            self.begun += 1
            await self.may_end.wait()
            return await super().take(feed, message)

    slow = SlowReception()
    async with House(tmp_path, feeds=FEEDS, reception=slow) as house:
        headers = signed(b"{}", now())
        first = asyncio.create_task(push(house, "shop", b"{}", headers))
        await eventually(lambda: slow.begun)
        assert (503, "being_taken") == await push(house, "shop", b"{}", headers)
        slow.may_end.set()
        assert (202, "") == await first
        assert (409, "replayed") == await push(house, "shop", b"{}", headers)


async def test_after_a_restart_only_what_is_signed_tells_messages_apart(tmp_path: Path) -> None:
    """What was signed before the hub started may have been taken by the hub before it.

    Where the id is signed, or there is none, the journal knows the message; with an id that anyone could have put there
    it is refused.
    """
    at = str(int(time.time()) - 5)
    async with House(tmp_path, feeds=FEEDS) as house:
        with_id = signed(b"{}", at) | {"X-Message-Id": "m-2"}
        assert (409, "replayed") == await push(house, "shop", b"{}", with_id)
        assert (202, "") == await push(house, "shop", b"[]", signed(b"[]", at))
        good = base64.b64encode(digest(f"m-1.{at}.".encode() + b"{}")).decode()
        headers = {"webhook-id": "m-1", "webhook-timestamp": at, "webhook-signature": f"v1,{good}"}
        assert (202, "") == await push(house, "standard", b"{}", headers)


async def test_without_a_moment_the_id_tells_messages_apart(house: House) -> None:
    """The signature of the same body is the same: it is handed on with its id, by which the journal knows it."""
    headers = {"X-Hub-Signature-256": "sha256=" + digest(b"{}").hex()}
    for message_id in ("m-1", "m-1", "m-2"):
        assert (202, "") == await push(house, "plain", b"{}", headers | {"X-Message-Id": message_id})
    assert ["m-1", "m-1", "m-2"] == [message.id for _, message in house.reception.taken]


async def test_a_large_message_is_compared_like_a_small_one(house: House) -> None:
    """Over half a megabyte, in a thread."""
    body, at = b"x" * 600_000, now()
    assert (202, "") == await push(house, "shop", body, signed(body, at))
    assert (401, "wrong_signature") == await push(house, "shop", body + b"x", signed(body, at))
