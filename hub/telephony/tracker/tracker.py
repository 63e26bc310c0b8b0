"""From AMI events to calls: each event read for what it says about channels, queues and transfers.

Pure: no I/O and no clock. The same object serves a live connection and a recording.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Protocol

import msgspec

from hub.domain.call import Call
from hub.telephony.tracker.agent_pool import AgentPool
from hub.telephony.tracker.book import ArrivalListener, CallBook, EventListener
from hub.telephony.tracker.channels import ChannelState
from hub.telephony.tracker.conferences import Conferences
from hub.telephony.tracker.dialling import Dialling
from hub.telephony.tracker.digits import Digits
from hub.telephony.tracker.graph import ChannelGraph
from hub.telephony.tracker.hub_events import HubEvents
from hub.telephony.tracker.lives import Lives
from hub.telephony.tracker.meetings import Meetings
from hub.telephony.tracker.observers import Observers
from hub.telephony.tracker.parking import Parking
from hub.telephony.tracker.queues import Queues
from hub.telephony.tracker.recordings import Recordings
from hub.telephony.tracker.sight import Sight
from hub.telephony.tracker.site import Site
from hub.telephony.tracker.snapshot import PbxSnapshot, SnapshotReader
from hub.telephony.tracker.states import States
from hub.telephony.tracker.transfers import Transfers
from hub.telephony.tracker.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.channels import Channel

_READERS = (
    AgentPool,
    Conferences,
    Dialling,
    Digits,
    HubEvents,
    Lives,
    Meetings,
    Observers,
    Parking,
    Queues,
    Recordings,
    Transfers,
    Variables,
)
WANTED_EVENTS = tuple(sorted(name for reader in _READERS for name in reader.EVENTS))
"""Every event that is read, some of them only where the configuration asks for it."""


class _Reader(Protocol):
    """Reads some kinds of events: each name, and the method that reads it."""

    EVENTS: ClassVar[dict[str, str]]


class FollowedChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel as it is called now. `connection` is the id of its device's connection, empty for plumbing."""

    name: str
    uid: str
    connection: str = ""
    bridge_id: str = ""
    is_up: bool = False


class CallTracker:
    """The calls of one PBX.

    `agents_by_device` maps device names to agent ids; `trunks` are the devices towards the outside; `variables` the
    channel variables that are kept with a call. With `dtmf` each digit pressed is told.
    `on_event` gets each step of a call, in order, from within `feed`, `resync` or `settle`.
    `on_arrival` gets a call that came in from outside as soon as its caller's number is known, before any device
    rings, and again where the dialplan changes that number before then.

    Nothing an event holds or lacks makes `feed` raise. Times given that go back are taken as standing still.
    """

    def __init__(
        self,
        *,
        pbx: str,
        region: str,
        agents_by_device: Mapping[str, str],
        trunks: Iterable[str] = (),
        variables: Iterable[str] = (),
        dtmf: bool = False,
        on_event: EventListener,
        on_arrival: ArrivalListener | None = None,
    ) -> None:
        site = Site(pbx, region, dict(agents_by_device), frozenset(trunks), frozenset(variables))
        self._book = CallBook(site, on_event, on_arrival)
        states = States(self._book)
        self._graph = ChannelGraph(self._book, states)
        sight = Sight(self._graph)
        recordings = Recordings(sight, self._book)
        transfers = Transfers(sight, self._graph, self._book)
        parking = Parking(sight, self._book)
        conferences = Conferences(sight, self._graph, states, self._book)
        pool = AgentPool(sight, self._book)
        self._variables = Variables(sight, self._book, recordings)
        readers: list[_Reader] = [
            Lives(sight, self._graph, self._book, transfers),
            Dialling(sight, self._graph, states, transfers),
            Meetings(sight, self._graph, states, self._book, pool),
            Queues(sight, states),
            transfers,
            parking,
            conferences,
            recordings,
            self._variables,
            Observers(sight, self._book),
            pool,
            HubEvents(sight, states, transfers),
            *([Digits(sight, self._book)] if dtmf else []),
        ]
        self._handlers: dict[str, Callable[[AmiEvent, datetime], None]] = {
            name: getattr(reader, method) for reader in readers for name, method in reader.EVENTS.items()
        }
        self._has_variables = bool(site.variables)
        self._snapshots = SnapshotReader(
            graph=self._graph,
            book=self._book,
            states=states,
            parking=parking,
            conferences=conferences,
            pool=pool,
            variables=self._variables,
        )
        self._now = datetime.min.replace(tzinfo=UTC)

    @property
    def wanted_events(self) -> tuple[str, ...]:
        """The names of the events that `feed` does anything with."""
        return tuple(self._handlers)

    def feed(self, event: AmiEvent, now: datetime) -> None:
        """Take one AMI event; names that no handler is for are passed over."""
        handler = self._handlers.get(event.name)
        if handler is None:
            return
        # Written out, as everything that a PBX says passes here.
        if now > self._now:
            self._now = now
        else:
            now = self._now
        if self._book.departures or self._book.doubts:
            self._book.settle(now)
        handler(event, now)
        if self._has_variables and "ChanVariable" in event.text:
            self._variables.carried(event, now)

    def settle(self, now: datetime) -> None:
        """Tell of parties that left a call which then went on; to be called now and then while all is quiet."""
        self._advance(now)

    def resync(self, snapshot: PbxSnapshot, now: datetime) -> None:
        """Bring the calls in line with what the PBX says is there.

        What is not in the snapshot ended unseen: with cause `unknown`. Events that came while the snapshot
        was taken are to be fed afterwards; those that it already tells of change nothing.
        """
        self._snapshots.apply(snapshot, self._advance(now))

    def live_calls(self) -> Sequence[Call]:
        """Return the calls that are not over, the oldest first."""
        return self._book.live()

    def call(self, call_id: str) -> Call | None:
        """Return one call that is not over."""
        call = self._book.get(call_id)
        return call.picture() if call is not None and call.is_shown else None

    def channels_of(self, call_id: str) -> Sequence[FollowedChannel]:
        """Return the channels of a live call, each with the connection it is the end of; none for an unknown call."""
        call = self._book.get(call_id)
        if call is None:
            return ()
        return tuple(_followed(channel) for channel in (*call.channels.values(), *call.observers.values()))

    @property
    def is_settled(self) -> bool:
        """Whether `settle` would have nothing to tell, now or later."""
        return self._book.due is None

    @property
    def due(self) -> datetime | None:
        """When `settle` has something to tell next, at the latest."""
        return self._book.due

    @property
    def channel_count(self) -> int:
        """How many channels are followed."""
        return len(self._graph)

    def _advance(self, now: datetime) -> datetime:
        self._now = max(self._now, now)
        self._book.settle(self._now)
        return self._now


def _followed(channel: Channel) -> FollowedChannel:
    return FollowedChannel(
        name=channel.name,
        uid=channel.uid,
        connection=channel.party.id if channel.party else "",
        bridge_id=channel.bridge.id if channel.bridge else "",
        is_up=channel.state is ChannelState.UP,
    )
