"""What the hub needs at the broker: exchanges and queues, made where they are missing, left alone where they are not.

The exchange `ctihub.events` takes all events. Each feed has a queue, and an exchange of the queue's name that leads
there: a sender who may write to that exchange alone can write to no other feed (the default exchange, which leads to
every queue, is one right for all of them). So has the queue of requests. What the broker itself gives up of a feed's
queue goes to `ctihub.dead`.
"""

from __future__ import annotations

import enum
import re
from typing import Any, Final, NamedTuple

import pika.exceptions
import structlog

from hub.bus.amqp import AmqpConnection
from hub.bus.errors import BrokerError
from hub.domain.bus_names import DEAD_QUEUE, RPC_QUEUE

__all__ = ["DEAD_QUEUE", "RPC_QUEUE", "Exchange", "Found", "Queue", "State", "Topology", "look", "make"]

log = structlog.get_logger(__name__)

DELIVERY_LIMIT: Final = 100_000
"""How often the broker delivers one message before it gives it up.

Far above any feed's `attempts`: the hub gives a message up first, by its count of deliveries. A broker's own limit
(20 by default from RabbitMQ 4 on) would take good messages away while the hub's store is down for an evening, since
each new connection counts. -1, for no limit, is refused by 3.10.
"""
RPC_WAITING: Final = 10_000
RPC_WAIT_MS: Final = 60_000

_REFUSED_RIGHT: Final = 403
_NOT_FOUND: Final = 404
_DIFFERENT: Final = 406
_DIFFERENCE: Final = re.compile(
    r"inequivalent arg '(?P<what>[^']*)'.*?received (?P<wanted>.+?) but current is (?P<found>.+?)\s*$", re.DOTALL
)
_VALUE: Final = re.compile(r"(?:the value )?'(?P<text>.*?)'(?: of type '(?P<type>\w+)')?", re.DOTALL)
_MOST_DIFFERENCES: Final = 20


class Exchange(NamedTuple):
    """A durable exchange."""

    name: str
    kind: str

    def __str__(self) -> str:
        return f"exchange {self.name}"


class Queue(NamedTuple):
    """A durable queue."""

    name: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        return f"queue {self.name}"


def events_exchange(name: str) -> Exchange:
    return Exchange(name, "topic")


def dead_letter_exchange(dead_queue: str = DEAD_QUEUE) -> Exchange:
    return Exchange(dead_queue, "fanout")


def dead_letter_queue(name: str = DEAD_QUEUE) -> Queue:
    return Queue(name, {"x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT})


def inbound_exchange(queue: str) -> Exchange:
    return Exchange(queue, "fanout")


def inbound_queue(name: str, dead_queue: str = DEAD_QUEUE) -> Queue:
    """Describe a feed's queue: what expires in it, or is rejected, is handed to the dead letters and confirmed there.

    That hand-over is at least once, which RabbitMQ does for quorum queues that overflow by refusing.
    """
    return Queue(
        name,
        {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": dead_letter_exchange(dead_queue).name,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        },
    )


def rpc_queue(name: str = RPC_QUEUE) -> Queue:
    """Describe the queue of requests, a classic one: who asks waits for an answer, and asks again when none comes.

    Replication would make each question slower to keep what nobody waits for any more. For the same reason a request
    is gone after a minute: a number must not be dialled when the hub comes back an hour later. A flood is refused.
    """
    return Queue(
        name,
        {
            "x-queue-type": "classic",
            "x-message-ttl": RPC_WAIT_MS,
            "x-max-length": RPC_WAITING,
            "x-overflow": "reject-publish",
        },
    )


class State(enum.Enum):
    """`AS_WANTED`, or there as something else; `MISSING` also where it could not be made."""

    AS_WANTED = "as wanted"
    DIFFERENT = "different"
    MISSING = "missing"


class Found(NamedTuple):
    """How something is at the broker; `remark` says in plain words what is different, or why it could not be made."""

    state: State
    remark: str = ""

    @property
    def usable(self) -> bool:
        return self.state is not State.MISSING


async def look(connection: AmqpConnection, wanted: Exchange | Queue) -> Found:
    """Say how it is; nothing is made. Raises BrokerError for an exchange that can't serve as the one that is wanted."""
    if not await _is_there(connection, wanted):
        return Found(State.MISSING)
    return await make(connection, wanted)


async def make(connection: AmqpConnection, wanted: Exchange | Queue) -> Found:
    """Make sure of it; one that is there stays as it is.

    Raises BrokerError for an exchange that can't serve as the one that is wanted, and what else the broker refuses.
    """
    try:
        await _declare(connection, wanted)
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code == _DIFFERENT:
            if isinstance(wanted, Exchange):
                return _other_exchange(wanted, error.reply_text)
            return await _other_queue(connection, wanted, error.reply_text)
        # Who may not make it may still use what somebody else has made; whether it is as wanted is then not told.
        if error.reply_code == _REFUSED_RIGHT and await _is_there(connection, wanted):
            return Found(State.AS_WANTED)
        raise
    return Found(State.AS_WANTED)


async def _is_there(connection: AmqpConnection, wanted: Exchange | Queue) -> bool:
    try:
        async with connection.probe() as channel:
            if isinstance(wanted, Exchange):
                await channel.look_for_exchange(wanted.name)
            else:
                await channel.look_for_queue(wanted.name)
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code == _NOT_FOUND:
            return False
        raise
    return True


async def _declare(connection: AmqpConnection, wanted: Exchange | Queue) -> None:
    async with connection.probe() as channel:
        if isinstance(wanted, Exchange):
            await channel.declare_exchange(wanted.name, wanted.kind)
        else:
            await channel.declare_queue(wanted.name, wanted.arguments)


def _other_exchange(wanted: Exchange, words: str) -> Found:
    """Judge by the broker's words: it compares an exchange's type first, so any other difference leaves that as is."""
    difference = _DIFFERENCE.search(words)
    if difference is None or difference["what"] in {"type", "internal"}:
        raise BrokerError(
            f"{wanted} exists with other properties than the hub needs, which is one of type {wanted.kind}; the hub"
            f" leaves it as it is: rename one of the two (the broker says: {words})"
        )
    return Found(State.DIFFERENT, f"{wanted} {_in_words(difference)}; used as it is")


async def _other_queue(connection: AmqpConnection, wanted: Queue, words: str) -> Found:
    """Ask until all differences are known: the broker names one at a time, the first by the alphabet."""
    differences: dict[str, str] = {}
    arguments = dict(wanted.arguments)
    while (difference := _DIFFERENCE.search(words)) and difference["what"] not in differences:
        what = difference["what"]
        differences[what] = _in_words(difference)
        if not what.startswith("x-") or len(differences) >= _MOST_DIFFERENCES:
            break
        arguments[what] = _value(difference["found"])
        asked = {name: value for name, value in arguments.items() if value is not None}
        try:
            await _declare(connection, Queue(wanted.name, asked))
        except pika.exceptions.ChannelClosedByBroker as error:
            words = error.reply_text
        else:
            break
    told = "; ".join(differences[what] for what in sorted(differences, key=lambda what: (what != "x-queue-type", what)))
    return Found(State.DIFFERENT, f"{wanted} {told or f'is another than the hub would make ({words})'}; used as it is")


def _value(words: str) -> str | int | bool | None:
    """Return an argument as the broker has it; None where it has none."""
    value = _VALUE.fullmatch(words)
    if value is None:
        return None
    if value["type"] == "bool":
        return value["text"] == "true"
    return int(value["text"]) if value["text"].isdigit() and value["type"] != "longstr" else value["text"]


def _in_words(difference: re.Match[str]) -> str:
    what, wanted, found = difference["what"], _value(difference["wanted"]), _value(difference["found"])
    if what == "x-queue-type":
        lost = ", which keeps what it holds when a node of the broker fails" if wanted == "quorum" else ""
        return f"is of type {found or 'classic'}, not {wanted}{lost}"
    if found is None:
        return f"has no {what} ({wanted})"
    return f"has {what} {found}, {'which the hub does not need' if wanted is None else f'not {wanted}'}"


class Topology:
    """Makes sure of what one part of the hub needs at the broker, and tells each remark once, not at each connection.

    What is there already and can be used is used, whatever it is; BrokerError says what can't be.
    """

    def __init__(self, *, dead_queue: str = DEAD_QUEUE) -> None:
        self._dead_queue = dead_queue
        self._told: set[str] = set()

    async def events(self, connection: AmqpConnection, exchange: str) -> None:
        """Make sure of the topic exchange of all events."""
        self._tell(await make(connection, events_exchange(exchange)))

    async def dead_letters(self, connection: AmqpConnection) -> None:
        """Make sure of the queue of dead letters; the exchange that leads there is wanted, and not needed."""
        await self._queue_with_exchange(
            connection, dead_letter_queue(self._dead_queue), dead_letter_exchange(self._dead_queue)
        )

    async def inbound(self, connection: AmqpConnection, queue: str) -> None:
        """Make sure of a feed's queue; the exchange that leads there is wanted, and not needed."""
        await self._queue_with_exchange(connection, inbound_queue(queue, self._dead_queue), inbound_exchange(queue))

    async def rpc(self, connection: AmqpConnection, queue: str = RPC_QUEUE) -> None:
        """Make sure of the queue of requests; the exchange that leads there is wanted, and not needed."""
        await self._queue_with_exchange(connection, rpc_queue(queue), Exchange(queue, "fanout"))

    async def _queue_with_exchange(self, connection: AmqpConnection, queue: Queue, exchange: Exchange) -> None:
        self._tell(await make(connection, queue))
        try:
            self._tell(await make(connection, exchange))
            async with connection.probe() as channel:
                await channel.bind(queue.name, exchange.name)
        except BrokerError as error:
            self._tell(Found(State.DIFFERENT, str(error)))
        except pika.exceptions.ChannelClosedByBroker as error:
            remark = f"{exchange} could not be made to lead to {queue} (the broker says: {error.reply_text})"
            self._tell(Found(State.MISSING, remark))

    def _tell(self, found: Found) -> None:
        if found.remark and found.remark not in self._told:
            self._told.add(found.remark)
            log.warning("broker_differs", reason=found.remark)
