"""Microsoft Dynamics 365, as its page documents it."""

import asyncio

import pytest

from connectors.base import Connector, ConnectorError
from hub.domain.customer import CustomerQuery, Kind, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteKind
from tests.conformance.systems.behaviour import SystemBehaviour, entry
from tests.conformance.systems.servers.dynamics import ACCOUNT, KNOWN, Dynamics
from tests.conformance.systems.system import System, Weather


class TestDynamics(SystemBehaviour):
    system = "dynamics"
    server_type: type[System] = Dynamics

    async def test_an_account(self, connector: Connector) -> None:
        """A company is found as a contact is, with its own cases and orders, as an organization."""
        for query in (
            CustomerQuery(phone=parse_number(ACCOUNT.phone, "DE")),
            CustomerQuery(email=ACCOUNT.email),
            CustomerQuery(ids={"crm": ACCOUNT.id}),
        ):
            [record] = await connector.lookup(query)
            assert (ACCOUNT.id, ACCOUNT.name, Kind.ORG) == (record.id, record.name.full, record.kind)
            assert ([*ACCOUNT.orders], [*ACCOUNT.cases]) == (
                [order.id for order in record.orders],
                [case.id for case in record.cases],
            )

    async def test_names_that_people_know(self, connector: Connector) -> None:
        """Choices come with their names, the order with the currency's code, the contact with the employer."""
        [record] = await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))
        assert ("Hansen Maschinenbau GmbH", Kind.INDIVIDUAL) == (record.organization, record.kind)
        assert [("in progress", "high")] == [(case.status, case.priority) for case in record.cases]
        assert [("new", "EUR", True)] == [(order.status, order.currency, order.open) for order in record.orders]

    async def test_without_sales_and_service(self, server: Dynamics, connector: Connector) -> None:
        """An organization without these apps has customers without orders and cases."""
        server.without = frozenset({"incidents", "salesorders"})
        [record] = await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))
        assert (KNOWN.name, (), ()) == (record.name.full, record.orders, record.cases)

    @pytest.mark.parametrize("customer", [KNOWN, ACCOUNT], ids=["contact", "account"])
    async def test_a_call_is_complete(self, server: Dynamics, connector: Connector, customer: object) -> None:
        """A call belongs to contact or account, has its side of the conversation, and is nobody's task any more."""
        person = KNOWN if customer is KNOWN else ACCOUNT
        result = await connector.write(entry(WriteKind.ACTIVITY, person, direction="outbound"))
        [call] = server.tables["phonecalls"].values()
        table, link = ("contacts", "contact") if person is KNOWN else ("accounts", "account")
        reference = f"/{table}({person.id})"
        assert reference == call[f"regardingobjectid_{link}_phonecall@odata.bind"]
        party = {f"partyid_{link}@odata.bind": reference, "participationtypemask": 2}
        assert [party] == call["phonecall_activity_parties"]
        assert (True, 1, 2, "2026-11-20T09:30:00Z") == (
            call["directioncode"],
            call["statecode"],
            call["statuscode"],
            call["actualstart"],
        )
        assert (result.id, False) == (call["activityid"], result.was_there)

    async def test_who_writes_second_changes_nothing(self, server: Dynamics, connector: Connector) -> None:
        """Two hubs that write the same call at the same time leave one, as the first of them wrote it."""
        wanted = entry(WriteKind.ACTIVITY, KNOWN)
        results = await asyncio.gather(*(connector.write(wanted) for _ in range(4)))
        assert 1 == len(server.tables["phonecalls"])
        assert {results[0].id} == {result.id for result in results}
        again = await connector.write(entry(WriteKind.ACTIVITY, KNOWN, subject="Another subject"))
        assert (True, "Call about the pump") == (
            again.was_there,
            next(iter(server.tables["phonecalls"].values()))["subject"],
        )

    async def test_a_note_without_a_case(self, server: Dynamics, connector: Connector) -> None:
        """A note is on the case that the call was about, and without one on the customer."""
        await connector.write(entry(WriteKind.NOTE, KNOWN, id="main-1.1", case=KNOWN.cases[0]))
        await connector.write(entry(WriteKind.NOTE, KNOWN, id="main-1.2"))
        await connector.write(entry(WriteKind.NOTE, ACCOUNT, id="main-1.3"))
        notes = server.tables["annotations"].values()
        assert ["objectid_incident", "objectid_contact", "objectid_account"] == [
            next(name for name in note if name.startswith("objectid")).partition("@")[0] for note in notes
        ]

    async def test_a_case_by_its_number(self, connector: Connector) -> None:
        """A new case is told by the number that people know it by, also the second time."""
        results = [await connector.write(entry(WriteKind.CASE, ACCOUNT)) for _ in range(2)]
        assert results[0].id.startswith("CAS-")
        assert [(results[0].id, False), (results[0].id, True)] == [(one.id, one.was_there) for one in results]
        [record] = await connector.lookup(CustomerQuery(ids={"crm": ACCOUNT.id}))
        assert results[0].id in [case.id for case in record.cases]

    @pytest.mark.parametrize("kind", list(WriteKind))
    async def test_a_customer_who_is_gone(self, server: Dynamics, connector: Connector, kind: WriteKind) -> None:
        """Nothing is written for a customer who was deleted, and that is told."""
        gone = KNOWN._replace(id="99999999-9999-4999-8999-999999999999")
        with pytest.raises(ConnectorError):
            await connector.write(entry(kind, gone))
        assert [] == server.written

    @pytest.mark.parametrize("customer", ["4711", "x)/evil", "8f3a1c52-0b6e-4d7e-9a53-1f2e3d4c5b6a)"])
    async def test_a_customer_that_is_no_key(self, server: Dynamics, connector: Connector, customer: str) -> None:
        """A key is a GUID and nothing else: anything else is refused before it is sent."""
        for kind in WriteKind:
            with pytest.raises(ConnectorError, match="has to be a GUID") as raised:
                await connector.write(entry(kind, KNOWN, customer=customer))
            assert Problem.INTERNAL is raised.value.problem
        assert 0 == server.asked

    async def test_its_own_words_when_throttled(self, server: Dynamics, connector: Connector) -> None:
        """The service protection limits are told with the time that Dataverse asks for."""
        server.weather = Weather.THROTTLING
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))
        assert (Problem.THROTTLED, 17.0) == (raised.value.problem, raised.value.retry_after_s)
