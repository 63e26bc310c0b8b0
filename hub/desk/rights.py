"""Who may give which command for whom. What is not said here may not be done."""

from __future__ import annotations

from collections.abc import Mapping

from hub.config.model import TokenRight
from hub.config.tokens import why_token_may_not
from hub.desk.access import Caller
from hub.desk.frames import AgentProfile
from hub.domain.control import Command, Monitor


def why_not(caller: Caller, command: Command, agents: Mapping[str, AgentProfile]) -> str | None:
    """Return in words why this caller may not give this command; None where they may. `command.agent` is set.

    An agent commands for themselves. A supervisor commands for anybody, and listens in on others; nobody else is let
    listen in, by whomever. A machine commands for anybody where its token may control, and lets supervisors listen in
    where it may supervise. Whether the agent has a part in the call is seen where the command is carried out.
    """
    if caller.session is not None:
        reason = _why_no_agent_may(caller.session.agent, command, agents)
    else:
        reason = _why_no_machine_may(caller.may, command)
    return reason or _why_nobody_may(command, agents)


def _why_nobody_may(command: Command, agents: Mapping[str, AgentProfile]) -> str | None:
    if isinstance(command, Monitor) and command.agent in agents and agents[command.agent].role != "supervisor":
        return f"{command.agent} is no supervisor, and only supervisors may listen in."
    return None


def _why_no_machine_may(may: frozenset[TokenRight], command: Command) -> str | None:
    if "control" not in may:
        return why_token_may_not("control")
    if isinstance(command, Monitor) and "supervise" not in may:
        return why_token_may_not("supervise")
    return None


def _why_no_agent_may(own: str, command: Command, agents: Mapping[str, AgentProfile]) -> str | None:
    if own in agents and agents[own].role == "supervisor":
        return None
    if isinstance(command, Monitor):
        return "Only supervisors may listen in."
    return None if command.agent == own else "An agent may command only for themselves; supervisors for others."
