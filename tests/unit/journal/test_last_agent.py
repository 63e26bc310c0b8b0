"""Who talked with a caller last, so that the caller may be led to the same agent again."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from hub.domain.call import Call, Connection, Direction, Role
from hub.domain.phone import PhoneNumber
from hub.journal import file_schema
from hub.journal.journal import Journal
from tests.unit.journal import samples

ANNA = "+4930901820"
BERT = "+4930901821"


def talk(number: int, *agents: str, caller: str = ANNA, direction: Direction = Direction.INBOUND) -> Call:
    """Make a call in which these agents talked, each a minute after the one before."""
    parts = [
        msgspec.structs.replace(
            samples.agent_connection(agent, answered=True), connected_at=samples.NOON + timedelta(minutes=minute)
        )
        for minute, agent in enumerate(agents)
    ]
    party = PhoneNumber(raw=caller, e164=caller)
    outside = {"called": party} if direction is Direction.OUTBOUND else {"caller": party}
    return msgspec.structs.replace(samples.call(number, *reversed(parts)), direction=direction, **outside)


async def test_it_is_the_newest_call_that_counts(journal: Journal) -> None:
    """And in it the agent who came in last: after a transfer the one whom the customer ended up with."""
    for over in (talk(2, "alice", "bob"), talk(1, "carol"), talk(3, "dora", caller=BERT)):
        await journal.append(samples.cleared(over))
    assert "bob" == await journal.last_agent(ANNA, samples.NOON)
    assert "dora" == await journal.last_agent(BERT, samples.NOON)
    assert None is await journal.last_agent("+4930901822", samples.NOON)


async def test_a_call_that_an_agent_made_counts_too(journal: Journal) -> None:
    """The customer is then the one who was called."""
    await journal.append(samples.cleared(talk(1, "alice", direction=Direction.OUTBOUND)))
    assert "alice" == await journal.last_agent(ANNA, samples.NOON)


async def test_neither_a_missed_call_nor_a_listener_counts(journal: Journal) -> None:
    """Nobody has talked with the customer there."""
    listening = msgspec.structs.replace(samples.agent_connection("eve", answered=True), role=Role.OBSERVER)
    rang: list[Connection] = [samples.agent_connection("alice", answered=False), listening]
    party = PhoneNumber(raw=ANNA, e164=ANNA)
    await journal.append(samples.cleared(msgspec.structs.replace(samples.call(1, *rang), caller=party)))
    assert None is await journal.last_agent(ANNA, samples.NOON)


async def test_what_is_long_ago_is_forgotten(journal: Journal) -> None:
    """Nobody remembers the agent of years ago."""
    await journal.append(samples.cleared(talk(1, "alice")))
    assert None is await journal.last_agent(ANNA, samples.NOON + timedelta(minutes=2))


async def test_a_call_that_is_told_again_has_one_last_agent(journal: Journal) -> None:
    """A later event on the same call knows more than the one before."""
    await journal.append(samples.cleared(talk(1, "alice")))
    await journal.append(samples.cleared(talk(1, "alice", "bob")))
    assert "bob" == await journal.last_agent(ANNA, samples.NOON)


async def test_a_journal_from_before_knows_its_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The calls that were logged by an older hub are taken over, in both directions."""
    path = tmp_path / "journal.db"
    journal = await Journal.open(path)
    for over in (talk(1, "alice", "bob"), talk(2, "carol", caller=BERT, direction=Direction.OUTBOUND), samples.call(3)):
        await journal.append(samples.cleared(over))
    await journal.close()
    step = next(
        number for number, migration in enumerate(file_schema.MIGRATIONS) if "CREATE TABLE last_agents" in migration[0]
    )
    with sqlite3.connect(path) as older:
        older.execute("DROP TABLE last_agents")
        older.execute(f"PRAGMA user_version = {step}")
    older.close()
    monkeypatch.setattr(file_schema, "MIGRATIONS", file_schema.MIGRATIONS[: step + 1])
    journal = await Journal.open(path)
    # The older log has no moment for each part: the last of those who answered is taken.
    found = [await journal.last_agent(number, samples.NOON) for number in (ANNA, BERT)]
    await journal.close()
    assert ["alice", "carol"] == found
