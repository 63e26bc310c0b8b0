"""What every room stands on: the journal, and who may sign in."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import NamedTuple

from hub.config.model import Config
from hub.desk.user_store import UserStore
from hub.journal.journal import Journal


class Store(NamedTuple):
    journal: Journal
    users: UserStore


async def open_store(config: Config, stack: AsyncExitStack) -> Store:
    """Open both; `stack` closes them. Raises StoreError."""
    journal = await Journal.open(config.store.place, repeats=config.context.repeats.rule)
    stack.push_async_callback(journal.close)
    users = await asyncio.to_thread(UserStore, config.store.place)
    stack.push_async_callback(asyncio.to_thread, users.close)
    return Store(journal, users)
