"""What every connector over HTTP does beside what all connectors do: each such kind's tests inherit this."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from connectors.base import Connector, ConnectorError
from hub.domain.backend import BackendState
from hub.domain.customer import CustomerQuery, Name, Problem
from hub.domain.phone import clean_text
from tests.conformance.behaviour import HOSTILE, ConnectorBehaviour, by_phone, connector_for
from tests.conformance.servers.backend import KNOWN, Backend, Mood
from tests.waiting import eventually


class HttpBehaviour(ConnectorBehaviour):
    """Subclasses name the backend."""

    backend_type: type[Backend]

    @pytest.fixture
    async def backend(self) -> AsyncIterator[Backend]:
        backend = self.backend_type()
        await backend.start()
        yield backend
        await backend.stop()

    async def problem(self, backend: Backend, connector: Connector, mood: Mood) -> ConnectorError:
        backend.mood = mood
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(by_phone(KNOWN.phone))
        assert raised.value.message.startswith("crm, operation by_phone: step customers: ")
        return raised.value

    async def test_without_a_number_nothing_is_asked(self, backend: Backend, connector: Connector) -> None:
        """An anonymous or internal caller and another system's id cost the backend nothing."""
        queries = [by_phone("anonymous"), by_phone("11"), by_phone("call Bob"), CustomerQuery(ids={"other": "1"})]
        for query in queries:
            assert [] == list(await connector.lookup(query))
        assert 0 == backend.requests

    @pytest.mark.parametrize("value", HOSTILE)
    async def test_a_hostile_value_stays_a_value(self, backend: Backend, connector: Connector, value: str) -> None:
        """No search value becomes syntax: the backend sees just that value, and knows nobody by it."""
        for query in (CustomerQuery(email=value), CustomerQuery(ids={"crm": value})):
            backend.searched.clear()
            assert [] == list(await connector.lookup(query))
            assert [clean_text(value, 500)] == backend.searched

    async def test_what_can_not_be_written_is_not_sent(self, backend: Backend, connector: Connector) -> None:
        """A value too long to be anybody's, or a step up in a path, is refused before it is sent."""
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(CustomerQuery(ids={"crm": "9" * 501}))
        assert Problem.INTERNAL == raised.value.problem
        assert 0 == backend.requests

    async def test_slow(self, backend: Backend) -> None:
        """A backend that does not answer is given up after timeout_s, and the request is taken back."""
        backend.mood = Mood.SLOW
        connector = connector_for(backend, timeout_s=0.3)
        await connector.start()
        await connector.check() if backend.config()["kind"] == "soap" else None
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(by_phone(KNOWN.phone))
        assert Problem.TIMEOUT == raised.value.problem
        assert "no answer within 0.3 s" in raised.value.message
        await eventually(lambda: backend.cancelled == 1)
        await connector.close()

    async def test_cancelled_by_the_caller(self, backend: Backend, connector: Connector) -> None:
        """A cancelled lookup ends at once, takes its request back, and leaves the connector usable."""
        backend.mood = Mood.SLOW
        lookup = asyncio.create_task(connector.lookup(by_phone(KNOWN.phone)))
        await eventually(lambda: backend.requests == 1)
        lookup.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lookup
        await eventually(lambda: backend.cancelled == 1)
        backend.mood = Mood.NORMAL
        assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]

    async def test_down_and_back(self, backend: Backend, connector: Connector) -> None:
        """A backend that is down is unreachable in plain words; when it is back, so are the answers."""
        await connector.lookup(by_phone(KNOWN.phone))
        await backend.stop()
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(by_phone(KNOWN.phone))
        assert Problem.UNREACHABLE == raised.value.problem
        assert f"no connection to 127.0.0.1:{backend.port}" in raised.value.message
        await backend.start()
        assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]

    async def test_unknown_host(self, backend: Backend) -> None:
        """A host that nobody knows is told as such."""
        config = backend.config()
        key = "wsdl" if config["kind"] == "soap" else "url"
        connector = connector_for(backend, **{key: "http://no-such-host.invalid/x"})
        await connector.start()
        with pytest.raises(ConnectorError) as raised:
            await connector.check()
        assert Problem.UNREACHABLE == raised.value.problem
        assert "no-such-host.invalid" in raised.value.message
        await connector.close()

    @pytest.mark.parametrize(
        ("mood", "problem", "words"),
        [
            (Mood.UNAUTHORIZED, Problem.REFUSED, "check `auth`"),
            (Mood.FORBIDDEN, Problem.REFUSED, "ask for the permission"),
            (Mood.GATEWAY, Problem.UNREACHABLE, "HTTP 502"),
            (Mood.HTML, Problem.MALFORMED, "HTML page"),
            (Mood.EMPTY, Problem.MALFORMED, "the reply is"),
            (Mood.GARBAGE, Problem.MALFORMED, "the reply is no"),
            (Mood.ENCODING, Problem.MALFORMED, "the reply is no"),
            (Mood.STRANGE, Problem.MALFORMED, ""),
            (Mood.DEEP, Problem.MALFORMED, ""),
            (Mood.REDIRECT, Problem.REFUSED, "redirects to 127.0.0.2"),
            (Mood.HANGUP, Problem.MALFORMED, "no proper HTTP reply"),
        ],
    )
    async def test_bad_answers(
        self, backend: Backend, connector: Connector, mood: Mood, problem: Problem, words: str
    ) -> None:
        """Each way to answer badly has its problem and its words, names the step, and passes."""
        error = await self.problem(backend, connector, mood)
        assert problem == error.problem
        assert words in error.message
        backend.mood = Mood.NORMAL
        assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]

    @pytest.mark.parametrize(("mood", "seconds"), [(Mood.THROTTLED, 17.0), (Mood.BUSY, 3.0)])
    async def test_throttled(self, backend: Backend, connector: Connector, mood: Mood, seconds: float) -> None:
        """Too many requests are told apart, with the time that the backend wants to be left alone."""
        error = await self.problem(backend, connector, mood)
        assert (Problem.THROTTLED, seconds) == (error.problem, error.retry_after_s)

    async def test_a_blip_is_asked_again(self, backend: Backend, connector: Connector) -> None:
        """A request that fails once on the way is made again, and the customer is found."""
        await connector.check()
        backend.blips = [Mood.GATEWAY]
        assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]
        assert [] == backend.blips

    async def test_left_alone_while_it_is_away(self, backend: Backend) -> None:
        """After a few failures the backend hears nothing more but one probe, whose answer lets all through again."""
        connector = connector_for(
            backend, retry={"attempts": 1}, breaker={"failures": 3, "of": 5, "open_s": 0.1, "max_open_s": 0.1}
        )
        await connector.start()
        await connector.check()
        backend.mood, before = Mood.GATEWAY, backend.requests
        for _ in range(3):
            with pytest.raises(ConnectorError):
                await connector.lookup(by_phone(KNOWN.phone))
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(by_phone(KNOWN.phone))
        assert Problem.UNREACHABLE == raised.value.problem
        assert "left alone" in raised.value.message
        assert 3 == backend.requests - before
        backend.mood = Mood.NORMAL
        await eventually(lambda: connector.status().state is BackendState.TRYING)
        assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]
        assert BackendState.UP == connector.status().state
        await connector.close()

    async def test_fault(self, backend: Backend, connector: Connector) -> None:
        """The protocol's own error is told with the backend's words, less the caller's data."""
        error = await self.problem(backend, connector, Mood.FAULT)
        assert Problem.FAULT == error.problem
        assert "No authorisation group for *** or ***" in error.message

    @pytest.mark.parametrize("mood", [Mood.HUGE, Mood.ENDLESS, Mood.COMPRESSED])
    async def test_huge(self, backend: Backend, connector: Connector, mood: Mood) -> None:
        """50 MB are not read: neither announced, nor streamed, nor packed."""
        error = await self.problem(backend, connector, mood)
        assert Problem.TOO_LARGE == error.problem
        if mood is not Mood.COMPRESSED:
            assert backend.sent_bytes < 20_000_000

    async def test_nulls(self, backend: Backend, connector: Connector) -> None:
        """A record of which only the id is filled in is a customer of whom little is known."""
        backend.mood = Mood.NULLS
        records = await connector.lookup(CustomerQuery(email=KNOWN.email))
        assert [("1", Name(), ())] == [(record.id, record.name, record.phones) for record in records]

    async def test_no_secret_in_any_error(self, backend: Backend, connector: Connector) -> None:
        """Whatever goes wrong, password, key and the caller's data stay out of what is said."""
        for mood in (Mood.FAULT, Mood.UNAUTHORIZED, Mood.HTML, Mood.STRANGE, Mood.REDIRECT, Mood.GARBAGE):
            error = await self.problem(backend, connector, mood)
            for hidden in ("geheim", "secret-key", "Y3RpaHViOmdlaGVpbQ", "5550123", "petra@"):
                assert hidden not in str(error)
        assert "geheim" not in repr(connector)

    async def test_limit_of_concurrent_requests(self, backend: Backend) -> None:
        """The backend never sees more requests at once than max_concurrent, and no more connections."""
        backend.delay_s = 0.02
        connector = connector_for(backend, max_concurrent=2)
        await connector.start()
        await asyncio.gather(*(connector.lookup(CustomerQuery(email=KNOWN.email)) for _ in range(8)))
        assert 2 == backend.most_at_once
        assert len(backend.connections) <= 2
        await connector.close()

    async def test_connections_are_used_again(self, backend: Backend, connector: Connector) -> None:
        """Lookups one after another share one connection."""
        for _ in range(5):
            await connector.lookup(CustomerQuery(email=KNOWN.email))
        assert (5, 1) == (backend.requests, len(backend.connections))

    async def test_a_slow_lookup_does_not_hold_up_the_others(self, backend: Backend, connector: Connector) -> None:
        """While one question waits, another is answered."""
        await connector.check()
        backend.mood = Mood.SLOW
        slow = asyncio.create_task(connector.lookup(by_phone(KNOWN.phone)))
        await eventually(lambda: backend.requests >= 1)
        backend.mood = Mood.NORMAL
        began = time.monotonic()
        assert [KNOWN.id] == [one.id for one in await connector.lookup(by_phone(KNOWN.phone))]
        assert time.monotonic() - began < 2.0
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
