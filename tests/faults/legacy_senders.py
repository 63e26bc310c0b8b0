"""Legacy systems that hand in orders without a pause, each by its way, and keep what was not taken until it is."""

from __future__ import annotations

import http.client
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pika
import pika.exceptions

from tests.scenarios import bus_client

CUSTOMERS = 7
BAD_EVERY = 20
RETRY_S = 0.05
LAST_WAIT_S = 60.0
"""How long what was begun may take after the block has ended."""
UNDECIDED = (0, 503)

MAPPING = """\
source: orders of a legacy system
version: 1
target: interaction
fields:
  id: order
  channel: {const: order}
  at: shipped
  subject: {join: [{const: Order}, order], with: " "}
  reference: order
  customer.ids.shop: customer
"""


class Handed(NamedTuple):
    """One message as its sender knows it: its number among all of the sender's, and whether it makes sense."""

    order: str
    body: bytes
    is_good: bool


def orders(sender: str) -> Iterator[Handed]:
    """Yield orders without an end, of several customers; some were shipped at no time that there is."""
    for number in count():
        order = f"{sender}-{number:06d}"
        is_good = number % BAD_EVERY != BAD_EVERY - 1
        shipped = "2026-03-01T10:00:00Z" if is_good else "as soon as possible"
        record = {"order": order, "shipped": shipped, "customer": f"C-{number % CUSTOMERS}"}
        yield Handed(order, json.dumps(record).encode(), is_good)


class Sender(ABC):
    """Hands in from a thread of its own while the block lasts; `handed` is what was taken, in order."""

    def __init__(self, name: str, per_second: float) -> None:
        self.handed: list[Handed] = []
        self._orders = orders(name)
        self._pause_s = 1 / per_second
        self._stopped = threading.Event()
        self._may_send = threading.Event()
        self._may_send.set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._failure: BaseException | None = None
        self._given_up = threading.Event()

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """End once what was begun is taken."""
        self._stopped.set()
        self._thread.join(LAST_WAIT_S)
        if self._thread.is_alive():
            self._given_up.set()
            raise TimeoutError(f"{self._thread.name}: what was begun is not taken; is its server down, or stuck?")
        if self._failure is not None:
            raise self._failure

    def pause(self) -> None:
        """Begin nothing more until `resume`; what was begun may still be under way."""
        self._may_send.clear()

    def resume(self) -> None:
        """Go on."""
        self._may_send.set()

    def _run(self) -> None:
        try:
            while not self._stopped.wait(self._pause_s):
                if self._may_send.is_set():
                    self.hand_in()
            self.end()
        except BaseException as failure:  # noqa: BLE001 - raised where the block ends
            self._failure = failure

    def wait_to_try_again(self) -> None:
        """Return after a moment. Raises TimeoutError once nobody waits any more for what was begun."""
        if self._given_up.wait(RETRY_S):
            raise TimeoutError(f"{self._thread.name}: what was begun was never taken")

    @abstractmethod
    def hand_in(self) -> None:
        """Hand in what comes next, and return when it is taken."""

    def end(self) -> None:  # noqa: B027 - most have nothing to let go of
        """Let go of what was in use."""


class QueueSender(Sender):
    """Publishes to a queue, persistent and confirmed, one after the other; again where the broker went away."""

    def __init__(self, name: str, url: str, queue: str, *, per_second: float) -> None:
        super().__init__(name, per_second)
        self._url = url
        self._queue = queue
        self._channel: Any = None

    def hand_in(self) -> None:
        """Publish one message."""
        order = next(self._orders)
        properties = pika.BasicProperties(message_id=order.order, delivery_mode=2)
        while True:
            try:
                if self._channel is None:
                    self._channel = bus_client.connect(self._url).channel()
                    self._channel.confirm_delivery()
                self._channel.basic_publish("", self._queue, order.body, properties, mandatory=True)
            except (pika.exceptions.AMQPError, OSError):
                self._channel = None
                self.wait_to_try_again()
            else:
                self.handed.append(order)
                return

    def end(self) -> None:
        """Close the connection."""
        if self._channel is not None:
            self._channel.connection.close()


class FolderSender(Sender):
    """Writes files with several orders each under another name, and renames them when they are complete."""

    def __init__(self, name: str, folder: Path, *, per_second: float, orders_each: int) -> None:
        super().__init__(name, per_second)
        self._name = name
        self._folder = folder
        self._orders_each = orders_each
        self._files = count()

    def hand_in(self) -> None:
        """Write one file."""
        these = [next(self._orders) for _ in range(self._orders_each)]
        unfinished = self._folder / f"{self._name}.tmp"
        unfinished.write_bytes(b'{"orders": [' + b",".join(order.body for order in these) + b"]}")
        unfinished.rename(self._folder / f"{self._name}-{next(self._files):05d}.json")
        self.handed += these


class PushSender(Sender):
    """Posts one order after the other, each until the hub says that it has it."""

    def __init__(self, name: str, address: str, token: str, *, per_second: float) -> None:
        super().__init__(name, per_second)
        self._address = address
        self._path = f"/api/v1/inbound/{name}"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def hand_in(self) -> None:
        """Post one order until it is taken."""
        order = next(self._orders)
        while (status := self._posted(order.body)) in UNDECIDED:
            self.wait_to_try_again()
        assert (202 if order.is_good else 422) == status
        self.handed.append(order)

    def _posted(self, body: bytes) -> int:
        """Return the hub's status, 0 if there was no answer: it is not there, or was killed before it could."""
        with closing(http.client.HTTPConnection(self._address, timeout=10)) as connection:
            try:
                connection.request("POST", self._path, body, self._headers)
                return connection.getresponse().status
            except (OSError, http.client.HTTPException):
                return 0
