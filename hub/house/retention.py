"""What `context.privacy` says of how long things are kept, carried out while the hub runs: at its start, then daily."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Final

import msgspec
import structlog

from hub.config.privacy import PrivacySection
from hub.domain.change import CustomerChange
from hub.domain.customer import CustomerContext, CustomerRecord
from hub.domain.event import Event, EventType
from hub.domain.interaction import Channel
from hub.domain.ports import StoreError
from hub.domain.store_place import StorePlace
from hub.journal.erasure_events import emptied_whole
from hub.journal.retention import EventRule, RecordRule, Rules, retire
from hub.journal.timeline_derived import interaction_of
from hub.privacy.veil import without_fields

log = structlog.get_logger(__name__)

EVERY_S: Final = 86_400.0
AGAIN_S: Final = 600.0
"""After the store could not be used."""

_CONTACTS: Final = (EventType.INTERACTION_RECORDED, EventType.ORDER_CHANGED, EventType.CASE_CHANGED)
_OF_CALLS: Final = (
    *(kind for kind in EventType if kind.startswith("cti.call.")),
    EventType.COMMAND_CARRIED_OUT,
    EventType.COMMAND_REFUSED,
    EventType.WRITE_BACK_REQUESTED,
)
_OF_CALLBACKS: Final = tuple(kind for kind in EventType if kind.startswith("cti.callback."))


class RetentionChore:
    """`retired` counts what was emptied since the start, by what it was. `on_changed` hears that events were."""

    def __init__(
        self,
        place: StorePlace,
        section: PrivacySection,
        *,
        on_changed: Callable[[], None],
        every_s: float = EVERY_S,
        again_s: float = AGAIN_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._place = place
        self._rules = rules_of(section)
        self._on_changed = on_changed
        self._every_s = every_s
        self._again_s = again_s
        self._clock = clock
        self._stopping = threading.Event()
        self.retired: Counter[str] = Counter()

    def start(self, stack: AsyncExitStack) -> None:
        """Begin, where there is anything to do; `stack` ends it."""
        if any(self._rules):
            task = asyncio.create_task(self._run(), name="retention")
            stack.push_async_callback(self._stop, task)

    async def _stop(self, task: asyncio.Task[None]) -> None:
        self._stopping.set()
        task.cancel()
        await asyncio.wait({task})

    async def _run(self) -> None:
        while True:
            try:
                await self.once()
            except StoreError as error:
                log.warning("nothing_retired", reason=str(error))
                await asyncio.sleep(self._again_s)
            except Exception:
                log.exception("retention_failed")
                await asyncio.sleep(self._every_s)
            else:
                await asyncio.sleep(self._every_s)

    async def once(self) -> None:
        """Empty what is over its time now. Raises StoreError."""
        working = asyncio.ensure_future(
            asyncio.to_thread(retire, self._place, self._rules, self._clock(), is_over=self._stopping.is_set)
        )
        try:
            done = await asyncio.shield(working)
        except asyncio.CancelledError:
            # A thread can't be cancelled: it ends after the page that it is at.
            await asyncio.wait({working})
            raise
        self.retired.update(done)
        if done["events"]:
            self._on_changed()
        if done:
            log.info("retired", **done)


def rules_of(section: PrivacySection) -> Rules:
    """Return what is to be emptied after how many days; nothing where nothing is configured."""
    return Rules(
        events=tuple(_event_rules(section)),
        records=tuple(_record_rules(section)),
        dead_letters=section.dead_letters.retention_days,
        accesses=section.accesses.retention_days,
    )


def _event_rules(section: PrivacySection) -> Iterator[EventRule]:
    for channel, rule in section.interactions.items():
        if rule.retention_days is not None:
            emptied = partial(_of_channel, channel)
            yield EventRule(f"interactions.{channel}", rule.retention_days, _CONTACTS, emptied)
    for name, kept, types in (
        ("calls", section.calls, _OF_CALLS),
        ("contexts", section.contexts, (EventType.CUSTOMER_CONTEXT_UPDATED,)),
        ("records", section.records, (EventType.CUSTOMER_CHANGED,)),
        ("callbacks", section.callbacks, _OF_CALLBACKS),
    ):
        if kept.retention_days is not None:
            yield EventRule(name, kept.retention_days, types, emptied_whole)
    for name, field in section.fields.items():
        if field.retention_days is not None:
            types = (EventType.CUSTOMER_CONTEXT_UPDATED, EventType.CUSTOMER_CHANGED)
            yield EventRule(f"fields.{name}", field.retention_days, types, partial(_without, name), is_whole=False)


def _record_rules(section: PrivacySection) -> Iterator[RecordRule]:
    if section.records.retention_days is not None:
        yield RecordRule(section.records.retention_days, _nothing)
    for name, field in section.fields.items():
        if field.retention_days is not None:
            yield RecordRule(field.retention_days, partial(_record_without, name))


def _of_channel(channel: Channel, event: Event) -> Event | None:
    interaction = interaction_of(event)
    return emptied_whole(event) if interaction is not None and interaction.channel is channel else None


def _without(name: str, event: Event) -> Event | None:
    match event.data:
        case CustomerContext() as context:
            return msgspec.structs.replace(event, data=without_fields(context, (name,)))
        case CustomerChange() as changed:
            return msgspec.structs.replace(event, data=without_fields(changed, (name,)))
    return None


def _record_without(name: str, record: CustomerRecord) -> CustomerRecord:
    return without_fields(CustomerChange(customer=record), (name,)).customer


def _nothing(_record: CustomerRecord) -> None:
    return None
