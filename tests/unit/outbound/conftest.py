"""A site on a real journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.journal.journal import Journal
from tests.unit.outbound.site import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Lay it out; a test says the rules and starts it."""
    journal = await Journal.open(tmp_path / "ctihub.db")
    site = Site(journal, tmp_path)
    yield site
    await site.outbound.stop()
    await journal.close()
