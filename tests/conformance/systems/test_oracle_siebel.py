"""Oracle Siebel as documented, against a server that takes each session's newest token alone."""

import asyncio
import re

import pytest

from connectors.base import Connector, ConnectorError
from connectors.tracing import recorded
from hub.domain.customer import CustomerQuery
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteKind
from tests.conformance.systems.behaviour import SystemBehaviour, entry
from tests.conformance.systems.servers.oracle_siebel import KNOWN, SESSION, TOKEN, OracleSiebel
from tests.conformance.systems.system import Weather
from tests.conformance.test_contracts import contract

BY_PHONE = CustomerQuery(phone=parse_number(KNOWN.phone, "DE"))


class TestOracleSiebel(SystemBehaviour):
    system = "oracle_siebel"
    server_type = OracleSiebel

    async def test_tokens_stay_in_order(self, server: OracleSiebel, connector: Connector) -> None:
        """However many calls there are at once, a session gets its newest token and the password goes out once each."""
        await asyncio.gather(*(connector.lookup(BY_PHONE) for _ in range(10)))
        assert 0 == server.misused
        assert server.signed_in == sum("PasswordText" in text for text in server.envelopes)
        assert all(("SessionToken" in text) != ("PasswordText" in text) for text in server.envelopes)
        assert all(SESSION in text for text in server.envelopes)

    async def test_slow_sessions_get_company(self, server: OracleSiebel) -> None:
        """Where a call holds up the others, further sessions are signed in; none is used by two calls at once."""
        answer = server.answer

        async def slow(request: object) -> object:
            await asyncio.sleep(0.4)
            return await answer(request)  # type: ignore[arg-type]  # handed through

        connector = self.connector_of(server, timeout_s=10)
        await connector.start()
        await connector.check()
        server.answer = slow  # type: ignore[method-assign,assignment]  # slower, and the same otherwise
        await asyncio.gather(*(connector.lookup(BY_PHONE) for _ in range(4)))
        await connector.close()
        assert 1 < server.signed_in <= 8
        assert 0 == server.misused

    async def test_a_call_that_was_cut_leaves_no_old_token(self, server: OracleSiebel, connector: Connector) -> None:
        """After a lost answer nobody knows the newest token: the session is given up, and another one signed in."""
        server.weather = Weather.SILENT_WRITER
        with pytest.raises(ConnectorError, match="closed the connection"):
            await connector.write(entry(WriteKind.NOTE, KNOWN))
        assert (await connector.write(entry(WriteKind.NOTE, KNOWN))).was_there
        assert 2 == server.signed_in
        assert await connector.lookup(BY_PHONE)
        assert 0 == server.misused

    async def test_tokens_are_secrets_of_a_trace(self, server: OracleSiebel, connector: Connector) -> None:
        """Whoever shows what was sent and received knows which texts to hide."""
        await connector.check()
        server.envelopes.clear()
        with recorded() as trace:
            await connector.lookup(BY_PHONE)
        assert 3 == len(server.envelopes)
        for text in server.envelopes:
            [used] = re.findall(rf">(s\d+\.\d+-{TOKEN})<", text)
            assert used in trace.secrets

    async def test_on_the_real_contract(self, server: OracleSiebel) -> None:
        """With the WSDL as Oracle published it, the same steps find the same and write the same."""
        connector = self.connector_of(server, wsdl=str(contract("oracle-siebel/http---siebel1.wsdl")))
        await connector.start()
        try:
            assert "SOAP 1.1, 6 operations at 127.0.0.1, WC_Contacts_BSQueryPage answered" == await connector.check()
            [record] = await connector.lookup(BY_PHONE)
            assert (KNOWN.id, KNOWN.name) == (record.id, record.name.full)
            assert sorted(KNOWN.cases) == sorted(case.id for case in record.cases)
            for kind in WriteKind:
                await connector.write(entry(kind, KNOWN, case=KNOWN.cases[0]))
            assert ["activity", "note", "case"] == [written.kind for written in server.written]
        finally:
            await connector.close()
