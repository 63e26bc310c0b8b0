"""Messages that legacy systems push: which are taken, what is handed on of them, and what their senders are told."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from hub.config.inbound import BasicLogin, HttpPush, InboundFeed
from hub.domain.inbound import Receipt, Refused, Transport
from hub.domain.ports import StoreError
from tests.unit.desk.house import BEARER, PUBLISH_TOKEN, House

LIMIT = 4_096
FEEDS = {
    "webshop": InboundFeed(mapping="x/y", max_bytes=LIMIT),
    "branch": InboundFeed(
        mapping="x/y",
        http=HttpPush(basic=BasicLogin(username="branch", password=SecretStr("säcret 1")), id_header="X-Message-Id"),
    ),
    "chat": InboundFeed(
        mapping="x/y", http=HttpPush(basic=BasicLogin(username="chat", password=SecretStr("chat secret")))
    ),
    "cloud": InboundFeed(
        mapping="x/y",
        format="cloudevents",
        http=HttpPush(basic=BasicLogin(username="cloud", password=SecretStr("cloud secret"))),
    ),
}
PUBLISHER = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}


def basic(username: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


BRANCH = basic("branch", "säcret 1")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, feeds=FEEDS) as running:
        yield running


async def push(house: House, feed: str, body: Any = b"{}", **headers: str) -> tuple[int, Any, dict[str, str]]:
    """Send a message as a program does; return status, what came back, and the headers."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{house.url}/api/v1/inbound/{feed}", data=body, headers=headers) as reply,
    ):
        return reply.status, await reply.json(), dict(reply.headers)


async def test_a_message_is_handed_on_as_it_is(house: House) -> None:
    """Every byte of it, with its media type and id; the receipt comes back with 202."""
    body = bytes(range(256))
    headers = {"Content-Type": "text/csv; charset=gbk", "Idempotency-Key": '"order 17"', **PUBLISHER}
    status, receipt, _ = await push(house, "webshop", body, **headers)

    assert (202, {"recorded": 1, "events": ["event-1"]}) == (status, receipt)
    ((feed, message),) = house.reception.taken
    assert "webshop" == feed
    assert (body, Transport.HTTP, "order 17") == (message.body, message.transport, message.id)
    assert ("text/csv; charset=gbk", {}, 0) == (message.content_type, message.headers, message.attempts)


async def test_what_can_not_be_understood_is_said_and_kept(house: House) -> None:
    """422 with the receipt, when it all went to the dead letters; 202 when a part of it did."""
    refused = (Refused(reason="no customer", dead_letter="d-1", field="customer", part="record 2"),)
    house.reception.receipt = Receipt(dead=1, refused=refused)
    assert 422 == (await push(house, "webshop", **PUBLISHER))[0]
    house.reception.receipt = Receipt(recorded=1, dead=1, refused=refused)
    status, receipt, _ = await push(house, "webshop", **PUBLISHER)
    assert (202, "d-1") == (status, receipt["refused"][0]["dead_letter"])
    house.reception.receipt = Receipt(duplicates=1, dead=1, refused=refused)
    assert 202 == (await push(house, "webshop", **PUBLISHER))[0]


async def test_a_store_that_fails_is_no_fault_of_the_sender(house: House) -> None:
    """503 with Retry-After, so that it sends it again; the reason is in the log, not in the answer."""
    house.reception.problem = StoreError("/var/lib/ctihub/ctihub.db: disk full")
    status, reply, headers = await push(house, "webshop", **PUBLISHER)
    assert (503, "5") == (status, headers["Retry-After"])
    assert "disk full" not in str(reply)


@pytest.mark.parametrize(
    ("feed", "headers", "status", "code"),
    [
        ("webshop", {}, 401, "no_credentials"),
        ("nowhere", {}, 401, "no_credentials"),
        ("webshop", {"Authorization": "Bearer machine-token-x"}, 401, "unknown_token"),
        ("webshop", {"Authorization": "Bearer"}, 401, "unknown_token"),
        ("webshop", {"Authorization": "Digest username=branch"}, 401, "wrong_credentials"),
        ("nowhere", {"Authorization": "Bearer machine-token-x"}, 401, "unknown_token"),
        ("webshop", BEARER, 403, "not_allowed"),
        ("nowhere", BEARER, 403, "not_allowed"),
        ("branch", PUBLISHER, 403, "not_allowed"),
        ("nowhere", PUBLISHER, 404, "unknown_feed"),
        ("branch", basic("branch", "säcret 2"), 401, "wrong_credentials"),
        ("branch", basic("nobody", "säcret 1"), 401, "wrong_credentials"),
        ("branch", {"Authorization": "Basic !!!"}, 401, "wrong_credentials"),
        ("branch", {"Authorization": "Basic YnJhbmNo"}, 401, "wrong_credentials"),
        ("nowhere", basic("branch", "wrong"), 401, "wrong_credentials"),
        ("nowhere", BRANCH, 404, "unknown_feed"),
        ("branch", basic("chat", "chat secret"), 403, "not_allowed"),
        ("webshop", BRANCH, 403, "not_allowed"),
    ],
)
async def test_who_may_not_is_told_so_and_nothing_is_taken(
    house: House, feed: str, headers: dict[str, str], status: int, code: str
) -> None:
    """Only senders with credentials for a feed learn which feeds there are."""
    answered, reply, _ = await push(house, feed, **headers)
    assert (status, code) == (answered, reply["error"]["code"])
    assert [] == house.reception.taken


async def test_an_agents_session_pushes_nothing(house: House) -> None:
    """A page in an agent's browser is no sender."""
    browser = await house.signed_in("sue")
    async with browser.post("/api/v1/inbound/webshop", data=b"{}") as reply:
        assert 401 == reply.status
    assert [] == house.reception.taken


async def test_wrong_credentials_are_made_to_wait(house: House) -> None:
    """After fifty of them from one address it has to wait, with whatever it brings; missing ones don't count."""
    for _ in range(60):
        assert 401 == (await push(house, "branch"))[0]
    for _ in range(50):
        assert 401 == (await push(house, "branch", **basic("branch", "wrong")))[0]
    status, _, headers = await push(house, "branch", **BRANCH)
    assert 429 == status
    assert 1 <= int(headers["Retry-After"])
    assert [] == house.reception.taken


async def test_only_passwords_that_a_browser_adds_itself_are_bound_to_an_origin(house: House) -> None:
    """A program may name whatever Origin with a token; another site's page can't use a password kept by a browser."""
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert 202 == (await push(house, "webshop", **PUBLISHER, **elsewhere))[0]
    status, reply, _ = await push(house, "branch", **BRANCH, **elsewhere)
    assert (403, "wrong_origin") == (status, reply["error"]["code"])
    assert 202 == (await push(house, "branch", **BRANCH, Origin=house.url))[0]


@pytest.mark.parametrize(
    ("feed", "headers", "expected"),
    [
        ("branch", {"X-Message-Id": "m-1", "Idempotency-Key": "k-1"}, "m-1"),
        ("branch", {"Idempotency-Key": "k-1"}, "k-1"),
        ("branch", {"X-Message-Id": " "}, ""),
        ("branch", {"ce-id": "e-1"}, ""),
        ("cloud", {"ce-id": "e-1", "ce-source": "/shop"}, "/shop e-1"),
        ("cloud", {"ce-id": "e-1", "ce-source": "/shop", "Idempotency-Key": "k-1"}, "k-1"),
    ],
)
async def test_a_messages_id_is_where_the_feed_says(
    house: House, feed: str, headers: dict[str, str], expected: str
) -> None:
    """The feed's own header, else Idempotency-Key, else a CloudEvent's id within its source; else it has none."""
    login = BRANCH if feed == "branch" else basic("cloud", "cloud secret")
    assert 202 == (await push(house, feed, **login, **headers))[0]
    assert expected == house.reception.taken[0][1].id


async def test_an_id_without_bounds_is_refused(house: House) -> None:
    """It would become part of the store."""
    status, reply, _ = await push(house, "branch", **BRANCH, **{"X-Message-Id": "x" * 501})
    assert (400, "bad_request") == (status, reply["error"]["code"])


async def test_attributes_of_a_cloud_event_are_handed_on(house: House) -> None:
    """Those and no other headers, for feeds whose format has them."""
    headers = {"ce-type": "com.example.order", "ce-specversion": "1.0", "X-Other": "x", "Cookie": "a=b"}
    await push(house, "cloud", **basic("cloud", "cloud secret"), **headers)
    await push(house, "branch", **BRANCH, **headers)
    of_cloud, of_branch = (message.headers for _, message in house.reception.taken)
    assert {"ce-type": "com.example.order", "ce-specversion": "1.0"} == of_cloud
    assert {} == of_branch


async def test_what_is_compressed_is_refused(house: House) -> None:
    """415 in words; nothing is unpacked."""
    status, reply, _ = await push(
        house, "webshop", b"\x1f\x8b" + bytes(100), **{"Content-Encoding": "gzip"}, **PUBLISHER
    )
    assert (415, "compressed") == (status, reply["error"]["code"])


async def test_the_description_is_of_soap_services_alone(house: House) -> None:
    """Others answer as if there were nothing, to those who may know."""
    async with aiohttp.ClientSession(house.url) as session:
        for headers, status in (({}, 401), (PUBLISHER, 404), (BEARER, 403)):
            async with session.get("/api/v1/inbound/webshop?wsdl", headers=headers) as reply:
                assert status == reply.status


async def test_the_api_description_has_both_ways(house: House) -> None:
    """Any body, a receipt with 202 and 422, and what is refused; the description of a SOAP service."""
    async with aiohttp.ClientSession(house.url) as session, session.get("/api/v1/openapi.json") as reply:
        described = (await reply.json())["paths"]["/api/v1/inbound/{feed}"]
    push_described = described["post"]
    assert ["*/*"] == list(push_described["requestBody"]["content"])
    assert {"202", "422", "400", "401", "403", "404", "408", "409", "413", "415", "429", "503"} == set(
        push_described["responses"]
    )
    assert [{"bearer": []}, {"basic": []}, {"signature": []}] == push_described["security"]
    assert {"feed", "wsdl", "xsd"} == {parameter["name"] for parameter in described["get"]["parameters"]}
