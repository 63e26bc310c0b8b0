"""Erases one customer, and says what was done, what is left, and what others still have."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

from hub.cli.customer_words import access_now, named, user
from hub.cli.outcome import FINE, FOUND_WRONG
from hub.config.model import Config
from hub.domain.ports import AccessAction
from hub.journal.erasure import CustomerBeside
from hub.journal.erasure_row import ErasureState
from hub.journal.erasure_scope import Scope

HUB_HEARS_S: Final = 60.0
"""A hub that runs looks every second; one that is that much behind is not waited for."""
_LOOK_EVERY_S: Final = 0.1
_BEGUN: Final = frozenset({ErasureState.BEGUN})
_DONE: Final = frozenset({ErasureState.DONE})


def dry_run(store: CustomerBeside, scope: Scope, config: Config) -> int:
    events, letters = store.counts(scope)
    _whose(scope)
    what = f"{_count(events, 'event')} and {_count(letters, 'dead letter')}"
    print(f"would empty {what}, of {_count(len(scope.calls), 'call')}")
    _others(scope, config)
    return FINE if events or letters else FOUND_WRONG


def carry_out(store: CustomerBeside, scope: Scope, config: Config, *, erasure_id: str | None) -> int:
    """Erase, or go on with what was begun; exit status 1 where there was nothing, or something could not be done."""
    if erasure_id is None:
        events, letters = store.counts(scope)
        if not events and not letters and not store.has_rows(scope):
            print(f"nothing is held of {named(scope.asked)}")
            _others(scope, config)
            return FOUND_WRONG
        _whose(scope)
        erasure_id = store.begin(scope, by=user())
        store.saw(access_now(AccessAction.ERASE, (f"erased:{erasure_id}",)))
    else:
        _whose(scope)
        print(f"goes on with erasure {erasure_id}")
    # What a running hub has in memory must not come back into the store behind this.
    _wait_while(store, erasure_id, _BEGUN)
    done = store.erase(erasure_id, scope, on_page=_progress)
    print(f"{_count(done.events, 'event')} emptied, {_count(done.dead_letters, 'dead letter')} dropped")
    if done.open_calls:
        print(f"{_count(done.open_calls, 'call')} of theirs still going on: erase once more when it is over")
    for trace in done.left:
        print(f"left: {trace}")
    _others(scope, config)
    if _wait_while(store, erasure_id, _DONE):
        print("cti.customer.erased is published")
    elif store.hub_runs():
        print("the hub on this store has not come to it yet: it publishes cti.customer.erased when it does")
    else:
        print("no hub runs on this store: the next one that starts publishes cti.customer.erased")
    return FOUND_WRONG if done.open_calls else FINE


def _wait_while(
    store: CustomerBeside,
    erasure_id: str,
    states: frozenset[ErasureState],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Wait for the hub that runs to take the erasure further; False if there is none, or it did not in its time."""
    until = clock() + HUB_HEARS_S
    while store.state(erasure_id) in states:
        if clock() > until or not store.hub_runs():
            return store.state(erasure_id) not in states
        time.sleep(_LOOK_EVERY_S)
    return True


def _whose(scope: Scope) -> None:
    records = ", ".join(f"{ref.system}:{ref.id}" for ref in sorted(scope.records))
    print(f"customer: {records or named(scope.asked)}")
    for key in sorted(scope.shared):
        print(f"{key} is others', too: what is known by it alone stays")


def _others(scope: Scope, config: Config) -> None:
    systems = sorted({ref.system for ref in scope.records} & set(config.connectors))
    if systems:
        print(f"still known to: {', '.join(systems)}. ctihub erases nothing there; their next answer brings it back")
    others = sorted(set(config.connectors).difference(systems))
    if others:
        print(f"not known whether also to: {', '.join(others)}. Look there")
    folders = sorted(str(feed.folder.path) for feed in config.inbound.values() if feed.folder is not None)
    for folder in folders:
        print(f"left: files that were taken in lie where they were put away, below {folder}")
    for feed in config.inbound.values():
        if feed.imap is not None:
            print(f"left: mails in the mailbox of {feed.imap.username} at {feed.imap.host}")
    if config.bus is not None:
        print(
            "left: events that the broker has, and copies of dead letters in ctihub.dead, are with whoever reads there"
        )


def _progress(emptied: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{emptied} events", end="", file=sys.stderr, flush=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
