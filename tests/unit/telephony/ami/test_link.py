"""Connected, lost, connected again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from hub.telephony.ami.errors import AmiConnectionLost, AmiError
from hub.telephony.ami.event import AmiEvent
from hub.telephony.ami.link import AmiLink, LinkState
from hub.telephony.ami.manager import AsyncManager
from hub.telephony.ami.settings import AmiSettings
from tests.unit.telephony.ami.peer import FakePbx, error, message, silence
from tests.waiting import eventually

HANGUP = message("Event: Hangup", "Channel: PJSIP/1001-1")


class Hub:
    """What the hub would do with a link: it writes down what it is told."""

    def __init__(self, settings: AmiSettings, *, exclude: tuple[str, ...] = ()) -> None:
        self.connected: list[AsyncManager] = []
        self.lost: list[AmiError] = []
        self.events: list[str] = []
        self.link = AmiLink(
            settings,
            on_events=self.take,
            on_connected=self.take_stock,
            on_lost=self.lost.append,
            wanted=["Hangup"],
            exclude=exclude,
        )

    def take(self, events: list[AmiEvent]) -> None:
        """Write the events down."""
        self.events.extend(event.name for event in events)

    async def take_stock(self, manager: AsyncManager) -> None:
        """Ask something, as the hub would for its snapshot."""
        await manager.ping()
        self.connected.append(manager)


@contextlib.asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[AmiLink]:
    """Run the link until the test is through."""
    task = asyncio.create_task(hub.link.run())
    try:
        yield hub.link
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    """Listen as a PBX."""
    async with FakePbx() as listening:
        yield listening


async def is_connected(link: AmiLink) -> None:
    """Wait until the link stands."""
    await eventually(lambda: link.state is LinkState.CONNECTED, "a connected link")


async def test_events_come_after_filters_and_before_the_stock_taking(pbx: FakePbx) -> None:
    """Login is silent, then the filters, then events are switched on, then the hub asks for the truth."""
    hub = Hub(pbx.settings(), exclude=("VarSet",))
    async with running(hub) as link:
        await is_connected(link)
        assert ["Challenge", "Login", "Filter", "Events", "Ping"] == pbx.names()
        assert pbx.actions[1]["Events"] == "off"
        assert pbx.actions[3]["EventMask"] == "on"
        pbx.say(HANGUP)
        await eventually(lambda: hub.events, "an event")
        assert link.manager is hub.connected[0]
        assert link.reason == ""
        assert link.messages_received == 6


async def test_a_lost_connection_is_made_again(pbx: FakePbx) -> None:
    """Each loss is told once, with its reason, and each new connection is handed over anew."""
    hub = Hub(pbx.settings())
    async with running(hub) as link:
        for round_number in range(1, 4):
            await eventually(lambda: len(hub.connected) == round_number, "a connection")  # noqa: B023 - awaited at once
            await is_connected(link)
            pbx.hang_up()
            await eventually(lambda: len(hub.lost) == round_number, "a loss")  # noqa: B023 - awaited at once
        await eventually(lambda: len(hub.connected) == 4, "the fourth connection")
    assert [AmiConnectionLost] * 4 == [type(reason) for reason in hub.lost]
    assert len(set(map(id, hub.connected))) == 4


async def test_a_pbx_that_is_away_is_tried_until_it_is_back(pbx: FakePbx) -> None:
    """Nothing listens: the state says so in words that name the PBX; then it is back, and all is well."""
    await pbx.stop()
    hub = Hub(pbx.settings())
    async with running(hub) as link:
        await eventually(lambda: link.state is LinkState.WAITING, "a failed attempt")
        assert f"PBX main (127.0.0.1:{pbx.port}) can't be reached" in link.reason
        assert link.manager is None
        await pbx.restart()
        await is_connected(link)
    assert len(hub.connected) == 1


async def test_a_wrong_secret_is_visible_and_tried_seldom(pbx: FakePbx) -> None:
    """State and log say what is wrong in plain words, without the secret; the corrected one gets in."""
    hub = Hub(pbx.settings(secret="wrong one", refused_retry_s=0.2, reconnect_max_s=0.001))
    with capture_logs() as logs:
        async with running(hub) as link:
            await eventually(lambda: link.state is LinkState.REFUSED, "a refusal")
            assert "refused the login of 'hub'" in link.reason
            pbx.answers["Login"] = lambda action: message("Response: Success", f"ActionID: {action['ActionID']}")
            await is_connected(link)
    [refusal] = [entry for entry in logs if entry["event"] == "ami_login_refused"]
    assert refusal["retry_in_s"] >= 0.1
    assert refusal["log_level"] == "warning"
    assert "wrong one" not in str(logs)
    assert hub.lost[:-1] == []


async def test_waits_grow_to_the_limit_and_vary(pbx: FakePbx) -> None:
    """Each wait is at most twice the one before and at least half its own limit, and never over the last."""
    link = Hub(pbx.settings(reconnect_min_s=1.0, reconnect_max_s=16.0)).link
    waits = [link._wait_after(is_refused=False) for _ in range(2000)]
    for wait, longest in zip(waits, [1.0, 2.0, 4.0, 8.0, *[16.0] * 1996], strict=True):
        assert longest / 2 <= wait <= longest
    assert len({round(wait, 3) for wait in waits[5:]}) > 100


@pytest.mark.parametrize(("reset_s", "expected"), [(0.0, 1), (60.0, 3)])
async def test_waits_start_small_again_only_after_a_connection_that_held(
    pbx: FakePbx, reset_s: float, expected: int
) -> None:
    """A PBX that accepts and drops at once is not tried ever faster."""
    hub = Hub(pbx.settings(reconnect_reset_s=reset_s))
    async with running(hub) as link:
        for losses in range(1, 4):
            await is_connected(link)
            pbx.hang_up()
            await eventually(lambda: len(hub.lost) == losses, "a loss")  # noqa: B023 - awaited at once
        await eventually(lambda: link._failures == expected, "the count of failures")


async def test_a_failing_stock_taking_is_a_loss_and_tried_again(pbx: FakePbx) -> None:
    """An error or a mistake while the hub takes stock ends that connection, and the next one works."""
    hub = Hub(pbx.settings())
    faults: list[Exception] = [RuntimeError("a mistake"), AmiError("no snapshot")]
    plain = hub.take_stock

    async def faulty(manager: AsyncManager) -> None:
        if faults:
            raise faults.pop(0)
        await plain(manager)

    hub.link._on_connected = faulty
    async with running(hub) as link:
        await is_connected(link)
    assert 3 == len(hub.lost)
    assert "taking stock after connecting failed: RuntimeError('a mistake')" in str(hub.lost[0])
    assert "no snapshot" == str(hub.lost[1])


async def test_a_loss_during_the_stock_taking_ends_it(pbx: FakePbx) -> None:
    """The hub does not sit in its snapshot while the connection is gone."""
    hub = Hub(pbx.settings())
    ended: list[str] = []

    async def waits_for_ever(_manager: AsyncManager) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    hub.link._on_connected = waits_for_ever
    async with running(hub):
        await eventually(lambda: "Events" in pbx.names(), "events on")
        pbx.hang_up()
        await eventually(lambda: hub.lost, "a loss")
        assert ended == ["ended"]


async def test_a_loss_handler_that_fails_does_not_end_the_link(pbx: FakePbx) -> None:
    """Whatever the hub does with a loss, the next connection is made."""
    hub = Hub(pbx.settings())
    hub.link._on_lost = lambda reason: [][len(str(reason))]
    async with running(hub) as link:
        await is_connected(link)
        pbx.hang_up()
        await eventually(lambda: len(hub.connected) == 2, "the second connection")


async def test_a_login_without_answer_is_tried_again(pbx: FakePbx) -> None:
    """A PBX that greets and then says nothing costs one login time-out."""
    answer = pbx.answers["Challenge"]
    pbx.answers["Challenge"] = silence
    hub = Hub(pbx.settings(login_timeout_s=0.1))
    async with running(hub) as link:
        await eventually(lambda: "did not answer the login within 0.1 s" in link.reason, "a time-out")
        pbx.answers["Challenge"] = answer
        await is_connected(link)


async def test_events_that_cannot_be_switched_on_are_a_loss(pbx: FakePbx) -> None:
    """A hub without events is not connected, whatever the login said."""
    pbx.answers["Events"] = lambda action: error(action, "Permission denied")
    hub = Hub(pbx.settings())
    async with running(hub) as link:
        await eventually(lambda: "refused Events: Permission denied" in link.reason, "the refusal")
    assert hub.connected == []


async def test_stopping_logs_off_and_says_so(pbx: FakePbx) -> None:
    """A cancelled link leaves no connection behind."""
    hub = Hub(pbx.settings())
    async with running(hub) as link:
        await is_connected(link)
    assert pbx.names()[-1] == "Logoff"
    assert link.state is LinkState.STOPPED
    assert ["the hub closed the connection"] == [str(reason).partition(": ")[2] for reason in hub.lost]


async def test_a_login_that_cannot_be_sent_does_not_end_the_link(pbx: FakePbx) -> None:
    """A username that would forge a line is a refused login: said, and tried again seldom."""
    hub = Hub(pbx.settings(username="hub\r\nAction: Command"))
    async with running(hub) as link:
        await eventually(lambda: link.state is LinkState.REFUSED, "the refusal")
        assert "this login can't be sent: AMI header Username holds" in link.reason
    assert ["Challenge"] == pbx.names()


@pytest.mark.parametrize("host", ["a..b", "x" * 70])
async def test_a_host_that_is_none_is_named(pbx: FakePbx, host: str) -> None:
    """A host that can never be one is said to be so; the link goes on trying."""
    hub = Hub(pbx.settings(host=host))
    async with running(hub) as link:
        await eventually(lambda: link.state is LinkState.WAITING, "a failed attempt")
        assert f"PBX main ({host}:{pbx.port})" in link.reason


async def test_a_filter_that_names_no_event_is_refused_at_once(pbx: FakePbx) -> None:
    """A wrong exclude list is an error when the link is made, not with each connection."""
    with pytest.raises(ValueError, match="not the name of an AMI event"):
        Hub(pbx.settings(), exclude=("Var.*",))


def test_an_ipv6_address_stands_in_brackets() -> None:
    """So that the port can be told from it."""
    settings = AmiSettings(name="six", host="::1", username="hub", secret="x")
    assert settings.where == "PBX six ([::1]:5038)"
