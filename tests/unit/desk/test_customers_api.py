"""Search for customers and one customer as a whole, over a real server."""

from pathlib import Path

import msgspec

from hub.config.privacy import FieldPrivacy, PrivacySection
from hub.desk.customers_api import ASKED_PER_S
from hub.domain.customer import (
    AnswerState,
    BackendAnswer,
    Consent,
    Customer,
    CustomerRecord,
    Name,
    Phone,
    Problem,
    Sourced,
)
from hub.domain.identity import Reason, RecordMatch, RecordRef
from hub.domain.interaction import CustomerRef
from hub.domain.ports import AccessAction
from hub.domain.search import CustomerHit, CustomerSearch, CustomerView, FoundBy, UnclaimedMatter, Why
from tests.unit.desk.house import House

REF = RecordRef(system="sap", id="00/42 ü")
RECORD = CustomerRecord(
    system=REF.system, id=REF.id, name=Name(full="Maria Huber"), phones=(Phone(number="+498912345678"),)
)
CUSTOMER = Customer(
    ids={REF.system: REF.id},
    name=Sourced(value=RECORD.name, system=REF.system, record=REF.id),
    phones=(Sourced(value=RECORD.phones[0], system=REF.system, record=REF.id),),
)
HIT = CustomerHit(
    customer=CUSTOMER, records=(REF,), why=(Why(by=FoundBy.PHONE, record=REF, text="+498912345678", is_exact=True),)
)
FAILED = BackendAnswer(connector="erp", title="ERP", state=AnswerState.FAILED, problem=Problem.TIMEOUT)
PATH = "/api/v1/customers/sap/00%2F42%20%C3%BC"


async def test_an_agent_searches(house: House) -> None:
    """What was typed goes on as it is; hits, that there are more, and which backend failed come back."""
    house.customers.found = CustomerSearch(hits=(HIT,), has_more=True, answers=(FAILED,))
    browser = await house.signed_in("alice")
    async with browser.get("/api/v1/customers", params={"q": " 王 %'\" ", "limit": "5", "backends": "1"}) as reply:
        assert 200 == reply.status
        found = msgspec.json.decode(await reply.read(), type=CustomerSearch)
    assert (house.customers.found, [("王 %'\"", 5, True)]) == (found, house.customers.asked)
    (seen,) = house.accesses.written
    assert ("agent:alice", AccessAction.SEARCH, (REF.key,)) == (seen.viewer, seen.action, seen.keys)


async def test_a_machine_that_reads_sees_a_customer(house: House) -> None:
    """Its id may have any characters, escaped; that it was seen is written down."""
    house.customers.views[REF] = CustomerView(customer=CUSTOMER, records=(RECORD,))
    async with house.machine().get(PATH) as reply:
        assert 200 == reply.status
        view = msgspec.json.decode(await reply.read(), type=CustomerView)
    assert (house.customers.views[REF], [(REF, False)]) == (view, house.customers.viewed)
    (seen,) = house.accesses.written
    assert ("token:acceptance", AccessAction.VIEW, (REF.key,)) == (seen.viewer, seen.action, seen.keys)


async def test_whom_nobody_knows_is_told_in_words(house: House) -> None:
    """404, with what else can be tried; nobody's data was seen."""
    async with house.machine().get(PATH) as reply:
        error = (await reply.json())["error"]
        assert (404, "unknown_customer") == (reply.status, error["code"])
        assert "backends=1" in error["message"]
    async with house.machine().get(f"{PATH}?backends=true") as reply:
        assert (404, False) == (reply.status, "backends=1" in (await reply.json())["error"]["message"])
    assert [] == house.accesses.written


async def test_what_makes_no_sense_is_refused(house: House) -> None:
    """An empty, or too long, search; a limit or a switch that is none; an id that is too long."""
    machine = house.machine()
    for query in ("", "q=", "q=%20", f"q={'x' * 201}", "q=a&limit=0", "q=a&limit=51", "q=a&limit=x", "q=a&backends=2"):
        async with machine.get(f"/api/v1/customers?{query}") as reply:
            assert (400, "bad_request") == (reply.status, (await reply.json())["error"]["code"]), query
    async with machine.get(f"/api/v1/customers/sap/{'x' * 501}") as reply:
        assert 404 == reply.status
    assert ([], []) == (house.customers.asked, house.customers.viewed)


async def test_only_agents_and_tokens_that_read_are_let_in(house: House) -> None:
    """Nobody, and no token that may do something else, sees customers."""
    for path in ("/api/v1/customers?q=huber", PATH):
        async with house.browser().get(path) as reply:
            assert 401 == reply.status
        async with house.machine("machine-token-control").get(path) as reply:
            assert 403 == reply.status
    assert [] == house.customers.asked


async def test_backends_are_not_asked_any_number_of_times(house: House) -> None:
    """Beyond so many a second it is said when to come again; what the hub knows is still found."""
    machine = house.machine()
    statuses = []
    for _ in range(ASKED_PER_S + 3):
        async with machine.get("/api/v1/customers?q=huber&backends=1") as reply:
            statuses.append(reply.status)
    assert 429 in statuses
    async with machine.get("/api/v1/customers?q=huber") as reply:
        assert 200 == reply.status


async def test_a_role_sees_what_it_may_see(tmp_path: Path) -> None:
    """Neither in the customer nor in its records nor as that which it was found by stands what is hidden."""
    phones = FieldPrivacy(purpose="service", roles=("supervisor",), others_see="masked")
    async with House(tmp_path, privacy=PrivacySection(fields={"phones": phones})) as house:
        await _sees_by_role(house)


async def _sees_by_role(house: House) -> None:
    house.customers.found = CustomerSearch(hits=(HIT,))
    house.customers.views[REF] = CustomerView(customer=CUSTOMER, records=(RECORD,))
    for agent, is_seen in (("alice", False), ("sue", True)):
        browser = await house.signed_in(agent)
        for path in ("/api/v1/customers?q=huber", PATH):
            async with browser.get(path) as reply:
                assert (200, is_seen) == (reply.status, "+498912345678" in await reply.text())


async def test_nobody_finds_out_a_hidden_value_by_looking_for_parts_of_it(tmp_path: Path) -> None:
    """Found by the beginning or the end of what is hidden is not found; by all of it, which a caller tells, it is."""
    part = Why(by=FoundBy.PHONE_END, record=REF, text="+498912345678")
    name = Why(by=FoundBy.NAME, record=REF, text="Maria Huber")
    match = RecordMatch(
        one=REF,
        other=RecordRef(system="crm", id="9"),
        score=0.5,
        reasons=(Reason(rule="phone", score=4, detail="+498912345678"),),
    )
    async with House(tmp_path, privacy=PrivacySection(fields={"phones": FieldPrivacy(roles=("supervisor",))})) as house:
        house.customers.views[REF] = CustomerView(customer=CUSTOMER, records=(RECORD,), maybe_same=(match,))
        alice, sue = await house.signed_in("alice"), await house.signed_in("sue")
        for why, by_alice in (((part,), []), ((part, name), [["name"]]), ((HIT.why[0], part), [["phone"]])):
            house.customers.found = CustomerSearch(hits=(msgspec.structs.replace(HIT, why=why),))
            for browser, reasons in ((alice, by_alice), (sue, [[str(one.by) for one in why]])):
                async with browser.get("/api/v1/customers?q=45678") as reply:
                    hits = (await reply.json()).get("hits", [])
                assert reasons == [[one["by"] for one in hit["why"]] for hit in hits]
        async with alice.get(PATH) as reply:
            assert "498912345678" not in await reply.text()


async def test_whose_an_order_is_is_hidden_and_logged_too(tmp_path: Path) -> None:
    """An order of which there is but a number: the number is hidden as in a record, and who saw it is written down."""
    customer = CustomerRef(phones=("+498912345678",), emails=("maria@huber.example",))
    whole = UnclaimedMatter(by=FoundBy.ORDER, text="B-4713", system="shop", customer=customer, is_exact=True)
    part = msgspec.structs.replace(whole, text="B-4714", is_exact=False)
    hidden = {name: FieldPrivacy(roles=("supervisor",)) for name in ("phones", "orders")}
    async with House(tmp_path, privacy=PrivacySection(fields=hidden)) as house:
        house.customers.found = CustomerSearch(unclaimed=(whole, part))
        told = {}
        for agent in ("alice", "sue"):
            browser = await house.signed_in(agent)
            async with browser.get("/api/v1/customers?q=4713") as reply:
                told[agent] = [(one["text"], one["customer"]) for one in (await reply.json())["unclaimed"]]
        mail = {"emails": ["maria@huber.example"]}
        every = {**mail, "phones": ["+498912345678"]}
        assert {"alice": [("B-4713", mail)], "sue": [("B-4713", every), ("B-4714", every)]} == told
        seen = {access.viewer: access.keys for access in house.accesses.written}
        keys = ("mailto:maria@huber.example",)
        assert {"agent:alice": keys, "agent:sue": ("tel:+498912345678", *keys)} == seen


async def test_what_a_customer_wants_hidden_is_not_found_by_parts_either(tmp_path: Path) -> None:
    """Who refuses what numbers are held for is not found by the end of one, by anybody; another customer is."""
    refusing = msgspec.structs.replace(
        CUSTOMER, consents=(Sourced(value=Consent(purpose="calls", granted=False), system="sap", record=REF.id),)
    )
    why = (Why(by=FoundBy.PHONE_END, record=REF, text="+498912345678"),)
    hits = tuple(msgspec.structs.replace(HIT, customer=one, why=why) for one in (refusing, CUSTOMER))
    async with House(tmp_path, privacy=PrivacySection(fields={"phones": FieldPrivacy(purpose="calls")})) as house:
        house.customers.found = CustomerSearch(hits=hits)
        sue = await house.signed_in("sue")
        async with sue.get("/api/v1/customers?q=45678") as reply:
            found = (await reply.json())["hits"]
        assert [False] == ["consents" in hit["customer"] for hit in found]
