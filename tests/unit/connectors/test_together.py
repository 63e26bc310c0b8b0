"""Tasks that belong together."""

import asyncio
import contextlib

import pytest

from connectors.together import finished


async def failing() -> None:
    await asyncio.sleep(0)
    raise ValueError("no")


async def test_the_first_failure_ends_the_others() -> None:
    """What failed is raised, the others are cancelled and at their end, and nothing is left in who waited."""
    others = [asyncio.create_task(asyncio.Event().wait()) for _ in range(2)]
    with pytest.raises(ValueError, match="no"):
        await finished([*others, asyncio.create_task(failing())])
    assert [True, True] == [task.cancelled() for task in others]
    this = asyncio.current_task()
    assert this is not None
    assert 0 == this.cancelling()


async def two_attempts() -> None:
    async with asyncio.timeout(0.05):
        with contextlib.suppress(ValueError):
            await finished([asyncio.create_task(failing())])
        await finished([asyncio.create_task(asyncio.Event().wait())])


async def test_a_timeout_after_a_failure() -> None:
    """A timeout around two attempts, of which the first fails and the second hangs, is a timeout."""
    with pytest.raises(TimeoutError):
        await two_attempts()


async def test_cancelled_together() -> None:
    """Who is cancelled while waiting takes the tasks along."""
    tasks = [asyncio.create_task(asyncio.Event().wait()) for _ in range(2)]
    waiting = asyncio.create_task(finished(tasks))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert all(task.cancelled() for task in tasks)


async def test_nothing_to_wait_for() -> None:
    """No tasks are done at once."""
    await finished([])
