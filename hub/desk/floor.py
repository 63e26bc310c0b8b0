"""The floor as each page sees it: queues and colleagues, told at most once a second however much happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from hub.desk.floor_views import as_colleague, own_queues, queue_view, team_member
from hub.desk.frames import AgentProfile, QueuesFrame, QueueView, TeamFrame, TeamMember
from hub.desk.sockets import DeskSocket
from hub.domain.agent import AgentStatus, QueueStatus
from hub.domain.ports import AgentDirectory

_SENDS_AT_ONCE = 25


class Floor:
    """Follows the directory for all pages. All methods run in the event loop and return at once.

    `talks_in` returns the id of the call that an agent talks in, or nothing; `pages` all open pages.
    """

    def __init__(
        self,
        *,
        profiles: Mapping[str, AgentProfile],
        directory: AgentDirectory,
        talks_in: Callable[[str], str],
        pages: Callable[[], Iterable[DeskSocket]],
        interval_s: float = 1.0,
    ) -> None:
        self._profiles = profiles
        self._directory = directory
        self._talks_in = talks_in
        self._pages = pages
        self._interval_s = interval_s
        self._changed: set[str] = set()
        self._queues_changed = False
        self._told_queues: dict[DeskSocket, tuple[QueueView, ...]] = {}
        self._told_members: dict[str, TeamMember] = {}
        self._telling: asyncio.Task[None] | None = None
        self._encoder = msgspec.json.Encoder()

    def status(self, agent: str) -> AgentStatus | None:
        return self._directory.agent(agent)

    def queues(self, agent: str) -> tuple[QueueView, ...]:
        """Return the agent's queues, a supervisor's are all."""
        own = own_queues(self._profiles[agent], self._directory.agent(agent), self._directory.queues())
        return tuple(queue_view(one) for one in own)

    def told_queues(self, page: DeskSocket, queues: tuple[QueueView, ...]) -> None:
        """Take it that a page has these queues: it is told when they are different."""
        self._told_queues[page] = queues

    def team(self, agent: str) -> tuple[TeamMember, ...]:
        """Return everybody, as this agent may see them."""
        members = [self._member(status) for status in self._directory.agents()]
        is_supervisor = self._profiles[agent].role == "supervisor"
        return tuple(member if is_supervisor else as_colleague(member) for member in members)

    def agent_changed(self, agent: str) -> None:
        """Take it that an agent's state or memberships changed."""
        self._queues_changed = True
        self.talk_changed(agent)

    def talk_changed(self, agent: str) -> None:
        """Take it that an agent began or ended to talk."""
        self._changed.add(agent)
        self._tell_soon()

    def queues_changed(self) -> None:
        self._queues_changed = True
        self._tell_soon()

    async def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])

    def _tell_soon(self) -> None:
        if self._telling is None or self._telling.done():
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        """Tell what changed; then again after the interval, until nothing changes within one."""
        while self._changed or self._queues_changed:
            changed, self._changed = self._changed, set()
            queues, self._queues_changed = self._directory.queues() if self._queues_changed else None, False
            team = self._team_frames(changed)
            pages = tuple(self._pages())
            self._told_queues = {page: self._told_queues[page] for page in pages if page in self._told_queues}
            for number, page in enumerate(pages, start=1):
                if number % _SENDS_AT_ONCE == 0:
                    await asyncio.sleep(0)  # no pop has to wait for this
                frame = team[self._profiles[page.agent].role]
                if frame is not None:
                    page.send(frame)
                if queues is not None:
                    self._tell_queues(page, queues)
            await asyncio.sleep(self._interval_s)

    def _tell_queues(self, page: DeskSocket, queues: Sequence[QueueStatus]) -> None:
        own = own_queues(self._profiles[page.agent], self._directory.agent(page.agent), queues)
        views = tuple(queue_view(one) for one in own)
        if self._told_queues.get(page) != views:
            self._told_queues[page] = views
            page.send(self._encoder.encode(QueuesFrame(queues=views)))

    def _team_frames(self, changed: Iterable[str]) -> Mapping[str, bytes | None]:
        """Return the frame for each role, None where there is no news for it."""
        statuses = [status for agent in sorted(changed) if (status := self._directory.agent(agent)) is not None]
        members = [self._member(status) for status in statuses]
        news = [member for member in members if self._told_members.get(member.agent) != member]
        for_agents = [
            as_colleague(member)
            for member in news
            if (told := self._told_members.get(member.agent)) is None or as_colleague(told) != as_colleague(member)
        ]
        self._told_members.update((member.agent, member) for member in news)
        return {"supervisor": self._team_frame(news), "agent": self._team_frame(for_agents)}

    def _team_frame(self, members: Iterable[TeamMember]) -> bytes | None:
        frame = TeamFrame(members=tuple(members))
        return self._encoder.encode(frame) if frame.members else None

    def _member(self, status: AgentStatus) -> TeamMember:
        profile = self._profiles.get(status.agent)
        number = profile.devices[0].partition("/")[2] if profile and profile.devices else ""
        return team_member(status, number=number, call_id=self._talks_in(status.agent))
