"""What every connector that writes does, whatever its protocol: a kind's tests inherit this beside the behaviour."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from connectors.base import Connector, ConnectorError
from hub.domain.customer import Problem
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from tests.conformance.behaviour import HOSTILE, connector_for
from tests.conformance.servers.backend import KNOWN, Backend, Mood
from tests.waiting import eventually

ENTRY = WriteBack(
    id="01JD-1",
    kind=WriteKind.NOTE,
    customer=KNOWN.id,
    phone=KNOWN.phone,
    subject="Call from Petra Vogt",
    note='Wants "two" copies & a bill <today>.\nCalls again; see https://example.com/?a=1&b=2',
    started_at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    agent="alice",
)


class WritingBehaviour:
    """The backend's configuration has `writes: {note: ..}`; what it keeps stands in `backend.notes`, by entry.id."""

    backend_type: type[Backend]

    @pytest.fixture
    async def writable(self) -> AsyncIterator[Backend]:
        backend = self.backend_type()
        await backend.start()
        yield backend
        await backend.stop()

    @pytest.fixture
    async def writer(self, writable: Backend) -> AsyncIterator[Connector]:
        connector = connector_for(writable, retry={"attempts": 1})
        await connector.start()
        yield connector
        await connector.close()

    async def test_written_once(self, writable: Backend, writer: Connector) -> None:
        """What is handed over twice is written once, with all its characters; the second answer gives the same id."""
        assert WriteKind.NOTE in writer.writes
        first = await writer.write(ENTRY)
        assert first.id
        assert WriteResult(id=first.id, was_there=False) == first
        assert {ENTRY.id: [ENTRY.note]} == writable.notes
        assert WriteResult(id=first.id, was_there=True) == await writer.write(ENTRY)
        assert {ENTRY.id: [ENTRY.note]} == writable.notes

    async def test_two_interactions_are_two(self, writable: Backend, writer: Connector) -> None:
        """The same note of another interaction is another note."""
        other = WriteBack(id="01JD-2", kind=WriteKind.NOTE, customer=KNOWN.id, note=ENTRY.note)
        results = await asyncio.gather(writer.write(ENTRY), writer.write(other))
        assert 2 == len({result.id for result in results})
        assert {"01JD-1", "01JD-2"} == set(writable.notes)

    async def test_an_answer_that_got_lost(self, writable: Backend, writer: Connector) -> None:
        """The backend wrote and its answer was lost: whoever repeats it, by hand or by HTTP, finds what is there."""
        writable.loses_answers = True
        with contextlib.suppress(ConnectorError):
            assert (await writer.write(ENTRY)).was_there
        assert {ENTRY.id: [ENTRY.note]} == writable.notes
        writable.loses_answers = False
        result = await writer.write(ENTRY)
        assert result.was_there
        assert {ENTRY.id: [ENTRY.note]} == writable.notes

    async def test_a_throttled_write(self, writable: Backend, writer: Connector) -> None:
        """Too many requests are told with their time, and nothing is written."""
        writable.mood = Mood.THROTTLED
        with pytest.raises(ConnectorError) as raised:
            await writer.write(ENTRY)
        assert (Problem.THROTTLED, 17.0) == (raised.value.problem, raised.value.retry_after_s)
        assert raised.value.message.startswith("crm, write note: step ")
        assert {} == writable.notes

    @pytest.mark.parametrize("mood", [Mood.FAULT, Mood.UNAUTHORIZED, Mood.HTML, Mood.GATEWAY, Mood.HANGUP, Mood.HUGE])
    async def test_a_write_that_fails(self, writable: Backend, writer: Connector, mood: Mood) -> None:
        """Whatever goes wrong is an error that names the step and holds neither secret nor what was to be written."""
        writable.mood = mood
        with pytest.raises(ConnectorError) as raised:
            await writer.write(ENTRY)
        assert raised.value.message.startswith("crm, write note: step ")
        for hidden in ("geheim", "secret-key", "5550123", "copies"):
            assert hidden not in str(raised.value)
        assert {} == writable.notes

    @pytest.mark.parametrize("value", HOSTILE)
    async def test_a_hostile_note_stays_a_note(self, writable: Backend, writer: Connector, value: str) -> None:
        """No text and no id becomes syntax: the backend keeps just that, line breaks and all."""
        await writer.write(WriteBack(id=ENTRY.id, kind=WriteKind.NOTE, customer=KNOWN.id, note=value))
        kept = "\n".join(value.split("\r\n"))
        assert {ENTRY.id: [kept]} == writable.notes

    async def test_what_is_not_declared_is_not_written(self, writable: Backend, writer: Connector) -> None:
        """A kind of thing without `writes` is refused without a request."""
        with pytest.raises(ConnectorError, match="nothing says how to write back a"):
            await writer.write(WriteBack(id="1", kind=WriteKind.CASE, subject="x"))
        assert 0 == writable.requests

    async def test_an_interrupted_write_goes_on(self, writable: Backend, writer: Connector) -> None:
        """Who no longer waits does not stop a write in the middle."""
        writable.delay_s = 0.05
        task = asyncio.create_task(writer.write(ENTRY))
        await eventually(lambda: writable.requests)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await eventually(lambda: writable.notes)
        assert {ENTRY.id: [ENTRY.note]} == writable.notes
