"""The hub killed at any moment while legacy systems hand in by every way: nothing is lost, nothing is told as two."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from tests.faults.bus_site import Site
from tests.faults.forked_hub import ForkedHub
from tests.servers.rabbitmq import RabbitMQ
from tests.waiting import eventually_asked

KILLS = int(os.environ.get("CTIHUB_KILLS", "100"))
LONGEST_LIFE_S = 0.6


@pytest.mark.timeout(600)  # a hundred starts, which take what the machine takes
async def test_killed_at_a_hundred_random_moments(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """SIGKILL under load, again and again: each message is one event or one dead letter, each event arrives in order.

    CTIHUB_KILLS says how often.
    """
    chance = random.Random(2611)  # noqa: S311 - the same moments each time
    site = Site(tmp_path, rabbitmq.url)
    await site.listen()
    log = tmp_path / "hub.log"
    with ForkedHub(site.configuration, log, site.environment) as hub:
        await asyncio.to_thread(hub.start)
        async with site.sending():
            for number in range(KILLS):
                if number % 2:  # the others may be killed while they start
                    await eventually_asked(site.takes_from_the_queue, "the hub at the queue", 30)
                await asyncio.sleep(chance.uniform(0.0, LONGEST_LIFE_S))
                await asyncio.to_thread(hub.kill)
                await asyncio.to_thread(hub.start)
        await site.until_all_is_taken()
        await asyncio.to_thread(hub.kill)
    await site.assert_nothing_lost()
    for sender in site.senders:
        assert len(sender.handed) > KILLS
    assert "Traceback" not in log.read_text()
