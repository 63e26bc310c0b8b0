"""The PBX dies, falls silent, or is something else altogether: the hub says so, goes on, and comes back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from hub.domain.call import CallEventKind, Cause, Outcome
from tests.relay import Peer, Relay
from tests.scenarios.backends import LI_WEI, MARIA, MARIA_NAME_IN_SERVICE_CLOUD, Backends
from tests.scenarios.call_site import CallSite, asterisk_section, running_site
from tests.scenarios.simulated_site import simulated_site
from tests.servers.asterisk import Asterisk
from tests.servers.record import ALICE, SUPPORT
from tests.servers.sipp import Phone, Trunk
from tests.waiting import NotInTimeError, eventually_asked

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def site_with(asterisk: Asterisk, folder: Path, browser: Browser, **pbx: float) -> AsyncIterator[CallSite]:
    """Run a hub for Alice on that Asterisk."""
    async with Backends() as backends:
        sections = {
            "pbx": asterisk_section(asterisk, **pbx),
            "connectors": backends.connectors(),
            "context": {"cache_s": 0},
        }
        environment = {**backends.passwords, "AMI_SECRET": asterisk.ami_secret}
        async with running_site(folder, browser, sections=sections, environment=environment) as site:
            yield site


async def ready(site: CallSite, within: float = 20.0) -> None:
    """Wait until the hub says that nothing is wrong."""

    async def nothing_wrong() -> bool:
        return not await site.api.problems()

    await eventually_asked(nothing_wrong, "a hub that is ready", within)


async def said(site: CallSite, words: str, within: float = 20.0) -> None:
    """Wait until the hub is not ready for a reason with these words."""
    seen: dict[str, None] = {}

    async def is_said() -> bool:
        seen.update(dict.fromkeys(await site.api.problems()))
        return any(words in problem for problem in seen)

    try:
        await eventually_asked(is_said, f"a reason with {words!r}", within)
    except NotInTimeError:
        pytest.fail(f"no reason had {words!r} but {list(seen)}")


async def test_an_asterisk_that_dies_in_a_call_is_found_again(
    fresh_asterisk: Asterisk, tmp_path: Path, shared_browser: Browser
) -> None:
    """Killed while one talks: the banner says so, the call ends for an unknown cause, and the next call pops."""
    async with (
        site_with(fresh_asterisk, tmp_path, shared_browser) as site,
        site.api.events() as stream,
        site.desk("alice") as desk,
        Phone(fresh_asterisk, "1001") as phone,
        Trunk(fresh_asterisk) as trunk,
    ):
        await trunk.call(MARIA.number, to=SUPPORT)
        ringing = await phone.rings()
        await ringing.answer()
        await expect(desk.testid("pop-state")).to_have_attribute("data-state", "connected")
        call = await site.live_call()

        await asyncio.to_thread(fresh_asterisk.kill)
        await expect(desk.testid("pbx-down")).to_contain_text("“main” is not connected")
        await said(site, "pbx main is not connected")
        # The call may well go on without its signalling: it stays until the PBX says otherwise.
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)

        fresh_asterisk.start()
        await ready(site)
        await expect(desk.testid("pbx-down")).to_have_count(0)
        await expect(desk.testid("pop")).to_have_count(0)
        cleared = await stream.until(call.id, CallEventKind.CLEARED)
        assert (Cause.UNKNOWN, Outcome.ANSWERED) == (cleared.cause, cleared.call.outcome)
        assert 1 == stream.kinds(call.id).count(CallEventKind.CLEARED)

        await phone.register()
        await trunk.call(LI_WEI.number, to=ALICE)
        await phone.rings()
        await expect(desk.testid("pop-name")).to_have_text(LI_WEI.full_name)


async def test_an_asterisk_that_falls_silent_is_noticed(
    fresh_asterisk: Asterisk, tmp_path: Path, shared_browser: Browser
) -> None:
    """A machine that hangs holds its connections: keepalive finds out, and what it did meanwhile is caught up with."""
    async with (
        site_with(fresh_asterisk, tmp_path, shared_browser, keepalive_s=0.5, action_timeout_s=1.0) as site,
        site.api.events() as stream,
        site.desk("alice") as desk,
        Phone(fresh_asterisk, "1001") as phone,
        Trunk(fresh_asterisk) as trunk,
    ):
        await trunk.call(MARIA.number, to=ALICE)
        ringing = await phone.rings()
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        call = await site.live_call()
        fresh_asterisk.freeze()
        try:
            await expect(desk.testid("pbx-down")).to_have_count(1, timeout=15_000)
            await said(site, "has been silent")
        finally:
            fresh_asterisk.thaw()
        await ready(site)
        await expect(desk.testid("pbx-down")).to_have_count(0)
        await ringing.answer()
        await expect(desk.testid("pop-state")).to_have_attribute("data-state", "connected")
        assert call.id == (await site.live_call()).id
        await ringing.hang_up()
        await stream.until(call.id, CallEventKind.CLEARED)
        steps = [CallEventKind.DELIVERED, CallEventKind.ESTABLISHED, CallEventKind.CLEARED]
        assert steps == stream.kinds(call.id)


GREETING = b"Asterisk Call Manager/11.0.0\r\n"
LOGIN = b"Response: Success\r\nActionID: %b\r\nMessage: Authentication accepted\r\n\r\n"


def sends(data: bytes) -> Peer:
    """Send this and nothing more."""

    async def peer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await asyncio.sleep(60)

    return peer


async def floods(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet, then send noise without an end."""
    writer.write(GREETING)
    while True:
        writer.write(b"\x00\xff" * 8192)
        await writer.drain()


async def answers_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet, answer the first action with half a message, and close."""
    writer.write(GREETING)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"Response: Succ")
    await writer.drain()


async def answers_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet, and answer every action as if it were another."""
    writer.write(GREETING)
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(LOGIN % b"another" + b"Event: \r\n\r\n: :\r\n\r\n")


async def test_whatever_stands_in_the_pbxs_place_the_hub_goes_on(tmp_path: Path, shared_browser: Browser) -> None:
    """Silence, another service, noise, half a message, nonsense: said in words each time, and then all is well."""
    settings = {"keepalive_s": 0.5, "action_timeout_s": 0.5, "max_message_bytes": 65_536}
    async with (
        Relay() as wire,
        simulated_site(tmp_path, shared_browser, pbx=settings, wire=wire) as simulated,
        simulated.site.desk("alice") as desk,
    ):
        site = simulated.site
        talking = simulated.talks(MARIA.number)
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        for peer, words in (
            (sends(b""), "did not greet within"),
            (sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "the greeting was"),
            (sends(GREETING), "did not answer Challenge within"),
            (floods, "a message passed the limit"),
            (answers_half, "it closed the connection"),
            (answers_nonsense, "did not answer Challenge within"),
        ):
            wire.instead = peer
            wire.cut()
            await said(site, words)
            await expect(desk.testid("pbx-down")).to_have_count(1)
            wire.instead = None
            wire.cut()
            await ready(site)
            await expect(desk.testid("pbx-down")).to_have_count(0)
            await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        simulated.exchange.ends(*talking)
        simulated.rings(LI_WEI.number)
        await expect(desk.testid("pop-name")).to_have_text(LI_WEI.full_name)
