"""Agents and queues, from what the PBXs say: who is logged on, ready or not and why, and who waits."""

from hub.telephony.agents.queue_book import WANTED_EVENTS, QueueBook
from hub.telephony.agents.roster import Roster
from hub.telephony.agents.service import AgentService
from hub.telephony.agents.snapshot import QueueSnapshot

__all__ = ["WANTED_EVENTS", "AgentService", "QueueBook", "QueueSnapshot", "Roster"]
