"""The agent's WebSocket, over a real server and a real client."""

import asyncio

import aiohttp
import pytest

from hub.desk.desk import MAX_SOCKETS_PER_AGENT
from hub.domain.call import CallEventKind, Cause, ConnectionState
from hub.domain.phone import PhoneNumber
from hub.domain.ports import PbxStatus
from tests.unit.desk.house import House
from tests.unit.desk.samples import at, call, context, ended, leg, rings, step
from tests.waiting import eventually


async def test_the_first_frame_is_the_hello(house: House) -> None:
    """A page that opens is greeted with who it is for and the present truth, even if that is nothing."""
    page = await house.page("alice")

    hello = await page.frame("hello")

    assert "alice" == hello["agent"]["id"]
    assert "1.2.3" == hello["version"]
    assert [] == hello["pops"]
    assert [{"name": "main", "connected": True}] == [
        {key: pbx[key] for key in ("name", "connected")} for pbx in hello["pbx"]
    ]


async def test_a_ringing_phone_pops_with_what_is_known(house: House) -> None:
    """The first frame of a call is complete: caller, queue, state, and the context as it stands."""
    page = await house.page("alice")
    await page.frame("hello")
    house.contexts.known["main-1"] = context(name="Erika Muster")

    written = house.desk.call_happened(rings(call(leg("alice"), queue="sales")))

    frame = await page.frame("pop")
    assert 1 == written
    assert "ringing" == frame["pop"]["state"]
    assert "sales" == frame["pop"]["call"]["queue"]
    assert "+49711123456" == frame["pop"]["call"]["caller"]["e164"]
    assert "Erika Muster" == frame["context"]["customers"][0]["name"]["value"]["full"]


async def test_ring_all_pops_at_all_and_closes_for_those_who_lost(house: House) -> None:
    """All whose phones ring see the call; when one answers, the other is told so."""
    alice, bob = await house.page("alice"), await house.page("bob")
    await alice.frame("hello")
    await bob.frame("hello")

    house.desk.call_happened(rings(call(leg("alice"))))
    house.desk.call_happened(rings(call(leg("alice"), leg("bob"))))
    won = call(
        leg("alice", ConnectionState.CONNECTED, since=at(9)),
        leg("bob", ConnectionState.NULL, since=at(9), cause=Cause.ANSWERED_ELSEWHERE),
        answered_at=at(9),
    )
    house.desk.call_happened(step(CallEventKind.ESTABLISHED, won, won.connections[1]))
    house.desk.call_happened(ended(won))

    assert ["ringing", "connected"] == [(await alice.frame("pop"))["pop"]["state"] for _ in range(2)]
    assert "ended" == (await alice.frame("closed"))["reason"]
    assert "ringing" == (await bob.frame("pop"))["pop"]["state"]
    assert "answered_elsewhere" == (await bob.frame("closed"))["reason"]


async def test_an_agent_never_gets_another_agents_call(house: House) -> None:
    """Neither pops nor contexts nor closings of a colleague's call reach an agent, at no moment."""
    bob = await house.page("bob")
    await bob.frame("hello")
    private = call(leg("alice"), id="private")

    house.desk.call_happened(rings(private))
    house.desk.context_changed(context("private"))
    house.desk.call_happened(ended(private))
    house.desk.call_happened(rings(call(leg("bob"), id="own")))

    assert "own" == (await bob.frame("pop"))["pop"]["call"]["id"]
    late = await house.page("bob")
    assert ["own"] == [pop["call"]["id"] for pop in (await late.frame("hello"))["pops"]]


async def test_a_new_revision_of_the_context_follows_the_pop(house: House) -> None:
    """What a backend answers later comes as a frame of its own, to the agents who have the call."""
    page = await house.page("alice")
    await page.frame("hello")
    house.desk.call_happened(rings(call(leg("alice"))))
    await page.frame("pop")

    house.desk.context_changed(context(revision=2))

    frame = await page.frame("context")
    assert 2 == frame["context"]["revision"]
    assert "main-1" == frame["context"]["call_id"]


async def test_every_tab_of_an_agent_shows_the_same(house: House) -> None:
    """Two pages of one agent both get every frame."""
    browser = await house.signed_in("alice")
    sockets = [await browser.ws_connect("/api/v1/desk") for _ in range(2)]
    for socket in sockets:
        await socket.receive_json(timeout=5)

    assert 2 == house.desk.call_happened(rings(call(leg("alice"))))
    assert ["pop", "pop"] == [(await socket.receive_json(timeout=5))["frame"] for socket in sockets]
    assert 1 == house.desk.connected_agents()


async def test_after_a_dropped_socket_the_hello_shows_the_present_truth(house: House) -> None:
    """What happened while the page was away is in its next hello: answered, and with a newer context."""
    page = await house.page("alice")
    await page.frame("hello")
    house.desk.call_happened(rings(call(leg("alice"))))
    await page.socket.close()
    await eventually(lambda: house.desk.connected_agents() == 0)

    house.desk.call_happened(step(CallEventKind.ESTABLISHED, call(leg("alice", ConnectionState.CONNECTED))))
    house.contexts.known["main-1"] = context(revision=7)

    hello = await (await house.page("alice")).frame("hello")
    assert ["connected"] == [pop["state"] for pop in hello["pops"]]
    assert [7] == [known["revision"] for known in hello["contexts"]]


async def test_a_resync_tells_the_pages_the_difference(house: House) -> None:
    """When the PBX connection was made anew, calls that ended unseen close and new ones pop."""
    page = await house.page("alice")
    await page.frame("hello")
    house.desk.call_happened(rings(call(leg("alice"), id="over")))
    await page.frame("pop")
    house.calls.live = [call(leg("alice"), id="new")]

    house.desk.resync()

    assert {"frame": "closed", "call_id": "over", "reason": "unknown"} == await page.frame("closed")
    assert "new" == (await page.frame("pop"))["pop"]["call"]["id"]


async def test_the_hubs_own_state_reaches_every_page(house: House) -> None:
    """A PBX that is away is shown to all agents, with the reason."""
    page = await house.page("bob")
    await page.frame("hello")
    house.status.pbx = [PbxStatus(name="main", connected=False, reason="no route to host")]

    house.desk.status_changed()

    frame = await page.frame("status")
    assert [{"name": "main", "connected": False, "reason": "no route to host"}] == frame["pbx"]


async def test_a_quiet_hub_still_gives_signs_of_life(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A page hears something at intervals, so that silence means a dead network."""
    async with House(tmp_path_factory.mktemp("quiet"), keepalive_s=0.02) as house:
        page = await house.page("alice")
        await page.frame("hello")

        assert ["status", "status"] == [(await page.frame())["frame"] for _ in range(2)]


async def test_a_page_that_speaks_is_refused(house: House) -> None:
    """The socket only listens: whatever a page sends ends it with 1003."""
    page = await house.page("alice")
    await page.frame("hello")

    await page.socket.send_str('{"frame":"hello"}')

    assert 1003 == await page.close_code()
    await eventually(lambda: house.desk.connected_agents() == 0)


async def test_a_page_that_sends_a_flood_is_cut_off(house: House) -> None:
    """A message above the limit is not read to its end."""
    page = await house.page("alice")
    await page.frame("hello")

    await page.socket.send_bytes(b"x" * 100_000)

    assert 1009 == await page.close_code()


async def test_without_a_session_there_is_no_socket(house: House) -> None:
    """The handshake itself is refused with 401."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await house.browser().ws_connect("/api/v1/desk")
    assert 401 == refused.value.status


async def test_a_machines_token_opens_no_desk(house: House) -> None:
    """A bearer token is no agent."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await house.machine().ws_connect("/api/v1/desk")
    assert 401 == refused.value.status


async def test_another_sites_page_can_not_open_the_desk(house: House) -> None:
    """A foreign Origin is refused although the cookie is right (cross-site WebSocket hijacking)."""
    browser = await house.signed_in("alice")

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.ws_connect("/api/v1/desk", headers={"Origin": "https://evil.example"})
    assert 403 == refused.value.status


async def test_signing_out_closes_the_sessions_pages_and_no_others(house: House) -> None:
    """The page that signed out gets 4401; the same agent's other browser stays."""
    first, second = await house.signed_in("alice"), await house.page("alice")
    socket = await first.ws_connect("/api/v1/desk")
    await socket.receive(timeout=5)

    async with first.delete("/api/v1/session") as reply:
        assert 204 == reply.status

    assert 4401 == (await socket.receive(timeout=5)).data
    await eventually(lambda: len(house.desk.sessions()) == 1)
    assert not second.socket.closed


async def test_removing_a_user_closes_their_pages(house: House) -> None:
    """Another process takes the user away; the running hub notices by itself."""
    page = await house.page("alice")
    await page.frame("hello")

    house.users.remove("alice")

    assert 4401 == await page.close_code()


async def test_a_session_that_expires_closes_its_pages(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A page does not outlive its sign-in."""
    async with House(tmp_path_factory.mktemp("short"), session_s=1.5) as house:
        page = await house.page("alice")
        await page.frame("hello")

        assert 4401 == await page.close_code()


async def test_an_agent_may_not_open_pages_without_end(house: House) -> None:
    """A script with a session can't fill the hub's memory with sockets."""
    browser = await house.signed_in("alice")
    open_pages = [await browser.ws_connect("/api/v1/desk") for _ in range(MAX_SOCKETS_PER_AGENT)]
    for page in open_pages:
        await page.receive(timeout=5)

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.ws_connect("/api/v1/desk")
    assert 429 == refused.value.status


async def test_a_stopping_hub_says_goodbye(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Pages are told that the hub stops, and stopping does not wait for them."""
    house = House(tmp_path_factory.mktemp("stops"))
    async with house:
        page = await house.page("alice")
        await page.frame("hello")
        async with asyncio.timeout(3):
            stopping = asyncio.create_task(house.server.stop())
            assert 1001 == await page.close_code()
            await stopping


async def test_a_hostile_caller_name_stays_text(house: House) -> None:
    """Markup, quotes and line separators in a caller's name arrive as the same characters, as JSON text."""
    name = '</script><script>alert("1")</script>\u2028\'";--'
    page = await house.page("alice")
    await page.frame("hello")
    hostile = call(leg("alice"), caller=PhoneNumber(raw="<b>1</b>", display="<b>1</b>"), caller_name=name)

    house.desk.call_happened(rings(hostile))

    frame = await page.frame("pop")
    assert name == frame["pop"]["call"]["caller_name"]
    assert "<b>1</b>" == frame["pop"]["call"]["caller"]["raw"]
