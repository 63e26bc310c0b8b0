"""Bad input by every way: a dead letter or a refusal that says why, nothing lost, and nothing else held up."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pika.exceptions
import pytest

from tests.faults.bad_input_site import SIGNING_SECRET, BadInputSite
from tests.servers.rabbitmq import RabbitMQ
from tests.waiting import eventually, eventually_asked

SHIPPED = "2026-03-01T10:00:00Z"


class Bad(NamedTuple):
    """What is handed to a feed, and the words that its dead letter has."""

    feed: str
    body: bytes
    words: str
    field: str = ""


def _event(**changes: object) -> bytes:
    event = {"id": "1", "source": "/shop", "type": "order", "specversion": "1.0", "data": json.loads(_json("future"))}
    return json.dumps({**event, **changes}).encode()


def _json(order: str) -> bytes:
    return json.dumps({"order": order, "shipped": SHIPPED, "customer": "C-9"}).encode()


def _xml(order: str) -> bytes:
    return (
        f"<orders><order><order>{order}</order><shipped>{SHIPPED}</shipped><customer>C-9</customer></order></orders>"
    ).encode()


def _csv(order: str) -> bytes:
    return f"order,shipped,customer\n{order},{SHIPPED},C-9\n".encode()


GOOD: dict[str, Callable[[str], bytes]] = {
    "json": _json,
    "with_id": _json,
    "xml": _xml,
    "csv": _csv,
    "gbk": _csv,
    "fixed": lambda order: f"{order:<12}{SHIPPED:<20}{'C-9':<6}\n".encode(),
    "cloudevents": lambda order: json.dumps(
        {"id": order, "source": "/shop", "type": "order", "specversion": "1.0", "data": json.loads(_json(order))}
    ).encode(),
}
BAD = {
    "truncated XML": Bad("xml", _xml("cut")[:-25], "no XML, or breaks off, in line 1"),
    "XML in another encoding than it says": Bad(
        "xml",
        b'<?xml version="1.0" encoding="utf-8"?><orders>\xe9</orders>',
        "is not utf-8, as which its XML declaration",
    ),
    "XML with entities": Bad("xml", b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]>' + _xml("&b;"), "a document type (DTD)"),
    "XML nested too deeply": Bad("xml", b"<a>" * 50_000 + b"</a>" * 50_000, "nested too deeply: at most 64 levels"),
    "NUL bytes in XML": Bad("xml", _xml("nul\0"), "no XML"),
    "truncated JSON": Bad("json", _json("cut")[:-9], "not JSON: Input data was truncated"),
    "bytes of another encoding in JSON": Bad("json", b'{"order": "gr\xfc\xdfe"}', "byte 14 is not utf-8"),
    "JSON nested too deeply": Bad("json", b"[" * 50_000 + b"]" * 50_000, "nested deeper than 64 levels"),
    "NUL bytes in JSON": Bad("json", b"\0" * 40, "not JSON"),
    "a field that is missing": Bad("json", b'{"order": "1"}', "is required, but the record has no value for it", "at"),
    "an empty message": Bad("json", b"", "empty"),
    "a record without its own id": Bad(
        "with_id", _json("")[13:].replace(b'"ship', b'{"ship'), "no id of its own", "id"
    ),
    "a field too many": Bad("csv", _csv("wide").replace(b",C-9", b",,C-9"), "it has 4 fields where 3 are expected"),
    "columns that are shifted": Bad("csv", f"order,shipped,customer\n{SHIPPED},C-9,2\n".encode(), "is no date", "at"),
    "a quote that is never closed": Bad("csv", _csv("quote").replace(b"C-9", b'"C-9'), "line 2 is no CSV"),
    "NUL bytes in CSV": Bad("csv", b"\0" * 40, "line 1 holds NUL bytes"),
    "NUL bytes in a field": Bad("csv", _csv("nul\0"), "line 2 holds NUL bytes"),
    "bytes that are no GBK": Bad("gbk", _csv("b?").replace(b"?", b"\xff\xff"), "is not gbk, as which the feed's"),
    "a line that is too short": Bad("fixed", b"too short\n", "is required, but the record has no value", "at"),
    "a schema from the future": Bad("cloudevents", _event(dataschema="urn:shop:order:2"), "'urn:shop:order:2'"),
    "an event without an id": Bad("cloudevents", _event(id=""), "has no `id`"),
    "CloudEvents of the future": Bad("cloudevents", _event(specversion="2.0"), "'2.0', the hub knows 1.0"),
}


async def _http(site: BadInputSite, feed: str, body: bytes, name: str) -> None:
    assert await site.by_http(feed, body, name) == (422 if name.startswith("bad") else 202)


WAYS: dict[str, Callable[[BadInputSite, str, bytes, str], Awaitable[None]]] = {
    "http": _http,
    "queue": BadInputSite.by_queue,
    "folder": BadInputSite.by_folder,
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_makes_no_sense_is_kept_with_the_reason(rabbitmq: RabbitMQ, tmp_path: Path, way: str) -> None:
    """Each becomes a dead letter with its reason and the untouched original; a good one behind each is recorded."""
    site = BadInputSite(tmp_path, rabbitmq.url)
    hand_in = WAYS[way]
    kept: dict[str, tuple[str, str, bytes]] = {}
    async with site.hub():
        for number, bad in enumerate(BAD.values()):
            await hand_in(site, bad.feed, bad.body, f"bad-{number}")
            await hand_in(site, bad.feed, GOOD[bad.feed](f"good-{number}"), f"good-{number}")
        recorded = await site.recorded(len(BAD))
        for feed in GOOD:
            names = [name for name, bad in BAD.items() if bad.feed == feed]
            for name, letter in zip(names, await _dead(site, feed, len(names)), strict=True):
                kept[name] = letter["reason"], letter.get("field", ""), await site.original(letter)
    assert sorted(f"good-{number}" for number in range(len(BAD))) == sorted(recorded)
    for name, bad in BAD.items():
        reason, field, original = kept[name]
        assert bad.words in reason, name
        assert bad.field == field, name
        assert bad.body.rstrip() == original.rstrip(), name


async def _dead(site: BadInputSite, feed: str, count: int) -> list[dict[str, Any]]:
    """Return the feed's dead letters once there are that many."""

    async def are_there() -> bool:
        return len(await site.dead(feed)) >= count

    await eventually_asked(are_there, f"{count} dead letters of {feed}")
    return await site.dead(feed)


async def test_what_may_not_come_in_leaves_nothing(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """An unknown feed, wrong credentials, a wrong signature or one used again, too much: refused in words, not kept."""
    site = BadInputSite(tmp_path, rabbitmq.url)
    bearer = {"Authorization": f"Bearer {site.publisher}"}
    async with site.hub():
        refused = [
            await site.post("json2", _json("unknown"), bearer),
            await site.post("signed", _json("unnamed"), bearer),
            await site.post("json", _json("wrong"), {"Authorization": "Bearer wrong-wrong-wrong"}),
            await site.post("json", _json("without"), {}),
            await site.post("json", b" " * (1024 * 1024 + 1), bearer),
            await site.post("signed", _json("changed"), _signed(_json("signed"))),
            await site.post("signed", _json("old"), _signed(_json("old"), age_s=400)),
        ]
        signed = _signed(_json("signed"))
        assert 202 == (await site.post("signed", _json("signed"), signed))[0]
        again = await site.post("signed", _json("signed"), signed)
        with pytest.raises(pika.exceptions.UnroutableError):
            await site.by_queue("json2", _json("unknown"))
        assert 202 == await site.by_http("json", _json("good"))
        assert ["signed", "good"] == await site.recorded(2)
        for feed in (*GOOD, "signed"):
            assert [] == await site.dead(feed)
    assert [404, 403, 401, 401, 413, 401, 401] == [status for status, _ in refused]
    words = ("json2", "signed", "", "", "1048576", "signature", "signature")
    for word, (_, said) in zip(words, refused, strict=True):
        assert word in said
    assert 409 == again[0]
    assert "before" in again[1], again[1]


def _signed(body: bytes, *, age_s: int = 0) -> dict[str, str]:
    moment = str(int(time.time()) - age_s)
    signature = hmac.new(SIGNING_SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Signature": signature, "X-Timestamp": moment, "Content-Type": "application/json"}


async def test_a_message_without_an_id_is_known_by_what_it_says(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Handed in twice by each way it is one event; what a queue's message is too large for is kept whole."""
    site = BadInputSite(tmp_path, rabbitmq.url)
    too_large = b'{"order": "' + b"x" * 1024 * 1024 + b'"}'
    async with site.hub():
        for _ in range(2):
            assert 202 == await site.by_http("json", _json("one"))
            await site.by_queue("json", _json("one"))
        await site.by_queue("json", too_large)
        await site.by_queue("json", _json("two"))
        assert ["one", "two"] == await site.recorded(2)
        (letter,) = await _dead(site, "json", 1)
        assert "the limit is 1048576" in letter["reason"]
        assert too_large == await site.original(letter)


async def test_a_file_of_200_megabytes_holds_up_nobody(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Its records are taken bit by bit: other feeds' messages are recorded meanwhile, and nothing of it is lost."""
    site = BadInputSite(tmp_path, rabbitmq.url)
    columns = "order,shipped,customer"
    note = "x" * 100_000
    large = site.inbox("csv") / "large.tmp"
    with large.open("w") as file:
        file.write(f"{columns},note\n")
        for number in range(2_000):
            file.write(f"large-{number:04d},{SHIPPED},C-9,{note}\n")
    assert large.stat().st_size > 200_000_000
    async with site.hub():
        large.rename(site.inbox("csv") / "large.csv")
        claimed = site.inbox("csv") / ".ctihub" / "csv"
        await eventually(lambda: list(claimed.glob("*-1/large.csv")), "the large file begun")
        for number in range(20):
            assert 202 == await site.by_http("json", _json(f"pushed-{number}"))
        assert list(claimed.glob("*-1/large.csv")), "the large file was through before anything else could come"
        await eventually((site.inbox("csv") / "done" / "large.csv").exists, "the large file through", 60)
        recorded = await site.recorded(2_020)
    assert [f"large-{number:04d}" for number in range(2_000)] == [one for one in recorded if one.startswith("large")]
    last_large = recorded.index("large-1999")
    assert all(recorded.index(f"pushed-{number}") < last_large for number in range(20))
