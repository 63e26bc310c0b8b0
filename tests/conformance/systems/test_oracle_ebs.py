"""Oracle E-Business Suite by its contact search service, as its page documents it."""

import pytest

from connectors.base import Connector, ConnectorError
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.phone import PhoneNumber, parse_number
from hub.domain.writeback import WriteBack, WriteKind
from tests.conformance.systems.behaviour import BEGAN, SystemBehaviour, entry
from tests.conformance.systems.servers.oracle_ebs import ELSEWHERE, KNOWN, LOCAL, NAMESAKE, OracleEbs


def by_phone(number: str, region: str = "DE") -> CustomerQuery:
    return CustomerQuery(phone=parse_number(number, region))


class TestOracleEbs(SystemBehaviour):
    system = "oracle_ebs"
    server_type = OracleEbs

    async def test_seven_digits_are_not_enough(self, connector: Connector) -> None:
        """Of those whose last seven digits are equal only they stay whose whole number fits."""
        for person in (KNOWN, ELSEWHERE):
            assert [person.id] == [record.id for record in await connector.lookup(by_phone(person.phone))]

    async def test_where_the_whole_number_is_not_known(self, connector: Connector) -> None:
        """One of whom only seven digits were typed may be meant, and comes with those who surely are."""
        found = await connector.lookup(by_phone(LOCAL.phone))
        assert sorted([LOCAL.id, NAMESAKE.id]) == sorted(record.id for record in found)

    async def test_a_number_too_short_is_not_asked_for(self, server: OracleEbs, connector: Connector) -> None:
        """Fewer than seven digits would find half the town."""
        # Fewer than seven digits, country and all: Saint Helena's emergency line, were it a number of the plan.
        short = CustomerQuery(phone=PhoneNumber(raw="+290123", e164="+290123"))
        for query in (short, by_phone("112")):
            assert [] == list(await connector.lookup(query))
        assert 0 == server.asked

    async def test_an_error_within_a_success(self, server: OracleEbs, connector: Connector) -> None:
        """The service answers 200 with an error's text: that is an error, in lookups and in writes."""
        server.error = "ORA-01403: no data for petra@example.com"
        with pytest.raises(ConnectorError) as looked_up:
            await connector.lookup(by_phone(KNOWN.phone))
        with pytest.raises(ConnectorError) as written:
            await connector.write(entry(WriteKind.CASE, KNOWN))
        for raised in (looked_up, written):
            assert Problem.FAULT is raised.value.problem
            assert "answered that it failed: ORA-" in raised.value.message
            assert KNOWN.email not in raised.value.message
        assert [] == server.written

    async def test_a_call_about_a_request(self, server: OracleEbs, connector: Connector) -> None:
        """A call of which the service request is known is written as its interaction, once."""
        least = WriteBack(
            id="main-1.3", kind=WriteKind.ACTIVITY, customer=KNOWN.id, case=KNOWN.cases[1], subject="Call",
            started_at=BEGAN,
        )  # fmt: skip
        for _ in range(2):
            await connector.write(least)
        [written] = server.written
        assert ("activity", "main-1.3", KNOWN.id) == written[:3]
        assert "[call main-1.3] Call" == written.text

    @pytest.mark.parametrize("case", ["", "99999"])
    async def test_a_call_about_nothing_known(self, server: OracleEbs, connector: Connector, case: str) -> None:
        """Without a service request, or with one that isn't the customer's, nothing is written, and that is told."""
        with pytest.raises(ConnectorError) as raised:
            await connector.write(entry(WriteKind.NOTE, KNOWN, case=case))
        assert Problem.INTERNAL is raised.value.problem
        assert [] == server.written
