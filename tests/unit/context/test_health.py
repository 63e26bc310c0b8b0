"""A backend that goes and comes back is told once each."""

from __future__ import annotations

from hub.context.health import ConnectorHealth
from hub.domain.event import ConnectorStatus


def test_told_once_each_whoever_says_it() -> None:
    """One that took another's place may say again that the backend is down, or that it is up: told is a change only."""
    told: list[tuple[ConnectorStatus, bool]] = []
    health = ConnectorHealth(lambda status, up: told.append((status, up)))
    health.changed("crm", True, "")
    health.changed("crm", False, "no connection")
    health.changed("crm", False, "still no connection")
    health.changed("crm", True, "")
    health.changed("crm", True, "")
    assert [
        (ConnectorStatus(connector="crm", reason="no connection"), False),
        (ConnectorStatus(connector="crm"), True),
    ] == (told)


def test_one_that_is_gone_from_the_configuration_is_told_no_more() -> None:
    """A connector of the same name that comes later is a new one."""
    told: list[tuple[ConnectorStatus, bool]] = []
    health = ConnectorHealth(lambda status, up: told.append((status, up)))
    health.changed("crm", False, "no connection")
    health.forget("crm")
    health.changed("crm", True, "")
    assert [False] == [up for _, up in told]
