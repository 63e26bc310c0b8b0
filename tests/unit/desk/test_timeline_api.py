"""Timelines over HTTP: who may see whose, by which keys they are read, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from hub.config.privacy import PrivacySection
from hub.domain.call import Call, CallEvent, CallEventKind, ConnectionState, Outcome
from hub.domain.customer import Customer, CustomerRecord, Email
from hub.domain.event import call_event, context_event, interaction_event
from hub.domain.identity import RecordRef
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.search import CustomerView
from hub.journal.journal import Journal
from tests.unit.desk import samples
from tests.unit.desk.house import CONTROL_TOKEN, House

CALLER_KEY = f"tel:{samples.CALLER.e164}"
OF_MARIA = "/api/v1/customers/crm/C%2F1/timeline"


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = await Journal.open(tmp_path / "journal.db")
    yield journal
    await journal.close()


@pytest.fixture
async def house(tmp_path: Path, kept: Journal) -> AsyncIterator[House]:
    async with House(tmp_path, kept=kept) as running:
        yield running


async def asked(client: aiohttp.ClientSession, path: str, **query: str) -> tuple[int, dict[str, Any]]:
    async with client.get(path, params=query) as reply:
        return reply.status, await reply.json()


async def heard_of(journal: Journal, number: int, customer: CustomerRef, channel: Channel = Channel.EMAIL) -> None:
    """Keep a contact of so many seconds after the start."""
    contact = Interaction(
        id=f"{channel}-{number}",
        source="mail",
        channel=channel,
        at=samples.at(number),
        subject=str(number),
        customer=customer,
        text="About my pump",
    )
    await journal.append(interaction_event(contact, feed="mail"))


def over(call: Call) -> CallEvent:
    ended = msgspec.structs.replace(call, ended_at=samples.at(90), outcome=Outcome.ANSWERED)
    return CallEvent(kind=CallEventKind.CLEARED, time=samples.at(90), call=ended)


CALLING = CustomerRef(phones=(samples.CALLER.e164 or "",))


async def test_the_contacts_of_whom_a_call_is_with(house: House, kept: Journal) -> None:
    """Of a live call by what is known of it; for who has a part in it, a supervisor, a machine that reads."""
    call = samples.call(samples.leg("alice"))
    house.calls.live = [call]
    house.contexts.begin(call)
    await heard_of(kept, 1, CALLING)
    await heard_of(kept, 2, CustomerRef(phones=("+4930999",)))
    for client in (await house.signed_in("alice"), await house.signed_in("sue"), house.machine()):
        status, page = await asked(client, "/api/v1/calls/main-1/timeline")
        assert (200, ["1"]) == (status, [line["subject"] for line in page["interactions"]])
    assert 403 == (await asked(await house.signed_in("bob"), "/api/v1/calls/main-1/timeline"))[0]
    assert 403 == (await asked(house.machine(CONTROL_TOKEN), "/api/v1/calls/main-1/timeline"))[0]
    assert 401 == (await asked(house.browser(), "/api/v1/calls/main-1/timeline"))[0]
    assert 404 == (await asked(house.machine(), "/api/v1/calls/main-9/timeline"))[0]
    seen = [(one.viewer, str(one.action), one.call_id, one.keys) for one in house.accesses.written]
    assert [
        (viewer, "timeline", "main-1", (CALLER_KEY,)) for viewer in ("agent:alice", "agent:sue", "token:acceptance")
    ] == seen


async def test_the_contacts_of_whom_a_call_was_with(house: House, kept: Journal) -> None:
    """Of a call that is over by what was known of it, the call itself among them."""
    call = samples.call(samples.leg("alice", ConnectionState.CONNECTED))
    await kept.append(call_event(over(call)))
    await heard_of(kept, 1, CustomerRef(ids={"sap": "10100001"}))
    alice = await house.signed_in("alice")
    _, page = await asked(alice, "/api/v1/calls/main-1/timeline")
    assert ["main-1"] == [line["id"] for line in page["interactions"]]
    await kept.append(context_event(samples.context(), pbx="main"))
    _, page = await asked(alice, "/api/v1/calls/main-1/timeline")
    assert ["email-1", "main-1"] == [line["id"] for line in page["interactions"]]
    assert 403 == (await asked(await house.signed_in("bob"), "/api/v1/calls/main-1/timeline"))[0]


async def test_a_customer_by_the_id_of_one_system(house: House, kept: Journal) -> None:
    """With what is known under the customer's other ids and addresses; the id may have any character."""
    maria = RecordRef(system="crm", id="C/1")
    record = CustomerRecord(system="crm", id="C/1", emails=(Email(address="maria@example.com"),), ids={"erp": "7"})
    house.customers.views[maria] = CustomerView(customer=Customer(ids={"crm": "C/1", "erp": "7"}), records=(record,))
    for number, customer in enumerate(
        [CustomerRef(ids={"crm": "C/1"}), CustomerRef(ids={"erp": "7"}), CustomerRef(emails=("Maria@example.com",))]
    ):
        await heard_of(kept, number, customer)
    status, page = await asked(await house.signed_in("bob"), OF_MARIA)
    assert (200, ["2", "1", "0"]) == (status, [line["subject"] for line in page["interactions"]])
    nobody = await asked(house.machine(), "/api/v1/customers/crm/nobody/timeline")
    assert (200, {"interactions": [], "repeats": [], "next": ""}) == nobody
    assert {"id:crm:C/1", "id:erp:7", "mailto:maria@example.com"} == set(house.accesses.written[0].keys)


async def test_pages_and_channels(house: House, kept: Journal) -> None:
    """`next` leads on; channels are named once each or with commas."""
    for number in range(6):
        await heard_of(kept, number, CustomerRef(ids={"crm": "C/1"}), (Channel.EMAIL, Channel.CHAT)[number % 2])
    client = house.machine()
    _, page = await asked(client, OF_MARIA, limit="4")
    _, rest = await asked(client, OF_MARIA, limit="4", before=page["next"])
    assert (["5", "4", "3", "2"], ["1", "0"]) == tuple(
        [line["subject"] for line in one["interactions"]] for one in (page, rest)
    )
    assert "" == rest["next"]
    _, page = await asked(client, OF_MARIA, channel="chat")
    assert {"chat"} == {line["channel"] for line in page["interactions"]}
    _, page = await asked(client, OF_MARIA, channel="chat,email")
    assert 6 == len(page["interactions"])


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"channel": "fax"}, "channel"),
        ({"before": "yesterday"}, "before"),
        ({"before": "x" * 5_000}, "before"),
    ],
)
async def test_what_is_no_question_is_refused(house: House, query: dict[str, str], named: str) -> None:
    """The answer names what does not fit."""
    status, body = await asked(house.machine(), OF_MARIA, **query)
    assert (400, True) == (status, body["error"]["message"].startswith(named))


async def test_what_a_role_need_not_see_is_hidden(tmp_path: Path, kept: Journal) -> None:
    """What was said on a channel is shown to those whom the configuration names."""
    privacy = PrivacySection.model_validate(
        {"interactions": {"email": {"purpose": "service", "roles": ["supervisor"]}}}
    )
    await heard_of(kept, 1, CustomerRef(ids={"crm": "C/1"}))
    async with House(tmp_path, kept=kept, privacy=privacy) as house:
        shown: dict[str, str] = {}
        for agent in ("bob", "sue"):
            _, page = await asked(await house.signed_in(agent), OF_MARIA)
            shown[agent] = str(page["interactions"])
    assert (False, True) == ("About my pump" in shown["bob"], "About my pump" in shown["sue"])


async def test_a_store_that_fails_is_told(house: House, kept: Journal) -> None:
    """Nothing is made up: 503."""
    await kept.close()
    assert 503 == (await asked(house.machine(), OF_MARIA))[0]
