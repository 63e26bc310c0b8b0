"""`/api/v1/interactions`: what other systems tell of their contacts with customers, in the hub's own form."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec
import structlog
from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.body import json_text
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import OneOf, Route
from hub.domain.event import Event, interaction_event
from hub.domain.interaction import Channel, CustomerRef, Interaction, Note
from hub.domain.phone import parse_number
from hub.domain.ports import EventJournal, EventRefusedError, StoreError

log = structlog.get_logger(__name__)

MAX_BYTES: Final = 1024 * 1024
MAX_ENTRIES: Final = 500
RETRY_AFTER_S: Final = "5"
_RECORDED = uuid.UUID("b4f0a1de-6d0b-5a52-9a3c-7f0d3c1c2b95")
_E164: Final = re.compile(r"\+[1-9][0-9]{1,14}")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")

_Short = Annotated[str, msgspec.Meta(max_length=200)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class GivenCustomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom it was with, at least one of: numbers, with + or as dialled here; e-mail addresses; ids by system name."""

    phones: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=40)], ...], msgspec.Meta(max_length=20)] = ()
    emails: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=320, extra_json_schema={"format": "email"})], ...],
        msgspec.Meta(max_length=20),
    ] = ()
    ids: Annotated[
        dict[
            Annotated[str, msgspec.Meta(min_length=1, max_length=64)],
            Annotated[str, msgspec.Meta(min_length=1, max_length=500)],
        ],
        msgspec.Meta(max_length=20),
    ] = {}


class GivenNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: _Moment
    agent: _Short = ""
    text: Annotated[str, msgspec.Meta(max_length=8_000)] = ""
    disposition: _Short = ""
    new_case: _Short = ""


class GivenInteraction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contact with a customer. `id` is the sender's own: with the same one it is the same contact.

    `source` may be given and is not looked at: it is the name of the token that this comes with. `reference` is what it
    was about, a case's or an order's number; `status` how it went; `agent` who dealt with it; `url` the page that a
    visitor looked at.
    """

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    channel: Channel
    at: _Moment
    subject: Annotated[str, msgspec.Meta(max_length=500)]
    customer: GivenCustomer
    source: _Short = ""
    direction: Literal["", "inbound", "outbound"] = ""
    status: _Short = ""
    text: Annotated[str, msgspec.Meta(max_length=100_000)] = ""
    reference: _Short = ""
    agent: _Short = ""
    url: Annotated[str, msgspec.Meta(max_length=2_000, pattern=r"^(https?://.*)?$")] = ""
    duration_s: Annotated[float, msgspec.Meta(ge=0)] | None = None
    queue: _Short = ""
    notes: Annotated[tuple[GivenNote, ...], msgspec.Meta(max_length=50)] = ()
    extra: Annotated[
        dict[Annotated[str, msgspec.Meta(max_length=64)], Annotated[str, msgspec.Meta(max_length=2_000)]],
        msgspec.Meta(max_length=50),
    ] = {}


class InteractionReceipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one interaction: `recorded` durably now, `duplicate` of the very same before, or `refused`.

    `event` is the id of its event; `reason` says why it was refused, and which field does not fit.
    """

    outcome: Literal["recorded", "duplicate", "refused"]
    id: str = ""
    event: str = ""
    reason: str = ""


class InteractionsApi:
    """`on_event` hears of each that is new and durable; `problem` says why nothing can be stored at the moment.

    National numbers are those of `region`.
    """

    def __init__(
        self,
        *,
        journal: EventJournal,
        region: str,
        on_event: Callable[[Event], None],
        problem: Callable[[], str | None],
    ) -> None:
        self._journal = journal
        self._region = region
        self._on_event = on_event
        self._problem = problem
        self._decoder = msgspec.json.Decoder(GivenInteraction)
        self._splitter = msgspec.json.Decoder(list[msgspec.Raw])

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST",
                path="/api/v1/interactions",
                access=Access.RECORDER,
                handler=self._record,
                summary=(
                    f"Record a contact with a customer, or up to {MAX_ENTRIES} in a list. The same again changes"
                    " nothing; with the same id and other content it is what is known of that contact by now, unless"
                    " its `at` is older. A wrong entry of a list costs itself alone: each has its receipt, 422 where"
                    " all are wrong. Whoever is talking to that customer sees it at once."
                ),
                body=OneOf((GivenInteraction,)),
                reply=OneOf((InteractionReceipt,)),
                results=(201, 422),
                errors=(400, 403, 408, 413, 415, 503),
            ),
        )

    async def _record(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        body = await self._body(request)
        source = caller.token or ""
        if body.lstrip()[:1] != b"[":
            made = self._event(body, source)
            if isinstance(made, str):
                raise ApiError(400, "bad_request", f"This is no interaction: {made}")
            [receipt] = await self._store([made])
            if receipt.outcome == "refused":
                raise ApiError(400, "bad_request", receipt.reason)
            return json_reply(receipt, status=201 if receipt.outcome == "recorded" else 200)
        receipts = await self._store([self._event(entry, source) for entry in self._entries(body)])
        nothing_taken = bool(receipts) and all(receipt.outcome == "refused" for receipt in receipts)
        return json_reply(receipts, status=422 if nothing_taken else 200)

    async def _body(self, request: web.Request) -> bytes:
        try:
            return await json_text(request.clone(client_max_size=MAX_BYTES), "interactions")
        except web.HTTPRequestEntityTooLarge:
            message = f"Send at most {MAX_BYTES} bytes at a time."
            raise ApiError(413, "too_large", message) from None

    def _entries(self, body: bytes) -> Sequence[msgspec.Raw]:
        try:
            entries = self._splitter.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ApiError(400, "bad_request", "This is no JSON.") from None
        if len(entries) > MAX_ENTRIES:
            raise ApiError(413, "too_large", f"Send at most {MAX_ENTRIES} interactions at a time.")
        return entries

    def _event(self, entry: bytes | msgspec.Raw, source: str) -> Event | str:
        """Return the event of an entry, or in words what is wrong with it; a value is not quoted."""
        try:
            given = self._decoder.decode(entry)
        except msgspec.ValidationError as error:
            return f"{error}."
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return "it is no JSON."
        if not (given.customer.phones or given.customer.emails or given.customer.ids):
            return "it names no customer: give a phone, an e-mail address or an id - at `$.customer`."
        if not all(map(_is_in_utc, (given.at, *(note.at for note in given.notes)))):
            return "a moment is of no year from 1 to 9999 in UTC - at `$.at` or `$.notes`."
        customer = self._whom(given.customer)
        if isinstance(customer, str):
            return customer
        interaction = _interaction(given, source, customer)
        event = interaction_event(interaction, feed=source)
        return msgspec.structs.replace(event, id=_event_id(interaction))

    def _whom(self, given: GivenCustomer) -> CustomerRef | str:
        """Return whom an entry names, or in words what is wrong with it."""
        phones: list[str] = []
        for place, typed in enumerate(given.phones):
            number = typed if _E164.fullmatch(typed) else parse_number(typed, self._region).e164
            if number is None:
                wrong = f"this is no number of {self._region} and none with + and a country code"
                return f"{wrong} - at `$.customer.phones[{place}]`."
            phones.append(number)
        for place, address in enumerate(given.emails):
            if not _ADDRESS.fullmatch(address):
                return f"this is no e-mail address - at `$.customer.emails[{place}]`."
        return CustomerRef(phones=tuple(phones), emails=given.emails, ids=given.ids)

    async def _store(self, made: Sequence[Event | str]) -> list[InteractionReceipt]:
        """Return a receipt for each, in order, once all that can be is durable. Raises ApiError 503."""
        events = [one for one in made if not isinstance(one, str)]
        if (problem := self._problem()) is not None:
            raise _unavailable(problem)
        try:
            outcomes = iter(await self._journal.append_all(events) if events else ())
        except StoreError as error:
            raise _unavailable(str(error)) from None
        receipts: list[InteractionReceipt] = []
        for one in made:
            if isinstance(one, str):
                receipts.append(InteractionReceipt(outcome="refused", reason=one))
                continue
            outcome = next(outcomes)
            identity = one.data.id if isinstance(one.data, Interaction) else ""
            if isinstance(outcome, EventRefusedError):
                receipts.append(InteractionReceipt(outcome="refused", id=identity, reason=f"{outcome}."))
                continue
            if outcome.is_new:
                self._on_event(one)
            known: Literal["recorded", "duplicate"] = "recorded" if outcome.is_new else "duplicate"
            receipts.append(InteractionReceipt(outcome=known, id=identity, event=one.id))
        return receipts


def _is_in_utc(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _unavailable(reason: str) -> ApiError:
    log.error("interactions_not_taken", reason=reason)
    words = "Nothing can be stored now. Send it again soon."
    return ApiError(503, "store_unavailable", words, {"Retry-After": RETRY_AFTER_S})


def _interaction(given: GivenInteraction, source: str, customer: CustomerRef) -> Interaction:
    return Interaction(
        id=given.id,
        source=source,
        channel=given.channel,
        at=given.at,
        subject=given.subject,
        customer=customer,
        direction=given.direction,
        status=given.status,
        text=given.text,
        reference=given.reference,
        agent=given.agent,
        url=given.url,
        duration_s=given.duration_s,
        queue=given.queue,
        notes=tuple(
            Note(
                at=note.at,
                agent=note.agent,
                text=note.text,
                disposition=note.disposition,
                new_case=note.new_case,
            )
            for note in given.notes
        ),
        extra=given.extra,
    )


def _event_id(interaction: Interaction) -> str:
    """Return an id that the very same from the same source has again (UUIDv5, RFC 9562)."""
    content = hashlib.sha256(msgspec.json.encode(interaction, order="deterministic")).hexdigest()
    return str(uuid.uuid5(_RECORDED, f"{interaction.source}\0{content}"))
