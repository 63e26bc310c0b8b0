from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.journal.journal import Journal


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """Give an empty journal that is closed afterwards."""
    opened = await Journal.open(tmp_path / "journal.db")
    yield opened
    await opened.close()
