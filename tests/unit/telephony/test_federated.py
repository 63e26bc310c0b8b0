"""The federation in the event loop: what is to be told later is told, and a listener's fault is its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from hub.config.pbx import PbxSection
from hub.domain.call import Call, CallEvent, CallEventKind, Cause, Connection, ConnectionState, Direction, Role
from hub.telephony import federated, federation
from hub.telephony.federated import FederatedCalls
from hub.telephony.joined import Sharing
from tests.waiting import eventually


def section(**more: Any) -> PbxSection:
    return PbxSection(host="127.0.0.1", username="hub", secret=SecretStr("x"), **more)


PBX = {
    "a": section(shared_call_variable="REF", shared_call_trunks=("PJSIP/to-b",)),
    "b": section(shared_call_variable="REF", shared_call_trunks=("PJSIP/to-a",)),
    "c": section(variables=("REF",)),
}


def call(pbx: str, device: str, *, role: Role = Role.CALLED, over: bool = False) -> Call:
    """Make a call in which one device talks, or talked."""
    now = datetime.now(UTC)
    connection = Connection(
        id="1", device=device, role=role, state=ConnectionState.CONNECTED, since=now, connected_at=now
    )
    if over:
        connection = msgspec.structs.replace(
            connection, state=ConnectionState.NULL, ended_at=now, cause=Cause.NORMAL_CLEARING
        )
    return Call(
        id=f"{pbx}-1",
        pbx=pbx,
        direction=Direction.INBOUND,
        started_at=now,
        connections=(connection,),
        variables={"REF": "x"},
    )


def step(kind: CallEventKind, of: Call) -> CallEvent:
    return CallEvent(kind=kind, time=datetime.now(UTC), call=of, connection=of.connections[0])


class Ear:
    """Listens; `deaf` makes it fail."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.deaf = False
        self.calls = FederatedCalls(
            PBX, on_event=self._hear, on_arrival=lambda _call: None, on_absorbed=lambda _id: None, known_before=()
        )

    def _hear(self, event: CallEvent) -> None:
        self.told.append(f"{event.kind} {event.call.id}")
        if self.deaf:
            raise RuntimeError("no room")


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    monkeypatch.setattr(federation, "SETTLE", timedelta(milliseconds=10))
    monkeypatch.setattr(federated, "SETTLE", timedelta(milliseconds=10))
    ear = Ear()
    yield ear
    ear.calls.stop()


async def test_who_left_on_one_pbx_is_told_though_all_is_quiet(ear: Ear) -> None:
    """The part on B ended, the call goes on on A, and neither says anything more."""
    ear.calls.happened(step(CallEventKind.QUEUED, call("a", "PJSIP/carrier", role=Role.CALLER)))
    ear.calls.happened(step(CallEventKind.ESTABLISHED, call("b", "PJSIP/1001")))
    ear.calls.happened(step(CallEventKind.CLEARED, call("b", "PJSIP/1001", over=True)))
    await eventually(lambda: len(ear.told) > 2, "the third step", within=2)
    assert ["queued a-1", "established a-1", "connection_cleared a-1"] == ear.told


async def test_a_leg_to_a_pbx_that_says_nothing_is_told_after_all(ear: Ear) -> None:
    """The other PBX is down: the leg towards it is all there is to know."""
    ear.calls.happened(step(CallEventKind.DELIVERED, call("a", "PJSIP/to-b")))
    assert [] == ear.told
    await eventually(lambda: ear.told, "the step that was held back", within=2)
    assert ["delivered a-1"] == ear.told


async def test_a_listener_that_fails_spoils_nothing(ear: Ear) -> None:
    """Each step is told all the same."""
    ear.deaf = True
    ear.calls.happened(step(CallEventKind.ESTABLISHED, call("c", "PJSIP/1001")))
    ear.calls.happened(step(CallEventKind.CLEARED, call("c", "PJSIP/1001", over=True)))
    assert ["established c-1", "cleared c-1"] == ear.told


def test_only_pbxs_that_name_a_variable_share_calls() -> None:
    """A trunk between PBXs does not lead outside, even where it is named among those that do."""
    both = section(
        shared_call_variable="REF", shared_call_trunks=("PJSIP/to-b",), trunks=("PJSIP/to-b", "PJSIP/carrier")
    )
    shared = federated.sharing({"a": both, "c": PBX["c"]})
    assert ["a"] == list(shared)
    assert (
        Sharing(variable="REF", between=frozenset({"PJSIP/to-b"}), outside=frozenset({"PJSIP/carrier"})) == shared["a"]
    )
