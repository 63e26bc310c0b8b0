"""A customer's timeline as the journal has it: contacts, matters and calls under several keys, page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from hub.domain.call import CallEvent
from hub.domain.call_activity import call_interaction
from hub.domain.event import NEW_CASE, Event
from hub.domain.interaction import Channel, Interaction, Note, PastState, RepeatRule, TimelinePage
from hub.domain.repeats import PROGRESS, Contact, repeats
from hub.journal import timeline_statements as statements
from hub.journal.queries import event_at
from hub.journal.timeline_derived import CODES, interaction_of
from hub.journal.writes import index_key, moment_of
from hub.store.connection import StoreConnection

MAX_LINES: Final = 500
MAX_KEYS: Final = 64
MAX_NOTES: Final = 1_000
"""Of all calls of a page together."""
MAX_CONTACTS: Final = 2_000
"""Of one key within the days that repeated contacts are looked for in."""
_FAR_FUTURE: Final = 2**62
_CHANNEL_OF: Final = {code: channel for channel, code in CODES.items()}
_CONTACTS: Final = tuple(sorted(code for channel, code in CODES.items() if channel not in PROGRESS))

_decode_place = msgspec.json.Decoder(tuple[int, int]).decode
_decode_state = msgspec.json.Decoder(tuple[int, int, str]).decode


class _Place(NamedTuple):
    """Where a line stands: the newest first, of those at one moment the one that came last first."""

    at: int
    line: int


_START: Final = _Place(_FAR_FUTURE, _FAR_FUTURE)


def timeline(
    connection: StoreConnection,
    keys: Sequence[str],
    *,
    channels: Collection[Channel],
    before: str,
    limit: int,
    rule: RepeatRule,
) -> TimelinePage:
    """Return a page. Raises ValueError where `before` is no page's `next`."""
    place = _place(before) if before else _START
    limit = max(0, min(limit, MAX_LINES))
    indexed = tuple(dict.fromkeys(index_key(key) for key in keys[:MAX_KEYS]))
    codes = tuple(sorted({CODES[channel] for channel in channels} or _CHANNEL_OF))
    since = round((datetime.now(UTC) - timedelta(days=rule.days)).timestamp() * 1_000_000)
    asked = [(key, *place, limit + 1, since, MAX_CONTACTS) for key in indexed]
    found: dict[_Place, _Told] = {}
    contacts: dict[int, Contact] = {}
    for at, line, position, body, channel, reference in connection.rows_of_each(
        statements.page_of_key(codes, _CONTACTS), asked
    ):
        if body is not None:
            found[_Place(at, line)] = _Told(position, body)
        else:
            contacts[line] = Contact(reference, moment_of(at), _CHANNEL_OF[channel])
    places = sorted(found, reverse=True)
    shown = places[:limit]
    return TimelinePage(
        interactions=tuple(_interactions(connection, [found[one] for one in shown])),
        repeats=repeats(contacts.values(), rule),
        next=_cursor(shown[-1]) if shown and len(places) > limit else "",
    )


class _Told(NamedTuple):
    """The event that tells a line as it is now."""

    position: int
    body: bytes


def _interactions(connection: StoreConnection, found: Sequence[_Told]) -> list[Interaction]:
    """Return the lines that these events tell, in this order."""
    told: list[Interaction] = []
    matters: list[Interaction] = []
    calls: list[str] = []
    for position, body in found:
        event = event_at(position, body)
        line = None if event is None else _line(event)
        if line is None:
            continue
        told.append(line)
        if line.channel in PROGRESS:
            matters.append(line)
        elif event is not None and isinstance(event.data, CallEvent):
            calls.append(line.id)
    said, histories = _more(connection, calls, matters)
    return [_whole(line, said, histories) for line in told]


def _line(event: Event) -> Interaction | None:
    if isinstance(event.data, CallEvent):
        return call_interaction(event.data.call)
    return interaction_of(event)


class _Said(NamedTuple):
    """What agents said of a call, and what it was about."""

    notes: tuple[Note, ...] = ()
    reference: str = ""


_Histories = Mapping[tuple[str, str], tuple[PastState, ...]]


def _whole(line: Interaction, said: Mapping[str, _Said], histories: _Histories) -> Interaction:
    if line.channel in PROGRESS:
        history = _before_now(line, histories.get((line.source, line.id), ()))
        return msgspec.structs.replace(line, history=history) if history else line
    of_call = said.get(line.id) if line.source.startswith("/pbx/") else None
    if of_call is None:
        return line
    return msgspec.structs.replace(line, notes=of_call.notes, reference=of_call.reference)


def _more(
    connection: StoreConnection, calls: Sequence[str], matters: Sequence[Interaction]
) -> tuple[Mapping[str, _Said], _Histories]:
    """Return what agents said of calls, in the order in which it was said, and how matters came to their states."""
    if not (calls or matters):
        return {}, {}
    # Matters are asked for by their source, and the calls with the first of these.
    ids: dict[str, list[str]] = {index_key(matter.source): [] for matter in matters} or {"": []}
    for matter in matters:
        ids[index_key(matter.source)].append(index_key(matter.id))
    asked = [(calls if not place else [], MAX_NOTES, source, ids[source]) for place, source in enumerate(ids)]
    notes: list[tuple[int, bytes, str]] = []
    states: dict[tuple[str, str], str] = {}
    for position, body, told, source, identity in connection.rows_of_each(statements.MORE_OF_A_PAGE, asked):
        if body is not None:
            notes.append((position, body, told))
        else:
            states[source, identity] = told
    histories = {}
    for matter in matters:
        kept = states.get((_as_stored(index_key(matter.source)), _as_stored(index_key(matter.id))))
        if kept is not None:
            histories[matter.source, matter.id] = _states(kept)
    return _said(sorted(notes)), histories


def _said(notes: Sequence[tuple[int, bytes, str]]) -> Mapping[str, _Said]:
    said: dict[str, _Said] = {}
    for position, body, reference in notes:
        event = event_at(position, body)
        if event is None or not isinstance(event.data, Interaction):
            continue
        of_call = said.get(event.data.reference, _Said())
        note = _note(event.data)
        said[event.data.reference] = _Said(
            (*of_call.notes, note) if note is not None else of_call.notes, reference or of_call.reference
        )
    return said


def _note(said: Interaction) -> Note | None:
    """Return a wrap-up as a note; None for one that says nothing beside what the call was about."""
    new_case = said.extra.get(NEW_CASE, "")
    if not (said.text or said.status or new_case):
        return None
    # A hub from before wrote the agent beside the wrap-up's id.
    agent = said.agent or said.extra.get("agent", "")
    return Note(at=said.at, agent=agent, text=said.text, disposition=said.status, new_case=new_case)


def _as_stored(text: str) -> str:
    """Return a text as the store that knows least characters has it."""
    return text.replace("\x00", "\ufffd")


def _states(kept: str) -> tuple[PastState, ...]:
    # What stands before the first line's end may be the rest of one that was too long ago.
    told = {_decode_state(entry) for entry in kept.split("\n")[1:]}
    states: list[PastState] = []
    for at, _, status in sorted(told):
        if status and (not states or states[-1].status != status):
            states.append(PastState(at=moment_of(at), status=status))
    return tuple(reversed(states))


def _before_now(line: Interaction, states: tuple[PastState, ...]) -> tuple[PastState, ...]:
    """Leave out the present state, unless it has been told again since: then it has held for longer."""
    if states and states[0].status == line.status and states[0].at == line.at:
        return states[1:]
    return states


def _cursor(place: _Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _place(cursor: str) -> _Place:
    try:
        at, line = _decode_place(base64.b64decode(f"{cursor}==", altchars=b"-_", validate=False))
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise ValueError("this is no place in a timeline: give what a page said as `next`") from None
    if not (-_FAR_FUTURE <= at <= _FAR_FUTURE and 0 <= line <= _FAR_FUTURE):
        raise ValueError("this is no place in a timeline: give what a page said as `next`")
    return _Place(at, line)
