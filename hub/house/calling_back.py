"""The callbacks' side of the house: whom the sites' visitors want called, on the telephone that there is."""

from __future__ import annotations

from collections.abc import Callable

from hub.callbacks.service import CallbackService
from hub.config.model import Config
from hub.domain.callback import Callback
from hub.domain.event import Event
from hub.house.exchanges import Exchanges
from hub.journal.journal import Journal


def callbacks_of(
    config: Config,
    *,
    exchanges: Exchanges,
    journal: Journal,
    on_recorded: Callable[[Event], None],
    on_changed: Callable[[Callback], None],
) -> CallbackService:
    """Return what calls them, not started yet."""
    sites = {name: web.callback for name, feed in config.inbound.items() if (web := feed.web) and web.callback}
    return CallbackService(
        sites,
        region=config.hub.region,
        journal=journal,
        store=journal,
        control=exchanges.control,
        directory=exchanges,
        live=exchanges,
        status=exchanges,
        on_recorded=on_recorded,
        on_changed=on_changed,
    )
