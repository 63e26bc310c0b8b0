"""Events that the PBX is asked to leave out."""

import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hub.telephony.ami.event import AmiEvent
from hub.telephony.ami.filters import exclude_events, other_beginnings
from hub.telephony.ami.manager import AsyncManager
from tests.unit.telephony.ami.peer import FakePbx, error, success


def ignore(_events: list[AmiEvent]) -> None:
    """Take events and do nothing."""


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    """Listen as a PBX."""
    async with FakePbx() as listening:
        yield listening


@pytest.fixture
async def manager(pbx: FakePbx) -> AsyncIterator[AsyncManager]:
    """Connect and log in."""
    made = AsyncManager(pbx.settings(), on_events=ignore)
    await made.connect()
    await made.login()
    yield made
    await made.close()


def filters_of(pbx: FakePbx) -> list[dict[str, str]]:
    """Return what matters of the Filter actions so far."""
    return [
        {name: value for name, value in action.items() if name in ("MatchCriteria", "Filter")}
        for action in pbx.actions
        if action["Action"] == "Filter"
    ]


async def test_an_older_pbx_takes_patterns(pbx: FakePbx, manager: AsyncManager) -> None:
    """One that overlooks MatchCriteria is given patterns that match the whole name."""
    assert [] == await exclude_events(manager, ["VarSet", "Newexten"], pbx="main")
    assert ["!Event: VarSet[[:space:]]", "!Event: Newexten[[:space:]]"] == [f["Filter"] for f in filters_of(pbx)]


async def test_a_newer_pbx_takes_names(pbx: FakePbx, manager: AsyncManager) -> None:
    """One that knows MatchCriteria refuses it beside a pattern, and is given names alone from then on."""
    pbx.answers["Filter"] = lambda action: (
        error(action, "Filter was formatted incorrectly.") if "Filter" in action else success(action)
    )
    assert [] == await exclude_events(manager, ["VarSet", "Newexten"], pbx="main")
    assert [
        {"MatchCriteria": "action(exclude),name(VarSet)", "Filter": "!Event: VarSet[[:space:]]"},
        {"MatchCriteria": "action(exclude),name(VarSet)"},
        {"MatchCriteria": "action(exclude),name(Newexten)"},
    ] == filters_of(pbx)


NAMES = ["IVR_CHOICE", "IVR_LANG", "A", "_hidden", "MIXMONITOR_FILENAME"]


@pytest.mark.parametrize("name", [*NAMES, *(f"__{name}" for name in NAMES), "hidden"])
def test_no_variable_that_is_kept_begins_as_another(name: str) -> None:
    """What the configuration names comes through, to be inherited or not."""
    assert re.match(other_beginnings(NAMES), name) is None


@pytest.mark.parametrize("name", ["DIALSTATUS", "SIPCALLID", "IVR-CHOICE", "MIXTURE", "BRIDGEPEER", "a"])
def test_other_variables_are_left_out(name: str) -> None:
    """What begins as none of them is kept back."""
    assert re.match(other_beginnings(NAMES), name)


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,79}", fullmatch=True), min_size=1, max_size=60))
def test_a_filter_fits_into_a_line_and_keeps_every_name(names: list[str]) -> None:
    """However many names there are, the action is one that Asterisk reads whole."""
    expression = other_beginnings(names)
    assert len(expression) < 900
    assert [] == [name for name in names if re.match(expression, name)]


async def test_variables_are_left_out_by_the_beginning_of_their_names(pbx: FakePbx, manager: AsyncManager) -> None:
    """An older PBX is given one pattern for event and variable, a newer one the header and an expression."""
    await exclude_events(manager, [], pbx="main", kept_variables=["AB"])
    pbx.answers["Filter"] = lambda action: (
        error(action, "No.") if action.get("Filter", "").startswith("!") else success(action)
    )
    await exclude_events(manager, [], pbx="main", kept_variables=["AB"])
    pattern = "!Event: VarSet[[:space:]].*[[:space:]]Variable: ([^A_]|A([^B]))"
    by_header = "action(exclude),name(VarSet),header(Variable),method(regex)"
    refused = {"MatchCriteria": "action(exclude),name(VarSet)", "Filter": pattern}
    assert [refused, refused, {"MatchCriteria": by_header, "Filter": "^([^A_]|A([^B]))"}] == filters_of(pbx)


async def test_a_pbx_that_denies_filters_is_one_warning(pbx: FakePbx, manager: AsyncManager) -> None:
    """Without the permission all else goes on; one warning says which right is missing."""
    pbx.answers["Filter"] = lambda action: error(action, "Permission denied")
    with capture_logs() as logs:
        assert ["VarSet", "Newexten"] == await exclude_events(manager, ["VarSet", "Newexten"], pbx="main")
    [warning] = [entry for entry in logs if entry["event"] == "ami_event_filter_refused"]
    assert "Permission denied" in warning["reason"]
    assert "write = system" in warning["advice"]
    assert warning["log_level"] == "warning"
    assert (await manager.ping()).response == "Success"


@pytest.mark.parametrize("name", ["", "Var Set", ".*", "A),name(B", "A\r\nB"])
async def test_a_name_that_would_mean_something_in_a_filter_is_refused(
    pbx: FakePbx, manager: AsyncManager, name: str
) -> None:
    """Only names are names; nothing is sent for a list with another in it."""
    with pytest.raises(ValueError, match="not the name of an AMI event"):
        await exclude_events(manager, ["VarSet", name], pbx="main")
    assert [] == filters_of(pbx)
