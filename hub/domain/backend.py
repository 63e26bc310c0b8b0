"""A backend as those who run the hub see it: whether it answers, and in words why not."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from hub.domain.writeback import WriteKind


class BackendState(enum.StrEnum):
    """`unknown`: not asked yet. `down` and `throttled`: left alone for now. `trying`: one lookup is to find out."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"
    THROTTLED = "throttled"
    TRYING = "trying"


class BackendStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One configured backend. `last_error` is in words for the integrator and stays when the backend is back.

    `tried_again_in_s` counts while the backend is left alone. `running` and `waiting` are its lookups and writes.
    Since it was loaded: requests that were `repeated`, those that it refused as too many (`throttled`), and those
    that it was spared because it did not answer (`left_alone`). `left_out` are optional fields that it refused, and
    that are not asked for any more. `behind` is how many of the journal's events have not been dealt with yet for what
    is written to it; `waiting_since` is when the first of them happened that it can't be given at the moment.
    """

    name: str
    title: str
    kind: str
    state: BackendState
    last_error: str = ""
    last_error_at: datetime | None = None
    tried_again_in_s: float | None = None
    writes: tuple[WriteKind, ...] = ()
    running: int = 0
    waiting: int = 0
    repeated: int = 0
    throttled: int = 0
    left_alone: int = 0
    left_out: tuple[str, ...] = ()
    behind: int = 0
    waiting_since: datetime | None = None


class ReloadNotPossibleError(Exception):
    """This hub was not started from a file; the message says so."""


class ReloadProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a changed file. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str


class ReloadResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reload did: connectors by name. With `problems` nothing was changed at all.

    `feeds` are the inbound feeds whose mapping has changed, `rules` the parts of `context` that customers are put
    together and proposals made by: `anticipation`, with its files, `identity`, `merge`. `needs_restart` are the
    configuration's other sections that have changed; they count after a restart.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    problems: tuple[ReloadProblem, ...] = ()
