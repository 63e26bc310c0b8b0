"""A PBX with queues, and a hub's agents."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.telephony.agents.exchange import Desk, Exchange, desk_of


@pytest.fixture
async def pbx() -> AsyncIterator[Exchange]:
    """Run a PBX without members."""
    async with Exchange() as running:
        yield running


@pytest.fixture
async def desk(pbx: Exchange) -> AsyncIterator[Desk]:
    """Have a hub connected to it."""
    async with desk_of(pbx) as running:
        yield running
