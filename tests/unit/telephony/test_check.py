"""What `ctihub check` learns of a PBX."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.config.pbx import ControlSection
from hub.telephony.ami.errors import AmiError
from hub.telephony.check import check
from hub.telephony.control.dialplan import ACTIONS
from tests.unit.telephony.ami.peer import SECRET, FakePbx, error, success, unknown
from tests.unit.telephony.test_link import Exchange, listed


@pytest.fixture
async def pbx() -> AsyncIterator[Exchange]:
    """Run a PBX with two queues and one endpoint."""
    async with Exchange() as running:
        running.answers |= {
            "CoreSettings": lambda action: success(action, "AsteriskVersion: 22.5.2~dfsg"),
            "QueueStatus": lambda action: listed(
                action, ("QueueParams", "Queue: a"), ("QueueMember", "Queue: a"), ("QueueParams", "Queue: b")
            ),
            "PJSIPShowEndpoints": lambda action: listed(action, ("EndpointList", "ObjectName: 1001")),
        }
        yield running


async def test_a_good_pbx_is_described(pbx: FakePbx) -> None:
    """Version, queues and endpoints are counted."""
    assert "Asterisk 22.5.2~dfsg, 2 queues, 1 endpoint" == await check(pbx.settings())
    assert "Logoff" in pbx.names()


async def test_a_queue_that_is_not_listed_is_a_warning(pbx: FakePbx) -> None:
    """Nobody would ever be called back by it; one of a database is listed only once it is in use, so it is no error."""
    assert "Asterisk 22.5.2~dfsg, 2 queues, 1 endpoint" == await check(pbx.settings(), queues=["a", "b"])
    said = await check(pbx.settings(), queues=["a", "sales"])
    assert said.endswith("1 endpoint; no queue is listed as 'sales'; known here: a, b")


async def test_what_commands_lack_is_a_warning(pbx: FakePbx) -> None:
    """Actions without right or module, and contexts that the dialplan has not, are named; with all of it nothing is."""
    control = ControlSection(hub_context="ctihub", context="from-phones")
    pbx.answers["ListCommands"] = lambda action: success(action, *(f"{name}: does it" for name in ACTIONS))
    pbx.answers["ShowDialPlan"] = lambda action: listed(action, ("ListDialplan", "Extension: x", "Priority: 1"))
    assert "Asterisk 22.5.2~dfsg, 2 queues, 1 endpoint" == await check(pbx.settings(), control=control)
    pbx.answers["ShowDialPlan"] = lambda action: error(action, f"Did not find context {action['Context']}")
    said = await check(pbx.settings(), control=control)
    assert "no context 'ctihub': hold" in said
    assert "no context 'from-phones': no number" in said
    pbx.answers["ListCommands"] = lambda action: success(action, *(f"{name}: does it" for name in ACTIONS[2:]))
    assert "commands can't use BlindTransfer, Getvar: " in await check(pbx.settings(), control=control)
    pbx.answers["ListCommands"] = lambda action: error(action, "Permission denied")
    assert "not told (Permission denied)" in await check(pbx.settings(), control=control)


async def test_what_is_refused_is_a_warning(pbx: FakePbx) -> None:
    """A PBX whose phones can't be listed can be worked with, and so can one that doesn't let this user list them."""
    pbx.answers["PJSIPShowEndpoints"] = unknown
    said = await check(pbx.settings())
    assert said.startswith("Asterisk 22.5.2~dfsg, 2 queues; PJSIPShowEndpoints is refused (Invalid/unknown command")
    assert "SIPpeers is refused" in said
    pbx.answers["PJSIPShowEndpoints"] = lambda action: error(action, "Permission denied")
    assert "PJSIPShowEndpoints is refused (Permission denied)" in await check(pbx.settings())


async def test_a_pbx_with_chan_sip_lists_peers(pbx: FakePbx) -> None:
    """That it lacks PJSIP, or commands what only PJSIP has, is nothing to be warned of; a peer not listed is."""
    pbx.answers |= {
        "PJSIPShowEndpoints": unknown,
        "SIPpeers": lambda action: listed(action, ("PeerEntry", "ObjectName: 1001"), ("PeerEntry", "ObjectName: 1002")),
        "ListCommands": lambda action: success(
            action, *(f"{name}: does it" for name in (*ACTIONS, "SIPpeers", "SIPnotify"))
        ),
        "ShowDialPlan": lambda action: listed(action, ("ListDialplan", "Extension: x", "Priority: 1")),
    }
    control = ControlSection(hub_context="ctihub", context="from-phones")
    assert "Asterisk 22.5.2~dfsg, 2 queues, 2 peers" == await check(pbx.settings(), ["SIP/1001"], control)
    assert "; no peer is listed as '1003', which agents or trunks name as SIP/1003" in await check(
        pbx.settings(), ["SIP/1003", "DAHDI/1"], control
    )
    pbx.answers["ListCommands"] = lambda action: success(
        action, *(f"{name}: does it" for name in (*ACTIONS, "SIPpeers"))
    )
    assert "commands can't use SIPnotify: " in await check(pbx.settings(), control=control)


async def test_no_endpoints_are_none(pbx: FakePbx) -> None:
    """Asterisk answers an empty list of endpoints with an error."""
    pbx.answers["PJSIPShowEndpoints"] = lambda action: error(action, "No endpoints found")
    assert "Asterisk 22.5.2~dfsg, 2 queues, 0 endpoints" == await check(pbx.settings())


async def test_a_user_without_rights_is_told_which(pbx: FakePbx) -> None:
    """Without the list of channels the hub can't work, and the advice names the class."""
    pbx.answers["CoreShowChannels"] = lambda action: error(action, "Permission denied")
    with pytest.raises(AmiError, match="write = system or reporting"):
        await check(pbx.settings())


async def test_a_wrong_secret_is_refused_in_words(pbx: FakePbx) -> None:
    """The message says what to look at, and holds no secret."""
    with pytest.raises(AmiError, match=r"manager\.conf") as caught:
        await check(pbx.settings(secret="wrong"))
    assert SECRET not in str(caught.value)


async def test_nobody_listening_is_said(pbx: FakePbx) -> None:
    """An address where nothing listens is an error that names it."""
    settings = pbx.settings()
    await pbx.stop()
    with pytest.raises(AmiError, match=str(settings.port)):
        await check(settings)
    await pbx.restart()


async def test_a_device_that_the_pbx_does_not_have(pbx: FakePbx) -> None:
    """A typing error in an agent's device would mean that no call of hers is ever seen; other technologies pass."""
    assert await check(pbx.settings(), ["PJSIP/1001", "SIP/2000"])
    with pytest.raises(
        AmiError, match="has no endpoint '1010', which agents or trunks name as PJSIP/1010; did you mean '1001'"
    ):
        await check(pbx.settings(), ["PJSIP/1001", "PJSIP/1010"])
    pbx.answers["PJSIPShowEndpoints"] = lambda action: error(action, "Invalid/unknown command")
    assert await check(pbx.settings(), ["PJSIP/1010"])
